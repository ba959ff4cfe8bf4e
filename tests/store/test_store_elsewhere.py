"""What a store says of other files is not trusted, and a history that cannot be opened keeps the evening meanwhile."""

import os
import shutil
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from history_kit import row
from store_kit import add, dives_of, numbered_dive

from fineparser_core.errors import ExportError
from fineparser_core.support.sqlite_file import SIDE_FILES
from fineparser_gui.services.meanwhile import open_store
from fineparser_gui.session.session_file import SavedSession
from fineparser_gui.store.file import backup_of, lock_of
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


def _foreign(path: Path) -> None:
    """A database of another program, of the same version as a store."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA user_version = 1; CREATE TABLE moved_to (path); INSERT INTO moved_to VALUES ('x')")


PRECIOUS = {
    "a video": lambda path: path.write_bytes(b"\0\0\0 ftypisom" * 500),
    "nothing": lambda path: None,
    "an empty file": lambda path: path.touch(),
    "a short file": lambda path: path.write_bytes(b"SQLite format 3\0"),
    "another program's database": _foreign,
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo if hasattr(os, "mkfifo") else Path.mkdir,
}


@pytest.mark.parametrize("name", PRECIOUS)
def test_a_store_that_names_another_file_displaces_nothing(path, folder, name):
    (other := folder / "precious").mkdir()
    PRECIOUS[name](other / "dive.mp4")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO moved_to VALUES (?)", (str(other / "dive.mp4"),))

    def state() -> list[tuple[str, bytes]]:
        return [(one.name, one.read_bytes() if one.is_file() else b"") for one in sorted(other.iterdir())]

    before = state()
    with closing(open_store(path, patience_s=0.1)) as store:
        assert titles(store) == ALL
        assert str(other / "dive.mp4") in store.notice
        assert store.path == path.with_name("history-meanwhile.sqlite")
        assert str(store.path) in store.notice
    assert state() == before


@pytest.mark.parametrize("text", ["/a\0b", "", ".", "x" * 5000, "/" + "y" * 300, "history.sqlite"])
def test_a_name_that_no_file_has_is_one_sentence(path, text, monkeypatch):
    monkeypatch.chdir(path.parent)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO moved_to VALUES (?)", (text,))
    with closing(open_store(path, patience_s=0.1)) as store:
        assert titles(store) == ALL
        assert "history" in store.notice


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
        db.execute("DROP TABLE folder")
    with closing(Store(path)) as store:
        assert titles(store) == ALL
        assert "its backup of" in store.notice


def _emptied(place: Path) -> None:
    place.write_bytes(b"")


def _gone(place: Path) -> None:
    shutil.move(place.parent, place.parent.with_name("unplugged"))


def _other(place: Path) -> None:
    place.write_bytes(b"conflict" * 1000)


@pytest.mark.parametrize("harm", [_emptied, _gone, _other])
def test_a_moved_history_that_is_not_there_keeps_the_evening_and_takes_it_in_later(path, folder, harm):
    (synchronized := folder / "synchronized").mkdir()
    place = synchronized / "history.sqlite"
    with closing(Store(path)) as store:
        store.move(place)
        add(store, 10)  # which the old place lacks
        store.set_tags({1: ["best"]})
    whole = place.read_bytes()
    harm(place)
    with closing(open_store(path)) as store:
        assert titles(store) == ALL
        assert str(place) in store.notice
        assert "as it was on" in store.notice
        evening = row(numbered_dive(20), pack=b"twenty")
        entry = SessionEntry(key="a", id=0, saved=evening.saved, kept=evening)
        store.keep_session(0, SavedSession(), [entry])
        store.set_athletes({1: "Berta"})
        store.set_tags({1: ["late"]})
    with closing(open_store(path)) as store:  # on another evening
        assert titles(store) == sorted([*ALL, "clip 20"])
        assert "as it was on" not in store.notice
    synchronized.mkdir(exist_ok=True)
    place.write_bytes(whole)
    for _ in range(2):
        with closing(open_store(path)) as store:
            assert (store.path, store.notice) == (place, "")
            assert titles(store) == sorted([*ALL, "clip 10", "clip 20"])
            dives = dives_of(store)
            assert (dives[1].athlete, dives[1].tags) == ("Berta", ("best", "late"))
            (twenty,) = (id_ for id_, one in dives.items() if one.title == "clip 20")
            assert store.analysis(twenty) == b"twenty"
            (listed,) = store.sessions()
            assert store.session(listed.id)[1] == [twenty]
    assert not path.with_name("history-meanwhile.sqlite").exists()


def test_what_a_window_still_keeps_meanwhile_stays_its_own(path, folder):
    place = folder / "stick" / "history.sqlite"
    place.parent.mkdir()
    with closing(Store(path)) as store:
        store.move(place)
    place.rename(place.with_name("unplugged"))
    with closing(open_store(path)) as first:
        add(first, 20)
        place.with_name("unplugged").rename(place)
        with closing(open_store(path)) as second:
            assert (second.path, titles(second)) == (place, ALL)
            add(first, 21)
            assert titles(first) == sorted([*ALL, "clip 20", "clip 21"])
    with closing(open_store(path)) as store:
        assert titles(store) == sorted([*ALL, "clip 20", "clip 21"])


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


@pytest.mark.skipif(sys.platform != "linux", reason="a folder without room needs Linux")
def test_a_folder_that_cannot_be_written_keeps_the_evening_elsewhere(path, monkeypatch):
    def full(folder: Path) -> None:
        if folder == path.parent:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("fineparser_gui.services.meanwhile.try_writing", full)
    with closing(open_store(path)) as store:
        assert titles(store) == ALL
        assert path.parent not in store.path.parents
        assert str(store.path) in store.notice
        add(store, 20)
    monkeypatch.undo()
    monkeypatch.setattr("tempfile.tempdir", str(path.parent.parent))
    with closing(open_store(path)) as store:
        assert titles(store) == sorted([*ALL, "clip 20"])


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
        store.move(folder / "moved.sqlite")
        add(store, 7)
        for one in folder.rglob("*.sqlite*"):
            assert stat.S_IMODE(one.stat().st_mode) == 0o600, one


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
def test_a_folder_whose_name_is_no_text_takes_no_history(path, folder):
    odd = folder / os.fsdecode(b"\xff")
    odd.mkdir()
    with closing(Store(path)) as store:
        with pytest.raises(ExportError, match="is no text: choose another folder"):
            store.move(odd / "history.sqlite")
        assert (list(odd.iterdir()), store.path, titles(store)) == ([], path, ALL)


def test_a_move_that_fails_leaves_nothing(path, folder, monkeypatch):
    with closing(Store(path)) as store:
        store._db.execute("CREATE TRIGGER no_note BEFORE INSERT ON moved_to BEGIN SELECT raise(ABORT, 'full'); END")
        with pytest.raises(ExportError, match="full"):
            store.move(folder / "moved.sqlite")
        assert not [side for side in SIDE_FILES if Path(f"{folder / 'moved.sqlite'}{side}").exists()]
        store._db.execute("DROP TRIGGER no_note")
        assert titles(store) == ALL
    assert not backup_of(path).exists()
