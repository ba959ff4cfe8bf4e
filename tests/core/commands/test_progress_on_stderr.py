"""What a command tells of its progress."""

import sys

import pytest

from fineparser_core.commands.cli import progress_to_stderr
from fineparser_core.progress import Progress

#: The last step of a stage is told again and again while something within it goes on.
TOLD = [*(Progress("look", done, 2) for done in (1, 1, 2, 2, 2)), Progress("parse", 1, 1), Progress("look", 2, 2)]


@pytest.mark.parametrize("terminal", [False, True])
def test_a_stage_has_one_line(terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    show = progress_to_stderr(quiet=False)
    for progress in TOLD:
        show(progress)
    told = capsys.readouterr().err
    assert told.count("\n") == 3
    lines = [line.rpartition("\x1b[K")[2] for line in told.split("\n")]
    assert [line for line in lines if line] == ["look 2/2", "parse 1/1", "look 2/2"]


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    show = progress_to_stderr(quiet=True)
    for progress in TOLD:
        show(progress)
    assert capsys.readouterr().err == ""
