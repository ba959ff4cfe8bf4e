"""Placement of labels: beside their points, without overlap and off what they must not hide."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fineparser_core.export.coach_marks import Point
from fineparser_core.export.drawing import Box, Color
from fineparser_core.export.overlay import OUTLINE, OUTLINE_OPACITY, OverlayCanvas, draw_label

#: Directions from the point that a label belongs to, in which there may be space, the most readable first.
_DIRECTIONS = ((1, 0), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1), (0, -1), (0, 1))
_DISTANCES = (1.0, 2.0, 3.5, 5.5, 8.0, 12.0)
#: Cost of a step away, as a share of the label hidden or hiding.
_STEP_COST, _TURN_COST = 0.02, 0.004
#: A label that would hide or be hidden more is left out.
_MOST_HIDDEN = 0.5


class Label(NamedTuple):
    """Text with its place, its color and its box."""

    at: Point
    text: str
    color: Color
    box: Box


def draw_labels(canvas: OverlayCanvas, labels: Sequence[Label], unit: float) -> None:
    """Draw labels, with lines to the places that they belong to."""
    for one in labels:
        near = tuple(float(np.clip(one.at[axis], one.box[axis], one.box[axis + 2])) for axis in (0, 1))
        for width, color, opacity in ((2.6, OUTLINE, 0.5), (1.2, one.color, 1.0)):
            canvas.lines((one.at, (near[0], near[1])), width * unit, color, opacity)
        canvas.dot(one.at, 3.6 * unit, OUTLINE, OUTLINE_OPACITY)
        canvas.dot(one.at, 2.6 * unit, one.color)
    for one in labels:
        draw_label(canvas, [one.text], one.box[:2], unit, one.color)


def place_labels(
    wanted: Sequence[tuple[Point, tuple[float, float]]],
    bounds: Box,
    near_px: float,
    busy: np.ndarray,
    taken: Sequence[Box] = (),
) -> list[Box | None]:
    """Place boxes for labels in the order of their importance.

    Args:
        wanted: for each the point that it belongs to, and its width and height.
        bounds: x0, y0, x1, y1 that they must lie in.
        near_px: least distance from the point.
        busy: (H, W) bool, what they should not hide, in pixels.
        taken: boxes that they must not overlap.

    Returns:
        For each x0, y0, x1, y1; None where there is no space.
    """
    total = np.pad(busy.astype(np.int32).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    placed: list[Box | None] = []
    others = list(taken)
    for (x, y), (width, height) in wanted:
        best, least = None, _MOST_HIDDEN
        for step, distance in enumerate(_DISTANCES):
            for turn, (across, down) in enumerate(_DIRECTIONS):
                length = near_px * distance / np.hypot(across, down)
                left = x + across * length - width * (1 - across) / 2
                top = y + down * length - height * (1 - down) / 2
                box = (left, top, left + width, top + height)
                if box[0] < bounds[0] or box[1] < bounds[1] or box[2] > bounds[2] or box[3] > bounds[3]:
                    continue
                if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in others):
                    continue
                cost = _STEP_COST * step + _TURN_COST * turn + _share(total, box)
                if cost < least:
                    best, least = box, cost
        placed.append(best)
        if best is not None:
            others.append(best)
    return placed


def _share(total: np.ndarray, box: Box) -> float:
    """Return the share of a box that is busy, by the summed area table (H + 1, W + 1)."""
    height, width = total.shape
    x0, x1 = (int(np.clip(round(x), 0, width - 1)) for x in (box[0], box[2]))
    y0, y1 = (int(np.clip(round(y), 0, height - 1)) for y in (box[1], box[3]))
    found = total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0]
    return float(found) / max((x1 - x0) * (y1 - y0), 1)
