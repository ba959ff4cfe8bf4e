import itertools

import pytest

from fineparser_core.diving.dive_number import DiveNumber, dive_distance, parse_dive_number
from fineparser_core.diving.meet import ListedDive
from fineparser_core.errors import ConfigError


def dive(group, direction, somersaults, twists, position, flying=False):
    return DiveNumber(
        group=group,
        direction=direction,
        flying=flying,
        half_somersaults=somersaults,
        half_twists=twists,
        position=position,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("107B", dive(1, 1, 7, 0, "B")),
        ("407c", dive(4, 4, 7, 0, "C")),
        ("1011C", dive(1, 1, 11, 0, "C")),
        ("113B", dive(1, 1, 3, 0, "B", flying=True)),
        ("5253 b", dive(5, 2, 5, 3, "B")),
        ("626C", dive(6, 2, 6, 0, "C")),
        ("6243D", dive(6, 2, 4, 3, "D")),
        (" 600A ", dive(6, 0, 0, 0, "A")),
        ("100B", dive(1, 1, 0, 0, "B")),
    ],
)
def test_dive_numbers_are_taken_apart_and_put_together_again(text, expected):
    parsed = parse_dive_number(text)
    assert parsed == expected
    assert str(parsed) == "".join(text.split()).upper()
    assert parsed.armstand == (parsed.group == 6)


@pytest.mark.parametrize("text", ["１０３Ｂ", "１０３ｂ", "103Ｂ", "١٠٣B", "10\u200b3B"])
def test_digits_and_letters_of_other_widths_and_scripts_are_the_same(text):
    assert str(parse_dive_number(text)) == "103B"
    assert ListedDive(dive_number=text) == ListedDive(dive_number=text.translate({0x200B: None}))


@pytest.mark.parametrize("text", ["", "107E", "abc", "1012C", "707B", "5553B", "6003D", "²07C", "107BB"])
def test_what_is_no_dive_number_is_refused_by_name(text):
    with pytest.raises(ConfigError) as failure:
        parse_dive_number(text)
    assert f"'{text}'" in str(failure.value)
    assert "107B" in str(failure.value)


def test_a_missing_position_is_named():
    with pytest.raises(ConfigError, match=r"'5253' lacks its position"):
        parse_dive_number("5253")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("207C", "back 3½ somersaults, tuck"),
        ("5152B", "forward 2½ somersaults 1 twist, pike"),
        ("612B", "armstand forward 1 somersault, pike"),
        ("113C", "flying forward 1½ somersaults, tuck"),
        ("600A", "armstand dive, straight"),
    ],
)
def test_dives_have_words(text, words):
    assert parse_dive_number(text).description == words


NUMBERS = ("101A", "103B", "107B", "107C", "109C", "205B", "207C", "5152B", "5253B", "626C", "6243D", "100A", "112B")


def distance(first, second):
    return dive_distance(parse_dive_number(first), parse_dive_number(second))


def test_the_distance_is_symmetric_and_zero_only_for_equal_numbers():
    for first, second in itertools.product(NUMBERS, repeat=2):
        assert distance(first, second) == distance(second, first)
        assert (distance(first, second) == 0) == (first == second)


@pytest.mark.parametrize(
    ("dive", "near", "far"),
    [
        ("107C", "109C", "207C"),  # one more somersault < another direction
        ("107C", "107B", "106C"),  # another position < an entry feet first
        ("5253B", "5251B", "205B"),  # fewer twists < no twists
        ("626C", "624C", "206C"),  # armstand < no armstand
        ("113B", "103B", "203B"),  # not flying < another direction
    ],
)
def test_similar_dives_are_nearer(dive, near, far):
    assert distance(dive, near) < distance(dive, far)
