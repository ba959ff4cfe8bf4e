"""The dive over time: three named steps, transitions to drag, how sure the model is of each, the playhead."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from fineparser_core.types import STEP_NAMES, DiveParse, StepSpan, VideoInfo
from fineparser_gui.panels.transition_handles import TransitionHandles
from fineparser_gui.session.dive import Dive
from fineparser_gui.theme import step_color

_SIDE = 12
_LEGEND_H = 26
_CURVES_H = 54
_BAND_H = 28
_AXIS_H = 20
_LOWEST_SCALE = 0.2
_ON_BAND = QColor("#101820")


class Timeline(QWidget):
    """Frames of the whole file from left to right; a click or drag seeks, or moves the transition under it.

    Signals:
        seek_requested: (int) frame under the mouse.
        transition_dragged: (int, int, str) flight (0) or entry (1), frame, and a name that all moves of one drag share.
    """

    seek_requested = Signal(int)
    transition_dragged = Signal(int, int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_LEGEND_H + _CURVES_H + _BAND_H + _AXIS_H + 14)
        self.setMinimumWidth(300)
        self.setAccessibleName(self.tr("Timeline"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self._info: VideoInfo | None = None
        self._parse: DiveParse | None = None
        self._handles = TransitionHandles()
        self._n_drags = 0
        self._frame = 0
        self._samples_shown = False

    def set_dive(self, dive: Dive | None) -> None:
        """Take a dive as it is now."""
        self._info = dive.info if dive else None
        self._parse = dive.analysis.parse if dive and dive.analysis else None
        self._handles.set_parses(self._parse, dive.by_model.parse if dive and dive.by_model else None)
        self.setAccessibleDescription(self._spoken())
        self.update()

    def set_frame(self, frame: int) -> None:
        """Move the playhead."""
        self._frame = frame
        self.update()

    def set_samples_shown(self, shown: bool) -> None:
        """Mark the 96 frames that the network was given."""
        self._samples_shown = shown
        self.update()

    def step_label(self, step: str) -> str:
        """What the coach calls a step: the model's flight ends at the come-out, not at the water."""
        return dict(
            zip(
                STEP_NAMES,
                (self.tr("approach + take-off"), self.tr("flight"), self.tr("come-out + entry")),
                strict=True,
            )
        )[step]

    def _spoken(self) -> str:
        if self._parse is None or self._info is None:
            return ""
        parts = [f"{self.step_label(s.name)} {duration_s(s, self._info):.2f} s" for s in self._parse.steps]
        return ", ".join(parts + self._handles.spoken())

    def _n_frames(self) -> int:
        return self._info.n_frames if self._info else 1

    def _x(self, frame: float) -> float:
        return _SIDE + frame / self._n_frames() * (self.width() - 2 * _SIDE)

    def _frame_at(self, x: float) -> int:
        frame = int((x - _SIDE) / (self.width() - 2 * _SIDE) * self._n_frames())
        return min(max(frame, 0), self._n_frames() - 1)

    def _nearest_edge(self, x: float) -> int:
        """The frame whose beginning lies nearest: what a transition snaps to."""
        return round((x - _SIDE) / (self.width() - 2 * _SIDE) * self._n_frames())

    def transition_point(self, place: int) -> QPointF:
        """Where the handle of flight (0) or entry (1) lies."""
        return QPointF(self._x(self._handles.frames[place]), 6 + _LEGEND_H + _CURVES_H + 2 + _BAND_H / 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._info is None:
            return
        held = self._handles.grab(event.position().x(), self._x)
        if held is None:
            self.seek_requested.emit(self._frame_at(event.position().x()))
        else:
            self._n_drags += 1
            self.seek_requested.emit(self._handles.frames[held])
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._info is None:
            return
        x, held = event.position().x(), self._handles.held
        if not event.buttons() & Qt.MouseButton.LeftButton:
            if self._handles.hover(x, self._x):
                over = self._handles.hovered is not None
                self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.PointingHandCursor)
                self.update()
        elif held is None:
            self.seek_requested.emit(self._frame_at(x))
        else:
            frame = self._nearest_edge(x - self._handles.offset)
            if frame != self._handles.frames[held]:
                self.transition_dragged.emit(held, frame, f"drag {self._n_drags}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._handles.release()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._handles.hover(None, self._x)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.88)
        painter.setFont(font)
        curves = QRectF(_SIDE, 6 + _LEGEND_H, self.width() - 2 * _SIDE, _CURVES_H)
        band = QRectF(_SIDE, curves.bottom() + 2, curves.width(), _BAND_H)
        self._draw_ground(painter, curves, band)
        if self._info is None:
            return
        self._draw_axis(painter, band, self._info)
        if self._parse is not None:
            self._draw_steps(painter, band, self._parse, self._info)
            self._draw_curves(painter, curves, self._parse)
            self._draw_legend(painter, self._parse)
        self._draw_playhead(painter, curves, band)
        self._handles.draw(painter, QRectF(curves.topLeft(), band.bottomRight()), self._x, self.palette())

    def _draw_ground(self, painter: QPainter, curves: QRectF, band: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().alternateBase())
        painter.drawRoundedRect(curves, 4, 4)
        painter.drawRoundedRect(band, 4, 4)

    def _draw_axis(self, painter: QPainter, band: QRectF, info: VideoInfo) -> None:
        wanted = max(self.width() // 90, 2)
        step_s = next((s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300) if info.duration_s / s <= wanted), 600)
        painter.setPen(self.palette().placeholderText().color())
        for tick in range(int(info.duration_s / step_s) + 1):
            frame = int(np.searchsorted(info.pts_s, tick * step_s - 1e-9))
            if frame >= info.n_frames:
                break
            x = self._x(frame)
            painter.drawLine(QPointF(x, band.bottom() + 2), QPointF(x, band.bottom() + 6))
            box = QRectF(x - 40, band.bottom() + 5, 80, _AXIS_H - 5)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{tick * step_s:g} s")

    def _draw_steps(self, painter: QPainter, band: QRectF, parse: DiveParse, info: VideoInfo) -> None:
        for step in parse.steps:
            box = QRectF(self._x(step.start_frame), band.top(), 0, band.height())
            box.setRight(max(self._x(step.end_frame) - 1.5, box.left() + 1))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(step_color(step.name))
            painter.drawRoundedRect(box, 4, 4)
            duration = f"{duration_s(step, info):.2f} s"
            texts = (f"{self.step_label(step.name)}  {duration}", f"{step.name}  {duration}", step.name)
            fits = (t for t in texts if painter.fontMetrics().horizontalAdvance(t) < box.width() - 10)
            painter.setPen(_ON_BAND)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, next(fits, ""))

    def _draw_curves(self, painter: QPainter, area: QRectF, parse: DiveParse) -> None:
        bottom, height = area.bottom() - 2, area.height() - 8
        if self._samples_shown or self._handles.held is not None:
            painter.setPen(QPen(self.palette().placeholderText().color(), 1))
            for frame in parse.sampled_frames:
                x = self._x(float(frame) + 0.5)
                painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() - 5))
        # One scale for both curves, so that an unsure transition looks it; stretched, as few peaks come near 1.
        peak = max(float(parse.probabilities.max()), _LOWEST_SCALE)
        for column, step in enumerate(STEP_NAMES[1:]):
            points = [
                QPointF(self._x(float(frame) + 0.5), bottom - float(probability) / peak * height)
                for frame, probability in zip(parse.sampled_frames, parse.probabilities[:, column], strict=True)
            ]
            fill = QColor(step_color(step))
            fill.setAlpha(60)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawPolygon(QPolygonF([QPointF(points[0].x(), bottom), *points, QPointF(points[-1].x(), bottom)]))
            painter.setPen(_curve_pen(step))
            painter.drawPolyline(points)

    def _draw_legend(self, painter: QPainter, parse: DiveParse) -> None:
        x, y = float(_SIDE), 6 + 8.0
        peaks = parse.probabilities.max(axis=0)
        for text, step, peak in (
            (self.tr("flight begins"), STEP_NAMES[1], peaks[0]),
            (self.tr("entry begins"), STEP_NAMES[2], peaks[1]),
        ):
            painter.setPen(_curve_pen(step))
            painter.drawLine(QPointF(x, y), QPointF(x + 22, y))
            shown = self.tr("{0} (peak probability {1:.2f})").format(text, float(peak))
            width = painter.fontMetrics().horizontalAdvance(shown)
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(QRectF(x + 27, y - 9, width + 4, 18), Qt.AlignmentFlag.AlignVCenter, shown)
            x += 27 + width + 22

    def _draw_playhead(self, painter: QPainter, curves: QRectF, band: QRectF) -> None:
        x = self._x(self._frame + 0.5)
        color = self.palette().text().color()
        painter.setPen(QPen(color, 1.5))
        painter.drawLine(QPointF(x, curves.top()), QPointF(x, band.bottom() + 3))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        top = curves.top() - 1
        painter.drawPolygon(QPolygonF([QPointF(x - 5, top - 6), QPointF(x + 5, top - 6), QPointF(x, top + 2)]))


def duration_s(step: StepSpan, info: VideoInfo) -> float:
    """From the first frame of a step to the first of the next, or to the end of the file's last frame."""
    start = min(step.start_frame, info.n_frames - 1)
    if step.end_frame < info.n_frames:
        return float(info.pts_s[step.end_frame] - info.pts_s[start])
    return float(info.pts_s[-1] - info.pts_s[start] + 1 / max(info.fps, 1e-6))


def _curve_pen(step: str) -> QPen:
    """Colour and dashes: the two curves differ without their colours too."""
    style = Qt.PenStyle.SolidLine if step == STEP_NAMES[1] else Qt.PenStyle.DashLine
    return QPen(step_color(step), 2, style)
