"""Gestures with the mouse."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from fineparser_gui.timeline.timeline import Timeline


def _mouse(timeline: Timeline, kind: QEvent.Type, at: QPointF) -> None:
    pressed = Qt.MouseButton.LeftButton if kind != QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    where = timeline.mapToGlobal(at)
    QApplication.sendEvent(timeline, QMouseEvent(kind, at, where, button, pressed, Qt.KeyboardModifier.NoModifier))


def drag(timeline: Timeline, place: int, frames: int) -> None:
    """Drag a transition with the mouse, frame by frame."""
    drag_from(timeline, timeline.transition_point(place), frames)


def drag_from(timeline: Timeline, start: QPointF, frames: int, *, let_go: bool = True) -> None:
    """Drag what lies at a place, frame by frame."""
    frame_px = timeline.scale.frame_px
    _mouse(timeline, QEvent.Type.MouseButtonPress, start)
    for moved in range(1, abs(frames) + 1):
        at = start + QPointF(moved * frame_px * (1 if frames > 0 else -1), 0)
        _mouse(timeline, QEvent.Type.MouseMove, at)
    if let_go:
        _mouse(timeline, QEvent.Type.MouseButtonRelease, at)


def double_click(timeline: Timeline, at: QPointF) -> None:
    """Click twice."""
    _mouse(timeline, QEvent.Type.MouseButtonPress, at)
    _mouse(timeline, QEvent.Type.MouseButtonRelease, at)
    _mouse(timeline, QEvent.Type.MouseButtonDblClick, at)
    _mouse(timeline, QEvent.Type.MouseButtonRelease, at)


def turn_wheel(widget: QWidget, at: QPointF, notches: int, *, shift: bool = False) -> None:
    """Turn the wheel over a widget, away from oneself where over 0."""
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    turned, phase = QPoint(0, 120 * notches), Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        at,
        widget.mapToGlobal(at),
        QPoint(),
        turned,
        Qt.MouseButton.NoButton,
        modifier,
        phase,
        False,
    )
    QApplication.sendEvent(widget, event)
