"""Damaged files of a store: each opens with all dives of the file or of its backup, and what is lost is said."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from random import Random

import pytest
from store_kit import add, dives_of, number_of, numbered_dive

from fineparser_core.errors import ConfigError
from fineparser_gui.store.file import backup_of
from fineparser_gui.store.store import Store, look_after

_PAGE = 4096
#: Dives of the backup, and those that came after it.
_N_KEPT, _N_SINCE = 120, 10


def _zeroed(data, random):
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(data) // _PAGE) * _PAGE
        data[at : at + _PAGE] = bytes(_PAGE)


def _cut(data, random):
    del data[random.choice((random.randrange(len(data)), random.randrange(len(data) // _PAGE) * _PAGE)) :]


def _flipped(data, random):
    for _ in range(random.choice((1, 1, 10, 100))):
        data[random.choice((random.randrange(len(data)), random.randrange(_PAGE)))] ^= 1 << random.randrange(8)


def _swapped(data, random):
    first, second = (random.randrange(len(data) // _PAGE) * _PAGE for _ in range(2))
    data[first : first + _PAGE], data[second : second + _PAGE] = (
        data[second : second + _PAGE],
        data[first : first + _PAGE],
    )


def _emptied(data, _):
    data.clear()


_DAMAGES: tuple[Callable[[bytearray, Random], None], ...] = (_zeroed, _cut, _flipped, _swapped, _emptied)


@pytest.fixture
def sound(folder):
    """A folder with a store, closed; one as after a kill, with its log; and their backups."""
    (sound := folder / "sound").mkdir()
    path = sound / "closed.sqlite"
    with closing(Store(path)) as store:
        for number in range(_N_KEPT):
            add(store, number)
    assert look_after(path) == ""
    with closing(Store(path)) as store:
        for number in range(_N_KEPT, _N_KEPT + _N_SINCE):
            add(store, number)
        for end in ("", "-wal"):
            shutil.copyfile(f"{path}{end}", sound / f"killed.sqlite{end}")
    shutil.copy2(backup_of(path), backup_of(sound / "killed.sqlite"))
    return sound


def check(sound, folder, case):
    """Return what is wrong with how a case ended, or ""; a number stands for the same damage in every run."""
    random = Random(case)
    path = _copied(sound, folder, random.choice(("closed", "killed")))
    log = path.with_name(f"{path.name}-wal")
    part = log if log.exists() and random.random() < 0.5 else path
    data = bytearray(part.read_bytes())
    _DAMAGES[case % len(_DAMAGES)](data, random)
    part.write_bytes(data)
    return _wrong_with(path, in_log=part == log)


def _copied(sound, folder, stem):
    for one in sound.glob(f"{stem}*"):
        shutil.copy2(one, folder)
    return folder / f"{stem}.sqlite"


def _wrong_with(path, *, in_log):
    """Return what is wrong with how a damaged store opens, or ""."""
    told: list[str] = []
    try:
        ids, found = _opened(path, told)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    numbers = sorted(number_of(one) for one in found.values())
    # A log ends where its sums no longer match: SQLite takes the rest for a change that was never done.
    enough = {_N_KEPT + _N_SINCE, *([_N_KEPT] if told else []), *(range(_N_KEPT, _N_KEPT + _N_SINCE) if in_log else [])}
    if sorted(ids) != sorted(found) or numbers != list(range(len(numbers))) or len(numbers) not in enough:
        return f"{len(ids)} dives, of which {len(found)} can be read; {told}"
    return "" if all(one == numbered_dive(one.id - 1, id=one.id) for one in found.values()) else "a dive has changed"


def _opened(path, told):
    """Open a store as the window does, which looks after it a moment later; returns its ids and dives."""
    with closing(Store(path)) as store:
        told += filter(None, [store.notice])
        if look_after(store.path):
            store.notice = ""
            store.recover()
            told += filter(None, [store.notice])
        try:
            return store.ids(), dives_of(store)
        except ConfigError as error:
            told.append(str(error))
            return store.ids(), dives_of(store)


def faults(sound, folder, cases):
    found = []
    for case in cases:
        place = folder / str(case)
        place.mkdir()
        if wrong := check(sound, place, case):
            found.append(f"case {case}, {_DAMAGES[case % len(_DAMAGES)].__name__}: {wrong}")
        shutil.rmtree(place)
    return found


@pytest.mark.parametrize("n", [20, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_damaged_files(sound, folder, n):
    assert faults(sound, folder, range(n)) == []


def flips(sound, n_random, every=1):
    """Yield flipped bits as the name of a file, a byte and a bit.

    Every byte of the first page of a store, of its backup and of a log, each bit of their headers, all of a lock and
    its memory of the log; then bits at random.
    """
    random = Random(63)
    sizes = {one.name: one.stat().st_size for one in sorted(sound.iterdir()) if one.stat().st_size}
    for name, size in sizes.items():
        header = 56 if name.endswith("-wal") else 100
        for byte in range(0, min(size, _PAGE), every):
            yield from ((name, byte, bit) for bit in (range(8) if byte < header else [random.randrange(8)]))
    for _ in range(n_random):
        name = random.choice(list(sizes))
        yield name, random.randrange(sizes[name]), random.randrange(8)


def flip_faults(sound, folder, cases):
    """Return how many flips were tried, and what is wrong after any."""
    n_cases, found = 0, []
    for name, byte, bit in cases:
        n_cases += 1
        (place := folder / "flipped").mkdir()
        path = _copied(sound, place, name.partition(".")[0])
        data = bytearray((place / name).read_bytes())
        data[byte] ^= 1 << bit
        (place / name).write_bytes(data)
        if wrong := _wrong_with(path, in_log=name.endswith("-wal")):
            found.append(f"{name}, byte {byte}, bit {bit}: {wrong}")
        shutil.rmtree(place)
    return n_cases, found


@pytest.fixture
def locked(sound):
    """The sound folder, with a lock that is not empty."""
    for stem in ("closed", "killed"):
        (sound / f"{stem}.lock").write_bytes(Random(1).randbytes(256))
    return sound


@pytest.mark.parametrize("word", [b"folder (path", b"CREATE TABLE dive", b"listed INTEGER"])
def test_a_letter_of_the_schema_is_damaged(locked, folder, word):
    at = (locked / "closed.sqlite").read_bytes().find(word)
    cases = (("closed.sqlite", at + place, place % 5) for place in range(len(word)) if at >= 0)
    assert flip_faults(locked, folder, cases)[1] == []


@pytest.mark.parametrize("bit", range(8))
def test_a_table_that_is_said_to_begin_elsewhere_is_damaged(locked, folder, bit):
    at = (locked / "closed.sqlite").read_bytes().find(b"CREATE TABLE session_dive")
    assert flip_faults(locked, folder, [("closed.sqlite", at - 1, bit)])[1] == []


def test_some_flipped_bits(locked, folder):
    assert flip_faults(locked, folder, flips(locked, 40, every=409))[1] == []


@pytest.mark.hostile
@pytest.mark.timeout(7200)
def test_every_flipped_bit(locked, folder, record_property):
    n_cases, found = flip_faults(locked, folder, flips(locked, 5000))
    record_property("flips", n_cases)
    print(f"{n_cases} flips")
    assert found == []


def test_a_store_of_other_tables_is_kept_aside_and_said_so(tmp_path):
    path = tmp_path / "history.sqlite"
    with closing(Store(path)) as store:
        add(store, 1)
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE dive ADD COLUMN more TEXT NOT NULL DEFAULT ''")
    with closing(Store(path)) as store:
        assert "table dive" in str(store.notice)
        add(store, 2)
        assert [number_of(dive) for dive in dives_of(store).values()] == [2]
    assert [one for one in tmp_path.iterdir() if "damaged" in one.name]
