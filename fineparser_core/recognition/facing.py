"""Which way the diver faces, and which way the dive goes, in the picture."""

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.measures.context import InTheAir
from fineparser_core.recognition.evidence import confidence, independent, probability

# Hips and knees bend to one side alone, and the toes point to the front: the sines of their bends, of three joints the
# middle of which bends, seen of a diver who faces to the right. What a bend says: log odds a unit, for a usual bend of
# 40 degrees that is read to half of that.
_BENDS = (("shoulder", "hip", "knee", -1.0), ("hip", "knee", "ankle", 1.0), ("knee", "ankle", "toe", -1.0))
_LOG_ODDS = 4.0
#: Time before the take-off in which the diver is looked at, seconds: the last steps, or the crouch.
_BEFORE_S = 1.0
#: Share of the flight in which a twisting body still faces as it did on the board.
_UNTWISTED = 0.15
#: Usual horizontal speed of a dive and how far that of the picture scatters, metres a second.
_SPEED, _SPEED_SCATTER = 1.0, 0.4
#: Most that one kind of evidence says, log odds: a whole clip may be misread.
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
        for start, middle, end, sign in _BENDS:
            u, v = seen.joint(middle) - seen.joint(start), seen.joint(end) - seen.joint(middle)
            with np.errstate(invalid="ignore"):
                lengths = [np.hypot(*one.T) / max(float(np.nanquantile(np.hypot(*one.T), 0.8)), 1e-6) for one in (u, v)]
                sine = (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / np.maximum(np.hypot(*u.T) * np.hypot(*v.T), 1e-6)
            # A limb that points at the camera tells nothing.
            said = sign * sine * np.minimum(lengths[0], 1) * np.minimum(lengths[1], 1)
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
