"""Reads values of JSON that a stranger may have written: typed and bounded, or a short reason why not."""

import reprlib
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from fineparser_core.printable import without_surrogates

Value = TypeVar("Value")

#: More frames are damage, and exceed the integers of Qt.
MOST_FRAMES = 2**31
#: Of a file, with its folders: no system that the program runs on has longer ones.
LONGEST_PATH = 4096
LONGEST_NAME = 255
#: Of the coach's note on a dive, characters.
LONGEST_NOTE = 4000

_MUST_BE_THERE = object()


def shown(value: object) -> str:
    """The beginning of a value of any size, for a message."""
    return reprlib.repr(value)[:80]


def read_field(values: dict[str, Any], key: str, read: Callable[[Any], Value], missing: Any = _MUST_BE_THERE) -> Value:
    """Read the value of a key.

    Args:
        missing: read in place of a key that is not there; by default it must be.

    Raises:
        ValueError: as `read`, with the key in front.
    """
    value = values.get(key, missing)
    if value is _MUST_BE_THERE:
        raise ValueError(f"{key} is missing")
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def record(value: Any, name: str) -> dict[str, Any]:
    """An object; `name` says of what. Raises: ValueError."""
    if isinstance(value, dict):
        return value
    raise ValueError(f"{shown(value)} where a {name} belongs")


def listed(value: Any, most: int, name: str) -> list[Any]:
    """A list of at most `most` things of a name. Raises: ValueError."""
    if not isinstance(value, list):
        raise ValueError(f"{shown(value)} where a list of {name} belongs")
    if len(value) > most:
        raise ValueError(f"{len(value)} {name} where at most {most} are read")
    return value


def frame(value: Any) -> int | None:
    """The number of a frame, or null. Raises: ValueError."""
    if value is None or (type(value) is int and 0 <= value < MOST_FRAMES):
        return value
    raise ValueError(f"{shown(value)} where the number of a frame belongs")


def whole(value: Any, lowest: int, highest: int) -> int:
    """A whole number within bounds, both included. Raises: ValueError."""
    if type(value) is int and lowest <= value <= highest:
        return value
    raise ValueError(f"{shown(value)} where a whole number from {lowest} to {highest} belongs")


def number(value: Any, lowest: float, highest: float) -> float:
    """A number within bounds, both included. Raises: ValueError."""
    if type(value) in (int, float) and lowest <= value <= highest:  # false for NaN
        return value
    raise ValueError(f"{shown(value)} where a number from {lowest:g} to {highest:g} belongs")


def text(value: Any, most: int = LONGEST_NAME) -> str:
    """Text of at most `most` characters; "" for null. Raises: ValueError."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"{shown(value)} where text of at most {most} characters belongs")
    return without_surrogates(value)


def day(value: Any) -> str | None:
    """A day as YYYY-MM-DD, "" for none, or null. Raises: ValueError."""
    if value in (None, ""):
        return value
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ValueError(f"{shown(value)} where a day such as 2026-05-31 belongs") from None


def file_name(value: Any) -> str | None:
    """The path of a file, or null. Raises: ValueError."""
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_PATH or "\0" in value:
        raise ValueError(f"{shown(value)} where the name of a file belongs")
    return without_surrogates(value, file_name=True)
