"""The `fineparser` command itself: picking a sub-command, and what becomes of failures."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from platforms import needs_full_device

from fineparser_core import __version__
from fineparser_core.commands import cli
from fineparser_core.errors import Cancelled, ExitCode, FineParserError


def all_errors(base=FineParserError):
    return [base, *(error for child in base.__subclasses__() for error in all_errors(child))]


@pytest.fixture
def log(monkeypatch, tmp_path):
    monkeypatch.setattr(platformdirs, "user_log_dir", lambda *args, **kwargs: str(tmp_path / "logs"))
    return tmp_path / "logs" / "fineparser.log"


def test_help_names_every_command(fineparser):
    outcome = fineparser("--help")
    assert outcome.code == 0
    for name in cli.COMMANDS:
        assert f"\n  {name} " in outcome.out


def test_version(fineparser):
    assert fineparser("--version").out.strip() == f"fineparser {__version__}"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_its_help(fineparser, name):
    assert callable(importlib.import_module(f"fineparser_core.commands.{cli.COMMANDS[name][0]}").main)
    outcome = fineparser(name, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"usage: fineparser {name}")


def raising(error):
    """A command that fails."""

    def fail(argv):
        raise error

    return fail


@pytest.mark.parametrize("error", all_errors())
def test_expected_failures_are_one_sentence(error, capfd):
    assert cli.run_guarded(raising(error("it is so; do this.")), []) == error.exit_code
    assert capfd.readouterr().err == "fineparser: it is so; do this.\n"


def test_interrupt_is_a_cancel(capfd):
    assert cli.run_guarded(raising(KeyboardInterrupt()), []) == Cancelled.exit_code == 130
    assert capfd.readouterr().err == f"fineparser: {Cancelled()}\n"


def test_unexpected_failure_goes_to_the_log(capfd, log):
    fail = raising(ZeroDivisionError("by zero\nand more"))
    assert cli.run_guarded(fail, ["a clip.mp4"]) == 1
    err = capfd.readouterr().err
    assert len(err.splitlines()) == 1
    assert "ZeroDivisionError: by zero" in err
    assert str(log) in err
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert "'a clip.mp4'" in log.read_text(encoding="utf-8")
    cli.run_guarded(fail, [], debug=True)
    assert "Traceback" in capfd.readouterr().err


@needs_full_device
@pytest.mark.parametrize("words", [["--help"], ["score", "--help"]])
def test_help_that_cannot_be_printed_is_one_sentence(words):
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-P", "-m", "fineparser_core.commands.cli", *words]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == ExitCode.OUTPUT
    assert done.stderr == (
        "fineparser: The output cannot be printed (No space left on device): print it to another place.\n"
    )


@pytest.mark.parametrize("module", ["fineparser_gui", "fineparser_core.commands.cli"])
def test_modules_of_the_working_folder_are_not_loaded(tmp_path, module):
    # Python itself loads a few more, such as importlib, before it looks for ours.
    for name in ("argparse", "typing", "json", "platformdirs", "logging", "pathlib", "dataclasses", "numpy", "PySide6"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('loaded from the working folder')", encoding="ascii")
    command = [sys.executable, "-m", module, "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: fineparser")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    ],
)
def test_too_little_memory_is_one_sentence(error, capfd):
    assert cli.run_guarded(raising(error), []) == ExitCode.UNEXPECTED
    said = "There is not enough memory: close other programs, or take a shorter or smaller video."
    assert capfd.readouterr().err == f"fineparser: {said}\n"


def test_a_language_that_is_none_is_refused(fineparser, tmp_path):
    outcome = fineparser("watch", str(tmp_path), "--out", str(tmp_path / "out"), "--language", "../../x")
    assert outcome.code == ExitCode.USAGE
    assert "'../../x' for argument '--language'" in outcome.err
    assert not (tmp_path / "out").exists()


ROOT = Path(__file__).resolve().parents[2]


def commands_of_the_documents():
    """Return by command, with its sub-command or recipe, the options that README and pages give it."""
    given = {}
    for path in [ROOT / "README.md", *ROOT.glob("packaging/docs/*.md")]:
        for line in re.findall(r"^fineparser ([a-z]+ .*)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            words = line.partition(" #")[0].split()
            recipe = ["--config", "bundle"] if "bundle" in words else ["import"] if words[0] == "data" else []
            given.setdefault((words[0], *recipe), set()).update(word for word in words if word.startswith("--"))
    return given


@pytest.mark.parametrize(
    ("command", "options"),
    commands_of_the_documents().items(),
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_the_options_of_the_documents_are_those_of_the_commands(fineparser, command, options):
    outcome = fineparser(*command, "--help")
    assert outcome.code == 0
    assert options <= set(re.findall(r"--[a-z-]+", outcome.out))
