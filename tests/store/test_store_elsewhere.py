"""A store with locks, versions and files that others have altered."""

import os
import sqlite3
import stat
from contextlib import closing
from random import Random

import pytest
from store_kit import add, dives_of

from fineparser_core.errors import ConfigError
from fineparser_gui.store.file import lock_of
from fineparser_gui.store.store import Store, look_after

_N_DIVES = 5


@pytest.fixture
def path(folder):
    """A closed store of five dives."""
    path = folder / "own" / "history.sqlite"
    with closing(Store(path)) as store:
        for number in range(_N_DIVES):
            add(store, number)
    return path


def titles(store):
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


def test_a_store_of_a_newer_program_is_left_as_it_is(path):
    look_after(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
        db.execute(f"PRAGMA application_id = {int.from_bytes(b'FPS' + bytes([99]))}")
        db.execute("ALTER TABLE dive ADD COLUMN since_then TEXT")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="newer version of the program"):
        Store(path)
    assert path.read_bytes() == before


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
