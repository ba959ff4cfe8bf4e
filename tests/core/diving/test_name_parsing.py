import pytest

from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.name_parsing import parse_file_name, parse_line


@pytest.mark.parametrize(
    ("name", "diver", "number", "board_m"),
    [
        ("Anna_207C_10m_3", "Anna", "207C", 10.0),
        ("2024-06-12 Li Na 407C", "Li Na", "407C", None),
        ("Jean-Luc O'Neil (5253 b) 7,5 m", "Jean-Luc O'Neil", "5253B", 7.5),
        ("107B3m take 2 Zoë", "Zoë", "107B", 3.0),
        ("IMG_2071", None, None, None),
        ("GX010107", None, None, None),
        ("Anna 4m 207C", "Anna", "207C", None),
        ("207C or 205B", None, None, None),
        ("207C 3m 10m", None, "207C", None),
        ("9999C 207Z", None, None, None),
    ],
)
def test_file_names(name, diver, number, board_m):
    assert parse_file_name(name) == DiveDetails(athlete=diver or "", dive_number=number, board_m=board_m)


def test_what_is_typed_of_a_dive_may_lack_the_unit_of_the_board():
    assert parse_line("207C 10") == DiveDetails(dive_number="207C", board_m=10.0)
    assert parse_line("Anna\t107b\t3") == DiveDetails(athlete="Anna", dive_number="107B", board_m=3.0)
    assert parse_line("5253B; Li Na; 7,5") == DiveDetails(athlete="Li Na", dive_number="5253B", board_m=7.5)
    assert parse_line("12") == DiveDetails()
