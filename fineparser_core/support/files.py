"""Reading files that a stranger may have made: whole, bounded, and never from a pipe or a device."""

import errno
import json
import math
import os
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any

#: Maximum size of a file of results; those of a thousand dives take a tenth of it.
MOST_JSON_BYTES = 50_000_000
#: Deepest nesting of JSON that is read; the program's own formats need less than half of it.
MOST_NESTING = 16
# Decimal digits of 64 bits.
_LONGEST_NUMBER = 20
_NESTS = {dict, list}


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        OSError: it is missing, not a regular file, or larger than `most_bytes`; `strerror` says which.
    """
    try:
        state = path.stat()
    except ValueError:  # a null character
        raise OSError(errno.EINVAL, "that is no name of a file") from None
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
    if state.st_size <= most_bytes:
        with path.open("rb") as file:
            data = file.read(state.st_size + 1)  # Windows allocates the requested size at once
            if len(data) > state.st_size:  # it has grown meanwhile
                data += file.read(most_bytes + 1 - len(data))
        if len(data) <= most_bytes:
            return data
    raise OSError(errno.EFBIG, f"it is larger than {most_bytes / 1e6:g} MB")


def parse_json(data: bytes) -> Any:
    """Parse strict JSON: UTF-8, finite numbers of at most 64 bits or so, nesting of at most `MOST_NESTING`.

    Raises:
        ValueError: it is something else; the text is short.
    """
    try:
        text = data.decode("utf-8-sig")
        parsed = json.loads(text, parse_constant=_refuse, parse_int=_short)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    level: list[Collection[Any]] = [[parsed]]
    for _ in range(MOST_NESTING):
        inner = []
        for values in level:
            if math.inf in values or -math.inf in values:
                json.loads(text, parse_float=_finite)  # says which; to ask of each number takes as long as all the rest
            inner += [value for value in values if type(value) in _NESTS]
        level = [value.values() if type(value) is dict else value for value in inner]
    if any(level):
        raise ValueError("it is nested too deeply")
    return parsed


def _refuse(text: str) -> Any:
    raise ValueError(f"{text[:_LONGEST_NUMBER]} is no number that can be used")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _short(text: str) -> int:
    return int(text) if len(text) <= _LONGEST_NUMBER else _refuse(text)
