"""Follows the diver from a free fall backwards to the approach and forwards into the water. Numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fineparser_core.measures.free_fall import LEAST_EVIDENCE, FreeFall, find_free_falls
from fineparser_core.types import DiveMotion
from fineparser_core.video.athlete_crop import limit_sides, smooth_track
from fineparser_core.video.moving_things import Motion, MotionFinder, apply

#: Fewer distinct frames hold no fall that could be told.
_LEAST_FRAMES = 12

#: A diver walks or runs up by this many body lengths a second at most, and boxes scatter by as much.
_SPEED, _SCATTER = 4.0, 0.3
#: Size of a box in body lengths; a larger one holds the board as well.
_SMALLEST, _LARGEST = 0.35, 2.0
#: Length of a stretched body against the median box in the air.
_STRETCHED = 1.25


@dataclass(frozen=True, kw_only=True)
class Diver:
    """A diver who was found by falling freely; n samples.

    Attributes:
        fall: in pixels of the reduced images.
        squares: (n, 3) centre x, centre y and side that follow the diver, in source pixels.
        motion: the fall in source pixels; its scene is the sample that `fall` is seen from.
        scale: source pixels a pixel of the fall.
    """

    fall: FreeFall
    squares: np.ndarray = field(repr=False)
    motion: DiveMotion
    scale: float


def find_diver(frames: Sequence[np.ndarray], sampled: np.ndarray, times_s: np.ndarray, scale: float) -> Diver | None:
    """Find the diver of a clip by its free fall; None where there is none.

    Args:
        frames: n of (H, W, 3) uint8 RGB.
        sampled: (n,) source frames, ascending; repeated ones are looked at once.
        times_s: (n,) seconds.
        scale: source pixels a pixel of `frames`.
    """
    distinct, place = np.unique(sampled, return_index=True)
    if len(distinct) < _LEAST_FRAMES:
        return None
    finder = MotionFinder(float(np.median(np.diff(times_s[place]))))
    for k in place:
        finder.add(frames[k], float(times_s[k]))
    motion = finder.motion()
    falls = find_free_falls(motion, least_evidence=LEAST_EVIDENCE)
    if not falls:
        return None
    back = np.searchsorted(distinct, sampled)
    return Diver(
        fall=falls[0],
        squares=follow_diver(motion, falls[0])[back] * scale,
        motion=_dive_motion(motion, falls[0], back, motion.scale * scale),
        scale=motion.scale * scale,
    )


def _dive_motion(motion: Motion, fall: FreeFall, back: np.ndarray, scale: float) -> DiveMotion:
    """A fall in source pixels.

    Args:
        back: (96,) image of each sample.
        scale: source pixels a pixel of `motion`.
    """
    to_source = np.diag([scale, scale, 1.0])
    view = np.linalg.inv(motion.to_first[fall.seen_from]) @ motion.to_first
    return DiveMotion(
        to_scene=(to_source @ view @ np.linalg.inv(to_source))[back],
        path_s=motion.times_s[motion.image[fall.boxes]],
        path_xy=motion.seen_from(fall.seen_from, fall.boxes) * scale,
        at_s=fall.at_s,
        position=(fall.position[0] * scale, fall.position[1] * scale),
        velocity=(fall.velocity[0] * scale, fall.velocity[1] * scale),
        gravity=fall.acceleration * scale,
        gravity_deviation=fall.deviation * scale,
        body_px=fall.size_px * scale,
        slowed=fall.slowed,
    )


def follow_diver(motion: Motion, fall: FreeFall) -> np.ndarray:
    """Squares that track the diver through a clip.

    Outside the fall the nearest moving box is followed. Where nothing moves near by the diver stands still, or is under
    water: the place is kept, and moves as the scene does under the camera.

    Returns:
        (n, 3) float64: centre x, centre y and side in source pixels, one for each image of `motion`.
    """
    n = len(motion.times_s)
    centres, extents = np.empty((n, 2)), np.full(n, _STRETCHED * fall.size_px)
    in_fall = np.arange(fall.first, fall.last + 1)
    shown, boxes = motion.image[fall.boxes], fall.boxes
    for axis in (0, 1):
        centres[in_fall, axis] = np.interp(in_fall, shown, motion.centre[boxes, axis])
    extents[in_fall] = np.interp(in_fall, shown, motion.extent[boxes].max(axis=1))
    for start, order in ((fall.first, range(fall.first - 1, -1, -1)), (fall.last, range(fall.last + 1, n))):
        place, before = centres[start], start
        for image in order:
            place = _next_place(motion, place, before, image, fall.size_px)
            centres[image], before = place, image
    squares = smooth_track(np.arange(n), centres, extents, n)
    width, height = motion.size_px
    return limit_sides(squares, width, height) * motion.scale


def _next_place(motion: Motion, place: np.ndarray, before: int, image: int, body_px: float) -> np.ndarray:
    if motion.scene[image] != motion.scene[before]:
        return place
    view = np.linalg.inv(motion.to_first[image]) @ motion.to_first[before]
    expected = apply(view, place[None])[0]
    first, last = np.searchsorted(motion.image, [image, image + 1])
    boxes = np.arange(first, last)
    size = motion.extent[boxes].max(axis=1) / body_px
    off = np.hypot(*(motion.centre[boxes] - expected).T)
    reach = body_px * (_SCATTER + _SPEED * abs(motion.times_s[image] - motion.times_s[before]))
    fits = (size > _SMALLEST) & (size < _LARGEST) & (off < reach)
    return np.asarray(motion.centre[boxes[fits][off[fits].argmin()]]) if fits.any() else expected
