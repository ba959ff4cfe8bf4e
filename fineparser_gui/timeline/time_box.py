"""A lane of the timeline: zoomed and panned along time only, with signals of presses and drags."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGraphicsSceneMouseEvent, QGraphicsSceneWheelEvent

from fineparser_gui.timeline.frame_line import FrameLine

#: Zoom of a notch of the wheel, and of a step of the commands.
ZOOM_STEP = 1.25
_LEFT = Qt.MouseButton.LeftButton


class TimeBox(pg.ViewBox):
    """View that reacts to the mouse: left button seeks, middle button pans, the wheel zooms, with Shift it pans.

    Signals:
        sought: (float) place under the mouse, in frames.
        pressed_line: (object) the `FrameLine` that a press is about to drag.
        double_clicked: (float) place in frames.
    """

    sought = Signal(float)
    pressed_line = Signal(object)
    double_clicked = Signal(float)

    def __init__(self, *, from_top: bool = False) -> None:
        super().__init__(enableMenu=False, invertY=from_top)
        self.setMouseEnabled(x=True, y=False)
        self.disableAutoRange()
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if event.button() == _LEFT:
            hovered = self.scene().lastHoverEvent
            item = hovered.dragItems().get(_LEFT) if hovered is not None else None
            if isinstance(item, FrameLine):
                self.pressed_line.emit(item)
            else:
                self.sought.emit(self.mapSceneToView(event.scenePos()).x())
        event.ignore()  # the scene turns ignored events into clicks and drags

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if event.button() == _LEFT:
            self.double_clicked.emit(self.mapSceneToView(event.scenePos()).x())
        event.ignore()

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() == _LEFT:
            event.accept()
            self.sought.emit(self.mapSceneToView(event.scenePos()).x())
        elif event.button() == Qt.MouseButton.MiddleButton:
            super().mouseDragEvent(event, axis)
        else:
            event.ignore()

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        notches = event.delta() / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or event.orientation() == Qt.Orientation.Horizontal:
            left, right = self.viewRange()[0]
            self.translateBy(x=-notches * (right - left) / 10)
        else:
            self.scaleBy(x=ZOOM_STEP**-notches, center=self.mapSceneToView(event.scenePos()))
        event.accept()
