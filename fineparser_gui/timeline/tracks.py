"""Drawing of axis, steps, probability curves, legend and playhead."""

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF

from fineparser_core.constants import STEP_NAMES
from fineparser_core.types import DiveParse, StepSpan, VideoInfo
from fineparser_gui.steps import duration_s, step_label, step_text
from fineparser_gui.theme import step_color, text_on
from fineparser_gui.timeline.handle_drawing import ToX
from fineparser_gui.timeline.time_scale import TimeScale

translate = QCoreApplication.translate

_LOWEST_SCALE = 0.2
_DRAWN = QColor("#ffd84d")
_TICKS_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)
_TICK_PX = 90
#: Half the width of the playhead.
PLAYHEAD_PX = 7


def draw_axis(painter: QPainter, lane: QRectF, scale: TimeScale, info: VideoInfo, palette: QPalette) -> None:
    """Draw ticks at round times."""
    last = info.n_frames - 1
    first_s = float(info.pts_s[min(int(scale.left), last)])
    last_s = float(info.pts_s[min(int(np.ceil(scale.right)), last)])
    wanted = max(lane.width() / _TICK_PX, 2)
    step_s = next((s for s in _TICKS_S if (last_s - first_s) / s <= wanted), _TICKS_S[-1])
    painter.setPen(palette.placeholderText().color())
    for tick in range(int(np.ceil(first_s / step_s - 1e-9)), int(last_s / step_s + 1e-9) + 1):
        frame = int(np.searchsorted(info.pts_s, tick * step_s - 1e-9))
        x = scale.x(frame)
        painter.drawLine(QPointF(x, lane.top() + 2), QPointF(x, lane.top() + 6))
        box = QRectF(x - 40, lane.top() + 5, 80, lane.height() - 5)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _time_text(tick * step_s))


def draw_steps(painter: QPainter, lane: QRectF, to_x: ToX, steps: Iterable[StepSpan], info: VideoInfo) -> None:
    """Draw the three bands, with names and durations where they fit."""
    for step in steps:
        box = QRectF(to_x(step.start_frame), lane.top(), 0, lane.height())
        box.setRight(max(to_x(step.end_frame) - 1.5, box.left() + 1))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(step_color(step.name))
        painter.drawRoundedRect(box, 4, 4)
        shown = box.intersected(lane)
        duration = f"{duration_s(step, info):.2f} s"
        texts = (f"{step_label(step.name)}  {duration}", f"{step_text(step.name)}  {duration}", step_text(step.name))
        fits = (t for t in texts if painter.fontMetrics().horizontalAdvance(t) < shown.width() - 10)
        painter.setPen(text_on(step_color(step.name)))
        painter.drawText(shown, Qt.AlignmentFlag.AlignCenter, next(fits, ""))


def draw_samples(painter: QPainter, lane: QRectF, to_x: ToX, parse: DiveParse, palette: QPalette) -> None:
    """Draw a tick at each of the 96 sampled frames."""
    painter.setPen(QPen(palette.placeholderText().color(), 1))
    for frame in parse.sampled_frames:
        x = to_x(float(frame) + 0.5)
        painter.drawLine(QPointF(x, lane.bottom()), QPointF(x, lane.bottom() - 5))


def draw_curves(painter: QPainter, lane: QRectF, to_x: ToX, parse: DiveParse) -> None:
    """Draw the probabilities of both transitions at each sample.

    Both curves share one scale, stretched to the highest peak, because few peaks come near 1.
    """
    bottom, height = lane.bottom() - 2, lane.height() - 8
    peak = max(float(parse.probabilities.max()), _LOWEST_SCALE)
    for column, step in enumerate(STEP_NAMES[1:]):
        points = [
            QPointF(to_x(float(frame) + 0.5), bottom - float(probability) / peak * height)
            for frame, probability in zip(parse.sampled_frames, parse.probabilities[:, column], strict=True)
        ]
        fill = QColor(step_color(step))
        fill.setAlpha(60)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([QPointF(points[0].x(), bottom), *points, QPointF(points[-1].x(), bottom)]))
        painter.setPen(_curve_pen(step))
        painter.drawPolyline(points)


def draw_legend(painter: QPainter, lane: QRectF, parse: DiveParse, palette: QPalette) -> None:
    """Draw the legend of the curves with their peak probabilities."""
    x, y = lane.left(), lane.center().y() - 3
    peaks = parse.probabilities.max(axis=0)
    for text, step, peak in (
        (translate("Timeline", "flight begins"), STEP_NAMES[1], peaks[0]),
        (translate("Timeline", "entry begins"), STEP_NAMES[2], peaks[1]),
    ):
        painter.setPen(_curve_pen(step))
        painter.drawLine(QPointF(x, y), QPointF(x + 22, y))
        shown = translate("Timeline", "{0} (peak probability {1:.2f})").format(text, float(peak))
        width = painter.fontMetrics().horizontalAdvance(shown)
        painter.setPen(palette.placeholderText().color())
        painter.drawText(QRectF(x + 27, y - 9, width + 4, 18), Qt.AlignmentFlag.AlignVCenter, shown)
        x += 27 + width + 22
    whose = translate("Timeline", "phases and durations as divided by the model")
    if lane.right() - x > painter.fontMetrics().horizontalAdvance(whose):
        place = QRectF(x, y - 9, lane.right() - x, 18)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, whose)


def draw_playhead(painter: QPainter, area: QRectF, x: float, palette: QPalette) -> None:
    """Draw the playhead."""
    color = palette.text().color()
    painter.setPen(QPen(color, 1.5))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom() + 3))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    top = area.top() - 1
    painter.drawPolygon(QPolygonF([QPointF(x - 5, top - 6), QPointF(x + 5, top - 6), QPointF(x, top + 2)]))


def draw_drawn_frames(painter: QPainter, lane: QRectF, to_x: ToX, frames: Iterable[int], palette: QPalette) -> None:
    """Draw a small triangle below each frame with drawings."""
    painter.setPen(QPen(palette.text().color(), 1))
    painter.setBrush(_DRAWN)
    for frame in frames:
        x, top = to_x(frame + 0.5), lane.top() + 1
        painter.drawPolygon(QPolygonF([QPointF(x, top), QPointF(x + 4.5, top + 7), QPointF(x - 4.5, top + 7)]))


def _time_text(time_s: float) -> str:
    if time_s < 60:
        return f"{time_s:g} s"
    minutes, seconds = divmod(time_s, 60)
    return f"{int(minutes)}:{seconds:02.0f}"


def _curve_pen(step: str) -> QPen:
    """Pen of a curve; the dashes tell both curves apart without colour."""
    style = Qt.PenStyle.SolidLine if step == STEP_NAMES[1] else Qt.PenStyle.DashLine
    return QPen(step_color(step), 2, style)
