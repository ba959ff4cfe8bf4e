from pathlib import PureWindowsPath

import pytest

from fineparser_core.support.files import allowed_name, refused_part


@pytest.mark.parametrize(
    "folder",
    ["", "C:", "C:\\", "c:/club/", "..\\club\\", "\\\\server\\share\\", "//server/share/", "\\\\?\\D:\\club\\"],
)
@pytest.mark.parametrize(
    ("name", "refused"),
    [
        *(
            (name, name)
            for name in ("NUL", "con.json", "Com1.mp4", "lpt³.mp4", "aux .txt", "conin$", "dive.json.", "a?")
        ),
        *((name, None) for name in ("dive.json", ".hidden.json", "console.json", "com10.json", "Zoë 王.json")),
        ("nul/dive.json", "nul"),
        ("monday /dive.json", "monday "),
        ("../dive.json", None),
    ],
)
def test_a_part_that_windows_does_not_write_is_found(folder, name, refused):
    assert refused_part(PureWindowsPath(folder + name)) == refused


@pytest.mark.parametrize(
    "path", ["C:", "C:\\", "\\\\server\\share", "\\\\server\\share\\", "\\\\?\\UNC\\server\\share\\", "."]
)
def test_drives_and_shares_are_no_names(path):
    assert refused_part(PureWindowsPath(path)) is None


def test_a_stream_of_a_file_is_refused():
    assert refused_part(PureWindowsPath(r"\\server\share\dive:1.json")) == "dive:1.json"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A/B\\C:?\n", "A-B-C---"),
        (" Anna. ", "Anna"),
        ("CON", "CON-"),
        ("nul.2", "nul-.2"),
        (r"\\server\share\a", "--server-share-a"),
        (r"C:\a", "C--a"),
    ],
)
def test_any_text_becomes_a_name_that_windows_has(text, name):
    assert allowed_name(text, 120) == name
    assert refused_part(PureWindowsPath(name)) is None


def test_a_text_is_cut_to_a_name_that_windows_has():
    assert allowed_name("aux and more", 4) == "aux-"
