"""Tables in plain text."""

from collections.abc import Sequence


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
