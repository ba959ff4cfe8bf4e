"""The `fineparser` command: picks a sub-command, and turns every failure into a sentence and an exit code."""

import argparse
import contextlib
import importlib
import os
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

import platformdirs

from fineparser_core import __version__
from fineparser_core.commands.printing import flush, remark, say, show_all_text
from fineparser_core.errors import Cancelled, ConfigError, ExitCode, FineParserError, no_memory
from fineparser_core.printable import printable, without_home
from fineparser_core.support.processes import STOP_SIGNALS, expect_torch

CommandMain = Callable[[list[str]], int]

# Sub-command: the module of this package whose `main(argv)` runs it, and its description. Only the chosen module is
# imported.
COMMANDS: dict[str, tuple[str, str]] = {
    "score": ("score", "analyse a clip: phases, masks, score and contributions"),
    "demo": ("demo", "analyse the bundled sample dive and keep what comes out of it"),
    "watch": ("watch", "record a camera, catch its dives as they come and analyse them"),
    "train": ("train", "train weights on FineDiving, judged or rendered dives"),
    "evaluate": ("evaluate", "measure weights on any labelled data: a data set, rendered dives, real clips"),
    "eval": ("evaluate", "the same as evaluate"),
    "learn": ("learn", "learn how your judges mark, from judged dives, and say whether it helps"),
    "calibrate": ("calibrate", "fit the stated interval and what is refused, into the weights card"),
    "data": ("data", "make a data set of a table of judged dives and their videos"),
    "synthesize": ("synthesize", "render a data set of dives in the FineDiving layout"),
    "exemplars": ("exemplars", "render exemplars and a sample dive, or encode rendered ones for other weights"),
    "convert": ("convert", "bring weights from elsewhere into the form used here, or back"),
}

_DEBUG = "--debug"


def main(argv: list[str] | None = None) -> int:
    """Run `fineparser COMMAND ...`.

    Args:
        argv: arguments after the program's name; None takes those of the process.

    Returns:
        The exit code, a member of `ExitCode`.
    """
    words = sys.argv[1:] if argv is None else argv
    return run_guarded(_run, words, debug=words[:1] == [_DEBUG])


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: object = None) -> None:
        say(message.rstrip())  # argparse hides a broken pipe and a full disk

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message[:1].upper()}{message[1:]}: see `fineparser --help`.")


def _run(argv: list[str]) -> int:
    codes = "\n".join(f"  {code.value:<12}{code.meaning}" for code in ExitCode)
    parser = _Parser(
        prog="fineparser",
        description="Parses a dive into take-off, flight and entry, and says where the points came from.",
        epilog="commands:\n"
        + "\n".join(f"  {name:<12}{summary}" for name, (_, summary) in COMMANDS.items())
        + f"\n\nexit codes:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"fineparser {__version__}")
    parser.add_argument(_DEBUG, action="store_true", help="show the whole traceback of an unexpected failure")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="see `fineparser COMMAND --help`")
    args = parser.parse_args(argv)
    module = importlib.import_module(f"fineparser_core.commands.{COMMANDS[args.command][0]}")
    return int(module.main(args.arguments))


def run_guarded(command: CommandMain, argv: list[str], *, debug: bool = False) -> int:
    """Run a command; an exception becomes a sentence on stderr and an exit code here alone.

    `python -m fineparser_core.NAME` calls it too: `sys.exit(run_guarded(main, sys.argv[1:]))`.
    """
    show_all_text()
    expect_torch()
    try:
        with _interrupt_on_stop_signals():
            code = _exit_code(command, argv)
            # Here, not at interpreter exit: a reader that has gone must be noticed while it can be handled.
            flush()
        return code
    except FineParserError as error:
        return _fail(str(error), error.exit_code, debug=debug)
    except KeyboardInterrupt:
        return _fail(str(Cancelled()), Cancelled.exit_code)
    except BrokenPipeError:
        return _end(ExitCode.READER_GONE)
    except Exception as error:
        if (short := no_memory(error)) is not None:
            return _fail(str(short), short.exit_code, debug=debug)
        return _fail(
            f"an unexpected failure, {type(error).__name__}: {_first_line(error)}. {_record(argv)} "
            "--debug before the command shows it here.",
            ExitCode.UNEXPECTED,
            debug=debug,
        )


def _exit_code(command: CommandMain, argv: list[str]) -> int:
    try:
        return command(argv)
    except SystemExit as stop:  # after help and version
        return int(stop.code or 0)


@contextlib.contextmanager
def _interrupt_on_stop_signals() -> Iterator[None]:
    """Make stop signals end a command as Ctrl+C does, temporary files removed; only in the main thread.

    Ctrl+C as well: a script starts what it runs in the background with an ignored SIGINT.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(number, interrupt) for number in STOP_SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(STOP_SIGNALS, before, strict=True):
            signal.signal(number, handler or signal.SIG_DFL)


def _fail(sentence: str, code: int, *, debug: bool = False) -> int:
    with contextlib.suppress(OSError, FineParserError):  # stderr may be gone as well
        if debug:
            remark(traceback.format_exc(), keep="\n")
        if sys.stderr is not None and sys.stderr.isatty():  # the sentence replaces a progress line that was cut short
            sys.stderr.write("\r\x1b[K")
        remark(f"fineparser: {sentence}")
    return _end(code)


def _end(code: int) -> int:
    """Return the code, once nothing is left in stdout that the interpreter would fail to write when it exits."""
    try:
        flush()
    except (OSError, FineParserError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "no message").rstrip(".")


def _record(argv: list[str]) -> str:
    """Append the traceback in flight to the log file; return a sentence on where, or why it could not."""
    path = Path(platformdirs.user_log_dir("fineparser", appauthor=False)) / "fineparser.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            now = datetime.now().isoformat(timespec="seconds")
            details = printable(f"{now} {shlex.join(argv)}\n{traceback.format_exc()}\n", keep="\n")
            log.write(without_home(details))
    except OSError as error:
        return f"The log file {path} cannot be written ({error.strerror})."
    return f"Its details are in {path}."


if __name__ == "__main__":
    sys.exit(main())
