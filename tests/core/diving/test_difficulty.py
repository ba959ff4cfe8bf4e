import pytest

from fineparser_core.diving.details import AnnouncedDive
from fineparser_core.diving.difficulty import (
    Difficulty,
    asked_dive,
    boards_with_difficulty,
    computed_difficulty,
    find_difficulty,
    is_by_formula,
    known_difficulty,
    recorded_difficulties,
)
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError


@pytest.mark.parametrize(
    ("number", "one_metre", "three_metres"),
    [("101B", 1.3, 1.5), ("207C", 4.0, 3.6), ("5253B", 3.6, 3.4), ("113C", 1.8, 1.7)],
)
def test_springboard_difficulties_follow_from_the_components(number, one_metre, three_metres):
    dive = parse_dive_number(number)
    assert computed_difficulty(dive, 1.0) == one_metre
    assert computed_difficulty(dive, 3.0) == three_metres
    assert find_difficulty(dive, 3.0) == Difficulty(value=three_metres, board_m=3.0, source="board")


@pytest.mark.parametrize("number", ["1011C", "409A", "409D", "219C", "5191B", "626C"])
def test_no_computed_difficulty_where_the_rules_have_no_value(number):
    assert computed_difficulty(parse_dive_number(number), 3.0) is None


@pytest.mark.parametrize(
    ("number", "value"), [("612B", 1.9), ("6142D", 3.1), ("6243D", 3.2), ("626B", 3.5), ("207C", 3.3)]
)
def test_platform_difficulties_are_the_recorded_ones(number, value):
    assert find_difficulty(parse_dive_number(number), 10.0).value == value


#: Published DDs of platform dives, number and DD together.
PUBLISHED = {
    5.0: "105C2.4 201A1.7 203A2.5 204B2.5 205B3.2 303B2.4 305C3.1 403B2.4 406B4.0 5136D3.1 5152B3.2 5235D2.9 5351B3.0 "
    "5434D3.1 600A1.5 611A1.8 614B2.5 623B2.3 634C2.7 6142D3.2 6221D1.6 6243D3.3",
    7.5: "201A1.9 204A2.5 208B4.2 305B3.1 403B2.1 406B3.4 5172B3.7 5253B3.3 5355C3.6 5432D2.4 612B1.8 626C3.1 6261B3.2",
    10.0: "202A1.9 209C4.2 215B3.2 304B2.5 306B3.2 308B4.4 402A1.9 406B3.5 5138D3.4 5257B4.1 5275B4.2 5339D3.8 616C3.1 "
    "624A3.0 636B3.6 638C4.6 6124D2.9 6247D4.0 6265C4.4",
}


def test_platform_difficulties_that_nobody_records_follow_from_the_components():
    for board_m, listed in PUBLISHED.items():
        for number, value in ((one[:-3], float(one[-3:])) for one in listed.split()):
            dive = parse_dive_number(number)
            assert find_difficulty(dive, board_m).value == value, (number, board_m)
            assert is_by_formula(dive, board_m), (number, board_m)
    free = {"612D", "6241D"}  # recorded once each, as if they were piked
    for number, board_m, value, _ in recorded_difficulties():
        assert number in free or computed_difficulty(parse_dive_number(number), board_m) == value, (number, board_m)
        assert not is_by_formula(parse_dive_number(number), board_m)


def test_without_a_known_difficulty_only_points_are_absent():
    assert asked_dive(AnnouncedDive(dive_number="1011C", board_m=5.0)) == (parse_dive_number("1011C"), None)
    with pytest.raises(ConfigError, match="armstand"):
        asked_dive(AnnouncedDive(dive_number="626C", board_m=3.0))


def test_without_a_board_the_commonest_one_is_taken_and_said():
    for number, value, board_m in (("207C", 3.3, 10.0), ("205B", 3.0, 3.0)):
        taken = Difficulty(value=value, board_m=board_m, source="commonest board")
        assert find_difficulty(parse_dive_number(number), None) == taken


@pytest.mark.parametrize(
    ("number", "board_m", "words"),
    [
        ("107B", 4.0, "no board at 4 m: choose one of 1, 3, 5, 7.5, 10"),
        ("626C", 3.0, "626C is an armstand dive"),
        (
            "109C",
            5.0,
            r"109C from 5 m is not known: choose a board it is known for \(1, 3, 7.5, 10 m\), or give the DD yourself",
        ),
        ("1011C", 3.0, "1011C from 3 m is not known: give the DD yourself"),
        ("113B", None, "The DD of 113B is not known: name its board"),
    ],
)
def test_what_has_no_difficulty_is_refused_with_a_way_out(number, board_m, words):
    with pytest.raises(ConfigError, match=words):
        find_difficulty(parse_dive_number(number), board_m)


def test_a_typed_difficulty_wins_within_reason():
    dive = parse_dive_number("207C")
    assert find_difficulty(dive, 7.5, 3.1) == Difficulty(value=3.1, board_m=7.5, source="typed")
    with pytest.raises(ConfigError, match=r"DD of 0 cannot be"):
        find_difficulty(dive, 10.0, 0.0)
    with pytest.raises(ConfigError, match=r"no board at 4 m"):
        find_difficulty(dive, 4.0, 3.1)
    with pytest.raises(ConfigError, match=r"DD of 150 cannot be"):
        asked_dive(AnnouncedDive(difficulty=150.0))  # of a list, whose rows have the numbers


def test_no_board_has_no_difficulty_unless_all_boards_have_the_same():
    assert known_difficulty("103B", None) is None  # 1.6 or 1.7: points would change once the board is seen
    assert known_difficulty("103B", 1.0) == 1.7
    assert known_difficulty("103B", None, 1.9) == 1.9
    of_one_board = next(
        number for number, *_ in recorded_difficulties() if len(boards_with_difficulty(parse_dive_number(number))) == 1
    )
    assert known_difficulty(of_one_board, None) is not None
    assert known_difficulty("no number", None) is None
