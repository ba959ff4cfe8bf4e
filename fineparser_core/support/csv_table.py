"""Tables as comma-separated values (CSV) that a spreadsheet opens as text and numbers only."""

import csv
import io
from collections.abc import Mapping, Sequence
from unicodedata import normalize

from fineparser_core.printable import printable

#: What a formula begins with; a spreadsheet may take the full-width forms for the plain ones.
_FORMULA = ("=", "+", "-", "@")
#: Characters that a spreadsheet may drop at the beginning of a cell, so that what follows them begins it.
_DROPPED = "".join(map(chr, (*range(0x21), 0x7F, 0x85, 0xA0, 0x200B, 0x200C, 0x200D, 0x2060, 0x3000, 0xFEFF)))


def csv_table(columns: Sequence[str], rows: Sequence[Mapping[str, object]], *, decimals: int | None = None) -> bytes:
    """A table in UTF-8, without a byte order mark.

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


def _text(text: str) -> str:
    """Text that no spreadsheet runs: an apostrophe goes before what could be taken for a formula."""
    begins = normalize("NFKC", text.lstrip(_DROPPED)[:1]).startswith(_FORMULA) or text[:1] in ("\t", "\r", "\n")
    return ("'" if begins else "") + printable(text, keep="\n\t")
