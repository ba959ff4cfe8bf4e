"""Which way the diver faces, and which way the dive goes, in the picture."""

import numpy as np

from fineparser_core.measures.context import InTheAir
from fineparser_core.recognition.evidence import confidence, independent, probability

# Hips and knees bend to a single side, and the toes point to the front. Each row has three joints, the middle of which
# bends: the sign of its bend for a diver who faces to the right, clockwise in the picture, and degrees that it bends
# the other way, too (backs arch, and joints are found as far off).
_BENDS = (("shoulder", "hip", "knee", -1, 40.0), ("hip", "knee", "ankle", 1, 15.0), ("knee", "ankle", "toe", -1, 15.0))
#: Degrees beyond these at which a bend says all that it can, and degrees short of a full turn about that say as little.
_SURELY_BENT, _FOLDED = 45.0, 35.0
#: Log odds of a sure bend.
_LOG_ODDS = 3.0
#: Time before the take-off in which the diver is looked at, seconds: the last steps, or the crouch.
_BEFORE_S = 1.0
#: Share of the flight in which a twisting body still faces as it did on the board.
_UNTWISTED = 0.15
#: Usual horizontal speed of a dive and how far that of the picture scatters, meters a second.
_SPEED, _SPEED_SCATTER = 1.0, 0.4
#: Maximum log odds of a kind of evidence: a whole clip may be misread.
_MOST = 5.0


def faces_right(dive: InTheAir, twisting: float) -> float:
    """Return the probability that the diver faces to the right of the picture at the take-off.

    Args:
        twisting: probability that the body twists, and then faces elsewhere later.
    """
    seen = dive.seen
    first = int(np.searchsorted(seen.times_s, seen.times_s[dive.leaves] - _BEFORE_S))
    early = dive.leaves + max(round(_UNTWISTED * (dive.opens - dive.leaves)), 1)
    of_window = {}
    for last in (early, dive.opens + 1):
        total = 0.0
        for start, middle, end, sign, other_way in _BENDS:
            u, v = seen.joint(middle) - seen.joint(start), seen.joint(end) - seen.joint(middle)
            with np.errstate(invalid="ignore"):
                lengths = [np.hypot(*one.T) / max(float(np.nanquantile(np.hypot(*one.T), 0.8)), 1e-6) for one in (u, v)]
                bend = np.degrees(np.arctan2(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0], (u * v).sum(axis=1)))
            size = np.minimum((np.abs(bend) - other_way) / _SURELY_BENT, (180 - np.abs(bend)) / _FOLDED)
            # A limb that points at the camera is no evidence.
            said = sign * np.sign(bend) * np.clip(size, 0, 1) * np.minimum(lengths[0], 1) * np.minimum(lengths[1], 1)
            said *= confidence(seen, start, middle, end) * independent(seen.times_s)
            total += float(np.clip(_LOG_ODDS * np.nansum(said[first:last]), -_MOST, _MOST))
        of_window[last] = probability(total)
    return twisting * of_window[early] + (1 - twisting) * of_window[dive.opens + 1]


def goes_right(dive: InTheAir) -> float:
    """Return the probability that the dive goes to the right of the picture, away from the board."""
    if dive.path is None:
        return 0.5
    speed = float(dive.path.coefficients[1, 0] / dive.path.px_per_m)
    return probability(float(np.clip(2 * speed * _SPEED / _SPEED_SCATTER**2, -_MOST, _MOST)))
