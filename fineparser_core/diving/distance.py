"""A distance between dive numbers, used to choose exemplars if the library holds none of the dive's own number.

The distance is the sum of these terms; it is 0 for the same number alone:

    another direction of rotation (group 1 to 4, or the direction digit of groups 5 and 6)   2
    only one dive is an armstand                                                             3
    only one dive enters feet first                                                          2
    only one dive twists                                                                     1
    every half somersault of difference                                                      0.5
    every half twist of difference                                                           0.5
    another position                                                                         1
    only one dive flies straight first                                                       1

For example, 107C (forward 3½ tuck) has distance 1 from 109C and 105C (one somersault) and from 107B (position), and
distance 2 from 207C (direction). The weights come from no diving rule; they order dives by how similar they look.
"""

from collections.abc import Iterable

from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number


def dive_distance(first: DiveNumber, second: DiveNumber) -> float:
    """Return the distance between two dives, see the module's table; symmetric, and 0 only for equal numbers."""
    distance = 0.5 * abs(first.half_somersaults - second.half_somersaults)
    distance += 0.5 * abs(first.half_twists - second.half_twists)
    distance += 2.0 * (first.direction != second.direction)
    distance += 3.0 * (first.armstand != second.armstand)
    distance += 2.0 * (_head_first(first) != _head_first(second))
    distance += 1.0 * (bool(first.half_twists) != bool(second.half_twists))
    distance += 1.0 * (first.position != second.position)
    return distance + 1.0 * (first.flying != second.flying)


def group_by_distance(dive: DiveNumber, numbers: Iterable[str]) -> list[tuple[float, list[str]]]:
    """Group dive numbers by their distance from a dive.

    Returns:
        (distance, numbers) pairs, the nearest first; the numbers of a group are sorted.
    """
    groups: dict[float, list[str]] = {}
    for number in sorted(numbers):
        groups.setdefault(dive_distance(dive, parse_dive_number(number)), []).append(number)
    return sorted(groups.items())


def _head_first(dive: DiveNumber) -> bool:
    """Return True if the hands enter first: an odd number of half somersaults, or an even number from an armstand."""
    return (dive.half_somersaults + dive.armstand) % 2 == 1
