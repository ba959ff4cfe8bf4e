"""Tables for notebooks: columns that pandas takes, and HTML that a page shows."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

#: A table by its columns, all of one length: `pandas.DataFrame` takes it as it is.
Columns = dict[str, list[Any]]


def columns_of(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Return rows as columns, in the order of their first appearance; None where a row has no such value."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def html_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as HTML, its texts escaped."""
    lines = [("th", header), *(("td", row) for row in rows)]
    cells = ("".join(f"<{kind}>{escape(str(cell))}</{kind}>" for cell in line) for kind, line in lines)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
