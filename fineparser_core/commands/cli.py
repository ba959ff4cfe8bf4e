"""The `fineparser` command: picks a sub-command, and turns every failure into one sentence and an exit code.

Exit codes: 0 done, 1 unexpected failure, 2 usage, 3 bad video, 4 no exemplars, 5 weights, 6 annotations,
7 output that cannot be written, 8 not a whole dive, 130 cancelled (or the reader of a pipe is gone: 141).
"""

import argparse
import importlib
import os
import shlex
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import platformdirs

from fineparser_core import __version__
from fineparser_core.errors import Cancelled, FineParserError

CommandMain = Callable[[list[str]], int]

# Sub-command: the module of this package whose `main(argv)` runs it, and what it does. Only the chosen one is imported.
COMMANDS: dict[str, tuple[str, str]] = {
    "score": ("score", "analyse a clip: phases, masks, score and contributions"),
    "demo": ("demo", "analyse the bundled sample dive and keep what comes out of it"),
    "trim": ("trim", "find the dives in a long recording"),
    "train": ("train", "train weights on FineDiving, MTL-AQA or rendered dives"),
    "ablate": ("ablate", "train every row of a table of the paper, print its numbers and ours"),
    "evaluate": ("evaluate", "measure weights on any labelled data: a data set, rendered dives, real clips"),
    "eval": ("evaluate", "the same as evaluate"),
    "calibrate": ("calibrate", "fit the stated interval and what is refused, into the weights card"),
    "data": ("data_check", "say what a data set has, lacks and gets wrong"),
    "synthesize": ("synthesize", "render a data set of dives in the FineDiving layout"),
    "exemplars": ("exemplars", "render and encode the bundled exemplars and the sample dive"),
    "convert": ("convert", "bring weights from elsewhere into the form used here, or back"),
    "profile": ("profile", "measure what scoring and training here save on this machine"),
}

_READER_GONE = 141


def main(argv: list[str] | None = None) -> int:
    """Runs `fineparser COMMAND ...`.

    Args:
        argv: arguments after the program's name; None takes those of the process.

    Returns:
        The exit code, as the module's docstring lists them.
    """
    parser = argparse.ArgumentParser(
        prog="fineparser",
        description="Parses a dive into take-off, flight and entry, and says where the points came from.",
        epilog="commands:\n" + "\n".join(f"  {name:<12}{summary}" for name, (_, summary) in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fineparser {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the whole traceback of an unexpected failure")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of those below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="see `fineparser COMMAND --help`")
    args = parser.parse_args(argv)

    def chosen(arguments: list[str]) -> int:
        module = importlib.import_module(f"fineparser_core.commands.{COMMANDS[args.command][0]}")
        return int(module.main(arguments))

    return run_guarded(chosen, args.arguments, debug=args.debug)


def run_guarded(command: CommandMain, argv: list[str], *, debug: bool = False) -> int:
    """Runs a command; the one place where an exception becomes a sentence on stderr and an exit code.

    `python -m fineparser_core.NAME` calls it too: `sys.exit(run_guarded(main, sys.argv[1:]))`.
    """
    try:
        code = command(argv)
        # Here, not at interpreter exit: a reader that has gone must be noticed while it can be handled.
        sys.stdout.flush()
        return code
    except FineParserError as error:
        if debug:
            traceback.print_exc()
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail(str(Cancelled()), Cancelled.exit_code)
    except BrokenPipeError:
        # The interpreter would flush stdout once more at exit and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_GONE
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _fail(
            f"an unexpected failure, {type(error).__name__}: {_first_line(error)}. {_record(argv)} "
            "--debug before the command shows it here.",
            FineParserError.exit_code,
        )


def _fail(sentence: str, code: int) -> int:
    # On a terminal the sentence replaces a progress line that was cut short.
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{start}fineparser: {sentence}", file=sys.stderr)
    return code


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "no message").rstrip(".")


def _record(argv: list[str]) -> str:
    """Appends the traceback in flight to the log file; says where, or why it could not."""
    path = Path(platformdirs.user_log_dir("fineparser", appauthor=False)) / "fineparser.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now().isoformat(timespec='seconds')} {shlex.join(argv)}\n{traceback.format_exc()}\n")
    except OSError as error:
        return f"The log file {path} cannot be written ({error.strerror})."
    return f"Its details are in {path}."


if __name__ == "__main__":
    sys.exit(main())
