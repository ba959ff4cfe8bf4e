"""Dive numbers with a degree of difficulty, their likelihood given the recognized parts, and the likeliest in words."""

from functools import cache

from fineparser_core.diving.difficulty import boards_with_difficulty, recorded_difficulties, recorded_of
from fineparser_core.diving.dive_number import DiveNumber, known_number, parse_dive_number
from fineparser_core.records import Recognition

#: Directions in the order of the groups of dives.
DIRECTION_NAMES = ("forward", "back", "reverse", "inward")
#: Maximum number of listed numbers.
_MOST = 10
#: Minimum probability of a listed number.
_LEAST = 0.005
#: Prior of a dive from a board without a known degree of difficulty, relative to others.
_UNKNOWN_BOARD = 0.2
#: Priors of flying dives, of straight dives of more than so many half somersaults, and of twisting dives that enter the
#: wrong way about or hold the wrong position for their somersaults, where those of so many half somersaults are free.
_FLYING, _STRAIGHT, _MOST_STRAIGHT, _ODD, _MOST_FREE = 0.01, 0.1, 2, 0.1, 4


@cache
def known_numbers() -> tuple[tuple[DiveNumber, tuple[float, ...], float], ...]:
    """Return the dives with a known degree of difficulty, the boards that it is known from, and how common they are."""
    names = {number for number, *_ in recorded_difficulties()}
    names |= {f"{group}{flying}{half}{p}" for group in "1234" for flying in "01" for half in range(12) for p in "ABC"}
    names |= {
        f"5{d}{half}{twists}{p}" for d in "1234" for half in range(1, 10) for twists in range(1, 10) for p in "ABCD"
    }
    found = []
    for name in sorted(names):
        dive = known_number(name)
        if dive is not None and (boards_m := boards_with_difficulty(dive)):
            found.append((dive, boards_m, _common(dive)))
    return tuple(found)


def number_shares(
    counts: dict[tuple[str, int], float],
    positions: dict[str, float],
    twisting: float,
    armstand: float,
    boards_m: dict[float, float],
) -> dict[str, float]:
    """Return the likeliest numbers with their probabilities, in descending order.

    Args:
        counts: probability of each direction with each number of half somersaults.
        positions: of A, B and C as hips and knees show them.
        twisting, armstand: probabilities of these.
        boards_m: probability of each board.
    """
    in_class: dict[tuple[int, ...], float] = {}
    for dive, _, common in known_numbers():
        in_class[_class(dive)] = in_class.get(_class(dive), 0.0) + common
    shares = {}
    for dive, known_m, common in known_numbers():
        share = counts.get((DIRECTION_NAMES[dive.direction - 1], dive.half_somersaults), 0.0) if dive.direction else 0.0
        share *= armstand if dive.armstand else 1 - armstand
        share *= twisting if dive.half_twists else 1 - twisting
        share *= positions.get(dive.position, 1 / len(positions))  # D is any of them
        share *= common / in_class[_class(dive)] if dive.half_twists else common
        share *= sum(of * (1.0 if board_m in known_m else _UNKNOWN_BOARD) for board_m, of in boards_m.items())
        shares[str(dive)] = share
    total = sum(shares.values()) or 1.0
    first = sorted(shares, key=lambda name: -shares[name])[:_MOST]
    return {name: shares[name] / total for name in first if shares[name] / total >= _LEAST}


def _class(dive: DiveNumber) -> tuple[int, ...]:
    """Return the class that dives of different half twists share."""
    return dive.group, dive.direction, dive.half_somersaults


def _common(dive: DiveNumber) -> float:
    if dive.flying:
        return _FLYING
    if not dive.half_twists:
        return _STRAIGHT if dive.position == "A" and dive.half_somersaults > _MOST_STRAIGHT else 1.0
    # Forward and inward rotation enters after whole twists, back and reverse after an odd number of halves.
    asked = 0 if dive.direction in (1, 4) else 1
    common = 1.0 if dive.half_twists % 2 == asked else _ODD
    # Twists are free in up to two somersaults, and beside a pike or tuck in more.
    common *= 1.0 if (dive.position == "D") == (dive.half_somersaults <= _MOST_FREE) else _ODD
    return common + sum(count for *_, count in recorded_of(dive))


#: Maximum number of dive numbers shown, and their minimum probability: a chip of 1 % helps nobody.
MOST_TOLD, _LEAST_TOLD = 3, 0.02
#: Probability from which a dive number counts as seen: such numbers are right as often as typed ones, see
#: `packaging/benchmarks/recognition.py`.
_SEEN = 0.9
#: Probability from which the dive is described in words.
_DESCRIBED = 0.5


def told_numbers(seen: Recognition) -> dict[str, float]:
    """Return the numbers that are told with their probabilities, the likeliest first."""
    return {name: share for name, share in [*seen.numbers.items()][:MOST_TOLD] if share >= _LEAST_TOLD}


def seen_number(seen: Recognition | None) -> str | None:
    """Return the dive number that the video surely shows, None if it is uncertain."""
    numbers = {} if seen is None else told_numbers(seen)
    likeliest = next(iter(numbers), None)
    return likeliest if likeliest is not None and numbers[likeliest] >= _SEEN else None


def seen_text(seen: Recognition) -> str:
    """Return the likeliest numbers, "forward 1½ somersaults, pike: 103B 84 %, 103C 12 %"; "" where there is none."""
    numbers = told_numbers(seen)
    told = ", ".join(f"{name} {100 * share:.0f} %" for name, share in numbers.items())
    likeliest = next(iter(numbers), "")
    if numbers.get(likeliest, 0.0) < _DESCRIBED:
        return told
    return f"{parse_dive_number(likeliest).description}: {told}"
