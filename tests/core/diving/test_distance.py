"""Which dives are near one another."""

import itertools

import pytest

from fineparser_core.diving.distance import by_distance, dive_distance
from fineparser_core.diving.dive_number import parse_dive_number

NUMBERS = ("101A", "103B", "107B", "107C", "109C", "205B", "207C", "5152B", "5253B", "626C", "6243D", "100A", "112B")


def distance(first: str, second: str) -> float:
    return dive_distance(parse_dive_number(first), parse_dive_number(second))


def test_a_distance_is_symmetric_and_zero_for_the_same_dive_alone():
    for first, second in itertools.product(NUMBERS, repeat=2):
        assert distance(first, second) == distance(second, first)
        assert (distance(first, second) == 0) == (first == second)


@pytest.mark.parametrize(
    ("dive", "near", "far"),
    [
        ("107C", "109C", "207C"),  # a whole somersault more against another direction
        ("107C", "107B", "106C"),  # another position against an entry feet first
        ("5253B", "5251B", "205B"),  # fewer twists against none
        ("626C", "624C", "206C"),  # armstand stays armstand
        ("113B", "103B", "203B"),  # flying against another direction
    ],
)
def test_what_looks_alike_is_nearer(dive, near, far):
    assert distance(dive, near) < distance(dive, far)


def test_a_somersault_from_a_handstand_ends_head_first():
    # 612B, one somersault from a handstand, enters as 101B does; 101B from the feet has half a somersault less.
    assert distance("612B", "101B") == 3 + 0.5
    assert distance("612B", "102B") == 3 + 2


def test_numbers_are_grouped_the_nearest_first():
    groups = by_distance(parse_dive_number("107C"), ["207C", "109C", "105C", "107C", "107B"])
    assert groups == [(0.0, ["107C"]), (1.0, ["105C", "107B", "109C"]), (2.0, ["207C"])]
    assert by_distance(parse_dive_number("107C"), []) == []
