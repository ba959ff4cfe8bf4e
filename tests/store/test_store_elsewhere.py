"""A history that cannot be opened keeps the evening meanwhile."""

import os
import sqlite3
import stat
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
from fineparser_gui.services.meanwhile import open_store
from history_kit import row
from store_kit import add, dives_of, numbered_dive

from fineparser_gui.session.session_file import SavedSession
from fineparser_gui.store.file import lock_of
from fineparser_gui.store.store import SessionEntry, Store, look_after

_N_DIVES = 5


@pytest.fixture
def path(folder, monkeypatch) -> Path:
    """A closed store of five dives with its backup; what cannot be kept beside it goes to a folder of the test."""
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    path = folder / "own" / "history.sqlite"
    with closing(Store(path)) as store:
        for number in range(_N_DIVES):
            add(store, number)
    return path


def titles(store: Store) -> list[str]:
    return sorted(one.title for one in dives_of(store).values())


ALL = [f"clip {number}" for number in range(_N_DIVES)]


def test_whatever_a_lock_holds_the_store_opens(path):
    random = Random(1)
    for length in (0, 1, 100, 1024, 4096, 8192, 100_000):
        for place in (lock_of(path), lock_of(path).with_suffix(".pair")):
            place.write_bytes(random.randbytes(length))
        with closing(Store(path)) as store:
            assert (titles(store), store.notice) == (ALL, "")
            assert look_after(path) == ""
    assert not list(path.parent.glob("*damaged*"))


@pytest.mark.parametrize("bit", range(32))
def test_a_bit_of_the_version_is_mended(path, bit):
    data = bytearray(path.read_bytes())
    data[63 - bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    with closing(Store(path)) as store:
        assert (titles(store), store.notice) == (ALL, "")
    assert look_after(path) == ""
    assert not list(path.parent.glob("*damaged*"))


def test_a_version_that_cannot_be_beside_damaged_tables_uses_the_backup(path):
    assert look_after(path) == ""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 7")
        db.execute("DROP TABLE dive")
    with closing(Store(path)) as store:
        assert titles(store) == ALL
        assert "its backup of" in store.notice


def test_a_store_of_a_newer_program_is_left_as_it_is_and_the_backup_is_shown(path):
    look_after(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
        db.execute(f"PRAGMA application_id = {int.from_bytes(b'FPS' + bytes([99]))}")
        db.execute("ALTER TABLE dive ADD COLUMN since_then TEXT")
    before = path.read_bytes()
    with closing(open_store(path)) as store:
        assert titles(store) == ALL
        assert "newer version of the program" in store.notice
    assert path.read_bytes() == before


@pytest.fixture
def unwritable(path, folder, monkeypatch):
    """A context in which the store's folder is full."""

    def full(folder: Path) -> None:
        if folder == path.parent:
            raise OSError(28, "No space left on device")

    @contextmanager
    def context():
        with monkeypatch.context() as patched:
            patched.setattr("fineparser_gui.services.meanwhile.try_writing", full)
            yield

    return context


@pytest.mark.skipif(sys.platform != "linux", reason="a folder without room needs Linux")
def test_a_folder_that_cannot_be_written_keeps_the_evening_elsewhere_and_takes_it_in_later(path, unwritable):
    with unwritable(), closing(open_store(path)) as store:
        assert titles(store) == ALL
        assert path.parent not in store.path.parents
        assert str(store.path) in store.notice
        evening = row(numbered_dive(20), pack=b"twenty")
        store.keep_session(0, SavedSession(), [SessionEntry(key="a", id=0, saved=evening.saved, kept=evening)])
        store.set_athletes({1: "Berta"})
    for _ in range(2):
        with closing(open_store(path)) as store:
            assert (store.path, store.notice) == (path, "")
            assert titles(store) == sorted([*ALL, "clip 20"])
            dives = dives_of(store)
            assert dives[1].athlete == "Berta"
            (twenty,) = (id_ for id_, one in dives.items() if one.title == "clip 20")
            assert store.analysis(twenty) == b"twenty"
            (listed,) = store.sessions()
            assert store.session(listed.id)[1] == [twenty]


@pytest.mark.skipif(sys.platform != "linux", reason="a folder without room needs Linux")
def test_what_a_window_still_keeps_meanwhile_stays_its_own(path, unwritable):
    with unwritable():
        first = open_store(path)
    with closing(first):
        add(first, 20)
        with closing(open_store(path)) as second:
            assert titles(second) == ALL
            add(first, 21)
            assert titles(first) == sorted([*ALL, "clip 20", "clip 21"])
    with closing(open_store(path)) as store:
        assert titles(store) == sorted([*ALL, "clip 20", "clip 21"])


def test_a_store_that_nothing_can_stand_in_for_is_read_all_the_same(path, monkeypatch):
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fineparser_gui.services.meanwhile.try_writing", full)
    with closing(open_store(path)) as store:
        assert (store.path, titles(store)) == (path, ALL)
        assert "No space left on device" in store.notice


def test_an_open_history_whose_file_is_emptied_is_written_again(path):
    with closing(Store(path)) as store:
        os.replace(path, path.with_name("away"))
        path.touch()
        assert titles(store) == ALL
    with closing(Store(path)) as store:
        assert titles(store) == ALL


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_nobody_else_reads_the_names_of_children(path, folder):
    look_after(path)
    with closing(Store(path)) as store:
        store.backup(folder / "by hand.sqlite")
        add(store, 7)
        for one in folder.rglob("*.sqlite*"):
            assert stat.S_IMODE(one.stat().st_mode) == 0o600, one
