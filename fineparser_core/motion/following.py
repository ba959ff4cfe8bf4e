"""Follows the diver from a free fall, or a point, backwards to the approach and forwards into the water. Numpy only."""

from dataclasses import dataclass

import numpy as np

from fineparser_core.errors import ConfigError
from fineparser_core.motion.boxes import Motion, apply
from fineparser_core.motion.free_fall import LEAST_EVIDENCE, FreeFall, find_free_falls
from fineparser_core.motion.overlays import BLURRED_PX
from fineparser_core.records import AthletePoint, DiveMotion
from fineparser_core.video.athlete_crop import limit_sides, smooth_track

#: Minimum number of distinct frames in which a fall can be found or a person followed.
LEAST_FRAMES = 12

#: A diver walks or runs up by this many body lengths a second at most, and boxes scatter by as much.
_SPEED, _SCATTER = 4.0, 0.3
#: Size of a box in body lengths; a larger box holds the board as well.
_SMALLEST, _LARGEST = 0.35, 2.0
#: Decay time of the speed of an unseen diver, in seconds of real time: between the board and the first box that shows
#: the diver alone, or under water.
_SLOWING_S = 0.15
#: Share of a new speed, as boxes scatter.
_NEW_SPEED = 0.3
#: Real time between two samples, which the track of the diver is smoothed by.
_SAMPLE_S = 1 / 30
#: Length of a stretched body against the median box in the air.
_STRETCHED = 1.25


#: Falls with less evidence count where a person has pointed at the body that falls: clear falls, and falls that boxes
#: fit loosely.
_LEAST_POINTED, _LEAST_LOOSE = LEAST_EVIDENCE / 3, LEAST_EVIDENCE / 6
#: A fall is looked for within this time of the point: a diver may wait on the board for so long.
_WAITING_S = 10.0
#: Distance of a point on the diver from the middle of the square that follows him, in sides: its scatter, and at most.
_POINT_SCATTER, _POINT_OFF = 0.2, 0.5
#: Maximum time and distance, in sizes of the box, between a point and the movement that it names.
_POINT_S, _POINT_SIZES = 0.3, 0.75


@dataclass(frozen=True, kw_only=True)
class Diver:
    """A diver found by a free fall.

    Attributes:
        fall: in pixels of the reduced pictures.
        motion: the fall in source pixels; its scene is the view of `fall`.
        scale: source pixels a pixel of the fall.
    """

    fall: FreeFall
    motion: DiveMotion
    scale: float


def fall_at_point(motion: Motion, image: int, athlete: AthletePoint) -> FreeFall | None:
    """Return the fall of the person at a point of a picture, in the air or before or after it; None without a fall."""
    point = np.array([athlete.x, athlete.y]) / motion.scale
    among_s = motion.times_s[image] - _WAITING_S, motion.times_s[image] + _WAITING_S
    for loose, least in ((False, _LEAST_POINTED), (True, _LEAST_LOOSE)):
        best, most = None, 0.0
        for fall in find_free_falls(motion, least_evidence=least, at_once=True, loose=loose, among_s=among_s):
            x, y, side = follow_diver(motion, fall)[image] / motion.scale
            off = float(np.hypot(x - point[0], y - point[1])) / side
            likely = fall.evidence * float(np.exp(-0.5 * (off / _POINT_SCATTER) ** 2))
            if off <= _POINT_OFF and likely > most:
                best, most = fall, likely
        if best is not None:
            return best
    return None


def follow_point(motion: Motion, image: int, athlete: AthletePoint) -> np.ndarray:
    """Return squares (n, 3), as of `follow_diver`, that follow what moves at a point of a picture.

    Raises:
        ConfigError: nothing does.
    """
    point = np.array([athlete.x, athlete.y]) / motion.scale
    near = np.flatnonzero(
        (np.abs(motion.times_s[motion.image] - motion.times_s[image]) <= _POINT_S)
        & (motion.scene[motion.image] == motion.scene[image])
    )
    size = motion.extent[near].max(axis=1, initial=0)
    off = np.hypot(*(motion.seen_from(image, near) - point).T) / np.maximum(size, 1)
    if not (off <= _POINT_SIZES).any():
        raise ConfigError(
            "Nothing moves near the point {0:g}, {1:g} of frame {2}: choose one on the "
            "diver, in a frame that shows the diver in the air.",
            athlete.x,
            athlete.y,
            athlete.frame,
        )
    body_px = float(size[off.argmin()])
    places = np.tile(point, (len(motion.times_s), 1))
    _follow_boxes(motion, places, (image, image), body_px, np.zeros((2, 2)), 1.0)
    return _squares(motion, places, np.full(len(places), body_px), 1.0)


def diver_of(motion: Motion, fall: FreeFall, images: np.ndarray) -> Diver:
    """Return a fall in source pixels.

    Args:
        images: (96,) picture of each sample.
    """
    scale = motion.scale
    to_source = np.diag([scale, scale, 1.0])
    to_first = _continued(motion)
    view = np.linalg.inv(to_first[fall.seen_from]) @ to_first
    seen = DiveMotion(
        to_scene=(to_source @ view @ np.linalg.inv(to_source))[images],
        path_s=motion.times_s[motion.image[fall.boxes]],
        path_xy=motion.seen_from(fall.seen_from, fall.boxes) * scale,
        at_s=fall.at_s,
        position=(fall.position[0] * scale, fall.position[1] * scale),
        velocity=(fall.velocity[0] * scale, fall.velocity[1] * scale),
        gravity=fall.acceleration * scale,
        gravity_deviation=fall.deviation * scale,
        body_px=fall.size_px * scale,
        slowed=fall.slowed,
        picture_xyxy=_picture(motion, fall),
    )
    return Diver(fall=fall, motion=seen, scale=scale)


def _continued(motion: Motion) -> np.ndarray:
    """Return `Motion.to_first` (n, 3, 3) where a camera that was lost without a cut goes on as it moved before."""
    continued = motion.to_first.copy()
    for image in (np.flatnonzero(np.diff(motion.scene)) + 1).tolist():
        if not motion.cut[image]:
            last = continued[image - 1]
            step = np.linalg.inv(continued[max(image - 2, 0)]) @ last
            scene = motion.scene == motion.scene[image]
            continued[scene] = last @ step @ motion.to_first[scene]
    return continued


def _picture(motion: Motion, fall: FreeFall) -> tuple[float, float, float, float]:
    """Return x0, y0, x1, y1 of the picture in source pixels, without borders and what is blurred into them."""
    border = motion.border[motion.scene == motion.scene[fall.seen_from]].min(axis=0)
    above, left, below, right = ((motion.scale * border + max(motion.scale, BLURRED_PX)) * (border > 0)).tolist()
    width, height = (motion.scale * side for side in motion.size_px)
    return left, above, width - right, height - below


def follow_diver(motion: Motion, fall: FreeFall) -> np.ndarray:
    """Return squares that track the diver through a clip.

    Outside the fall the nearest moving box is followed. Where nothing moves near by the diver stands still, or is under
    water: the place is kept, and moves as the scene does under the camera.

    Returns:
        (n, 3) float64: center x, center y and side in source pixels, a square for each image of `motion`.
    """
    n = len(motion.times_s)
    centers, extents = np.empty((n, 2)), np.full(n, _STRETCHED * fall.size_px)
    in_fall = np.arange(fall.first, fall.last + 1)
    shown, boxes = motion.image[fall.boxes], fall.boxes
    for axis in (0, 1):
        centers[in_fall, axis] = np.interp(in_fall, shown, motion.center[boxes, axis])
    extents[in_fall] = np.interp(in_fall, shown, motion.extent[boxes].max(axis=1))
    ends_s = np.array([fall.start_s, fall.end_s]) - fall.at_s
    speeds = np.array(fall.velocity) + np.outer(ends_s, [0.0, fall.acceleration])
    _follow_boxes(motion, centers, (fall.first, fall.last), fall.size_px, speeds, fall.slowed)
    return _squares(motion, centers, extents, fall.slowed)


def _follow_boxes(
    motion: Motion, centers: np.ndarray, known: tuple[int, int], body_px: float, speeds: np.ndarray, slowed: float
) -> None:
    """Fill in the centers (n, 2) before and after the known images by the nearest moving boxes of a body's size.

    Args:
        speeds: (2, 2) at the first and at the last known image, pixels a second.
        slowed: how many times slower than real time the recording is.
    """
    first, last = known
    for start, order, speed in (
        (first, range(first - 1, -1, -1), speeds[0]),
        (last, range(last + 1, len(centers)), speeds[1]),
    ):
        place, before = centers[start], start
        for image in order:
            if motion.scene[image] == motion.scene[before]:
                step_s = motion.times_s[image] - motion.times_s[before]
                view = np.linalg.inv(motion.to_first[image]) @ motion.to_first[before]
                resting, expected = apply(view, np.stack([place, place + speed * step_s]))
                seen = _nearest_box(motion, expected, image, abs(step_s), body_px)
                place = expected if seen is None else seen
                if seen is None or not step_s:  # a repeated time stamp gives no speed
                    speed = speed * float(np.exp(-abs(step_s) / (_SLOWING_S * slowed)))
                else:
                    speed = (1 - _NEW_SPEED) * speed + _NEW_SPEED * (seen - resting) / step_s
            centers[image], before = place, image


def _squares(motion: Motion, centers: np.ndarray, extents: np.ndarray, slowed: float) -> np.ndarray:
    pictures_a_sample = max(_SAMPLE_S * slowed / max(float(np.median(np.diff(motion.times_s))), 1e-3), 1.0)
    squares = smooth_track(np.arange(len(centers)), centers, extents, len(centers), pictures_a_sample)
    return limit_sides(squares, *motion.size_px) * motion.scale


def _nearest_box(motion: Motion, expected: np.ndarray, image: int, step_s: float, body_px: float) -> np.ndarray | None:
    """Return the center of the body-sized box in an image nearest to the expected place; None without a box."""
    first, last = np.searchsorted(motion.image, [image, image + 1])
    boxes = np.arange(first, last)
    size = motion.extent[boxes].max(axis=1) / body_px
    off = np.hypot(*(motion.center[boxes] - expected).T)
    fits = (size > _SMALLEST) & (size < _LARGEST) & (off < body_px * (_SCATTER + _SPEED * step_s))
    return np.asarray(motion.center[boxes[fits][off[fits].argmin()]]) if fits.any() else None
