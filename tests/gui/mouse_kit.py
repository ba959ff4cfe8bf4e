"""Gestures with the mouse."""

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from fineparser_gui.panels.timeline import Timeline


def _mouse(timeline: Timeline, kind: QEvent.Type, at: QPointF) -> None:
    pressed = Qt.MouseButton.LeftButton if kind != QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    where = timeline.mapToGlobal(at)
    QApplication.sendEvent(timeline, QMouseEvent(kind, at, where, button, pressed, Qt.KeyboardModifier.NoModifier))


def drag(timeline: Timeline, place: int, frames: int) -> None:
    """Drag a transition with the mouse, frame by frame."""
    start = timeline.transition_point(place)
    frame_px = timeline._x(1) - timeline._x(0)
    _mouse(timeline, QEvent.Type.MouseButtonPress, start)
    for moved in range(1, abs(frames) + 1):
        at = start + QPointF(moved * frame_px * (1 if frames > 0 else -1), 0)
        _mouse(timeline, QEvent.Type.MouseMove, at)
    _mouse(timeline, QEvent.Type.MouseButtonRelease, at)
