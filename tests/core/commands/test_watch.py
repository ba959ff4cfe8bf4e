import pytest

from fineparser_core.commands.cli import main
from fineparser_core.commands.watch import _written
from fineparser_core.resources import resource
from fineparser_core.support.files import lock_file

SAMPLE = str(resource("samples", "sample.mp4"))


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["nothing"], 2, "there is no such camera, folder or video"),
        ([__file__], 3, "is not a video"),
        ([SAMPLE, "--minutes", "0"], 2, "must be above 0"),
    ],
)
def test_what_cannot_be_watched_is_said(argv, code, said, tmp_path, capsys):
    assert main(["watch", *argv, "--out", str(tmp_path / "out")]) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_is_of_one_watch(tmp_path, capsys):
    lock = lock_file(tmp_path / ".lock")
    with lock:
        assert main(["watch", SAMPLE, "--out", str(tmp_path)]) == 2
    assert "Another `fineparser watch` writes to" in capsys.readouterr().err


def test_a_line_that_was_not_finished_is_cut_off(tmp_path):
    path = tmp_path / "dives.jsonl"
    path.write_bytes(b'{"clip": "a.mp4"}\n{"clip": "b')
    assert _written(path) == {"a.mp4"}
    assert path.read_bytes() == b'{"clip": "a.mp4"}\n'
