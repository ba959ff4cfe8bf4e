from contextlib import closing
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from platforms import windows_only

from fineparser_core.support.sqlite_file import connect, file_uri


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
