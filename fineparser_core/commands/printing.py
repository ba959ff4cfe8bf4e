"""Printing of commands; all text reaches the terminal through here, so that no name can steer it."""

import errno
import io
import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

from fineparser_core.errors import ExportError
from fineparser_core.printable import printable


def say(text: object = "") -> None:
    """Print a result: lines of text to stdout.

    Raises:
        ExportError: stdout cannot be written, for example a file on a full disk.
        BrokenPipeError: the reader has gone.
    """
    _write(sys.stdout, printable(text, keep="\n\t"))


def say_json(content: Any) -> None:
    """Print a result as JSON in ASCII; raises as `say`."""
    # The only control character that JSON leaves as it is.
    _write(sys.stdout, json.dumps(content, indent=1, default=str).replace("\x7f", "\\u007f"))


def say_written(path: Path) -> None:
    """Print that a file is there; raises as `say`."""
    say(f"Written: {printable(path)}")


def remark(text: object, *, keep: str = "") -> None:
    """Print a line to stderr, beside the results; `keep` is as of `printable`."""
    _write(sys.stderr, printable(text, keep=keep))


def flush() -> None:
    """Write everything that was printed; raises as `say`."""
    _write(sys.stdout, None)


def show_all_text() -> None:
    """Lets a character that the terminal's encoding lacks be printed as its escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _write(stream: TextIO | None, text: str | None) -> None:
    if stream is None:  # a program that is started without a terminal has none
        return
    try:
        if text is None:
            stream.flush()
        else:
            print(text, file=stream, flush=stream is sys.stderr)
    except OSError as error:
        raise output_error(error) from error


def output_error(error: OSError) -> BrokenPipeError | ExportError:
    """Return the error of a command whose output cannot be printed."""
    if isinstance(error, BrokenPipeError):
        return error
    if os.name == "nt" and error.errno == errno.EINVAL:  # Windows' error for a pipe whose reader has gone
        return BrokenPipeError()
    return ExportError(f"The output cannot be printed ({error.strerror}): print it to another place.")
