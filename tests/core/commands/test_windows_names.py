from pathlib import Path

import pytest
from platforms import windows_only

from fineparser_core.commands.output_paths import check_output_files, check_output_folder
from fineparser_core.errors import ConfigError, ExportError

pytestmark = windows_only


@pytest.mark.parametrize(
    "name", ["NUL", "con.json", "Com1.mp4", "aux .txt", "dive.json.", "dive ", "dive:1.json", "a?.json"]
)
def test_a_name_that_windows_does_not_write_is_refused(name, tmp_path):
    with pytest.raises(ExportError, match="Windows has no files named"):
        check_output_files([tmp_path / name])
    with pytest.raises(ExportError, match="Windows has no files named"):
        check_output_folder(tmp_path / name / "below")
    assert not list(tmp_path.iterdir())


def test_usual_names_are_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ("dive.json", ".hidden.json", "console.json", "com10.json", "../a.json", "./b.json", "Zoë 王.json")
    check_output_files([*map(Path, names), tmp_path / "c.json", Path(r"\\?") / tmp_path / "d.json"])


def test_names_that_differ_by_case_alone_are_one_file(tmp_path):
    with pytest.raises(ConfigError, match="already the file of another output"):
        check_output_files([tmp_path / "dive.json", tmp_path / "DIVE.JSON"])
    (tmp_path / "Clip.mp4").write_bytes(b"")
    with pytest.raises(ConfigError, match="is the clip itself"):
        check_output_files([tmp_path / "clip.MP4"], {tmp_path / "Clip.mp4": "the clip itself"})
