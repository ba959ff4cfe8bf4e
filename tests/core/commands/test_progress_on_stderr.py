from fineparser_core.commands import terminal
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


def test_quiet_is_quiet(capsys):
    assert progress_output(capsys, quiet=True) == ""


def test_a_long_stage_has_lines_in_between(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "_LINE_EVERY_S", -1.0)
    assert progress_output(capsys).splitlines() == ["coarse 1/2", "coarse 2/2", "parse 1/1", "coarse 2/2"]
