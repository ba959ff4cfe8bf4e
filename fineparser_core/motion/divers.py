"""Choice of the diver among those that fall freely: named evidence, each a factor of the odds.

| evidence | what it compares |
| --- | --- |
| `fall` | how long and how well the boxes lie on a parabola that fits a body, from about its top on |
| `size` | the body's area in the picture with that of the largest body that falls: bystanders are farther away |
| `water` | what moves about the place where the fall ends, just after it: a splash, or nothing |
| `last` | the time: a recording ends with the dive that it was made for |
| `body` | what the joint finder sees before the fall and at its end: a body, or nothing that looks agree on |

Nothing here loads torch: the joint finder is handed in, and looks only where it can change the choice.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from fineparser_core.motion.boxes import Motion
from fineparser_core.motion.free_fall import LEAST_EVIDENCE, FreeFall

# The evidence of a fall scatters by half an e-fold among dives and among other things, with 1.4 e-folds between them: a
# slope of 2 claims less than that. Evidence twice the minimum is a fall: more evidence shows how well the body stands
# out from its background, not whose it is.
_FALL_SLOPE, _FALL_LEAST, _FALL_MOST = 2.0, -2.5, 1.4
# What falls fast as it is first seen left no board: fourteen divers are seen from 0.7 to 0.05 s before the top on, most
# other things from 0.4 s after it or later. Log odds that a second after this time takes away.
_LATE_S, _LATE_SLOPE = 0.25, 5.0
#: Change of the log odds with the logarithm of the side of a square of the body's area, relative to the largest, and
#: the most that it takes away: the diver of a recording is whom it was made of, and what the picture's edge cuts off
#: is long, but not large.
_SIZE_SLOPE, _SIZE_MOST = 2.0, 2.5
# Share of images just after the fall in which something moves where it ended: at least 0.67 in eleven dives, and below
# 0.35 in half of other falls, which gives the log odds of either; in real seconds after the end, and in body lengths.
_SPLASH_SHARES, _SPLASH_LOG_ODDS = (0.3, 0.65), (-1.5, 0.7)
_SPLASH_S, _SPLASH_REACH = (0.1, 0.8), 1.5
#: Log odds of an earlier fall, and the share of its evidence that a fall after it has at least.
_EARLIER, _AS_CLEAR = -1.0, 0.5
# Maximum log odds that the joint finder takes away and adds. It sees a body in a sixth of other things, and misses
# drawn and far bodies. A body that shows better than another is no more likely the diver.
_BODY_LEAST, _BODY_MOST = -0.7, 1.0
# Candidates that lie so much behind the first, and a first candidate so little above the least, are looked at.
_APART, _ABOVE = 3.0, 2.0
#: When the joint finder looks: in real seconds before the fall begins, when a diver stands upright, and at this share
#: of the fall, when most are upside down.
_BEFORE_FALL_S, _AT_SHARE = 0.1, 0.92
#: Maximum number of candidates that the joint finder looks at, six looks each.
_MOST_LOOKED_AT = 4
#: Log odds below which a fall belongs to no diver: odds of 1 to 4.
LEAST_LOG_ODDS = -1.4
# Falls are of the same body where the later fall begins at most so long after the other and nearer than so many body
# lengths, or their boxes at the same time are nearer than so many: the hurdle, the splash, and limbs that fall with the
# body. Bodies of which the later is so many times smaller or, in a clear fall, larger are two: who stands in a hurdle
# is long, and becomes shorter in the dive.
_SAME_BODY_S, _SAME_BODY_SIZES, _SAME_TIME_SIZES, _SMALLER, _LARGER = 1.5, 2.0, 1.0, 1.9, 1.5

#: Log odds that a person is in two square pictures (H, W, 3) uint8 RGB: upright in the first, before the fall, and
#: upside down in the second, at its end.
FindBody = Callable[[Sequence[np.ndarray]], float]
#: These pictures of a fall, at its `look_times`.
Pictures = Callable[[FreeFall], Sequence[np.ndarray]]


class JudgedFall(NamedTuple):
    """A fall, log odds by evidence for and against its being the diver's, and the probability of that."""

    fall: FreeFall
    reasons: dict[str, float]
    probability: float

    @property
    def log_odds(self) -> float:
        """Sum of the evidence."""
        return sum(self.reasons.values())


def judge_falls(
    motion: Motion, falls: Sequence[FreeFall], find_body: FindBody | None = None, pictures: Pictures | None = None
) -> list[JudgedFall]:
    """Judge which fall is the diver's, the likeliest first; of several falls of a body the clearest alone.

    Args:
        falls: the fall with most evidence first.
        find_body: looks at the pictures of falls; without it nothing does.
    """
    bodies: list[FreeFall] = []
    for fall in falls:
        if not any(same_body(motion, fall, other) for other in bodies):
            bodies.append(fall)
    sides = [float(np.median(np.sqrt(motion.extent[fall.boxes].prod(axis=1)))) for fall in bodies]
    reasons = [
        _motion_evidence(motion, fall, bodies, side / max(sides)) for fall, side in zip(bodies, sides, strict=True)
    ]
    if find_body is not None and pictures is not None:
        odds = [sum(each.values()) for each in reasons]
        for place in _in_doubt(odds):
            reasons[place]["body"] = float(np.clip(find_body(pictures(bodies[place])), _BODY_LEAST, _BODY_MOST))
    weights = np.exp([sum(each.values()) for each in reasons])
    shares = weights / (1 + weights.sum())  # the 1 is the weight of no diver
    judged = [
        JudgedFall(fall, dict(sorted(each.items(), key=lambda one: -abs(one[1]))), float(share))
        for fall, each, share in zip(bodies, reasons, shares, strict=True)
    ]
    return sorted(judged, key=lambda one: -one.probability)


def look_times(fall: FreeFall) -> tuple[float, float]:
    """Return the times at which the joint finder looks at a fall, in seconds of the file."""
    return fall.start_s - _BEFORE_FALL_S * fall.slowed, fall.start_s + _AT_SHARE * (fall.end_s - fall.start_s)


def _in_doubt(log_odds: Sequence[float]) -> list[int]:
    """Return the candidates that a look can raise or drop: possible first candidates, or a weak first candidate."""
    order = sorted(range(len(log_odds)), key=lambda place: -log_odds[place])[:_MOST_LOOKED_AT]
    close = [place for place in order if log_odds[place] >= log_odds[order[0]] - _APART]
    weak = bool(order) and log_odds[order[0]] - _ABOVE < LEAST_LOG_ODDS
    return close if len(close) > 1 or weak else []


def _motion_evidence(motion: Motion, fall: FreeFall, bodies: Sequence[FreeFall], relative: float) -> dict[str, float]:
    clear = min(_FALL_SLOPE * float(np.log(max(fall.evidence, 1e-6) / LEAST_EVIDENCE)), _FALL_MOST)
    late_s = (fall.start_s - fall.at_s + fall.velocity[1] / fall.acceleration) / fall.slowed
    clear -= _LATE_SLOPE * max(late_s - _LATE_S, 0.0)
    size = _SIZE_SLOPE * float(np.log(max(relative, 1e-6)))
    followed = any(o.start_s > fall.end_s and o.evidence >= _AS_CLEAR * fall.evidence for o in bodies)
    values = {
        "fall": max(clear, _FALL_LEAST),
        "size": max(size, -_SIZE_MOST),
        "water": _splash_log_odds(motion, fall),
        "last": _EARLIER if followed else 0.0,
    }
    return {name: value for name, value in values.items() if value}


def _splash_log_odds(motion: Motion, fall: FreeFall) -> float:
    """Log odds by what moves where a fall ended, after it; 0 where the recording or the shot ends before."""
    from_s, to_s = (fall.end_s + after * fall.slowed for after in _SPLASH_S)
    images = np.flatnonzero((motion.times_s >= from_s) & (motion.times_s <= to_s))
    images = images[motion.scene[images] == motion.scene[fall.seen_from]]
    if not len(images) or motion.times_s[images[-1]] - from_s < (to_s - from_s) / 2:
        return 0.0
    boxes = np.arange(*np.searchsorted(motion.image, [images[0], images[-1] + 1]))
    end, *places = motion.seen_from(fall.seen_from, np.append(fall.boxes[-1], boxes))
    near = np.hypot(*(np.reshape(places, (-1, 2)) - end).T) < _SPLASH_REACH * fall.size_px
    share = len(np.unique(motion.image[boxes[near]])) / len(images)
    return float(np.interp(share, _SPLASH_SHARES, _SPLASH_LOG_ODDS))


def same_body(motion: Motion, one: FreeFall, other: FreeFall) -> bool:
    """Return True if two falls are those of the same body, or of what it throws up."""
    if motion.scene[one.seen_from] != motion.scene[other.seen_from]:
        return False
    first, second = sorted((one, other), key=lambda fall: fall.start_s)
    size = max(one.size_px, other.size_px)
    places = [motion.seen_from(one.seen_from, fall.boxes) for fall in (first, second)]
    images = [motion.image[fall.boxes] for fall in (first, second)]
    both = np.intersect1d(*images)
    if len(both):
        mine, others = (place[np.searchsorted(image, both)] for place, image in zip(places, images, strict=True))
        return bool(np.median(np.hypot(*(mine - others).T)) < _SAME_TIME_SIZES * size)
    gap_s = second.start_s - first.end_s
    off = float(np.hypot(*(places[1][0] - places[0][-1])))
    near = gap_s < _SAME_BODY_S * max(one.slowed, other.slowed) and off < _SAME_BODY_SIZES * size
    larger = _LARGER if second.evidence >= LEAST_EVIDENCE else _SMALLER
    return near and 1 / larger < first.size_px / second.size_px < _SMALLER
