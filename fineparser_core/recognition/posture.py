"""Position, twisting, armstand and facing of a dive, as probabilities.

A frame counts as its joints are sure, and neighboring frames count once.
"""

import math
from typing import TypeVar

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.measures.context import InTheAir, SeenDive
from fineparser_core.motion.ballistics import CORRELATED_S


def confidence(seen: SeenDive, *names: str) -> np.ndarray:
    """Return the probability (n,) that all given joints, of two sides the surer, lie where they were found."""
    found = []
    for name in names:
        sides = [name] if name in KEYPOINT_NAMES else [f"{name}_l", f"{name}_r"]
        found.append(seen.sure[:, [KEYPOINT_NAMES.index(one) for one in sides]].max(axis=1))
    return np.asarray(np.min(found, axis=0))


def independent(times_s: np.ndarray) -> np.ndarray:
    """Return the weight (n,) of each frame, as errors of neighboring frames go together."""
    return np.minimum(np.gradient(times_s) / CORRELATED_S, 1.0) if len(times_s) > 1 else np.ones(len(times_s))


def probability(log_odds: float) -> float:
    """Return the probability of log odds."""
    return float(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))


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


Values = TypeVar("Values", float, np.ndarray)

#: Usual angles of hips and knees in each position and their scatter over dives and divers, degrees.
_HELD = {"A": ((165.0, 18.0), (168.0, 16.0)), "B": ((65.0, 32.0), (162.0, 20.0)), "C": ((65.0, 32.0), (75.0, 30.0))}
#: Error of reading an angle, degrees, and the range over which a wrong reading lies anywhere.
_READ_DEG, _ANYWHERE_DEG = 12.0, 180.0
#: Share of right readings among the surest.
_RIGHT = 0.9
#: Hips that are straight, degrees.
_STRAIGHT_DEG = 148.0
#: Share of the flight up to the come-out with straight hips: mean and scatter of a twisting dive, of a straight dive
#: without twists, and the mean of a dive in pike or tuck.
_TWISTING, _STRAIGHT, _BENT = (0.5, 0.25), (0.9, 0.12), 0.08
#: Share of dives whose hips are misread altogether.
_MISREAD = 0.1
#: Half somersaults from which a body that does not twist stays bent until it comes out, and the share of straight
#: dives.
_STAYS_BENT, _RARE = 3, 0.1
#: Prior probability that a dive twists, and that a dive from a platform starts from an armstand.
_TWISTS, _ARMSTANDS = 0.2, 0.1
#: Time before the take-off in which an armstand shows, seconds.
_STANDS_S = (0.7, 0.1)
#: Log odds of legs above the hips, in each independent frame.
_UPSIDE_DOWN = 2.0


def position(dive: InTheAir) -> dict[str, float]:
    """Return the likelihood of the positions A, B and C that hips and knees show, the tighter half of the frames."""
    seen = dive.seen
    window = slice(dive.leaves + round(0.2 * (dive.opens - dive.leaves)), dive.opens + 1)
    hips = seen.angle("shoulder", "hip", "knee")[window]
    knees = seen.angle("hip", "knee", "ankle")[window]
    sure = confidence(seen, "shoulder", "hip", "knee", "ankle")[window]
    share = independent(seen.times_s)[window]
    shown = np.isfinite(hips) & np.isfinite(knees)
    if not shown.any():
        return dict.fromkeys(_HELD, 1 / len(_HELD))
    # A pike may last for a moment: only the tighter half of the hips' angles counts.
    tight = shown & (hips <= np.nanmedian(hips[shown]))
    logs = dict.fromkeys(_HELD, 0.0)
    for values, use, which in ((hips, tight, 0), (knees, shown, 1)):
        of_right = _RIGHT * sure[use]
        for name in _HELD:
            usual, scatter = _HELD[name][which]
            right = _normal(values[use], usual, float(np.hypot(scatter, _READ_DEG)))
            logs[name] += float(share[use] @ np.log(of_right * right + (1 - of_right) / _ANYWHERE_DEG))
    most = max(logs.values())
    total = sum(np.exp(one - most) for one in logs.values())
    return {name: float(np.exp(one - most) / total) for name, one in logs.items()}


def twisting(dive: InTheAir, half_somersaults: float, straight: float) -> float:
    """Return the probability that the body twists.

    Args:
        straight: probability that the position is straight.
    """
    if half_somersaults < _STAYS_BENT - 0.5:
        return _TWISTS
    straight = _RARE * straight / (_RARE * straight + 1 - straight) if straight < 1 else 1.0
    seen = dive.seen
    window = slice(dive.leaves + round(0.15 * (dive.opens - dive.leaves)), dive.opens)
    hips, sure = seen.angle("shoulder", "hip", "knee")[window], confidence(seen, "shoulder", "hip", "knee")[window]
    weights = np.where(np.isfinite(hips), sure, 0.0)
    if weights.sum() < 1:
        return _TWISTS
    share = float(weights @ (np.nan_to_num(hips) > _STRAIGHT_DEG) / weights.sum())
    twists = _normal(share, *_TWISTING)
    bent = (1 - _MISREAD) * float(np.exp(-share / _BENT)) / _BENT + _MISREAD
    plain = straight * _normal(share, *_STRAIGHT) + (1 - straight) * bent
    return float(_TWISTS * twists / (_TWISTS * twists + (1 - _TWISTS) * plain))


def _normal(value: Values, mean: float, deviation: float) -> Values:
    density: Values = np.exp(-0.5 * ((value - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))
    return density


def likely_armstand(log_odds_seen: float) -> bool:
    """Return True if the readout of features makes an armstand likelier than not, rare as it is."""
    return log_odds_seen > math.log((1 - _ARMSTANDS) / _ARMSTANDS)


def armstand(dive: InTheAir, platform: float, log_odds_seen: float | None = None) -> float:
    """Return the probability that the dive starts from an armstand.

    Args:
        platform: probability that the board is a platform, as no springboard has armstands.
        log_odds_seen: by the readout of features; joints that stand upright then say nothing, as in an armstand feet
            are taken for hands.
    """
    seen = dive.seen
    leaves_s = seen.times_s[dive.leaves]
    first, last = np.searchsorted(seen.times_s, [leaves_s - _STANDS_S[0], leaves_s - _STANDS_S[1]])
    window = slice(int(first), int(last))
    # Feet over hips over shoulders, against feet under hips.
    legs = (seen.joint("hip") - seen.joint("ankle"))[window, 1]
    trunk = (seen.joint("shoulder") - seen.joint("hip"))[window, 1]
    sure = confidence(seen, "hip", "ankle", "shoulder")[window] * independent(seen.times_s)[window]
    length = np.abs(legs) + np.abs(trunk)
    with np.errstate(invalid="ignore", divide="ignore"):
        upside_down = np.minimum(legs, trunk) / length * 2
        upside_down = np.where(legs < 0, np.minimum(upside_down, legs / length * 2), upside_down)
    prior = _ARMSTANDS * platform
    if prior <= 0:
        return 0.0
    log_odds = float(np.log(prior / (1 - prior)))
    by_joints = _UPSIDE_DOWN * float(np.nansum(sure * np.clip(upside_down, -1, 1)))
    if log_odds_seen is not None:
        by_joints = max(by_joints, 0.0) + float(np.clip(log_odds_seen, -_MOST, _MOST))
    return probability(log_odds + by_joints)
