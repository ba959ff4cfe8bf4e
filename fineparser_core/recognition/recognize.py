"""Which dive a clip shows, by the body's path, turning and posture."""

import numpy as np

from fineparser_core.measures.context import measured_dive
from fineparser_core.recognition.boards import boards
from fineparser_core.recognition.numbers import DIRECTION_NAMES, number_shares
from fineparser_core.recognition.posture import armstand, faces_right, goes_right, position, twisting
from fineparser_core.recognition.turning import track_turning
from fineparser_core.records import DiveParse, Recognition

#: Turns by which the line of bodies is short of the vertical at the water, and how far that and its reading scatter: by
#: eye 13 to 40 degrees in clubs and 16 to 22 among the best; where they open late the trunk is ahead of that.
_SHORT, _SHORT_SCATTER = 0.02, 0.11
#: Priors of dives that enter feet first, by their half somersaults: 0, 2, 4 and more.
_FEET_FIRST = {0: 0.1, 2: 0.5, 4: 0.3}
_FEET_FIRST_OF_MORE = 0.05
#: Probability from which a number of half somersaults may be.
_MAY_BE = 0.003
#: Maximum number of half somersaults; eleven are the most in the table.
_MOST_HALVES = 11
#: First board that armstands are done from.
_PLATFORM_FROM_M = 5.0


def recognize(parse: DiveParse, armstand_seen: float | None = None) -> Recognition | None:
    """Recognize the dive of a parse; None where too little of the body or its fall shows.

    Args:
        armstand_seen: log odds of an armstand as judged dives taught to see it; None: by joints alone.
    """
    dive = None if parse.motion is None or parse.joints is None else measured_dive(parse)
    if dive is None or parse.moments.contact is None:
        return None
    boards_m = boards(dive)
    platform = sum(share for board_m, share in boards_m.items() if board_m >= _PLATFORM_FROM_M)
    inverted = armstand(dive, platform, armstand_seen)
    turning = track_turning(dive, inverted >= 0.5)
    if turning is None:
        return None
    halves = _halves(*turning, inverted >= 0.5)
    mean, deviation = _unsigned(*turning, halves)
    positions = position(dive)
    twists = twisting(dive, mean, positions["A"])
    counts = _with_directions(halves, faces_right(dive, twists), goes_right(dive))
    directions = {name: sum(of for (one, _), of in counts.items() if one == name) for name in DIRECTION_NAMES}
    odd = sum(of for (_, half), of in halves.items() if half % 2)
    return Recognition(
        numbers=number_shares(counts, positions, twists, inverted, boards_m),
        directions=directions,
        armstand=inverted,
        half_somersaults=mean,
        half_somersaults_deviation=deviation,
        head_first=1 - odd if inverted >= 0.5 else odd,
        positions={name: (1 - twists) * share for name, share in positions.items()} | {"D": twists},
        twisting=twists,
        half_twists=None,
        boards_m=boards_m,
    )


def _halves(turns: np.ndarray, shares: np.ndarray, armstand: bool) -> dict[tuple[int, int], float]:
    """Return the probability of each sense of turning, 1 clockwise, with each number of half somersaults."""
    found = {}
    for sense in (1, -1):
        for half in range(_MOST_HALVES + 1):
            feet_first = (half % 2 == 1) == armstand
            common = _FEET_FIRST.get(half, _FEET_FIRST_OF_MORE) if feet_first and not armstand else 1.0
            off = (sense * turns - _turns_of(half)) / _SHORT_SCATTER
            found[sense, half] = common * float(shares @ np.exp(-0.5 * off**2))
    total = sum(found.values()) or 1.0
    return {key: of / total for key, of in found.items()}


def _turns_of(half: int) -> float:
    """Return the turns of the body's line at the contact of a dive of so many half somersaults."""
    return half / 2 - _SHORT * (half > 0)


def _unsigned(turns: np.ndarray, shares: np.ndarray, halves: dict[tuple[int, int], float]) -> tuple[float, float]:
    """Return the half somersaults about the likeliest number, not rounded, and a standard deviation.

    It is the least by which no number that may be is less likely than it was found to be.
    """
    sense, half = max(halves, key=lambda key: halves[key])
    half_turns = 2 * (sense * turns + _SHORT)
    near = shares * (np.abs(half_turns - half) < 1)
    value = float(near @ half_turns / near.sum()) if near.sum() > 0 else float(half)
    deviation = 2 * _SHORT_SCATTER
    for other in range(_MOST_HALVES + 1):
        share, best = (halves[1, one] + halves[-1, one] for one in (other, half))
        if other != half and _MAY_BE < share < best:
            deviation = max(deviation, abs(other - value) / float(np.sqrt(2 * np.log(best / share))))
    return value, min(deviation, float(_MOST_HALVES))


def _with_directions(halves: dict[tuple[int, int], float], faces: float, goes: float) -> dict[tuple[str, int], float]:
    """Return the probability of each direction with each number of half somersaults.

    Args:
        faces, goes: probabilities that the diver faces, and the dive goes, to the right.
    """
    found: dict[tuple[str, int], float] = {}
    for (sense, half), of in halves.items():
        outward = goes if sense > 0 else 1 - goes  # the head goes first away from the board
        to_the_front = faces if sense > 0 else 1 - faces
        shares = {
            "forward": outward * to_the_front,
            "back": outward * (1 - to_the_front),
            "reverse": (1 - outward) * (1 - to_the_front),
            "inward": (1 - outward) * to_the_front,
        }
        for name, share in shares.items():
            found[name, half] = found.get((name, half), 0.0) + of * share
    return found
