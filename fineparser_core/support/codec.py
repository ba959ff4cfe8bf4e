"""Records as JSON and back, by the types of their fields; untrusted JSON is read here alone.

A record is a frozen dataclass; its bounds are annotations, `Annotated[int, Meta(ge=0)]` for example. Unknown keys are
ignored. `parse_json` bounds the document as a whole before.
"""

import re
import reprlib
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from fineparser_core.printable import without_surrogates

Value = TypeVar("Value")

#: Longest path, in characters: no system that the program runs on has longer paths.
LONGEST_PATH = 4096

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}


def from_json(value: Any, kind: type[Value]) -> Value:
    """Convert a value of JSON to a type: of a record, or of a field.

    Args:
        value: parsed; numpy arrays and records of the right type, which are no JSON, are taken as they are.

    Raises:
        ValueError: the value does not fit; the text is short and names place and value.
    """
    try:
        return msgspec.convert(value, kind, dec_hook=_decoded, str_keys=True)
    except msgspec.ValidationError as error:
        raise ValueError(_reason(value, str(error))) from None


def to_json(value: Any) -> Any:
    """Return the inverse of `from_json`, of JSON's types."""
    return msgspec.to_builtins(value, enc_hook=_encoded)


def shown(value: object) -> str:
    """Return the beginning of a value of any size, for a message."""
    return reprlib.repr(value)[:80]


def _decoded(kind: type, value: Any) -> Any:
    if kind is Path and not isinstance(value, Path):
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_PATH or "\0" in value:
            raise ValueError(f"{shown(value)} where the name of a file belongs")
        return Path(without_surrogates(value, file_name=True))
    return value  # which must be of the type


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path | str):  # a phrase, for example
        return str(value)
    raise NotImplementedError


def _reason(document: Any, said: str) -> str:
    """Return a message of msgspec in plain words, with the value that it is about where that can be found."""
    placed = re.fullmatch(r"(.*) - at `\$\.?(.*)`", said, re.DOTALL)
    message, path = placed.groups() if placed else (said, "")
    place = f"{path}: " if path else ""
    if lacking := re.match("Object missing required field `(.*)`", message):
        return f"{path}{'.' if path else ''}{lacking[1]} is missing"
    expected = re.match("Expected (.*?)(?:, got .*)?$", message)
    if expected is None:  # the reason of a record itself
        return f"{place}{message}"
    try:
        for step in re.findall(r"[^.\[\]]+", path.replace("[...]", "[\0]")):
            document = document[int(step) if isinstance(document, list | tuple) else step]
    except (LookupError, TypeError, ValueError):
        document = "a value"
    else:
        document = shown(document)
    words = re.sub(r"`str` of length <= (\d+)", r"text of at most \1 characters", expected[1])
    words = re.sub("`(.*?)`", lambda found: " or ".join(_WORDS.get(w, w) for w in found[1].split(" | ")), words)
    return f"{place}{document} where {words} belongs"
