import pytest

from fineparser_core.constants import BOARDS_M
from fineparser_core.diving.details import AnnouncedDive
from fineparser_core.diving.difficulty import (
    Difficulty,
    asked_dive,
    find_difficulty,
    known_difficulty,
    recorded_difficulties,
    springboard_difficulty,
)
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError


@pytest.mark.parametrize(
    ("number", "one_metre", "three_metres"),
    [("101B", 1.3, 1.5), ("207C", 4.0, 3.6), ("5253B", 3.6, 3.4), ("113C", 1.8, 1.7)],
)
def test_springboard_difficulties_follow_from_the_components(number, one_metre, three_metres):
    dive = parse_dive_number(number)
    assert springboard_difficulty(dive, 1.0) == one_metre
    assert springboard_difficulty(dive, 3.0) == three_metres
    assert find_difficulty(dive, 3.0) == Difficulty(value=three_metres, board_m=3.0, source="board")


@pytest.mark.parametrize("number", ["1011C", "409A", "409D", "219C", "5191B", "626C"])
def test_no_springboard_difficulty_where_the_rules_have_no_value(number):
    assert springboard_difficulty(parse_dive_number(number), 3.0) is None


@pytest.mark.parametrize(
    ("number", "value"), [("612B", 1.9), ("6142D", 3.1), ("6243D", 3.2), ("626B", 3.5), ("207C", 3.3)]
)
def test_platform_difficulties_are_the_recorded_ones(number, value):
    assert find_difficulty(parse_dive_number(number), 10.0).value == value


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
            "107B",
            7.5,
            r"107B from 7.5 m is not known: choose a board it is known for \(1, 3, 10 m\), or give the DD yourself",
        ),
        ("1011C", 3.0, "1011C from 3 m is not known: give the DD yourself"),
        ("113B", None, "Which board is 113B done from"),
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
        number
        for number, *_ in recorded_difficulties()
        if sum(known_difficulty(number, board_m) is not None for board_m in BOARDS_M) == 1
    )
    assert known_difficulty(of_one_board, None) is not None
    assert known_difficulty("no number", None) is None
