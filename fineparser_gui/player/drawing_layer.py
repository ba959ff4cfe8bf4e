"""Editing of drawings and notes over the picture, with the mouse or the keyboard."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QLineEdit

from fineparser_core.export.coach_marks import NEARBY_OPACITY
from fineparser_gui.player.arrow_keys import ENTER, arrow_of, moved_within
from fineparser_gui.player.drawing_marks import described, note_box, paint_crosshair, paint_grip, paint_hint, paint_mark
from fineparser_gui.player.drawings import (
    ANGLE,
    ARROW,
    ELLIPSE,
    FREEHAND,
    LINE,
    LONGEST_NOTE,
    MOST_POINTS,
    N_POINTS,
    NOTE,
    Drawing,
    Point,
    simplified,
    visible_marks,
)
from fineparser_gui.player.video_canvas import VideoCanvas

_REACH_PX = 10.0
_DRAGGED_PX = 6.0
_EDITOR_W = 260
_MOST_TRACED = 2000


class DrawingLayer(QObject):
    """Layer of a canvas; the drawings themselves are kept by the session.

    Signals:
        edited: (tuple of Drawing, str, str) all drawings after the edit, text of the undo command, and a name shared by
            all edits of a gesture, "" for a single edit.
        state_changed: tool or selection changed.
    """

    edited = Signal(object, str, str)
    state_changed = Signal()

    def __init__(self, canvas: VideoCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._drawings: tuple[Drawing, ...] = ()
        self._times_s = np.zeros(1)
        self._frame = 0
        self._tool: str | None = None
        self._points: list[Point] = []
        self._pressed_at = QPointF()
        self._pointer = QPointF()
        self._by_keyboard = False  # by keyboard: shows a crosshair, or arrow keys move the selected drawing
        self._moved_point: int | None = None  # point that the arrow keys move; None: the whole drawing
        self._selected: Drawing | None = None
        self._dragging: tuple[Drawing, int | None] | None = None  # drawing before the drag, and the dragged point
        self._editor: QLineEdit | None = None
        canvas.layer = self

    @property
    def tool(self) -> str | None:
        """The kind that the next clicks draw; None: they select."""
        return self._tool

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """All drawings of the dive, on all frames."""
        return self._drawings

    @property
    def selected(self) -> Drawing | None:
        return self._selected

    def set_drawings(self, drawings: Sequence[Drawing], times_s: np.ndarray) -> None:
        """Set the drawings of a dive and the (n_frames,) presentation times of its file, in seconds."""
        self._times_s = times_s
        if tuple(drawings) != self._drawings:
            self._drawings = tuple(drawings)
            if self._selected not in self._drawings and self._dragging is None:
                self._select(None)
            self._canvas.update()

    def begin(self, tool: str | None) -> None:
        """Draw a line, note or other `tool` with the next clicks; None cancels."""
        self._close_editor()
        self._tool, self._points = tool, []
        self._select(None)
        if tool is not None:
            self._by_keyboard = not self._canvas.underMouse()
            if self._by_keyboard:
                self._pointer = QPointF(self._canvas.rect().center())
            self._canvas.setFocus()
            self._canvas.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self._canvas.show_cursor()
        self._update_hint()
        self.state_changed.emit()

    def delete_selected(self) -> None:
        """Delete the selected drawing."""
        if self._selected in self._drawings:
            rest = tuple(one for one in self._drawings if one is not self._selected)
            self._select(None)
            self.edited.emit(rest, self.tr("deleting a drawing"), "")

    def show_selected(self, *, begins: bool) -> None:
        """Show the selected drawing from the frame on the screen, or up to it."""
        one = self._selected
        if one in self._drawings and one is not None:
            shown = (
                one.shown(self._frame, one.end_frame) if begins else one.shown(min(one.frame, self._frame), self._frame)
            )
            self._replace(one, shown, self.tr("showing a drawing on other frames"))
            self._update_hint()

    def paint(self, painter: QPainter, frame: int) -> None:
        """Paint the drawings of a frame, and paler those of neighboring frames."""
        self._frame = frame
        for drawing in visible_marks(self._drawings, frame, self._times_s):
            if self._dragging is not None and drawing == self._dragging[0]:
                continue
            self._paint(painter, drawing, near=drawing.nearest_frame(frame) != frame)
        if self._dragging is not None and self._selected is not None:
            self._paint(painter, self._selected, near=False)
        if self._tool is not None:
            self._paint_unfinished(painter, frame, self._tool)
        if self._hint() and self._dragging is None:
            paint_hint(painter, self._canvas.rect(), self._hint())

    def _paint_unfinished(self, painter: QPainter, frame: int, tool: str) -> None:
        if self._points:
            points = (*self._points, self._canvas.to_source(self._pointer))
            kind = LINE if tool == ANGLE and len(points) < N_POINTS[ANGLE] else tool
            if kind == FREEHAND:  # simplified once it is done
                points = (*points[:: len(points) // (MOST_POINTS - 1) + 1], points[-1])
            unfinished = Drawing(kind=kind, frame=frame, points=points)
            paint_mark(painter, unfinished, self._canvas.to_widget, measured=tool == kind)
        if self._by_keyboard and self._canvas.hasFocus():
            paint_crosshair(painter, self._canvas.rect(), self._pointer)

    def _paint(self, painter: QPainter, drawing: Drawing, *, near: bool) -> None:
        painter.setOpacity(NEARBY_OPACITY if near and drawing is not self._selected else 1.0)
        paint_mark(painter, drawing, self._canvas.to_widget, selected=drawing is self._selected)
        painter.setOpacity(1.0)
        if self._moved_point is not None and drawing is self._selected:
            paint_grip(painter, self._canvas.to_widget(*drawing.points[self._moved_point]))

    def _hint(self) -> str:
        """Return a hint on the next click or key, or ""."""
        if self._tool is None:
            return self._keys_of_selected() if self._moves and self._canvas.hasFocus() else ""
        hints = {
            LINE: (self.tr("Line: first end"), self.tr("Line: other end")),
            ANGLE: (
                self.tr("Angle: end of the first side"),
                self.tr("Angle: vertex"),
                self.tr("Angle: end of the second side"),
            ),
            NOTE: (self.tr("Note: position"),),
            ARROW: (self.tr("Arrow: end"), self.tr("Arrow: tip")),
            ELLIPSE: (self.tr("Ellipse: one corner"), self.tr("Ellipse: opposite corner")),
            FREEHAND: (self.tr("Freehand: drag the line"), self.tr("Freehand: end of the line")),
        }
        return hints[self._tool][min(len(self._points), len(hints[self._tool]) - 1)] + self.tr(
            "  ·  click, or arrow keys and Enter  ·  Esc cancels"
        )

    def _keys_of_selected(self) -> str:
        assert self._selected is not None
        if self._selected.kind == NOTE:
            return self.tr("Arrow keys move it  ·  Enter edits it  ·  Del deletes it  ·  Esc deselects")
        if not self._selected.grips:
            return self.tr("Arrow keys move it  ·  Del deletes it  ·  Esc deselects")
        if self._moved_point is None:
            return self.tr("Arrow keys move it  ·  Enter selects a point  ·  Del deletes it  ·  Esc deselects")
        text = self.tr("Arrow keys move point {0} of {1}  ·  Enter selects the next  ·  Esc deselects")
        return text.format(self._moved_point + 1, len(self._selected.points))

    @property
    def _moves(self) -> bool:
        """True if the arrow keys move the selected drawing: it is visible and was selected, not just drawn by mouse."""
        return self._by_keyboard and self._tool is None and self._selected in self._shown()

    def _shown(self) -> list[Drawing]:
        return visible_marks(self._drawings, self._frame, self._times_s)

    def _update_hint(self) -> None:
        """Update the hint on the picture and the accessible description."""
        selected = described(self._selected) if self._selected is not None and self._tool is None else ""
        self._canvas.setAccessibleDescription("  ·  ".join(filter(None, (selected, self._hint()))))
        self._canvas.update()

    def press(self, event: QMouseEvent) -> bool:
        """Set a point, or begin to drag a drawing; whether the layer has handled the event."""
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._close_editor()
        self._pressed_at = self._pointer = event.position()
        if self._tool is not None:
            self._by_keyboard = False
            self._place(event.position())
            return True
        found = self._drawing_at(event.position())
        self._dragging = None
        if found is not None:
            self._dragging = (found, found.point_near(self._canvas.to_source(event.position()), self._reach()))
            self._canvas.setFocus()
            self._by_keyboard, self._moved_point = True, None
        self._select(found)
        return found is not None

    def move(self, event: QMouseEvent) -> bool:
        """Move the unfinished or dragged drawing with the pointer; whether the layer has handled the event."""
        self._pointer = event.position()
        if self._tool is not None and self._by_keyboard:
            self._by_keyboard = False
            self._canvas.setFocus()  # takes the keyboard, and removes the crosshair of the other video
            self._canvas.update()
        if self._dragging is not None:
            drawing, place = self._dragging
            x, y = self._canvas.to_source(event.position())
            from_x, from_y = self._canvas.to_source(self._pressed_at)
            moved = drawing.moved(x - from_x, y - from_y) if place is None else drawing.with_point(place, (x, y))
            self._selected = moved
            self._canvas.update()
        elif self._points:
            self._trace(event.position())
        return self._dragging is not None or self._tool is not None

    def release(self, event: QMouseEvent) -> bool:
        """End a drag, or set a point where it ends; whether the layer has handled the event."""
        if self._dragging is not None:
            before, after = self._dragging[0], self._selected
            self._dragging = None
            if after is not None and self._dragged(event):
                self._replace(before, after, self.tr("moving a drawing"))
            else:
                self._select(before)
            return True
        if self._tool is not None and self._points and self._dragged(event):
            self._place(event.position())
        return self._tool is not None

    def double_click(self, event: QMouseEvent) -> bool:
        """Edit the note at the pointer; whether the layer has handled the event."""
        found = self._drawing_at(event.position())
        if found is not None and found.kind == NOTE:
            self._edit(found)
        return found is not None or self._tool is not None

    def wants_key(self, event: QKeyEvent) -> bool:
        """Return True if `key` handles a key: Esc to cancel or deselect, arrows and Enter to move and set points."""
        if event.key() == Qt.Key.Key_Escape:
            return self._tool is not None or self._selected is not None
        return (self._tool is not None or self._moves) and (event.key() in ENTER or arrow_of(event) is not None)

    def key(self, event: QKeyEvent) -> bool:
        """Handle a key: move crosshair or drawing, set a point, edit a note, cancel; whether it was handled."""
        if not self.wants_key(event):
            return False
        arrow = arrow_of(event)
        if event.key() == Qt.Key.Key_Escape:
            self.begin(None)
        elif self._tool is not None and arrow is not None:
            self._by_keyboard = True
            self._pointer = moved_within(self._canvas.rect(), self._pointer, arrow)
            self._trace(self._pointer)
        elif self._tool is not None:
            self._place(self._pointer)
        elif self._selected is not None and arrow is not None:
            self._nudge(self._selected, arrow)
        elif self._selected is not None and self._selected.kind == NOTE:
            self._edit(self._selected)
        elif self._selected is not None:
            following = 0 if self._moved_point is None else self._moved_point + 1
            self._moved_point = following if following < len(self._selected.grips) else None
            self._update_hint()
        return True

    def tab(self, direction: int) -> bool:
        """Select the next (1) or previous (-1) drawing of the frame; False where there is none."""
        if self._tool is not None:
            return False
        shown = self._shown()
        outside = -1 if direction > 0 else len(shown)
        place = next((place for place, one in enumerate(shown) if one is self._selected), outside) + direction
        self._by_keyboard, self._moved_point = True, None
        self._select(shown[place] if 0 <= place < len(shown) else None)
        return self._selected is not None

    def _nudge(self, drawing: Drawing, arrow: QPointF) -> None:
        """Move a drawing or its selected point; consecutive moves are a single undo step."""
        (x, y), (from_x, from_y) = self._canvas.to_source(arrow), self._canvas.to_source(QPointF())
        moved = drawing.moved(x - from_x, y - from_y)
        if self._moved_point is not None:
            moved = drawing.with_point(self._moved_point, moved.points[self._moved_point])
        gesture = f"nudge drawing {self._drawings.index(drawing)}"
        self._replace(drawing, moved, self.tr("moving a drawing"), gesture)
        self._update_hint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle keys of the note editor: Esc discards, Enter and Tab accept; the window's shortcuts are disabled."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() == Qt.Key.Key_Escape:
            self._drop_editor()
            return True
        if event.key() in (*ENTER, Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._close_editor()
            return True
        return False

    def _trace(self, at: QPointF) -> None:
        """Draw the unfinished drawing up to the pointer."""
        if self._tool == FREEHAND and 0 < len(self._points) < _MOST_TRACED:
            self._points.append(self._canvas.to_source(at))
        self._canvas.update()

    def _place(self, at: QPointF) -> None:
        assert self._tool is not None
        self._points.append(self._canvas.to_source(at))
        if len(self._points) < N_POINTS[self._tool]:
            self._update_hint()
            return
        steered, self._moved_point = self._by_keyboard, None
        points = simplified(self._points, self._reach() / 10) if self._tool == FREEHAND else tuple(self._points)
        drawing = Drawing(kind=self._tool, frame=self._frame, points=points)
        self.begin(None)
        if drawing.kind == NOTE:
            self._edit(drawing)
        else:
            text = {
                LINE: self.tr("drawing a line"),
                ANGLE: self.tr("drawing an angle"),
                ARROW: self.tr("drawing an arrow"),
                ELLIPSE: self.tr("drawing an ellipse"),
                FREEHAND: self.tr("drawing freehand"),
            }[drawing.kind]
            self._selected, self._by_keyboard = drawing, steered
            self.edited.emit((*self._drawings, drawing), text, "")
            self._update_hint()
            self.state_changed.emit()

    def _edit(self, note: Drawing) -> None:
        """Open the text editor of a new or existing note on the picture."""
        self._close_editor()
        editor = QLineEdit(note.text, self._canvas)
        editor.setMaxLength(LONGEST_NOTE)
        editor.setPlaceholderText(self.tr("Note"))
        editor.setAccessibleName(self.tr("Text of the note"))
        at = self._canvas.to_widget(*note.points[0])
        editor.resize(_EDITOR_W, editor.sizeHint().height())
        right, bottom = self._canvas.width() - editor.width(), self._canvas.height() - editor.height()
        editor.move(max(min(int(at.x()) + 8, right), 0), max(min(int(at.y()) + 8, bottom), 0))
        editor.installEventFilter(self)
        editor.editingFinished.connect(lambda: self._finish(note, editor))
        self._editor = editor
        editor.show()
        editor.setFocus()

    def _finish(self, note: Drawing, editor: QLineEdit) -> None:
        if editor is not self._editor:  # discarded or accepted before
            return
        text = editor.text().strip()
        self._drop_editor()
        written = replace(note, text=text)
        if note in self._drawings and not text:
            self._selected = note
            self.delete_selected()
        elif note in self._drawings and text != note.text:
            self._replace(note, written, self.tr("changing a note"))
        elif note not in self._drawings and text:
            self.edited.emit((*self._drawings, written), self.tr("adding a note"), "")

    def _close_editor(self) -> None:
        """Accept the text of the open editor."""
        if self._editor is not None:
            self._editor.editingFinished.emit()
            self._drop_editor()

    def _drop_editor(self) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            self._canvas.setFocus()
            editor.hide()
            editor.deleteLater()

    def _replace(self, before: Drawing, after: Drawing, text: str, gesture: str = "") -> None:
        self._selected = after
        self.edited.emit(tuple(after if one is before else one for one in self._drawings), text, gesture)

    def _select(self, drawing: Drawing | None) -> None:
        if drawing is not self._selected:
            self._selected = drawing
            self._update_hint()
            self.state_changed.emit()

    def _dragged(self, event: QMouseEvent) -> bool:
        return (event.position() - self._pressed_at).manhattanLength() > _DRAGGED_PX

    def _reach(self) -> float:
        """Return the distance within which the pointer hits a drawing, in pixels of the file."""
        origin, beside = self._canvas.to_source(QPointF(0, 0)), self._canvas.to_source(QPointF(_REACH_PX, 0))
        return beside[0] - origin[0]

    def _drawing_at(self, at: QPointF) -> Drawing | None:
        source, reach = self._canvas.to_source(at), self._reach()
        metrics, area = self._canvas.fontMetrics(), self._canvas.rect()
        for drawing in reversed(self._shown()):
            place = self._canvas.to_widget(*drawing.points[0])
            if drawing.kind == NOTE and note_box(drawing.text, place, metrics, area).contains(at):
                return drawing
            if drawing.distance(source) <= reach:
                return drawing
        return None
