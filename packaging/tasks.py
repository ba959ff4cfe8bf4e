"""What `packaging/dev.py` can run once the environment stands."""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bundling import bundle
from environment import ROOT, VENV, SetupError, ensure_qt_libraries

_SAMPLES = ROOT / "resources" / "samples"
_DEMO_OUTPUT = ROOT / "demo-output"
_INTERRUPTED = 130
_WINDOW_TESTS = "tests/gui"
# The longest come first, so that all processes end at once.
_TESTS = (
    *("tests/integration", "tests/core", "tests/hostile", _WINDOW_TESTS, "tests/store", "tests/architecture"),
    "tests/test_as_ordered.py",
)
# Two for two cores: a third ends no sooner and takes more of the processor. A file stays in one process, as its tests
# share fixtures. One that dies ends the run: after another has taken its place the rest may wait for ever.
_IN_PROCESSES = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0")
# Python itself watches lines since 3.12, in threads of Qt too.
_COVERAGE = ("--cov", "--cov-report=term-missing", "--cov-fail-under=90")
if sys.version_info >= (3, 12):
    os.environ.setdefault("COVERAGE_CORE", "sysmon")


def main(argv: list[str]) -> int:
    """Run one command; return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description="Sets everything up, then runs a command.",
        epilog="commands:\n" + "\n".join(f"  {name:<13}{run.__doc__}" for name, run in _COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=_COMMANDS, metavar="COMMAND", help="one of those below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the command takes")
    args = parser.parse_args(argv)
    try:
        return _COMMANDS[args.command](args.arguments)
    except SetupError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndev.py: interrupted; the same command goes on from here.", file=sys.stderr)
        return _INTERRUPTED


def _demo(arguments: list[str]) -> int:
    """Analyse the bundled sample dive; --gui: in the app."""
    options = argparse.ArgumentParser(prog="dev.py demo")
    options.add_argument("--gui", action="store_true", help="in the app instead of the terminal")
    gui = options.parse_args(arguments).gui
    try:  # before anything is downloaded
        sample = json.loads((_SAMPLES / "sample.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SetupError(f"The bundled sample dive {error.filename} is missing: get the whole checkout.") from error
    if gui:
        clip = str(_SAMPLES / sample["file"])
        return _app([clip, "--dive-number", sample["dive_number"], "--board", str(sample["board_m"])])
    VENV.ensure()
    return _call("fineparser_core.commands.cli", "demo", "--out", str(_DEMO_OUTPUT))


def _app(arguments: list[str]) -> int:
    """Open the app, on the clips that are named."""
    if not _has_display():
        raise SetupError("There is no display here for a window: `python packaging/dev.py demo` works without one.")
    VENV.ensure()
    ensure_qt_libraries(VENV, window=True)
    return _call("fineparser_gui", *arguments, folder=None)


def _coverage(arguments: list[str]) -> int:
    """Run the tests and print the lines that they do not reach; fails below 90 %."""
    return _test([*arguments, *_COVERAGE] if arguments else [*_IN_PROCESSES, *_COVERAGE, *_TESTS])


def _test(arguments: list[str]) -> int:
    """Run the tests; what follows goes to pytest."""
    VENV.ensure()
    window = _has_display()
    ensure_qt_libraries(VENV, window=window)
    if not window:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # Tests start many processes: what the first one of them compiles, the others need not.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if arguments:
        return _call("pytest", *arguments)
    if not window:
        return _call("pytest", *_IN_PROCESSES, *_TESTS)
    # On a display one window at a time has the focus.
    others = [folder for folder in _TESTS if folder != _WINDOW_TESTS]
    return max(_call("pytest", *_IN_PROCESSES, *others), _call("pytest", _WINDOW_TESTS))


def _check(arguments: list[str]) -> int:
    """format, lint, types, architecture rules and tests."""
    VENV.ensure()
    results = {
        "format": _call("ruff", "format", "--check", "."),
        "lint": _call("ruff", "check", "."),
        "types": _call("mypy"),
        "size": _call("pytest", "-q", "-s", "tests/architecture/test_tracked_size.py"),
        "architecture and tests": _test(arguments),
    }
    for name, code in results.items():
        print(f"{name}: {'ok' if code == 0 else 'failed'}")
    return max(results.values())


def _translations(arguments: list[str]) -> int:
    """Bring the table of translations up to date with the code; export and import as .po."""
    import translations

    return translations.main(arguments)


def _lock(arguments: list[str]) -> int:
    """Write packaging/lock.txt, the versions that every set-up installs."""
    import lock

    VENV.ensure()
    return lock.lock(arguments)


def _windows(arguments: list[str]) -> int:
    """On Linux, in a Windows made of Wine: test, bundle, python."""
    from windows import bench

    return bench.main(arguments)


def _bundle(arguments: list[str]) -> int:
    """Build the app as one folder that needs no Python; --deb: and a Debian package."""
    return bundle(arguments)


_COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo": _demo,
    "app": _app,
    "test": _test,
    "check": _check,
    "coverage": _coverage,
    "lock": _lock,
    "translations": _translations,
    "bundle": _bundle,
    "windows": _windows,
}


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _call(module: str, *arguments: str, folder: Path | None = ROOT) -> int:
    """Run a module in the checkout's own environment; signals reach it, and its exit code is as a shell would give it.

    Args:
        folder: where it runs; None where the caller stands, for paths that the caller typed.
    """
    command = [str(VENV.python), "-P", "-m", module, *arguments]
    process = subprocess.Popen(command, cwd=folder)
    previous = signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    try:
        while True:
            try:
                code = process.wait()
                return code if code >= 0 else 128 - code
            except KeyboardInterrupt:
                # A terminal sends Ctrl+C to the child as well, which ends in its own way and its own time.
                continue
    finally:
        signal.signal(signal.SIGTERM, previous)
