"""Width of the splash: how far the water about the entry turns white. Numpy and OpenCV, no torch.

A pixel of the water is taken for a mixture of what it showed before the contact, by a camera that stands still, and of
gray foam.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.records import DiveMotion

#: Resolution of the views in pixels per meter, their width and height in meters, and the height of the end of the fall
#: in them, as a share from the top.
_PX_PER_M, _SIZE_M, _END_AT = 30, np.array([5.4, 4.0]), 0.58
#: Error of the contact up to which the width holds, in seconds of real time: the views before it show no splash.
CONTACT_S = 0.07
#: Times of views relative to the end of the fall, and of those that show the water before the contact and the splash,
#: in seconds of real time; the legs are under by 0.25 s.
_VIEWED_S, _BEFORE_S, SPLASH_S = (-0.8, 1.0), (-0.6, -CONTACT_S), (0.25, 0.75)
#: Where a following camera did not show the water before, the views at these times about the contact do, in seconds,
#: but for the diver, who is no wider to either side, in meters.
_TOUCHING_S, _DIVER_M = (-0.15, 0.05), 0.4
#: Minimum share of views that show a pixel, and of pixels about the entry that are known.
_LEAST_SHOWN = 0.5
#: Minimum number of views of the splash.
_LEAST_VIEWS = 6
#: Gray value of foam; the difference from the water, in gray values, below which whitening counts less.
_FOAM, _LEAST_CONTRAST = 200.0, 40.0
#: Standard deviation of the blur, meters.
_BLUR_M = 0.05
#: Minimum share of foam of a splash at its whitest place, and share of that at its rim.
_LEAST_FOAM, _RIM = 0.08, 0.4
#: Gaps within a splash that are closed, pixels upwards and across.
_GAP_PX = (3, 9)
#: Standard deviation of the width on real clips against the width by eye, meters.
_SCATTER_M = 0.2
#: Times of a splash's map after the contact, seconds, and the time about each whose views are averaged.
MAP_S, _ABOUT_S = (0.08, 0.16, 0.24, 0.32, 0.44, 0.56, 0.7, 0.85), 0.06
#: Rows and columns of a map, its cells in pixels of the views, the row of the contact, and the least share of a cell
#: that must be seen.
MAP_CELLS, _CELL_PX, _CONTACT_ROW, _LEAST_CELL = (18, 30), 5, 10.5, 0.3


class WaterViews(NamedTuple):
    """Pictures of the water about the end of a fall, as a camera that stands still sees them.

    Attributes:
        images: (m, H, W, 4) uint8 RGB, and 255 where the pictures of the file reach.
        samples: (m,) the samples of which they are.
        corner: (2,) their top left corner in the scene, see `DiveMotion`.
        scale: pixels of the scene per pixel.
    """

    images: np.ndarray
    samples: np.ndarray
    corner: np.ndarray
    scale: float


def water_views(
    pictures: Sequence[np.ndarray], to_source: np.ndarray, motion: DiveMotion, times_s: np.ndarray, valid: np.ndarray
) -> WaterViews:
    """Return the views of the water in the samples about the end of a fall.

    Args:
        pictures: 96 of (H, W, 3) uint8 RGB.
        to_source: (2,) source pixels per pixel of the pictures, x and y.
        times_s, valid: (96,) times of the samples, and whether they are real samples.
    """
    import cv2

    size = (_SIZE_M * _PX_PER_M).astype(int)
    scale = motion.gravity * motion.slowed**2 / GRAVITY_M_S2 / _PX_PER_M
    corner = motion.path_xy[-1] - scale * size * [0.5, _END_AT]
    since_s = (times_s - motion.path_s[-1]) / motion.slowed
    samples = np.flatnonzero((since_s >= _VIEWED_S[0]) & (since_s <= _VIEWED_S[1]) & valid)
    images = np.zeros((len(samples), size[1], size[0], 4), np.uint8)
    for image, sample in zip(images, samples.tolist(), strict=True):
        from_picture = motion.to_scene[sample, :2] @ np.diag([*to_source, 1.0])
        twice = 2 / scale * (from_picture - np.column_stack([np.zeros((2, 2)), corner]))
        shown = cv2.warpAffine(cv2.cvtColor(pictures[sample], cv2.COLOR_RGB2RGBA), twice, (2 * size).tolist())
        cv2.resize(shown, size.tolist(), dst=image, interpolation=cv2.INTER_AREA)
    return WaterViews(images, samples, corner, scale)


def find_splash(views: WaterViews, after_s: np.ndarray, entry: np.ndarray) -> tuple[float, float] | None:
    """Return the width of the splash and its standard deviation in pixels of the scene; None if too little is seen.

    Args:
        after_s: (m,) real seconds of the views after the contact.
        entry: (2,) place of the contact in the scene.
    """
    right_m, down_m = _places_m(views, entry)
    at_entry = (np.abs(right_m) < 0.8) & (np.abs(down_m) < 0.4)
    colors = _colors(views)

    def between(times_s: tuple[float, float]) -> np.ndarray:
        return colors[(after_s >= times_s[0]) & (after_s <= times_s[1])]

    def is_known(seen: np.ndarray) -> bool:
        return bool(at_entry.any()) and bool(np.isfinite(seen[at_entry]).mean() > _LEAST_SHOWN)

    water = _usual(between(_BEFORE_S), _LEAST_SHOWN)
    if not is_known(water):
        water = _without_diver(_usual(between(_TOUCHING_S), 0.0), np.abs(right_m[0]) < _DIVER_M)
    widths_m = [_width_m(seen, water, right_m, down_m) for seen in between(SPLASH_S) if is_known(seen - water)]
    if len(widths_m) < _LEAST_VIEWS:
        return None
    width_m, px_per_m = float(np.median(widths_m)), _PX_PER_M * views.scale
    changing_m = 1.48 * float(np.median(np.abs(np.array(widths_m) - width_m)))
    return width_m * px_per_m, float(np.hypot(changing_m, _SCATTER_M)) * px_per_m


def splash_map(views: WaterViews, after_s: np.ndarray, entry: np.ndarray) -> np.ndarray:
    """Return the foam (8, 18, 30) float32 about the entry at `MAP_S`, -1 to 1; NaN for what was not seen.

    Cells are squares of a sixth of a meter; the contact lies in the middle of the columns.

    Args:
        after_s, entry: as of `find_splash`.
    """
    import cv2

    (right_m, _), colors = _places_m(views, entry), _colors(views)

    def usual(times_s: tuple[float, float], least_shown: float) -> np.ndarray:
        return _usual(colors[(after_s >= times_s[0]) & (after_s <= times_s[1])], least_shown)

    known, touching = usual(_BEFORE_S, _LEAST_SHOWN), usual(_TOUCHING_S, 0.0)
    water = np.where(np.isfinite(known), known, _without_diver(touching, np.abs(right_m[0]) < _DIVER_M))
    (x, y), (n_rows, n_columns) = (entry - views.corner) / views.scale, MAP_CELLS
    columns = ((np.arange(n_columns) - (n_columns - 1) / 2) * _CELL_PX + x).astype(np.float32)
    rows = ((np.arange(n_rows) - _CONTACT_ROW) * _CELL_PX + y).astype(np.float32)
    across, down = np.meshgrid(columns, rows)
    found = np.full((len(MAP_S), *MAP_CELLS), np.nan, np.float32)
    for of_time, time_s in zip(found, MAP_S, strict=True):
        near = colors[np.abs(after_s - time_s) <= _ABOUT_S]
        if not len(near):
            continue
        foam = np.clip(_foam(_mean(near), water), -1, 1)
        shown = np.isfinite(foam).astype(np.float32)
        blurred, share = (
            cv2.remap(cv2.GaussianBlur(one, (0, 0), 2), across, down, cv2.INTER_LINEAR, borderValue=0.0)
            for one in (np.nan_to_num(foam).astype(np.float32), shown)
        )
        of_time[:] = np.where(share > _LEAST_CELL, blurred / np.maximum(share, 1e-3), np.nan)
    return found


def _places_m(views: WaterViews, entry: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the meters (H, W) to the right of the entry and below it of each pixel of the views."""
    (x, y), (rows, columns) = (entry - views.corner) / views.scale, np.indices(views.images.shape[1:3])
    return (columns - x) / _PX_PER_M, (rows - y) / _PX_PER_M


def _colors(views: WaterViews) -> np.ndarray:
    """Return the colors (m, H, W, 3) float32 of views, NaN where they show nothing."""
    return np.where(views.images[..., 3:] == 255, views.images[..., :3].astype(np.float32), np.nan)


def _mean(colors: np.ndarray) -> np.ndarray:
    """Return the mean (H, W, 3) of views (m, H, W, 3) that show a pixel; NaN where none does."""
    shown = np.isfinite(colors)
    n = shown.sum(axis=0)
    return np.where(n > 0, np.where(shown, colors, 0).sum(axis=0) / np.maximum(n, 1), np.nan)


def _foam(seen: np.ndarray, water: np.ndarray) -> np.ndarray:
    """Return the share (H, W) of foam in colors that the water (H, W, 3) turned to."""
    toward = _FOAM - water
    share: np.ndarray = ((seen - water) * toward).sum(axis=-1) / ((toward**2).sum(axis=-1) + 3 * _LEAST_CONTRAST**2)
    return share


def _usual(colors: np.ndarray, least_shown: float) -> np.ndarray:
    """Return the median (H, W, 3) of views (m, H, W, 3); NaN where no more than a share of them show anything."""
    if not len(colors):
        return np.full(colors.shape[1:], np.nan)
    enough = np.isfinite(colors).mean(axis=0) > least_shown
    return np.asarray(np.where(enough, np.nanmedian(np.where(enough, colors, 0), axis=0), np.nan))


def _without_diver(colors: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return colors (H, W, 3) whose columns (W,) with the entering diver continue those at either side."""
    (columns,), last = np.nonzero(inside), len(inside) - 1
    if len(columns) and columns[0] > 0 and columns[-1] < last:
        left, right = colors[:, [columns[0] - 1]], colors[:, [columns[-1] + 1]]
        colors[:, columns] = left + np.linspace(0, 1, len(columns))[:, None] * (right - left)
    return colors


def _width_m(seen: np.ndarray, water: np.ndarray, right_m: np.ndarray, down_m: np.ndarray) -> float:
    """Return the width of the white water at the entry, which holds 90 % of its foam; 0 where there is none."""
    import cv2

    foam = _foam(seen, water)
    known = cv2.erode(np.isfinite(foam).astype(np.uint8), np.ones((7, 7), np.uint8))
    known[(np.abs(right_m) > 2.2) | (down_m < -1.6) | (down_m > 0.9)] = 0
    foam = known * cv2.GaussianBlur(np.nan_to_num(np.clip(foam, -1, 1)), (0, 0), _BLUR_M * _PX_PER_M)
    near = np.where((np.abs(right_m) < 0.9) & (down_m > -0.7) & (down_m < 0.45), foam, 0)
    whitest = np.unravel_index(near.argmax(), near.shape)
    if foam[whitest] < _LEAST_FOAM:
        return 0.0
    white = (foam > _RIM * foam[whitest]).astype(np.uint8)
    _, parts = cv2.connectedComponents(cv2.morphologyEx(white, cv2.MORPH_CLOSE, np.ones(_GAP_PX, np.uint8)))
    across = np.cumsum(np.where((parts == parts[whitest]) & (white > 0), foam, 0).sum(axis=0))
    first, last = np.searchsorted(across, np.array([0.05, 0.95]) * across[-1])
    return float(last - first + 1) / _PX_PER_M
