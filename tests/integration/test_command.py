"""The `fineparser` command itself: picking a sub-command, and what becomes of failures."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from fineparser_core import __version__
from fineparser_core.commands import cli
from fineparser_core.errors import Cancelled, FineParserError

Fineparser = Callable[..., Any]


def all_errors(base: type[FineParserError] = FineParserError) -> list[type[FineParserError]]:
    return [base, *(error for child in base.__subclasses__() for error in all_errors(child))]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(platformdirs, "user_log_dir", lambda *args, **kwargs: str(tmp_path / "logs"))
    return tmp_path / "logs" / "fineparser.log"


def test_help_names_every_command(fineparser: Fineparser) -> None:
    outcome = fineparser("--help")
    assert outcome.code == 0
    for name in cli.COMMANDS:
        assert f"\n  {name} " in outcome.out


def test_version(fineparser: Fineparser) -> None:
    assert fineparser("--version").out.strip() == f"fineparser {__version__}"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_its_help(fineparser: Fineparser, name: str) -> None:
    assert callable(importlib.import_module(f"fineparser_core.commands.{cli.COMMANDS[name][0]}").main)
    outcome = fineparser(name, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"usage: fineparser {name}")


@pytest.mark.parametrize("error", all_errors())
def test_expected_failures_are_one_sentence(error: type[FineParserError], capfd: pytest.CaptureFixture[str]) -> None:
    def fail(argv: list[str]) -> int:
        raise error("it is so; do this.")

    assert cli.run_guarded(fail, []) == error.exit_code
    assert capfd.readouterr().err == "fineparser: it is so; do this.\n"


def test_interrupt_is_a_cancel(capfd: pytest.CaptureFixture[str]) -> None:
    def fail(argv: list[str]) -> int:
        raise KeyboardInterrupt

    assert cli.run_guarded(fail, []) == Cancelled.exit_code == 130
    assert capfd.readouterr().err == f"fineparser: {Cancelled()}\n"


def test_unexpected_failure_goes_to_the_log(capfd: pytest.CaptureFixture[str], log: Path) -> None:
    def fail(argv: list[str]) -> int:
        raise ZeroDivisionError("by zero\nand more")

    assert cli.run_guarded(fail, ["a clip.mp4"]) == 1
    err = capfd.readouterr().err
    assert len(err.splitlines()) == 1
    assert "ZeroDivisionError: by zero" in err
    assert str(log) in err
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert "'a clip.mp4'" in log.read_text(encoding="utf-8")


def test_debug_shows_the_traceback(capfd: pytest.CaptureFixture[str], log: Path) -> None:
    def fail(argv: list[str]) -> int:
        raise ZeroDivisionError

    cli.run_guarded(fail, [], debug=True)
    assert "Traceback" in capfd.readouterr().err
