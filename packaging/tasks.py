"""What `packaging/dev.py` can run once the environment stands."""

import argparse
import json
import os
import signal
import subprocess
import sys

from environment import PYTHON, ROOT, SetupError, ensure_environment, ensure_qt_libraries

_SAMPLES = ROOT / "resources" / "samples"
_DEMO_OUTPUT = ROOT / "demo-output"
_INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Runs one command; returns the process's exit code."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except SetupError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndev.py: interrupted; the same command goes on from here.", file=sys.stderr)
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", description="Sets everything up, then runs a command.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="analyse the bundled sample dive")
    demo.add_argument("--gui", action="store_true", help="in the app instead of the terminal")
    demo.set_defaults(run=_demo)
    app = commands.add_parser("app", help="open the app")
    app.add_argument("arguments", nargs=argparse.REMAINDER, help="clips to open")
    app.set_defaults(run=_app)
    test = commands.add_parser("test", help="run the tests")
    test.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of pytest")
    test.set_defaults(run=_test)
    check = commands.add_parser("check", help="format, lint, types, architecture rules and tests")
    check.set_defaults(run=_check)
    return parser


def _demo(args: argparse.Namespace) -> int:
    try:
        sample = json.loads((_SAMPLES / "sample.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(f"The bundled sample dive is missing ({error.filename}): get the whole checkout.") from error
    dive = [str(_SAMPLES / sample["file"]), "--dive-number", sample["dive_number"], "--board", str(sample["board_m"])]
    if args.gui:
        return _open_app(dive)
    ensure_environment()
    _DEMO_OUTPUT.mkdir(exist_ok=True)
    outputs = {"--annotated": "annotated.mp4", "--masks": "masks.npz", "--json": "analysis.json"}
    options = [part for option, name in outputs.items() for part in (option, str(_DEMO_OUTPUT / name))]
    return _call("fineparser_core.cli", "score", *dive, *options)


def _app(args: argparse.Namespace) -> int:
    return _open_app(args.arguments)


def _open_app(arguments: list[str]) -> int:
    if not _has_display():
        raise SetupError("There is no display here for a window: `python packaging/dev.py demo` works without one.")
    ensure_environment()
    ensure_qt_libraries(window=True)
    return _call("fineparser_gui", *arguments)


def _test(args: argparse.Namespace) -> int:
    ensure_environment()
    window = _has_display()
    ensure_qt_libraries(window=window)
    if not window:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return _call("pytest", *args.arguments)


def _check(args: argparse.Namespace) -> int:
    ensure_environment()
    results = {
        "format": _call("ruff", "format", "--check", "."),
        "lint": _call("ruff", "check", "."),
        "types": _call("mypy"),
        "architecture and tests": _test(argparse.Namespace(arguments=[])),
    }
    for name, code in results.items():
        print(f"{name}: {'ok' if code == 0 else 'failed'}")
    return max(results.values())


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _call(module: str, *arguments: str) -> int:
    """Runs a module in the environment; signals reach it, and its exit code comes back as a shell would give it."""
    process = subprocess.Popen([str(PYTHON), "-m", module, *arguments], cwd=ROOT)
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
