import itertools

import pytest

from fineparser_core.diving.dive_number import dive_distance, parse_dive_number

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
