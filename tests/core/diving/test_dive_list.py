from dataclasses import replace

import pytest

from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.dive_list import dive_list_csv, parse_dive_list, read_cell, read_dive_list
from fineparser_core.diving.judging import read_awards, read_judging
from fineparser_core.diving.meet import MOST_ROWS
from fineparser_core.diving.name_parsing import parse_file_name
from fineparser_core.errors import ConfigError


def read(text):
    return [(row.round, row.athlete, row.dive_number, row.board_m, row.difficulty) for row in parse_dive_list(text)[0]]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Anna Muster\t107B\t3\t2.4\nBen\t205C\t3.0\t2.9", [("Anna Muster", "107B", 3, 2.4), ("Ben", "205C", 3, 2.9)]),
        ("Anna: 103B, 403B, 5132 d (1 m)", [("Anna", n, 1, None) for n in ("103B", "403B", "5132D")]),
        ("Anna\n107c 3m\n-\n\nBen 101A", [("Anna", "107C", 3, None), ("Ben", "101A", None, None)]),
        ("1\tAnna\tSV\t107B\t3\t3.1\n2\tBen\tX\t107B\t3\t3.2", [("Anna", "107B", 3, None), ("Ben", "107B", 3, 3.2)]),
        ("Müller, Anna 107B 7,5m", [("Müller Anna", "107B", 7.5, None)]),
        ("3m: 107B 205B; 1m: 403C", [("", "107B", 3, None), ("", "205B", 3, None), ("", "403C", 1, None)]),
        ("207C Anna; 10", [("Anna", "207C", 10, None)]),
        ("Zoë Saint-Just 5253B 7,5m dd 3.2", [("Zoë Saint-Just", "5253B", 7.5, 3.2)]),
        ("105\n999X", [("", "105", None, None), ("", "999X", None, None)]),
    ],
)  # fmt: skip
def test_lists_are_read_in_the_forms_that_people_write(text, rows):
    assert [row[1:] for row in read(text)] == rows


@pytest.mark.parametrize(
    ("text", "board_m", "difficulty", "awards"),
    [
        ("1;A;103B;1;1.6;6;6;6", 1, 1.6, (6, 6, 6)),
        ("A\t103B\t3\t2.5\t6\t6,5\t6", 3, 2.5, (6, 6.5, 6)),
        ("A 103B 3m 5 5 5.5 5 5", 3, None, (5, 5, 5.5, 5, 5)),
        ("A;103B;3;6;6.5;6", 3, None, (6, 6.5, 6)),
        ("A;103B;5;5;5", None, None, (5, 5, 5)),
        ("A;103B;1;1.6;7;7;7;7;7;7;7.5", 1, 1.6, (7,) * 6 + (7.5,)),
    ],
)
def test_awards_of_a_list_without_names_of_columns_are_read(text, board_m, difficulty, awards):
    [row], problems = parse_dive_list(text)
    assert (row.athlete, row.dive_number, row.board_m, row.awards) == ("A", "103B", board_m, awards)
    assert row.known_difficulty == (difficulty or replace(row, difficulty=None).known_difficulty)
    assert not problems


def test_numbers_that_are_no_awards_are_said():
    for line in ("A;103B;1;1.6;6;6;6;28.8", "A;103B;1;1.6;6;6", "A;103B;1;1.6;6.3;6;6"):
        [row], problems = parse_dive_list(line)
        assert not row.awards
        assert problems == ["Line 1: numbers that are no awards of 3, 5, 7, 9 or 11 judges are left out."]


def test_full_width_digits_and_letters_are_read_everywhere(tmp_path):
    text = "Ａｎｎａ；１０３Ｂ；１；１．６；６；６．５；６"
    assert parse_dive_list(text) == parse_dive_list("Anna;103B;1;1.6;6;6.5;6")
    assert read_cell("dive_number", "１０３ｂ") == "103B"
    assert read_cell("board_m", "７．５ｍ") == 7.5
    assert read_cell("awards", "６ ６．５ ７") == (6, 6.5, 7)
    assert read_cell("awards", "6½ 6 6") == (6.5, 6, 6)
    assert parse_file_name("Ａｎｎａ ２０７Ｃ １０ｍ") == DiveDetails(athlete="Anna", dive_number="207C", board_m=10)
    assert read_judging("６ ６．５，７").awards == read_awards("6 6.5 7") == (6, 6.5, 7)


def test_rounds_are_read_or_counted():
    assert [row[:3] for row in read("R2 Ben 205C\nround 3: Ben 103B\nAnna 101A\nAnna 103B")] == [
        (2, "Ben", "205C"),
        (3, "Ben", "103B"),
        (1, "Anna", "101A"),
        (2, "Anna", "103B"),
    ]


def test_a_table_has_names_in_any_language_and_a_column_for_each_judge():
    text = "Springer;Sprung;Haltung;Brett;DD;J1;J2;J3\nAnna;107;b;3 m;3,2;7;7,5;8\nBen;107;;9;;;;\n;;;;;;;\nCleo;;;;;;;"
    rows, problems = parse_dive_list(text)
    assert [(row.athlete, row.dive_number, row.board_m, row.difficulty, row.awards) for row in rows] == [
        ("Anna", "107B", 3.0, 3.2, (7.0, 7.5, 8.0)),
        ("Ben", "107", None, None, ()),
    ]
    assert problems == ["Line 3: '9' where 1, 3, 5, 7.5 or 10 m belongs.", "No dive number in line 5."]


def test_what_is_written_is_read_again(tmp_path):
    rows = parse_dive_list("Anna: 103B 3m, 403B 3m\n=Ben 105C 1m")[0]
    rows = (replace(rows[0], awards=(7.0, 7.5, 7.0), event="Girls"), replace(rows[1], outcome="balk"), rows[2])
    path = tmp_path / "list.csv"
    path.write_bytes(dive_list_csv(rows))
    assert read_dive_list(path)[0] == rows
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith("outcome,points,total,place")
    assert lines[1] == "Girls,1,Anna,103B,3,1.6,7 7.5 7,,34.4,34.4,1"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "names no dive"),
        (b"PK\3\4" + bytes(99), "is no CSV"),
        (b"hello\nworld", "names no dive"),
        (b"x" * 2_000_001, "larger than 0.4 MB"),
        (b'"' + b"x" * 300_000, "names no dive"),
        (None, "cannot be read"),
    ],
)
def test_hostile_files_are_refused_in_one_sentence(tmp_path, data, said):
    path = tmp_path / "list.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=said):
        read_dive_list(path)


def test_a_list_is_bounded_and_odd_cells_do_no_harm():
    rows, problems = parse_dive_list("103B 1m\n" * (MOST_ROWS + 5))
    assert len(rows) == MOST_ROWS
    assert rows[-1].round == 99
    assert problems == [f"A list holds at most {MOST_ROWS} dives: the others are left out."]
    too_long = ["The list is too long: what follows line 1 is left out."]
    assert parse_dive_list("103B 1m\n" + "a" * 5_000_000 + "\n105B 1m") == (rows[:1], too_long)
    found, said = parse_dive_list("athlete,dive\n" + "Anna,103B\n" * 100_000)
    assert len(found) == MOST_ROWS
    assert said[0].startswith("The list is too long")
    assert len(said) == 2  # and no row was cut in its middle
    odd = (
        "dive,athlete,DD,awards,round,outcome\n103B,"
        + "a" * 9999
        + ",1e308,7 7 nan,99999999999,drop\n"
        + "1" * 999
        + ",,,,,"
    )
    rows, problems = parse_dive_list(odd)
    assert [len(row.athlete) for row in rows] == [255, 0]
    assert len(rows[1].dive_number) == 12
    assert len(problems) == 3
    assert parse_dive_list("sep=;\ndive;athlete\n103B;Anna")[0][0].athlete == "Anna"


def test_cells_are_read_as_they_are_typed():
    assert read_cell("board_m", "7,5 m") == 7.5
    assert read_cell("round", "2.") == 2
    assert read_cell("difficulty", "") is None
    assert read_cell("dive_number", " 5253 b") == "5253B"
    for field, text in (("board_m", "4"), ("difficulty", "31"), ("round", "0"), ("round", "1.5"), ("awards", "7 7 x")):
        with pytest.raises(ConfigError):
            read_cell(field, text)


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
