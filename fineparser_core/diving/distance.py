"""How far two dives are apart, for a comparison where the library holds none of the same number.

A distance of 0 is the same dive. What makes a dive look different is added up:

    another direction of rotation (group 1 to 4, or the direction digit of groups 5 and 6)   2
    one of the two is an armstand dive                                                      3
    one of the two enters feet first, the other head first                                  2
    one of the two twists, the other does not                                               1
    every half somersault of difference                                                     0.5
    every half twist of difference                                                          0.5
    another position                                                                        1
    one of the two flies straight before it somersaults                                     1

So 107C (forward 3½ tuck) is nearest to 109C and 105C (a whole somersault: 1) and 107B (pike: 1), and further from 207C
(another direction: 2). No rule of diving gives these weights; they order what a coach would call alike.
"""

from collections.abc import Iterable

from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number

_DIRECTION = 2.0
_ARMSTAND = 3.0
_ENTRY = 2.0
_TWISTS_AT_ALL = 1.0
_HALF_SOMERSAULT = 0.5
_HALF_TWIST = 0.5
_POSITION = 1.0
_FLYING = 1.0


def dive_distance(first: DiveNumber, second: DiveNumber) -> float:
    """The distance of two dives as tabulated above; symmetric, and 0 for the same dive alone."""
    distance = _HALF_SOMERSAULT * abs(first.half_somersaults - second.half_somersaults)
    distance += _HALF_TWIST * abs(first.half_twists - second.half_twists)
    distance += _DIRECTION * (first.direction != second.direction)
    distance += _ARMSTAND * (first.armstand != second.armstand)
    distance += _ENTRY * (_head_first(first) != _head_first(second))
    distance += _TWISTS_AT_ALL * (bool(first.half_twists) != bool(second.half_twists))
    distance += _POSITION * (first.position != second.position)
    return distance + _FLYING * (first.flying != second.flying)


def by_distance(dive: DiveNumber, numbers: Iterable[str]) -> list[tuple[float, list[str]]]:
    """Dive numbers grouped by their distance from a dive, the nearest first; equally near ones in order of number."""
    groups: dict[float, list[str]] = {}
    for number in sorted(numbers):
        groups.setdefault(dive_distance(dive, parse_dive_number(number)), []).append(number)
    return sorted(groups.items())


def _head_first(dive: DiveNumber) -> bool:
    """Whether the hands reach the water first: after an odd number of half somersaults, from a handstand an even."""
    return (dive.half_somersaults + dive.armstand) % 2 == 1
