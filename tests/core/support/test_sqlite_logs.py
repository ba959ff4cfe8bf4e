import os
import shutil
from contextlib import closing
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from platforms import windows_only

from fineparser_core.support.sqlite_file import connect, damage_of, file_uri, is_blank, pair_log, write_ahead


@pytest.fixture
def opened(tmp_path):
    """A file with an older copy, open in a program that has written into its log since."""
    path = tmp_path / "a.sqlite"
    with closing(connect(path)) as db:
        pair_log(path, tmp_path / "lock")
        write_ahead(db)
        db.executescript("PRAGMA user_version = 1; CREATE TABLE a (b); INSERT INTO a VALUES ('old')")
        pair_log(path, tmp_path / "lock")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(path, tmp_path / "older")
        for number in range(500):
            db.execute("INSERT INTO a VALUES (?)", (f"new {number}" * 50,))
        yield path, db


def rows(db):
    return db.execute("SELECT count(*) FROM a").fetchone()[0]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody replace a file that is open")
def test_the_log_of_a_file_that_was_replaced_is_not_read_into_the_new_one(opened, tmp_path):
    path, first = opened
    os.replace(tmp_path / "older", path)
    pair_log(path, tmp_path / "lock")
    with closing(connect(path)) as second:
        pair_log(path, tmp_path / "lock")
        second.execute("INSERT INTO a VALUES ('other')")
        assert (rows(second), rows(first)) == (2, 501)
    assert damage_of(path) == ""


@pytest.mark.usefixtures("opened")
def test_the_log_that_a_killed_program_has_left_is_read(tmp_path):
    (tmp_path / "copy").mkdir()
    for name in ("a.sqlite", "a.sqlite-wal", "lock"):
        shutil.copyfile(tmp_path / name, tmp_path / "copy" / name)
    for place in (tmp_path, tmp_path / "copy"):
        pair_log(place / "a.sqlite", place / "lock")
        with closing(connect(place / "a.sqlite")) as second:
            assert rows(second) == 501


def test_an_emptied_file_is_blank_whatever_its_log_holds(opened):
    path, _ = opened
    assert not is_blank(path)
    path.write_bytes(b"")
    assert (is_blank(path), damage_of(path)) == (True, "it is empty")
    assert Path(f"{path}-wal").stat().st_size


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/club/a b?#.sqlite"), "file:///club/a%20b%3F%23.sqlite"),
        (PureWindowsPath(r"C:\club\ä.sqlite"), "file:///C:/club/%C3%A4.sqlite"),
        (PureWindowsPath(r"\\server\club share\a.sqlite"), "file:////server/club%20share/a.sqlite"),
    ],
)
def test_the_name_of_a_server_is_no_host_for_sqlite(path, uri):
    assert file_uri(path) == uri


@windows_only
def test_a_file_is_opened_by_a_path_of_any_length(tmp_path):
    folder = Path("\\\\?\\" + str(tmp_path)) / ("a" * 120) / ("b" * 120)
    folder.mkdir(parents=True)
    with closing(connect(folder / "a b#.sqlite")) as db:
        db.execute("CREATE TABLE a (b)")
    assert (folder / "a b#.sqlite").stat().st_size
