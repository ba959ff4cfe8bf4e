"""What a command tells of its progress."""

import sys

from fineparser_core.commands.terminal import progress_on_stderr
from fineparser_core.progress import Progress

#: The last event of a stage is repeated while its last unit is in progress.
EVENTS = [*(Progress("coarse", done, 2) for done in (1, 1, 2, 2, 2)), Progress("parse", 1, 1), Progress("coarse", 2, 2)]


def progress_output(capsys, *, quiet=False):
    with progress_on_stderr(quiet=quiet) as show:
        for progress in EVENTS:
            show(progress)
    return capsys.readouterr().err


def test_a_stage_has_one_line(capsys):
    assert progress_output(capsys).splitlines() == ["coarse 2/2", "parse 1/1", "coarse 2/2"]


def test_on_a_terminal_a_stage_has_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    last = progress_output(capsys).rpartition("coarse")[0].splitlines()[-2:] + progress_output(capsys).splitlines()[-3:]
    assert sum("parse" in line and "1/1" in line for line in last) >= 1
    assert sum("coarse" in line and "2/2" in line for line in last) >= 2


def test_quiet_is_quiet(capsys):
    assert progress_output(capsys, quiet=True) == ""
