import csv
import io
import re
import unicodedata

import pytest

from fineparser_core.support.tables import csv_table


def cells(table):
    return list(csv.reader(io.StringIO(table.decode("utf-8"), newline="")))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫"])
@pytest.mark.parametrize(
    "before", ["", " ", "\n", "\t", "\r", "\r\n", "\x00", "\x0b", "\xa0", "\u200b", "\u3000", "\ufeff"]
)
def test_no_cell_begins_a_formula(before, sign):
    _, (cell,) = cells(csv_table(["note"], [{"note": f"{before}{sign}1+1"}]))
    assert cell[0] == "'"
    assert cell.endswith(f"{sign}1+1")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "﹢"])
@pytest.mark.parametrize("break_", [";", "；", "\t", "\n", "\r\n", ";;", "; \u200b", "\t;", ";\0"])
@pytest.mark.parametrize("name", ["", "Anna", '"Anna', "Anna, Ben"])
def test_no_cell_begins_a_formula_where_a_spreadsheet_splits_at_other_signs(name, break_, sign):
    table = csv_table(["a", "b"], [{"a": "x", "b": f"{name}{break_}{sign}cmd|' /C calc'!A0"}]).decode("utf-8")
    for delimiters in (";", "\t", ";\t"):  # as Excel does in most of Europe; quotes within a cell are letters
        for cell in re.split(f"[{delimiters}\r\n]", unicodedata.normalize("NFKC", table)):
            assert not cell.lstrip(' "\0\u200b').startswith(("=", "+", "-", "@")), (delimiters, table)


def test_every_other_cell_is_as_it_was():
    row = {
        "a": 'Aňa, the "first"',
        "b": "two\nlines\tand 1-2=3; a - b, -2",
        "c": -0.123456789,
        "d": -3,
        "e": None,
        "f": True,
    }
    _, found = cells(csv_table(list(row), [row]))
    assert found == [row["a"], row["b"], "-0.123456789", "-3", "", "True"]
    assert cells(csv_table(["c"], [row], decimals=3))[1] == ["-0.123"]
    assert cells(csv_table(["c", "missing"], [{"c": -0.0001}], decimals=3))[1] == ["0", ""]


def test_what_cannot_be_shown_is_escaped():
    assert cells(csv_table(["a"], [{"a": "a\udcff\x1b[31m\ud800"}]))[1] == [r"a\xff\x1b[31m\ud800"]
