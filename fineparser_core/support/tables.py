"""Tables as CSV whose cells a spreadsheet takes for text and numbers only, as plain text and as columns."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unicodedata import normalize

from fineparser_core.printable import folded, printable

#: First characters of a formula; a spreadsheet may take the full-width forms for the plain characters.
_FORMULA = ("=", "+", "-", "@")
#: Characters that a spreadsheet may drop at the beginning of a cell, so that what follows them begins it.
_DROPPED = "".join(map(chr, (*range(0x21), 0x7F, 0x85, 0xA0, 0x200B, 0x200C, 0x200D, 0x2060, 0x3000, 0xFEFF)))
_DELIMITERS = ",;\t"
#: Beginnings of cells: of a text, and after what spreadsheets of other languages split a text at, quoted or not, as its
#: quotes are not those of their cells. (Where commas split, the text is quoted as a whole.)
_BEGINNING = re.compile(rf"(^|[;；\t\r\n])(?=([{re.escape(_DROPPED)}]*)(.?))", re.DOTALL)


def csv_table(columns: Sequence[str], rows: Sequence[Mapping[str, object]], *, decimals: int | None = None) -> bytes:
    """Return a table in UTF-8, without a byte order mark.

    Args:
        columns: keys of the rows; None, or a key that a row lacks, is an empty cell.
        decimals: most decimals of a number; None: all it takes to read the same number again.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name), decimals) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8")


def _cell(value: object, decimals: int | None) -> object:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and decimals is not None:
        number = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
        return "0" if number == "-0" else number
    return value


def _text(value: str) -> str:
    """Make a text safe for spreadsheets: an apostrophe goes before a possible formula."""

    def guard(beginning: re.Match[str]) -> str:
        formula = normalize("NFKC", beginning[3]).startswith(_FORMULA)
        return beginning[1] + ("'" if formula else "")

    safe = _BEGINNING.sub(guard, value)
    return printable("'" + safe if value[:1] in ("\t", "\r", "\n") and safe[0] != "'" else safe, keep="\n\t")


def decoded_table(data: bytes) -> str | None:
    """Return the text of a table in UTF-8, UTF-16 or Windows' Latin (cp1252); None where it is none, but a workbook."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        read = data.decode("utf-16", errors="replace")
    else:
        try:
            read = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            read = data.decode("cp1252", errors="replace")
    return None if data.startswith(b"PK\3\4") or "\0" in read else read


def table_rows(content: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table with their numbers as a spreadsheet counts them, from 1.

    Cells are delimited by what the first line has most of: comma, semicolon or tab.

    Raises:
        csv.Error: it is no table.
    """
    lines = content.splitlines()
    if told := re.fullmatch(r"sep=(.)", lines[0] if lines else ""):
        content = "\n" + content.partition("\n")[2]  # rows are still counted as a spreadsheet does
    first = next((line for line in content.splitlines() if line.strip()), "")
    delimiter = told[1] if told else max(_DELIMITERS, key=lambda one: len(next(csv.reader([first], delimiter=one))))
    yield from enumerate(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter), start=1)


def plain_name(name: str) -> str:
    """Return a name of a column without case, accents, spaces and signs."""
    return re.sub(r"[\W_]+", "", folded(name))


def text_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[int] = (0,), indent: str = ""
) -> str:
    """Format a table whose columns are as wide as their widest cell.

    Args:
        left: indices of the columns that are aligned to the left; the others are aligned to the right.
        indent: before every line.
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = enumerate(zip(row, widths, strict=True))
        return "  ".join(cell.ljust(width) if i in left else cell.rjust(width) for i, (cell, width) in cells).rstrip()

    return "\n".join(indent + line(row) for row in (header, *rows))


#: A table by its columns, all of one length: `pandas.DataFrame` takes it as it is.
Columns = dict[str, list[Any]]


def columns_of(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Return rows as columns, in the order of their first appearance; None where a row has no such value."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
