from pathlib import Path, PureWindowsPath

import pytest
from platforms import windows_only

from fineparser_core.commands.output_paths import check_output_files, check_output_folder
from fineparser_core.errors import ConfigError, ExportError
from fineparser_core.support.files import allowed_name, refused_part

FOLDERS = ("", "C:", "C:\\", "c:/club/", "..\\club\\", "\\\\server\\share\\", "//server/share/", "\\\\?\\D:\\club\\")


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
def test_a_part_that_windows_does_not_write_is_found(name, refused):
    assert {refused_part(PureWindowsPath(folder + name)) for folder in FOLDERS} == {refused}


def test_drives_and_shares_are_no_names():
    for path in ("C:", "C:\\", r"\\server\share", "\\\\server\\share\\", "\\\\?\\UNC\\server\\share\\", "."):
        assert refused_part(PureWindowsPath(path)) is None, path
    assert refused_part(PureWindowsPath(r"\\server\share\dive:1.json")) == "dive:1.json"  # a stream of a file


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
    assert allowed_name("aux and more", 4) == "aux-"  # cut to a name that Windows has


@windows_only
def test_outputs_have_names_that_windows_writes(tmp_path, monkeypatch):
    for name in ("NUL", "Com1.mp4", "dive ", "dive:1.json"):
        with pytest.raises(ExportError, match="Windows has no files named"):
            check_output_files([(tmp_path / name, ".json")])
        with pytest.raises(ExportError, match="Windows has no files named"):
            check_output_folder(tmp_path / name / "below")
    assert not list(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    names = ("dive.json", "../a.json", "./b.json", "Zoë 王.json")
    paths = [*map(Path, names), tmp_path / "c.json", Path(r"\\?") / tmp_path / "d.json"]
    check_output_files([(path, ".json") for path in paths])


@windows_only
def test_names_that_differ_by_case_alone_are_one_file(tmp_path):
    with pytest.raises(ConfigError, match="already the file of another output"):
        check_output_files([(tmp_path / "dive.json", ".json"), (tmp_path / "DIVE.JSON", ".json")])
    (tmp_path / "Clip.mp4").write_bytes(b"")
    with pytest.raises(ConfigError, match="is the clip itself"):
        check_output_files([(tmp_path / "clip.MP4", ".mp4")], {tmp_path / "Clip.mp4": "the clip itself"})
