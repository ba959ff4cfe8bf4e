"""Finds bodies in free fall among moving boxes: in a swimming pool only divers fall for long.

In the air a body's center moves along a parabola: evenly sideways, and with a constant acceleration downwards, g. How
many pixels that is depends on the camera alone, and the body's own length in pixels shows whether it fits: a tucked or
stretched body measures 0.6 to 1.6 m. Where the acceleration is too small for that, the recording is slowed down, by the
square root of the ratio.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.motion.boxes import Motion

#: Evidence of a dive: on eleven real dives 0.7 to 5.6, of anything else in their clips up to 0.6.
LEAST_EVIDENCE = 0.6
#: Usual longer side of a diver's box in the air, meters.
BODY_M = 1.0
#: A fall is looked for within this time on either side of an image; a 10 m dive lasts 1.9 s, five in a slow replay.
_REACH_S = 2.7
#: Time between the three boxes that a parabola is drawn through.
_APART_S = 0.2
#: Images from which falls are looked for.
_EVERY_S = 0.1
#: Distance of a box from the parabola, in lengths of the body or, where it is larger, of both on average; and its size
#: in those of the body.
_OFF, _SMALLER, _LARGER = 0.4, 0.3, 2.2
#: Longest time without a box on the parabola.
_GAP_S = 0.12
# Times are exact to this: three images of 25 a second are as long as the longest gap, whatever the last digit.
_SAME_S = 1e-4
_LEAST_S, _LEAST_BOXES = 0.3, 5
_ROUNDS = 3
# Acceleration in body lengths a second squared: that of a body in real time, how far it scatters (in e-folds), and what
# a slow replay or an odd box counts as against it.
_USUAL, _SCATTER, _SLOW, _FAST = GRAVITY_M_S2 / BODY_M, 0.6, 0.5, 0.05
_STRAYING = 0.2
_DEEP_ENOUGH = 2.5
#: Minimum length of a body as a share of the longer side of the picture.
_LEAST_SIZE = 1 / 45
# A hurdle is a fall that the same body's next fall follows: so long after it, with at least so large a share of its
# evidence, so many times as large either way (1.86 in eleven dives; a bystander of half the size is another body),
# beginning at most so many body lengths aside, and going up to more than so many above where the hurdle ended, which no
# splash does.
_HURDLE_S, _HURDLE_EVIDENCE, _HURDLE_SIZE, _HURDLE_ASIDE, _HURDLE_ABOVE = 2.0, 0.3, 1.9, 2.0, 0.7


@dataclass(frozen=True, kw_only=True)
class FreeFall:
    """A body in free fall; pixels are those of `Motion`, in the view of image `seen_from`.

    Attributes:
        first, last: index of the first and last image with a box on the parabola.
        start_s, top_s, end_s: times of these, and of the highest point.
        size_px: median longer side of the boxes.
        acceleration, deviation: pixels a second squared, downwards, and its standard deviation.
        at_s, position, velocity: a time, and x, y of the parabola then, in pixels and pixels a second.
        evidence: seconds on the parabola, less for gaps, for little depth and for an acceleration that does not fit
            the body.
        boxes: indices of the boxes in `Motion`, in order of time.
        height_share: the descent from the start to the end, in picture heights.
        slowed: how many times slower than real time the recording is; 1 where the body fits real time.
    """

    first: int
    last: int
    start_s: float
    top_s: float
    end_s: float
    size_px: float
    acceleration: float
    deviation: float
    at_s: float
    position: tuple[float, float]
    velocity: tuple[float, float]
    height_share: float
    evidence: float
    seen_from: int
    boxes: np.ndarray = field(repr=False)

    @property
    def slowed(self) -> float:
        """See the class."""
        ratio = float(np.sqrt(_USUAL / (self.acceleration / self.size_px)))
        return ratio if ratio > _SLOWED_FROM else 1.0


#: Boxes vary by as much: below it a recording counts as real time.
_SLOWED_FROM = 1.8


def find_free_falls(
    motion: Motion,
    *,
    least_evidence: float = 0.0,
    at_once: bool = False,
    loose: bool = False,
    among_s: tuple[float, float] = (-np.inf, np.inf),
) -> list[FreeFall]:
    """Find the free falls of a recording, that with most evidence first; no fall overlaps a better fall in time.

    Hurdles are left out; the dive after a hurdle has the better evidence of both.

    Args:
        at_once: several bodies may fall at the same time; no two falls share a box.
        loose: large boxes, that hold the splash as well, may be farther off the parabola.
        among_s: times of the images that a fall is looked for from; its boxes may lie beyond.
    """
    if len(motion.times_s) < 3 or not len(motion.image):
        return []
    steps_s = np.diff(motion.times_s)
    if not (steps_s > 0).any():
        return []
    interval_s = float(np.median(steps_s[steps_s > 0]))
    # Two and a half images of 25 a second are in a tenth: round alike whatever the last digits of the times are.
    apart, every = (max(1, round(round(time_s / interval_s, 3))) for time_s in (_APART_S, _EVERY_S))
    n = len(motion.times_s)
    first = np.searchsorted(motion.image, np.arange(n + 1))
    falls: list[FreeFall] = []
    from_, to = (int(place) for place in np.searchsorted(motion.times_s, among_s))
    for at in range(max(apart, from_), min(n - apart, to), every):
        falls += _falls_at(motion, first, at, apart, interval_s, loose)
    kept: list[FreeFall] = []
    for fall in sorted(falls, key=lambda fall: -fall.evidence):
        if fall.evidence >= _HURDLE_EVIDENCE * least_evidence and all(
            fall.first >= k.last or fall.last <= k.first or (at_once and not np.isin(fall.boxes, k.boxes).any())
            for k in kept
        ):
            kept.append(fall)
    kept = [fall for fall in _without_hurdles(motion, kept) if fall.evidence >= least_evidence]
    return [_settled(motion, fall) for fall in kept]


def _without_hurdles(motion: Motion, falls: list[FreeFall]) -> list[FreeFall]:
    """Return the falls without those after which the same body goes up again, as it cannot from the water."""
    kept: list[FreeFall] = []
    for fall in sorted(falls, key=lambda fall: fall.start_s):
        evidence, others = fall.evidence, []
        for one in kept:
            if _goes_up_again(motion, one, fall):
                evidence = max(evidence, one.evidence)
            else:
                others.append(one)
        kept = [*others, replace(fall, evidence=evidence)]
    return sorted(kept, key=lambda fall: -fall.evidence)


def _goes_up_again(motion: Motion, fall: FreeFall, later: FreeFall) -> bool:
    if (
        motion.scene[fall.seen_from] != motion.scene[later.seen_from]
        or not fall.last <= later.first
        or later.start_s - fall.end_s > _HURDLE_S * fall.slowed
        or later.evidence < _HURDLE_EVIDENCE * fall.evidence
        or not 1 / _HURDLE_SIZE < later.size_px / fall.size_px < _HURDLE_SIZE
    ):
        return False
    ended, *after = motion.seen_from(fall.seen_from, np.append(fall.boxes[-1], later.boxes))
    aside, below = ((np.array(after) - ended) / fall.size_px).T
    return bool(abs(aside[0]) < _HURDLE_ASIDE and below.min() < -_HURDLE_ABOVE)


def _falls_at(motion: Motion, first: np.ndarray, at: int, apart: int, interval_s: float, loose: bool) -> list[FreeFall]:
    """Return falls that an image is in the middle of."""
    groups = [np.arange(first[k], first[k + 1]) for k in (at - apart, at, at + apart)]
    if not all(map(len, groups)) or motion.scene[at - apart] != motion.scene[at + apart]:
        return []
    times = motion.times_s - motion.times_s[at]
    before, after = times[at - apart], times[at + apart]
    if not before < 0 < after:  # repeated time stamps
        return []
    reach = max(apart, round(_REACH_S / interval_s))  # images may be farther apart than that
    low, high = max(0, at - reach), min(len(motion.times_s) - 1, at + reach)
    same = np.flatnonzero(motion.scene[low : high + 1] == motion.scene[at]) + low
    low, high = int(same[0]), int(same[-1])
    window = np.arange(first[low], first[high + 1])
    place = np.zeros((first[high + 1], 2))
    place[window] = motion.seen_from(at, window)
    size = motion.extent.max(axis=1)

    i, j, k = (group.ravel() for group in np.meshgrid(*groups, indexing="ij"))
    body = np.median(np.stack([size[i], size[j], size[k]]), axis=0)
    # Through three points: x = j + v t + a t^2 / 2.
    slope_before, slope_after = ((place[m] - place[j]) / t for m, t in ((i, before), (k, after)))
    acceleration = 2 * (slope_after - slope_before) / (after - before)
    velocity = slope_before - acceleration * before / 2
    span = apart * interval_s
    fits = np.abs(acceleration[:, 0]) * span**2 < 0.6 * body
    fits &= (acceleration[:, 1] > 0.5 * body) & (acceleration[:, 1] < 25 * body)
    fits &= np.maximum(size[i], size[k]) < 3 * np.minimum(size[i], size[k])
    fits &= np.hypot(*velocity.T) * span < 3 * body
    fits &= body >= _LEAST_SIZE * max(motion.size_px)
    if not fits.any():
        return []
    start, velocity, fall, body = place[j[fits]], velocity[fits], acceleration[fits, 1], body[fits]
    images = np.arange(low, high + 1)
    for _ in range(_ROUNDS):
        on = _on_parabola(motion, images, at, place, times, (start, velocity, fall, body), loose=loose)
        enough = (on >= 0).sum(axis=1) >= _LEAST_BOXES
        on, start, velocity, fall, body = on[enough], start[enough], velocity[enough], fall[enough], body[enough]
        if not len(on):
            return []
        start, velocity, fall = _fit(place, times[images], on)
        down = fall > 0.3 * body
        on, start, velocity, fall, body = on[down], start[down], velocity[down], fall[down], body[down]
        if not len(on):
            return []
    return [
        _fall(motion, images, on[q], size, place, (start[q], velocity[q], float(fall[q])), at) for q in range(len(on))
    ]


def _settled(motion: Motion, fall: FreeFall) -> FreeFall:
    """Return a fall with the boxes that lie well on its parabola, back to the first of them, farther in slow replays.

    What comes long after its end is the splash.
    """
    at, times = fall.seen_from, motion.times_s - motion.times_s[fall.seen_from]
    images = np.flatnonzero(motion.scene == motion.scene[at])
    images = images[motion.times_s[images] <= fall.end_s + _GAP_S * fall.slowed]
    window = np.flatnonzero(motion.scene[motion.image] == motion.scene[at])
    place = np.zeros((len(motion.image), 2))
    place[window] = motion.seen_from(at, window)
    parabola = np.array(fall.position), np.array(fall.velocity), fall.acceleration
    for _ in range(_ROUNDS):
        several = parabola[0][None], parabola[1][None], np.array([parabola[2]]), np.array([fall.size_px])
        on = _on_parabola(motion, images, at, place, times, several, gap_s=_GAP_S * fall.slowed)
        if (on >= 0).sum() < _LEAST_BOXES:
            return fall
        start, velocity, acceleration = _fit(place, times[images], on)
        if acceleration[0] <= 0.3 * fall.size_px:
            return fall
        parabola = start[0], velocity[0], float(acceleration[0])
    found = _fall(motion, images, on[0], motion.extent.max(axis=1), place, parabola, at)
    return replace(found, evidence=fall.evidence)


def _on_parabola(
    motion: Motion,
    images: np.ndarray,
    at: int,
    place: np.ndarray,
    times: np.ndarray,
    parabolas: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    *,
    gap_s: float = _GAP_S,
    loose: bool = False,
) -> np.ndarray:
    """Return the box on each parabola in each image, (q, len(images)) int, -1 without a box, from `at` until a gap.

    Args:
        gap_s: longest time without a box.
        loose: as of `find_free_falls`.
    """
    start, velocity, fall, body = parabolas
    boxes = _boxes_by_image(motion, images)
    size = motion.extent.max(axis=1)[boxes]
    t = times[images]
    expected = start[:, None] + velocity[:, None] * t[:, None]
    expected[..., 1] += fall[:, None] * t**2 / 2
    off = np.hypot(*np.moveaxis(place[boxes] - expected[:, :, None], -1, 0))
    ratio = size / body[:, None, None]
    off[~((boxes >= 0) & (ratio > _SMALLER) & (ratio < _LARGER))] = np.inf
    nearest = off.argmin(axis=2)
    off = np.take_along_axis(off, nearest[..., None], axis=2)[..., 0]
    here = np.arange(len(images))
    reach = np.maximum(body[:, None], (body[:, None] + size[here, nearest]) / 2) if loose else body[:, None]
    hit = off < _OFF * reach
    for side in (np.flatnonzero(images >= at), np.flatnonzero(images < at)[::-1]):
        if len(side):
            hit[:, side] &= _until_gap(hit[:, side], np.abs(t[side] - t[side[0]]), gap_s + _SAME_S)
    return np.where(hit, boxes[here, nearest], -1)


def _boxes_by_image(motion: Motion, images: np.ndarray) -> np.ndarray:
    """Return the boxes of images, (len(images), most boxes of an image, at least one) int; -1 where there are fewer."""
    first, end = (np.searchsorted(motion.image, images, side=side) for side in ("left", "right"))
    place = np.arange(max(int((end - first).max(initial=0)), 1))
    return np.where(place < (end - first)[:, None], first[:, None] + place, -1)


def _until_gap(hit: np.ndarray, since_s: np.ndarray, gap_s: float) -> np.ndarray:
    """Return (q, n) bool up to the first image that lies `gap_s` or longer after the hit before it.

    Args:
        hit: (q, n) bool.
        since_s: (n,) ascending, from 0, the time of a hit that precedes all.
    """
    latest = np.maximum.accumulate(np.where(hit, since_s, 0.0), axis=1)
    before = np.concatenate([np.zeros((len(hit), 1)), latest[:, :-1]], axis=1)
    return np.logical_and.accumulate(since_s - before < gap_s, axis=1)


def _fit(place: np.ndarray, times: np.ndarray, on: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit parabolas to their boxes by least squares: (q, 2) start, (q, 2) velocity, (q,) acceleration."""
    weight = (on >= 0).astype(float)
    x, y = (np.where(on >= 0, place[np.maximum(on, 0), axis], 0.0) for axis in (0, 1))
    basis = np.stack([np.ones_like(times), times, times**2 / 2])
    square = np.einsum("qt,it,jt->qij", weight, basis, basis)
    ridge = 1e-9 * np.eye(3)
    across = np.linalg.solve(square[:, :2, :2] + ridge[:2, :2], np.einsum("qt,it->qi", x, basis[:2])[..., None])[..., 0]
    down = np.linalg.solve(square + ridge, np.einsum("qt,it->qi", y, basis)[..., None])[..., 0]
    return np.stack([across[:, 0], down[:, 0]], 1), np.stack([across[:, 1], down[:, 1]], 1), down[:, 2]


def _fall(
    motion: Motion,
    images: np.ndarray,
    on: np.ndarray,
    size: np.ndarray,
    place: np.ndarray,
    parabola: tuple[np.ndarray, np.ndarray, float],
    at: int,
) -> FreeFall:
    start, velocity, acceleration = parabola
    shown = np.flatnonzero(on >= 0)
    first, last = int(images[shown[0]]), int(images[shown[-1]])
    boxes = on[shown]
    start_s, end_s = float(motion.times_s[first]), float(motion.times_s[last])
    top_s = float(np.clip(motion.times_s[at] - velocity[1] / acceleration, start_s, end_s))
    body = float(np.median(size[boxes]))
    since = motion.times_s[images[shown]] - motion.times_s[at]
    height = start[1] + velocity[1] * since + acceleration * since**2 / 2
    off = place[boxes] - np.stack([start[0] + velocity[0] * since, height], axis=1)
    straying = float(np.sqrt((off**2).sum(axis=1).mean())) / body
    descent = float(height[-1] - height[0]) / body
    cover = len(shown) / (last - first + 1)
    unusual = np.log(acceleration / body / _USUAL) / _SCATTER
    plausible = max(float(np.exp(-0.5 * unusual**2)), _SLOW if unusual < 0 else _FAST)
    plausible *= float(np.exp(-0.5 * (straying / _STRAYING) ** 2))
    long_enough = end_s - start_s >= _LEAST_S
    evidence = long_enough * (end_s - start_s) * cover**2 * min(max(descent, 0.0), _DEEP_ENOUGH) * plausible
    return FreeFall(
        first=first,
        last=last,
        start_s=start_s,
        top_s=top_s,
        end_s=end_s,
        size_px=body,
        acceleration=acceleration,
        deviation=_deviation(since, off),
        at_s=float(motion.times_s[at]),
        position=(float(start[0]), float(start[1])),
        velocity=(float(velocity[0]), float(velocity[1])),
        height_share=descent * body / motion.size_px[1],
        evidence=evidence,
        seen_from=at,
        boxes=boxes,
    )


def _deviation(since: np.ndarray, off: np.ndarray) -> float:
    """Return the standard deviation of an acceleration fitted to boxes at times (n,) with residuals (n, 2)."""
    basis = np.stack([np.ones_like(since), since, since**2 / 2], axis=1)
    variance = float((off[:, 1] ** 2).sum()) / max(len(since) - 3, 1)
    return float(np.sqrt(variance * np.linalg.pinv(basis.T @ basis)[2, 2]))
