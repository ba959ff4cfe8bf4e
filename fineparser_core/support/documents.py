"""Untrusted documents, JSON and tables: bounded, parsed, checked; one sentence where that fails."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from fineparser_core.support.codec import from_json
from fineparser_core.support.files import MOST_JSON_BYTES, parse_json, read_bounded
from fineparser_core.support.tables import decoded_table, table_rows

Value = TypeVar("Value")
#: Makes the error of a short reason; its sentence names the file and the way out.
Refuse = Callable[[str], Exception]
#: Longest reason, in characters.
_LONGEST_REASON = 200


@contextmanager
def reading(refuse: Refuse, *damage: type[Exception]) -> Iterator[None]:
    """Turn the failures of the block, which reads a file, into the error that `refuse` makes.

    Args:
        damage: exceptions that damage may raise, besides OSError and ValueError.
    """
    damages: tuple[type[Exception], ...] = (ValueError, *damage)
    try:
        yield
    except OSError as error:
        raise refuse(error.strerror or str(error)) from error
    except csv.Error as error:
        raise refuse(f"it is no CSV, {error}") from error
    except damages as error:
        raise refuse(str(error)[:_LONGEST_REASON]) from error


def read_document(
    path: Path, kind: type[Value], refuse: Refuse, *, most_bytes: int = MOST_JSON_BYTES, form: str = ""
) -> Value:
    """Read a JSON file as a record or a plain type.

    Args:
        form: value of its key `format`; "": it has none.

    Raises:
        Exception: the one that `refuse` makes, where the file is missing, too large, no JSON or something else.
    """
    with reading(refuse):
        return parse_document(read_bounded(path, most_bytes), kind, form)


def parse_document(data: bytes, kind: type[Value], form: str = "") -> Value:
    """Parse JSON as `read_document` does.

    Raises:
        ValueError: it is something else; the text is short.
    """
    content: Any = parse_json(data)
    if form and (not isinstance(content, dict) or content.get("format") != form):
        raise ValueError(f"it is not of format {form}")
    return from_json(content, kind)


def read_table_text(path: Path, most_bytes: int, refuse: Refuse) -> str:
    """Read the text of a table or a list.

    Raises:
        Exception: the one that `refuse` makes, where it cannot be read or is a workbook.
    """
    with reading(refuse):
        text = decoded_table(read_bounded(path, most_bytes))
        if text is None:
            raise ValueError("it is no CSV, but a workbook or the like")
        return text


def read_rows(path: Path, most_bytes: int, refuse: Refuse) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table in CSV with their numbers, from 1.

    Raises:
        Exception: the one that `refuse` makes, where it cannot be read or is no table.
    """
    text = read_table_text(path, most_bytes, refuse)
    with reading(refuse):
        yield from table_rows(text)
