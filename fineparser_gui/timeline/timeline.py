"""The dive over time, under mouse and keys: the playhead, and transitions and ends to move."""

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from fineparser_gui.timeline.timeline_view import TimelineView

_FAR = 10  # frames, with Shift


class Timeline(TimelineView):
    """A click or drag seeks, or moves the handle under it; the wheel zooms, with Shift it scrolls.

    With the focus, Tab goes from the playhead through the handles, and the arrows move the one that is chosen.

    Signals:
        seek_requested: (int) frame under the mouse.
        transition_dragged: (int, int, str) flight (0) or entry (1), frame, and a name that all moves of one drag share.
        transition_nudged: (int, int) flight (0) or entry (1), and by how many frames the keys move it.
        range_nudged: (int, int) beginning (0) or end (1) of the dive, and by how many frames the keys move it.
        range_changed: (int, int) first and last frame of the dive, once the handle is let go.
        proposal_accepted: (int) a proposed dive was double-clicked.
    """

    seek_requested = Signal(int)
    transition_dragged = Signal(int, int, str)
    transition_nudged = Signal(int, int)
    range_nudged = Signal(int, int)
    range_changed = Signal(int, int)
    proposal_accepted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Timeline"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys where they are
        self._n_drags = 0
        self._panned_from: float | None = None

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the handles before it goes on."""
        if self._choice.step(1 if forward else -1):
            self._on_chosen()
            return True
        return super().focusNextPrevChild(forward)

    def _on_chosen(self) -> None:
        self._show_taken()
        if self._choice.frame is not None:
            self.seek_requested.emit(self._choice.frame)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._redraw()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._choice.clear()
        self._show_taken()

    def event(self, event: QEvent) -> bool:
        # Before the player's shortcuts: the same keys move what is chosen.
        override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._choice.made
        if override and (event.key() == Qt.Key.Key_Escape or _frames_of(event)):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        frames, ends = _frames_of(event), {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.scale.n_frames - 1}
        if event.key() == Qt.Key.Key_Escape and self._choice.made:
            self._choice.clear()
            self._show_taken()
        elif frames and self._choice.transition is not None:
            self.transition_nudged.emit(self._choice.transition, frames)
        elif frames and self._choice.end is not None:
            self.range_nudged.emit(self._choice.end, frames)
        elif frames:  # a shortcut does so unless its key was given to another command
            self.seek_requested.emit(self._frame + frames)
        elif event.key() in ends and not event.modifiers():
            self.seek_requested.emit(ends[event.key()])
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, shift = event.angleDelta(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if self._info is None:
            return
        if turned.x() or shift:
            self.scale.pan(-(turned.x() or turned.y()))
            self._view_changed()
        else:
            self._zoom(turned.y() / 120, event.position().x())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._info is None:
            return
        x = event.position().x()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = x
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._on_range(event.position()):
            frames, held = self._range.frames, self._range.grab(x, self.scale.x)
        else:
            frames, held = self._handles.frames, self._handles.grab(x, self.scale.x)
        if held is None:
            self.seek_requested.emit(self.scale.frame_at(x))
        else:
            self._n_drags += 1
            self.seek_requested.emit(frames[held])
            self._redraw()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._info is None:
            return
        x = event.position().x()
        if event.buttons() & Qt.MouseButton.MiddleButton and self._panned_from is not None:
            self.scale.pan(self._panned_from - x)
            self._panned_from = x
            self._view_changed()
        elif not event.buttons() & Qt.MouseButton.LeftButton:
            self._hover(event.position())
        elif self._range.held is not None:
            self.seek_requested.emit(self._range.drag(x, self.scale.edge_at))
            self._redraw()
        elif self._handles.held is not None:
            frame = self.scale.edge_at(x - self._handles.offset)
            if frame != self._handles.frames[self._handles.held]:
                self.transition_dragged.emit(self._handles.held, frame, f"drag {self._n_drags}")
        else:
            self.seek_requested.emit(self.scale.frame_at(x))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._panned_from = None
        self._handles.release()
        moved = self._range.release()
        if moved is not None:
            self.range_changed.emit(*moved)
        self._redraw()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self._boxes.at(event.position().x(), self.scale.x) if self._info else None
        if place is not None and self._lanes().proposals.contains(event.position()):
            self.proposal_accepted.emit(place)
        else:
            super().mouseDoubleClickEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def _on_range(self, at: QPointF) -> bool:
        """Whether a place belongs to the handles of the dive's ends: they lie on the pictures, the others below."""
        return at.y() < self._lanes().curves.top()

    def _hover(self, at: QPointF | None) -> None:
        on_range = at is not None and self._on_range(at)
        x = at.x() if at is not None else None
        changed = self._range.hover(x if on_range else None, self.scale.x)
        changed = self._handles.hover(None if on_range else x, self.scale.x) or changed
        if changed:
            over = self._range.hovered is not None or self._handles.hovered is not None
            self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.PointingHandCursor)
            self._redraw()


def _frames_of(event: QKeyEvent) -> int:
    """By how many frames an arrow moves; 0 for other keys."""
    direction = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if modifiers == Qt.KeyboardModifier.ShiftModifier:
        return _FAR * direction
    return direction if modifiers == Qt.KeyboardModifier.NoModifier else 0
