"""Painting of the coach's drawings: light with a dark rim, so that they are visible on any background."""

from math import atan2, cos, degrees, radians, sin

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from fineparser_core.export.coach_marks import strokes
from fineparser_core.language import text
from fineparser_gui.player.skeleton_painting import ToWidget, paint_label
from fineparser_gui.session.drawings import ANGLE, ARROW, FREEHAND, MARK_COLORS, MEASURED, NOTE, Drawing
from fineparser_gui.support.formatting import decimal

_LIGHT = QColor(MARK_COLORS["yellow"])
_SELECTED = QColor("#ffffff")
_RIM = QColor(0, 0, 0, 170)
_BOX = QColor(12, 16, 20, 205)
_HANDLE = 4.5
_ARC = 26.0
_HEAD = 14.0
_LONGEST_NOTE_W = 320


def paint_mark(
    painter: QPainter, drawing: Drawing, to_widget: ToWidget, *, selected: bool = False, measured: bool = True
) -> None:
    """Paint a drawing.

    Args:
        selected: True paints it with handles.
        measured: True paints it with its angle.
    """
    points = [to_widget(*point) for point in drawing.points]
    color = QColor(MARK_COLORS[drawing.color])
    if drawing.kind == NOTE:
        _paint_note(painter, drawing, points[0], _SELECTED if selected else color)
    else:
        for width, pen_color in ((4.5, _RIM), (2.0, color)):
            pen = QPen(pen_color, width + 2 * (drawing.thickness - 1))
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            for stroke in strokes(drawing, [point.toTuple() for point in points], _HEAD):
                painter.drawPolyline([QPointF(*point) for point in stroke])
        measured = measured and drawing.kind in MEASURED
        if drawing.kind == ANGLE and measured:
            _paint_angle(painter, drawing, points, color)
        elif measured:
            beside = QPointF(12, -6) + (points[0] + points[1]) / 2
            turned = text("{0}° off vertical", decimal(drawing.degrees, 0))
            _paint_text(painter, beside, turned, color)
    if selected or drawing.kind in MEASURED:
        handle = (_SELECTED, _HANDLE) if selected else (color, 2.5)
        _paint_handles(painter, points[: len(drawing.grips)], *handle)


def note_box(text: str, at: QPointF, metrics: QFontMetrics, area: QRect) -> QRectF:
    """Return the rectangle of a note's text on the widget: right below its point where that fits into the area."""
    box = _text_box(at + QPointF(10, 14), text, metrics)
    if box.right() > area.right() and at.x() - 10 - box.width() >= area.left():
        box.moveRight(at.x() - 10)
    if box.bottom() > area.bottom():
        box.moveBottom(at.y() - 14)
    return box


def paint_grip(painter: QPainter, at: QPointF) -> None:
    """Paint a ring around the point that the arrow keys move."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, color in ((4.5, _RIM), (2.0, _LIGHT)):
        painter.setPen(QPen(color, width))
        painter.drawEllipse(at, 2 * _HANDLE, 2 * _HANDLE)


def paint_crosshair(painter: QPainter, area: QRect, at: QPointF) -> None:
    """Paint a crosshair over the area with a gap around its center."""
    gap = 5.0
    lines = [
        QLineF(area.left(), at.y(), at.x() - gap, at.y()),
        QLineF(at.x() + gap, at.y(), area.right(), at.y()),
        QLineF(at.x(), area.top(), at.x(), at.y() - gap),
        QLineF(at.x(), at.y() + gap, at.x(), area.bottom()),
    ]
    for width, color in ((3.0, _RIM), (1.0, _SELECTED)):
        painter.setPen(QPen(color, width))
        painter.drawLines(lines)


def paint_hint(painter: QPainter, area: QRect, text: str) -> None:
    """Paint a text at the lower edge of the area, in several lines where it is narrow."""
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    room = QRect(0, 0, max(area.width() - 40, 1), area.height())
    box = QRectF(painter.fontMetrics().boundingRect(room, flags, text).adjusted(-12, -5, 12, 5))
    box.moveCenter(QPointF(area.center().x(), area.bottom() - 8 - box.height() / 2))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_BOX)
    painter.drawRoundedRect(box, 6, 6)
    painter.setPen(_SELECTED)
    painter.drawText(box, flags, text)


def described(drawing: Drawing) -> str:
    """Return the accessible description of a drawing."""
    if drawing.kind == NOTE:
        return text("note: {0}", drawing.text)
    if drawing.kind not in MEASURED:
        return {ARROW: text("arrow"), FREEHAND: text("freehand line")}[drawing.kind]
    turn = decimal(drawing.degrees, 0)
    return text("angle of {0}°", turn) if drawing.kind == ANGLE else text("line {0}° off vertical", turn)


def _paint_note(painter: QPainter, drawing: Drawing, at: QPointF, color: QColor) -> None:
    _paint_handles(painter, [at], color, _HANDLE)
    box = note_box(drawing.text, at, painter.fontMetrics(), painter.viewport())
    painter.setPen(QPen(color, 1.2))
    painter.setBrush(_BOX)
    painter.drawRoundedRect(box, 5, 5)
    painter.setPen(_SELECTED)
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(box.adjusted(8, 4, -8, -4), flags, drawing.text)


def _paint_angle(painter: QPainter, drawing: Drawing, points: list[QPointF], color: QColor) -> None:
    corner = points[1]
    first, second = (degrees(atan2(corner.y() - end.y(), end.x() - corner.x())) for end in (points[0], points[2]))
    span = (second - first + 180) % 360 - 180
    box = QRectF(corner.x() - _ARC, corner.y() - _ARC, 2 * _ARC, 2 * _ARC)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, pen_color in ((4.0, _RIM), (1.6, color)):
        painter.setPen(QPen(pen_color, width))
        painter.drawArc(box, round(first * 16), round(span * 16))
    text = f"{decimal(drawing.degrees, 0)}°"
    label = _text_box(QPointF(), text, painter.fontMetrics())
    middle = radians(first + span / 2)
    away = _ARC + 8 + max(label.width(), label.height()) / 2
    label.moveCenter(corner + QPointF(cos(middle), -sin(middle)) * away)
    _paint_text(painter, label.topLeft(), text, color)


def _paint_text(painter: QPainter, at: QPointF, text: str, color: QColor) -> None:
    paint_label(painter, _text_box(at, text, painter.fontMetrics()), text, color, _BOX, 5)


def _paint_handles(painter: QPainter, points: list[QPointF], color: QColor, radius: float) -> None:
    painter.setPen(QPen(_RIM, 1.5))
    painter.setBrush(color)
    for point in points:
        painter.drawEllipse(point, radius, radius)


def _text_box(at: QPointF, text: str, metrics: QFontMetrics) -> QRectF:
    flags = Qt.TextFlag.TextWordWrap
    size = metrics.boundingRect(QRect(0, 0, _LONGEST_NOTE_W, 10_000), flags, text or " ")
    return QRectF(at.x(), at.y(), size.width() + 16, size.height() + 8)
