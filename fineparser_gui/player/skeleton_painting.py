"""Painting of the athlete's skeleton, measured angles and the path of the body's center, as the exports draw them."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QLineF, QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from fineparser_core.export.measured_angles import MeasuredAngle
from fineparser_core.export.skeleton import SIDE_COLORS, Bone
from fineparser_core.language import length_text
from fineparser_core.measures.center_path import CenterPath
from fineparser_gui.support.formatting import decimal

#: Maps pixels of the file's frames to the widget.
ToWidget = Callable[[float, float], QPointF]

_BONE_PX, _OUTLINE_PX, _JOINT_PX = 2.2, 4.4, 2.8
_OUTLINE = QColor(0, 0, 0, 170)
_PATH = QColor("#ff9f43")
_ANGLE = QColor("#ffd84d")
_ARC_PX = 18.0
_TICK_PX = 5.0


def paint_skeleton(painter: QPainter, bones: Iterable[Bone], to_widget: ToWidget, *, scale: float = 1.0) -> None:
    """Paint bones: light with a dark outline, left and right in two colors, uncertain bones faint.

    Args:
        scale: factor of their widths.
    """
    placed = [(to_widget(*bone.start), to_widget(*bone.end), bone) for bone in bones]
    painter.save()
    for start, end, bone in placed:
        painter.setOpacity(bone.opacity)
        painter.setPen(_pen(_OUTLINE, _OUTLINE_PX * scale))
        painter.drawLine(start, end)
    for start, end, bone in placed:
        painter.setOpacity(bone.opacity)
        painter.setPen(_pen(QColor(SIDE_COLORS[bone.side]), _BONE_PX * scale))
        painter.drawLine(start, end)
        painter.setBrush(QColor(SIDE_COLORS[bone.side]))
        painter.setPen(Qt.PenStyle.NoPen)
        for joint in (start, end):
            painter.drawEllipse(joint, _JOINT_PX * scale, _JOINT_PX * scale)
    painter.restore()


def paint_path(
    painter: QPainter, path: CenterPath, frame: int, to_widget: ToWidget, picture: QRectF, bones: Iterable[Bone] = ()
) -> None:
    """Paint the path of the body's center, its heights over the water and its present point.

    Args:
        picture: rectangle of the frame on the widget; a path is not drawn beyond its picture.
        bones: bones of the body, beside which the heights are written.
    """
    if path.picture_xyxy is not None:
        x0, y0, x1, y1 = path.picture_xyxy
        picture &= QRectF(to_widget(x0, y0), to_widget(x1, y1)).normalized()
    points = QPolygonF([to_widget(x, y) for x, y in path.in_frame(frame, path.points).tolist()])
    painter.save()
    painter.setClipRect(picture, Qt.ClipOperation.IntersectClip)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((_OUTLINE, 3.6), (_PATH, 1.8)):
        painter.setPen(_pen(color, width))
        painter.drawPolyline(points)
    body = QPolygonF([to_widget(*end) for bone in bones for end in (bone.start, bone.end)]).boundingRect()
    if not body.isNull():
        body += QMarginsF(_JOINT_PX, _JOINT_PX, _JOINT_PX, _JOINT_PX)
    taken: list[QRectF] = []
    places = path.in_frame(frame, path.marks[:, :2]).tolist() if len(path.marks) else []
    for (x, y), height in zip(places, path.marks[:, 2].tolist(), strict=True):
        at, said = to_widget(x, y), length_text(height)
        box = _mark_box(painter, at, said)
        if box.intersects(body):
            box.moveLeft(body.right() + _JOINT_PX)
            if box.right() > picture.right():
                box.moveRight(body.left() - _JOINT_PX)
        if not any(box.intersects(other) for other in taken):
            taken.append(box)
            painter.setPen(_pen(_PATH, 1.8))
            painter.drawLine(at - QPointF(_TICK_PX, 0), at + QPointF(_TICK_PX, 0))
            paint_label(painter, box, said, _PATH)
    place = path.place(frame)
    if place is not None:
        painter.setPen(_pen(_OUTLINE, 1.2))
        painter.setBrush(_PATH)
        painter.drawEllipse(to_widget(*place.tolist()), 4.0, 4.0)
    painter.restore()


def paint_angle(painter: QPainter, angle: MeasuredAngle, to_widget: ToWidget) -> None:
    """Paint the sides and the arc of a measured angle, with its degrees."""
    first, vertex, second = (to_widget(*point) for point in angle.points)
    starts, ends = (QLineF(vertex, end).angle() for end in (first, second))
    span = (ends - starts + 180) % 360 - 180
    arc = QRectF(vertex.x() - _ARC_PX, vertex.y() - _ARC_PX, 2 * _ARC_PX, 2 * _ARC_PX)
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in ((_OUTLINE, 3.4), (_ANGLE, 1.5)):
        painter.setPen(_pen(color, width))
        painter.drawPolyline(QPolygonF([first, vertex, second]))
        painter.drawArc(arc, round(16 * starts), round(16 * span))
    middle = QLineF.fromPolar(_ARC_PX + 14, starts + span / 2).p2() + vertex
    text = f"{decimal(angle.degrees, 0)}°"
    metrics = painter.fontMetrics()
    box = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height())
    box.moveCenter(middle)
    paint_label(painter, box, text, _ANGLE)
    painter.restore()


def _mark_box(painter: QPainter, at: QPointF, text: str) -> QRectF:
    metrics = painter.fontMetrics()
    return QRectF(at.x() + 8, at.y() - metrics.height() / 2, metrics.horizontalAdvance(text) + 8, metrics.height())


def paint_label(
    painter: QPainter, box: QRectF, text: str, color: QColor, ground: QColor = _OUTLINE, radius_px: float = 3
) -> None:
    """Paint a text on a rounded ground."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, radius_px, radius_px)
    painter.setPen(color)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _pen(color: QColor, width: float) -> QPen:
    return QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
