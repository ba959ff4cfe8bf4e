"""Draws the panels of an annotated clip: the banner with the phases above, timeline, score and contributions below.

Lengths are in units; a unit is a pixel at the smallest size and grows with the video.
"""

from collections.abc import Mapping

import numpy as np

from fineparser_core.export.drawing import BOLD, REGULAR, Color, draw_text, fill_box, text_width, wrap_text
from fineparser_core.export.notes import notes_of
from fineparser_core.export.palette import contrast, readable_on
from fineparser_core.language import number, text, translated
from fineparser_core.measures.words import dive_text
from fineparser_core.records import Analysis, DiveParse, Scoring, StepSpan

BANNER_UNITS = 40
BANNER_BASELINE = 25.5
MARGIN = 16
BACKGROUND: Color = (22, 26, 31)
TEXT: Color = (240, 243, 246)
MUTED: Color = (158, 168, 179)

_TIMELINE_TOP = 14
_TIMELINE_HEIGHT = 24
#: Vertical range of the playhead in the panel.
PLAYHEAD_UNITS = (_TIMELINE_TOP - 5, _TIMELINE_TOP + _TIMELINE_HEIGHT + 5)
_SCORE_TOP = 58
_SCORE_HEIGHT = 92
_LINE_HEIGHT = 17

_RAISED: Color = (38, 44, 52)
_DARK_TEXT: Color = (12, 16, 20)
_CAUTION: Color = (244, 200, 120)


Steps = tuple[StepSpan, StepSpan, StepSpan]
#: Colors by step name.
StepColors = Mapping[str, Color]


def step_colors(chosen: Mapping[str, str]) -> StepColors:
    """Convert `RenderOptions.step_colors` to RGB with sufficient contrast on the panels."""
    return {name: readable_on(BACKGROUND, color) for name, color in chosen.items()}


def text_color_on(color: Color) -> Color:
    """Return the dark or the light text color, whichever has the higher contrast with a step's color."""
    return max((_DARK_TEXT, TEXT), key=lambda text: contrast(text, color))


def draw_banner(
    steps: Steps, active: int | None, colors: StepColors, size_px: tuple[int, int], unit: float
) -> np.ndarray:
    """Draw the names of the three steps, with the active step (index, or None) highlighted: (H, W, 3) uint8 RGB."""
    width, height = size_px
    image = np.full((height, width, 3), BACKGROUND, dtype=np.uint8)
    x = MARGIN * unit
    for at, step in enumerate(steps):
        color = colors[step.name]
        label = (name := text(step.name))[:1].upper() + name[1:]
        right = x + text_width(label, 15 * unit, weight=BOLD) + 38 * unit
        fill_box(image, (x, 7 * unit, right, 33 * unit), color if at == active else _RAISED, radius_px=13 * unit)
        dot = text_color_on(color) if at == active else color
        fill_box(image, (x + 11 * unit, 16 * unit, x + 19 * unit, 24 * unit), dot, radius_px=4 * unit)
        text_color, weight = (text_color_on(color), BOLD) if at == active else (MUTED, REGULAR)
        draw_text(image, (x + 26 * unit, BANNER_BASELINE * unit), label, 15 * unit, text_color, weight=weight)
        x = right + 8 * unit
    return image


def draw_panel(analysis: Analysis, colors: StepColors, width: int, unit: float) -> np.ndarray:
    """Draw the panel below the video, without the playhead: (H, W, 3) uint8 RGB."""
    lines = _footer_lines(analysis, width / unit - 2 * MARGIN)
    footer_top = _SCORE_TOP + _SCORE_HEIGHT if analysis.scoring is not None else _SCORE_TOP
    height = round((footer_top + 8 + _LINE_HEIGHT * len(lines)) * unit / 2) * 2
    image = np.full((height, width, 3), BACKGROUND, dtype=np.uint8)
    _draw_timeline(image, analysis.parse, colors, unit)
    if analysis.scoring is not None:
        _draw_score(image, analysis.scoring, unit)
        _draw_contributions(image, analysis.scoring, colors, unit)
    for row, (line, color) in enumerate(lines):
        draw_text(image, (MARGIN * unit, (footer_top + 10 + _LINE_HEIGHT * row) * unit), line, 12 * unit, color)
    return image


def playhead_x(steps: Steps, frame: int, width: int, unit: float) -> float:
    """Return the x coordinate of a frame of the dive on the timeline, pixels."""
    return (_timeline_x(steps, frame, width, unit) + _timeline_x(steps, frame + 1, width, unit)) / 2


def _timeline_x(steps: Steps, frame: int, width: int, unit: float) -> float:
    first, end = steps[0].start_frame, steps[-1].end_frame
    return MARGIN * unit + (frame - first) / (end - first) * (width - 2 * MARGIN * unit)


def _draw_timeline(image: np.ndarray, parse: DiveParse, colors: StepColors, unit: float) -> None:
    steps, width = parse.steps, image.shape[1]
    top, bottom = _TIMELINE_TOP * unit, (_TIMELINE_TOP + _TIMELINE_HEIGHT) * unit
    for step, duration_s in zip(steps, parse.step_durations_s, strict=True):
        x0, x1 = (_timeline_x(steps, frame, width, unit) for frame in (step.start_frame, step.end_frame))
        fill_box(image, (x0 + unit, top, x1 - unit, bottom), colors[step.name], radius_px=4 * unit)
        duration = f"{number(duration_s, 2)} s"
        text_color = text_color_on(colors[step.name])
        for label in (f"{text(step.name)}  {duration}", text(step.name), duration):
            if text_width(label, 13 * unit) + 14 * unit <= x1 - x0:
                draw_text(image, (x0 + 8 * unit, bottom - 7.5 * unit), label, 13 * unit, text_color)
                break


def _draw_score(image: np.ndarray, scoring: Scoring, unit: float) -> None:
    x, top = MARGIN * unit, _SCORE_TOP * unit
    draw_text(image, (x, top + 12 * unit), text("predicted score"), 12 * unit, MUTED)
    score = number(scoring.score, 1)
    draw_text(image, (x, top + 48 * unit), score, 36 * unit, TEXT, weight=BOLD)
    after = x + text_width(score, 36 * unit, weight=BOLD) + 10 * unit
    low = 34 if scoring.interval is None else 22  # room for a third line below
    draw_text(image, (after, top + low * unit), text("spread {0}", number(scoring.spread, 1)), 15 * unit, TEXT)
    draw_text(image, (after, top + (low + 13) * unit), text("agreement, not accuracy"), 11 * unit, MUTED)
    if scoring.interval is not None:
        ends = (number(scoring.interval.low, 0), number(scoring.interval.high, 0))
        stated = text("{0} % interval {1} to {2}", number(100 * scoring.interval.level, 0), *ends)
        draw_text(image, (after, top + 51 * unit), stated, 14 * unit, TEXT)
    dive = dive_text(scoring.dive_number, scoring.board_m)
    dive += "   " + text("DD {0}", number(scoring.difficulty, 1)) + "   " + text("award {0}", number(scoring.award, 1))
    draw_text(image, (x, top + 71 * unit), dive, 13 * unit, TEXT)


def _draw_contributions(image: np.ndarray, scoring: Scoring, colors: StepColors, unit: float) -> None:
    width, top = image.shape[1], _SCORE_TOP * unit
    left = max(0.45 * width, 230 * unit)
    mean = sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars)
    n, nearest = len(scoring.exemplars), ", ".join(scoring.nearest_numbers)
    against = f"{n}: {nearest}" if nearest else n
    heading = text("points against exemplars ({0}), mean {1}", against, number(mean, 1))
    draw_text(image, (left, top + 12 * unit), heading, 12 * unit, MUTED)
    bars_left, bars_right = left + 74 * unit, width - (MARGIN + 52) * unit
    zero, half = (bars_left + bars_right) / 2, (bars_right - bars_left) / 2
    largest = max(1.0, *(abs(part.points) for part in scoring.contributions))
    for row, part in enumerate(scoring.contributions):
        y = top + (24 + 19 * row) * unit
        draw_text(image, (left, y + 11 * unit), text(part.step), 13 * unit, TEXT)
        fill_box(image, (bars_left, y, bars_right, y + 14 * unit), _RAISED, radius_px=3 * unit)
        end = zero + half * part.points / largest
        bar = (min(zero, end), y, max(zero, end), y + 14 * unit)
        fill_box(image, bar, colors[part.step], radius_px=2 * unit)
        points = number(part.points, 1, signed=True)
        right = width - MARGIN * unit - text_width(points, 14 * unit, weight=BOLD)
        draw_text(image, (right, y + 11.5 * unit), points, 14 * unit, TEXT, weight=BOLD)
    fill_box(image, (zero - 0.6 * unit, top + 21 * unit, zero + 0.6 * unit, top + 79 * unit), MUTED)


def _footer_lines(analysis: Analysis, width_units: float) -> list[tuple[str, Color]]:
    model = analysis.parse.model
    sentences: list[tuple[str, Color]] = []
    if analysis.parse.refusal is not None:
        sentences.append((translated(analysis.parse.refusal), _CAUTION))
    elif analysis.withheld:
        sentences.append((translated(analysis.withheld), _CAUTION))
    elif analysis.scoring is None:
        sentences.append((text("Phases and mask only: a score needs the dive number."), MUTED))
    sentences += [(translated(note), MUTED) for note in notes_of(analysis)]
    if model.synthetic:
        sentences.append((text("Model trained on rendered dives, not on judged ones ({0}).", model.id), _CAUTION))
    else:
        sentences.append((text("Model {0}.", model.id), MUTED))
    return [(line, color) for said, color in sentences for line in wrap_text(said, 12, width_units)]
