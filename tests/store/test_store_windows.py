"""Two windows whose file is deleted, renamed, replaced or damaged: both go on with the same dives, and none is lost."""

import os
import shutil
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from history_kit import row
from store_kit import add, dives_of, number_of, numbered_dive

from fineparser_core.errors import ConfigError, FineParserError
from fineparser_gui.session.session_file import SavedSession
from fineparser_gui.store.file import backup_of
from fineparser_gui.store.store import Store, look_after


def _delete(path, random):
    for side in random.choice((("",), ("", "-wal", "-shm"))):
        Path(f"{path}{side}").unlink(missing_ok=True)


def _rename(path, random):
    if path.exists():
        path.rename(path.with_name(f"renamed-{random.random()}.sqlite"))


def _replace(path, _):
    if backup_of(path).exists():
        shutil.copyfile(backup_of(path), path.with_name("copy"))
        os.replace(path.with_name("copy"), path)


def _damage(path, random):
    with path.open("r+b") as file:
        file.seek(random.randrange(path.stat().st_size))
        file.write(random.randbytes(20_000))


def fault(folder, case, disturbances):
    """Return what is wrong after a case; a number stands for the same steps in every run."""
    random, path = Random(case), folder / "dives.sqlite"
    windows, done = [Store(path), Store(path)], set()
    for number in range(30):
        at, way = random.randrange(2), random.random()
        try:
            if way < 0.6:
                add(windows[at], number)
                done.add(number)
            elif way < 0.7:
                windows[at].ids()
            elif way < 0.8:
                if look_after(path):
                    windows[at].recover()
            elif way < 0.9:
                windows[at].close()
                windows[at] = Store(path)
            elif number > 5:
                random.choice(disturbances)(path, random)
        except ConfigError as error:
            if "backup" not in str(error):
                return f"at step {number}: {error}"
    for one in windows:
        one.notice = ""
        try:
            one.ids()
        except FineParserError as error:
            return str(error)
    first, second = map(dives_of, windows)
    for one in windows:
        one.close()
    if first != second:
        return f"{len(first)} dives in one window, {len(second)} in the other"
    found = set()
    for one in folder.glob("*.sqlite"):
        with closing(Store(one)) as store:
            found |= {number_of(dive) for dive in dives_of(store).values()}
    lost = set() if _damage in disturbances else done - found
    return f"lost {sorted(lost)}" if lost else ""


def faults(folder, cases):
    found = []
    for case in cases:
        place = folder / str(case)
        place.mkdir()
        if wrong := fault(place, case, (_damage,) if case % 4 == 0 else (_delete, _rename, _replace)):
            found.append(f"case {case}: {wrong}")
        shutil.rmtree(place)
    return found


def test_a_dive_that_another_window_has_swept_comes_back_into_its_session(folder):
    with closing(Store(folder / "dives.sqlite")) as store, closing(Store(folder / "dives.sqlite")) as other:
        kept = row(numbered_dive(1, analysed_at=""))
        saved = SavedSession(dives=(kept.saved,))
        session, ids = store.keep_session(0, saved, [0], {0: kept})
        store.keep_session(session, SavedSession(), [], {})
        add(other, 2)
        other.sweep()
        store.keep_session(session, saved, ids, {})
        assert other.session(session)[0].dives == (kept.saved,)


def test_a_change_after_a_sweep_is_noticed(folder):
    with closing(Store(folder / "dives.sqlite")) as store:
        first, second = add(store, 1), add(store, 2)
        seen = store.revision()
        store.remove([second])
        store.sweep()
        store.set_athletes({first: "Berta"})
        assert list(store.changed_since(seen, [first])) == [first]


# Windows lets nobody delete or replace a file that is open.
@pytest.mark.skipif(os.name == "nt", reason="needs a system on which open files can be deleted")
@pytest.mark.parametrize("n", [20, pytest.param(400, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_disturbed_files(folder, n):
    assert faults(folder, range(n)) == []
