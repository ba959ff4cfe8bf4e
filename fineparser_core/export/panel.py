"""Draws what is around the picture of an annotated clip: who, what and the award above; a fault and the phases below.

Lengths are in units; a unit is a pixel at the smallest size and grows with the video.
"""

from collections.abc import Callable

import numpy as np

from fineparser_core.export.dive_words import DiveWords, Remark
from fineparser_core.export.drawing import BOLD, REGULAR, Color, draw_text, fill_box, fit_text, text_width
from fineparser_core.export.palette import STEP_COLORS, rgb
from fineparser_core.printable import printable
from fineparser_core.records import StepSpan

MARGIN = 16
BACKGROUND: Color = (22, 26, 31)
TEXT: Color = (240, 243, 246)
MUTED: Color = (158, 168, 179)

#: Heights of what is above the picture, of the fault below it, and of the line of phases; in units.
HEADER_UNITS, REMARK_UNITS, PHASES_UNITS = 62, 56, 14
_PHASES_TOP, _PHASES_HEIGHT = 4, 4
#: Size of a remark's letters, and the share of the width that its words fill at least.
_REMARK_SIZE, _LEAST_SHARE = 22, 1 / 3
#: A remark is shown from so long before its frame, and stays so long, in seconds of the source.
_BEFORE_S, _STAYS_S = 0.12, 0.7


Steps = tuple[StepSpan, StepSpan, StepSpan]
#: RGB by step name.
_STEP_RGB = {name: rgb(color) for name, color in STEP_COLORS.items()}


def draw_header(words: DiveWords, width: int, height: int, unit: float) -> np.ndarray:
    """Draw name, dive and award: (H, W, 3) uint8 RGB."""
    image = np.full((height, width, 3), BACKGROUND, np.uint8)
    right = width - MARGIN * unit
    award = words.award
    beside = " · ".join(filter(None, (award.source, award.points)))
    for line, size, baseline, color, weight in ((award.award, 36, 36, TEXT, BOLD), (beside, 12, 54, MUTED, REGULAR)):
        x = right - text_width(line, size * unit, weight=weight)
        draw_text(image, (x, baseline * unit), line, size * unit, color, weight=weight)
    widest = max(text_width(award.award, 36 * unit, weight=BOLD), text_width(beside, 12 * unit))
    room = right - 2 * MARGIN * unit - widest
    for line, size, baseline, color in ((words.name, 20, 28, TEXT), (words.dive, 15, 50, MUTED)):
        shown = fit_text(printable(line), size * unit, room)
        draw_text(image, (MARGIN * unit, baseline * unit), shown, size * unit, color)
    return image


def draw_remark(remark: Remark | None, width: int, height: int, unit: float) -> np.ndarray:
    """Draw a fault in large letters: (H, W, 3) uint8 RGB."""
    image = np.full((height, width, 3), BACKGROUND, np.uint8)
    if remark is not None:
        wide = max(text_width(remark.text, _REMARK_SIZE * unit, weight=BOLD), 1) / (_REMARK_SIZE * unit)
        size = min(
            max(_REMARK_SIZE * unit, _LEAST_SHARE * width / wide), (width - 2 * MARGIN * unit) / wide, 0.8 * height
        )
        x = (width - text_width(remark.text, size, weight=BOLD)) / 2
        draw_text(image, (x, (height + 0.7 * size) / 2), remark.text, size, TEXT, weight=BOLD)
    return image


def draw_phases(steps: Steps, frame: int, size_px: tuple[int, int], unit: float) -> np.ndarray:
    """Draw the phases as a thin line, with the place of a frame of the dive: (H, W, 3) uint8 RGB."""
    width, height = size_px
    image = np.full((height, width, 3), BACKGROUND, np.uint8)
    top = _PHASES_TOP * unit
    for step in steps:
        x0, x1 = (timeline_x(steps, at, width, unit) for at in (step.start_frame, step.end_frame))
        fill_box(image, (x0, top, x1, top + _PHASES_HEIGHT * unit), _STEP_RGB[step.name], radius_px=2 * unit)
    if steps[0].start_frame <= frame < steps[-1].end_frame:
        x, y, half = playhead_x(steps, frame, width, unit), top + _PHASES_HEIGHT * unit / 2, 4 * unit
        fill_box(image, (x - half, y - half, x + half, y + half), TEXT, radius_px=half)
    return image


def remark_at(words: DiveWords, frame: int, time_at: Callable[[int], float]) -> Remark | None:
    """Return the remark that is shown at a frame: the latest that has begun; None for none."""
    now_s = time_at(frame)
    begun = [one for one in words.remarks if -_BEFORE_S <= now_s - time_at(one.frame) <= _STAYS_S]
    return max(begun, key=lambda one: one.frame, default=None)


def playhead_x(steps: Steps, frame: int, width: int, unit: float) -> float:
    """Return the x coordinate of a frame of the dive on the timeline, pixels."""
    return (timeline_x(steps, frame, width, unit) + timeline_x(steps, frame + 1, width, unit)) / 2


def timeline_x(steps: Steps, frame: int, width: int, unit: float) -> float:
    """Return the x coordinate of the beginning of a frame on the timeline, pixels."""
    first, end = steps[0].start_frame, steps[-1].end_frame
    return MARGIN * unit + (frame - first) / (end - first) * (width - 2 * MARGIN * unit)
