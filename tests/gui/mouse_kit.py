"""Gestures with the mouse."""

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QLibraryInfo, QMimeData, QPoint, QPointF, Qt, QUrl, QVersionNumber
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from fineparser_gui.timeline.bands import FrameBand
from fineparser_gui.timeline.handles import IN, OUT
from fineparser_gui.timeline.time_plot import TimePlot


def under(widget, at):
    """The widget that gets what the mouse does at a place of another one, and the place in its coordinates."""
    child = widget.childAt(at.toPoint()) or widget
    return child, child.mapFrom(widget, at)


def _mouse(widget, kind, at, *, pressed):
    """Send an event to what a press at `at` reaches, or to what has been pressed."""
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    buttons = Qt.MouseButton.LeftButton if pressed else Qt.MouseButton.NoButton
    where = widget.mapToGlobal(at)
    QApplication.sendEvent(widget, QMouseEvent(kind, at, where, button, buttons, Qt.KeyboardModifier.NoModifier))


def drag(timeline, place, frames):
    """Drag a transition with the mouse, frame by frame."""
    drag_from(timeline, transition_point(timeline, place), frames)


def transition_point(timeline, place):
    """Centre of the handle of flight (0), entry (1) or water contact (2)."""
    plot = timeline.prepare()
    return plot.mapTo(timeline, _middle(plot, plot.lines[place]))


def proposal_point(timeline, place):
    """Centre of the box of a proposal, which lie in the uppermost lane."""
    plot = timeline.prepare()
    bands = [one for one in plot.items() if isinstance(one, FrameBand)]
    lane = min((one.getViewBox() for one in bands), key=lambda box: box.sceneBoundingRect().top())
    found = sorted((one for one in bands if one.getViewBox() is lane), key=lambda one: one.getRegion())
    return plot.mapTo(timeline, _middle(plot, found[place]))


def _middle(plot, item):
    """Middle of a line or of a band, in coordinates of the plot."""
    box = item.getViewBox()
    frame = item.value() if isinstance(item, pg.InfiniteLine) else sum(item.getRegion()) / 2
    return plot.viewportTransform().map(box.mapViewToScene(pg.Point(frame, sum(box.viewRange()[1]) / 2)))


def drag_from(timeline, start, frames, *, let_go=True):
    """Drag what lies at a place, frame by frame."""
    plot = timeline.findChild(TimePlot)
    begin, end = plot.lines[IN], plot.lines[OUT]
    frame_px = (_middle(plot, end) - _middle(plot, begin)).x() / (end.value() - begin.value())
    widget, start = under(timeline, start)
    _mouse(widget, QEvent.Type.MouseMove, start, pressed=False)
    _mouse(widget, QEvent.Type.MouseButtonPress, start, pressed=True)
    at = start
    for moved in range(1, abs(frames) + 1):
        at = start + QPointF(moved * frame_px * (1 if frames > 0 else -1), 0)
        _mouse(widget, QEvent.Type.MouseMove, at, pressed=True)
    if let_go:
        _mouse(widget, QEvent.Type.MouseButtonRelease, at, pressed=False)


def double_click(timeline, at):
    """Click twice."""
    widget, at = under(timeline, at)
    _mouse(widget, QEvent.Type.MouseButtonPress, at, pressed=True)
    _mouse(widget, QEvent.Type.MouseButtonRelease, at, pressed=False)
    _mouse(widget, QEvent.Type.MouseButtonDblClick, at, pressed=True)
    _mouse(widget, QEvent.Type.MouseButtonRelease, at, pressed=False)


def turn_wheel(widget, at, notches, *, shift=False):
    """Turn the wheel over a widget, away from oneself where over 0."""
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    turned, phase = QPoint(0, 120 * notches), Qt.ScrollPhase.NoScrollPhase
    widget, at = under(widget, at)
    event = QWheelEvent(at, widget.mapToGlobal(at), QPoint(), turned, Qt.MouseButton.NoButton, modifier, phase, False)
    QApplication.sendEvent(widget, event)


def drop(window, paths):
    """Let files fall on a window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, left, no_key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    at = (
        QPointF(50, 50) if QLibraryInfo.version() >= QVersionNumber(6, 12) else QPoint(50, 50)
    )  # the older is deprecated
    QApplication.sendEvent(window, QDragEnterEvent(at, action, data, left, no_key))
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), action, data, left, no_key))
