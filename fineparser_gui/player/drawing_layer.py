"""Editing of drawings and notes over the picture, with the mouse or the keyboard."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QLineEdit

from fineparser_core.export.coach_marks import NEARBY_OPACITY
from fineparser_core.export.measured_angles import followed_angle
from fineparser_core.language import text
from fineparser_gui.player.drawing_marks import described, note_box, paint_crosshair, paint_grip, paint_hint, paint_mark
from fineparser_gui.player.video_canvas import VideoCanvas
from fineparser_gui.session.drawings import (
    ANGLE,
    ARROW,
    FREEHAND,
    LINE,
    LONGEST_NOTE,
    MARK_COLORS,
    MOST_POINTS,
    MOST_THICK,
    N_POINTS,
    NOTE,
    Drawing,
    Point,
    simplified,
    visible_marks,
)
from fineparser_gui.support.key_filter import ENTER, arrow_of, moved_within

_WIDTH_PX = 260
_MOST_TRACED = 2000
#: What a pen can be, the usual first.
_PENS: dict[str, Sequence[Any]] = {"thickness": range(1, MOST_THICK + 1), "color": tuple(MARK_COLORS)}


class Sketch:
    """Drawing that is begun.

    Attributes:
        tool: its kind.
        points: those that are set.
    """

    def __init__(self, tool: str) -> None:
        self.tool = tool
        self.points: list[Point] = []

    def trace(self, at: Point) -> None:
        """Follow the pointer, if the line is freehand."""
        if self.tool == FREEHAND and 0 < len(self.points) < _MOST_TRACED:
            self.points.append(at)

    def set(self, at: Point) -> bool:
        """Set the next point; return True if it was the last."""
        self.points.append(at)
        return len(self.points) >= N_POINTS[self.tool]

    def finished(self, frame: int, tolerance: float) -> Drawing:
        """Return the drawing; a freehand line is simplified within a distance in pixels."""
        points = simplified(self.points, tolerance) if self.tool == FREEHAND else tuple(self.points)
        return Drawing(kind=self.tool, frame=frame, points=points)

    def unfinished(self, frame: int, at: Point) -> Drawing | None:
        """Return what is to be seen of it with the pointer at a point; None before the first."""
        if not self.points:
            return None
        points = (*self.points, at)
        kind = LINE if self.tool == ANGLE and len(points) < N_POINTS[ANGLE] else self.tool
        if kind == FREEHAND:  # simplified once it is done
            points = (*points[:: len(points) // (MOST_POINTS - 1) + 1], points[-1])
        return Drawing(kind=kind, frame=frame, points=points)

    def hint(self) -> str:
        """Return a hint on the next click or key."""
        hints = {
            LINE: (text("Line: first end"), text("Line: other end")),
            ANGLE: (text("Angle: end of the first side"), text("Angle: vertex"), text("Angle: end of the second side")),
            NOTE: (text("Note: position"),),
            ARROW: (text("Arrow: end"), text("Arrow: tip")),
            FREEHAND: (text("Freehand: drag the line"), text("Freehand: end of the line")),
        }[self.tool]
        return hints[min(len(self.points), len(hints) - 1)] + text(
            "  ·  click, or arrow keys and Enter  ·  Esc cancels"
        )

    def done_text(self) -> str:
        """Return the text of the undo command."""
        return {
            LINE: text("drawing a line"),
            ANGLE: text("drawing an angle"),
            ARROW: text("drawing an arrow"),
            FREEHAND: text("drawing freehand"),
        }[self.tool]


def selection_hint(drawing: Drawing, moved_point: int | None) -> str:
    """Return the keys of a selected drawing, or of the point of it that the arrow keys move."""
    if drawing.kind == NOTE:
        return text("Arrow keys move it  ·  Enter edits it  ·  Del deletes it  ·  Esc deselects")
    if not drawing.grips:
        return text("Arrow keys move it  ·  Del deletes it  ·  Esc deselects")
    if moved_point is None:
        return text("Arrow keys move it  ·  Enter selects a point  ·  Del deletes it  ·  Esc deselects")
    return text(
        "Arrow keys move point {0} of {1}  ·  Enter selects the next  ·  Esc deselects",
        moved_point + 1,
        len(drawing.points),
    )


class NoteEditor(QLineEdit):
    """Editor beside a new or existing note: Esc discards; Enter, Tab and a click elsewhere accept.

    The window's shortcuts are disabled in it.

    Signals:
        written: (Drawing, str) the note and its new text; not if it was discarded.
    """

    written = Signal(object, str)

    def __init__(self, canvas: VideoCanvas) -> None:
        super().__init__(canvas)
        self._note: Drawing | None = None
        self._canvas = canvas
        self.setMaxLength(LONGEST_NOTE)
        self.setPlaceholderText(self.tr("Note"))
        self.setAccessibleName(self.tr("Text of the note"))
        self.editingFinished.connect(self.accept)
        self.hide()

    def open(self, note: Drawing) -> None:
        """Edit a note; the one before is accepted."""
        self.accept()
        self._note = note
        self.setText(note.text)
        at, canvas = self._canvas.to_widget(*note.points[0]), self._canvas
        self.resize(_WIDTH_PX, self.sizeHint().height())
        right, bottom = canvas.width() - self.width(), canvas.height() - self.height()
        self.move(max(min(int(at.x()) + 8, right), 0), max(min(int(at.y()) + 8, bottom), 0))
        self.show()
        self.setFocus()

    def accept(self) -> None:
        """Close it if it is open, and tell the text."""
        if (note := self._note) is not None:
            self.discard()
            self.written.emit(note, self.text().strip())

    def discard(self) -> None:
        """Close it."""
        self._note = None
        self._canvas.setFocus()
        self.hide()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.discard()
                return True
            if event.key() in (*ENTER, Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                self.accept()
                return True
        return super().event(event)


_REACH_PX = 10.0
_DRAGGED_PX = 6.0


class DrawingLayer(QObject):
    """Layer of a canvas; the drawings themselves are kept by the session.

    Signals:
        edited: (tuple of Drawing, str, str) all drawings after the edit, text of the undo command, and a name shared by
            all edits of a gesture, "" for a single edit.
        state_changed: tool or selection changed.

    Attributes:
        drawings: all drawings of the dive, on all frames.
        selected: the selected drawing; None: there is none.
        pen: thickness and color of what is drawn next.
    """

    edited = Signal(object, str, str)
    state_changed = Signal()

    def __init__(self, canvas: VideoCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.drawings: tuple[Drawing, ...] = ()
        self.pen: dict[str, Any] = {name: choices[0] for name, choices in _PENS.items()}
        self._times_s = np.zeros(1)
        self._frame = 0
        self._sketch: Sketch | None = None
        self._pressed_at = QPointF()
        self._pointer = QPointF()
        self._by_keyboard = False  # by keyboard: shows a crosshair, or arrow keys move the selected drawing
        self._moved_point: int | None = None  # point that the arrow keys move; None: the whole drawing
        self.selected: Drawing | None = None
        self._dragging: tuple[Drawing, int | None] | None = None  # drawing before the drag, and the dragged point
        self._editor = NoteEditor(canvas)
        self._editor.written.connect(self._on_written)
        canvas.layer = self

    @property
    def tool(self) -> str | None:
        """The kind that the next clicks draw; None: they select."""
        return self._sketch.tool if self._sketch is not None else None

    def set_drawings(self, drawings: Sequence[Drawing], times_s: np.ndarray) -> None:
        """Set the drawings of a dive and the (n_frames,) presentation times of its file, in seconds."""
        self._times_s = times_s
        if tuple(drawings) != self.drawings:
            self.drawings = tuple(drawings)
            if self.selected not in self.drawings and self._dragging is None:
                self._select(None)
            self._canvas.update()

    def begin(self, tool: str | None) -> None:
        """Draw a line, note or other `tool` with the next clicks; None cancels."""
        self._editor.accept()
        self._sketch = Sketch(tool) if tool is not None else None
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
        if self.selected in self.drawings:
            rest = tuple(one for one in self.drawings if one is not self.selected)
            self._select(None)
            self.edited.emit(rest, self.tr("deleting a drawing"), "")

    def show_selected(self, *, begins: bool) -> None:
        """Show the selected drawing from the frame on the screen, or up to it."""
        one = self.selected
        if one in self.drawings and one is not None:
            shown = (
                one.shown(self._frame, one.end_frame) if begins else one.shown(min(one.frame, self._frame), self._frame)
            )
            self._replace(one, shown, self.tr("showing a drawing on other frames"))
            self._update_hint()

    def change_pen(self, name: str) -> None:
        """Draw the selected drawing, else what is drawn next, in the next "thickness" or "color", at last the first."""
        one, choices = self.selected, _PENS[name]
        now = self.pen[name] if one is None else getattr(one, name)
        self.pen = self.pen | {name: choices[(choices.index(now) + 1) % len(choices)]}
        if one in self.drawings and one is not None:
            said = self.tr("changing the thickness") if name == "thickness" else self.tr("changing the colour")
            self._replace(one, replace(one, **{name: self.pen[name]}), said)
        self._canvas.update()

    def paint(self, painter: QPainter, frame: int) -> None:
        """Paint the drawings of a frame, and paler those of neighboring frames."""
        self._frame = frame
        shown = [one for one in self._shown() if self._dragging is None or one != self._dragging[0]]
        if self._dragging is not None and self.selected is not None:
            shown.append(self.selected)
        track = self._canvas.track
        follows = {one: moved for one in self.drawings if (moved := followed_angle(one, track, frame)) is not None}
        for drawing, moved in follows.items():
            if drawing.nearest_frame(frame) != frame:
                paint_mark(painter, moved, self._canvas.to_widget)
        for drawing in (one for one in shown if one not in follows or one.nearest_frame(frame) == frame):
            near = drawing.nearest_frame(frame) != frame and drawing is not self.selected
            painter.setOpacity(NEARBY_OPACITY if near else 1.0)
            paint_mark(painter, drawing, self._canvas.to_widget, selected=drawing is self.selected)
            painter.setOpacity(1.0)
            if self._moved_point is not None and drawing is self.selected:
                paint_grip(painter, self._canvas.to_widget(*drawing.points[self._moved_point]))
        if self._sketch is not None:
            if unfinished := self._sketch.unfinished(frame, self._canvas.to_source(self._pointer)):
                measured = self._sketch.tool == unfinished.kind
                paint_mark(painter, replace(unfinished, **self.pen), self._canvas.to_widget, measured=measured)
            if self._by_keyboard and self._canvas.hasFocus():
                paint_crosshair(painter, self._canvas.rect(), self._pointer)
        if self._hint() and self._dragging is None:
            paint_hint(painter, self._canvas.rect(), self._hint())

    def _hint(self) -> str:
        """Return a hint on the next click or key, or ""."""
        if self._sketch is not None:
            return self._sketch.hint()
        if self.selected is not None and self._moves and self._canvas.hasFocus():
            return selection_hint(self.selected, self._moved_point)
        return ""

    @property
    def _moves(self) -> bool:
        """True if the arrow keys move the selected drawing: it is visible and was selected, not just drawn by mouse."""
        return self._by_keyboard and self._sketch is None and self.selected in self._shown()

    def _shown(self) -> list[Drawing]:
        return visible_marks(self.drawings, self._frame, self._times_s)

    def _update_hint(self) -> None:
        """Update the hint on the picture and the accessible description."""
        selected = described(self.selected) if self.selected is not None and self._sketch is None else ""
        self._canvas.setAccessibleDescription("  ·  ".join(filter(None, (selected, self._hint()))))
        self._canvas.update()

    def press(self, event: QMouseEvent) -> bool:
        """Set a point, or begin to drag a drawing; whether the layer has handled the event."""
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._editor.accept()
        self._pressed_at = self._pointer = event.position()
        if self._sketch is not None:
            self._by_keyboard = False
            self._place(event.position())
            return True
        found = _drawing_at(self._canvas, self._shown(), event.position())
        self._dragging = None
        if found is not None:
            self._dragging = (found, found.point_near(self._canvas.to_source(event.position()), _reach(self._canvas)))
            self._canvas.setFocus()
            self._by_keyboard, self._moved_point = True, None
        self._select(found)
        return found is not None

    def move(self, event: QMouseEvent) -> bool:
        """Move the unfinished or dragged drawing with the pointer; whether the layer has handled the event."""
        self._pointer = event.position()
        if self._sketch is not None and self._by_keyboard:
            self._by_keyboard = False
            self._canvas.setFocus()  # takes the keyboard, and removes the crosshair of the other video
            self._canvas.update()
        if self._dragging is not None:
            drawing, place = self._dragging
            x, y = self._canvas.to_source(event.position())
            from_x, from_y = self._canvas.to_source(self._pressed_at)
            moved = drawing.moved(x - from_x, y - from_y) if place is None else drawing.with_point(place, (x, y))
            self.selected = moved
            self._canvas.update()
        elif self._sketch is not None:
            self._sketch.trace(self._canvas.to_source(event.position()))
            self._canvas.update()
        return self._dragging is not None or self._sketch is not None

    def release(self, event: QMouseEvent) -> bool:
        """End a drag, or set a point where it ends; whether the layer has handled the event."""
        dragged = (event.position() - self._pressed_at).manhattanLength() > _DRAGGED_PX
        if self._dragging is not None:
            before, after = self._dragging[0], self.selected
            self._dragging = None
            if after is not None and dragged:
                self._replace(before, after, self.tr("moving a drawing"))
            else:
                self._select(before)
            return True
        if (
            self._sketch is not None
            and self._sketch.points
            and (event.position() - self._pressed_at).manhattanLength() > _DRAGGED_PX
        ):
            self._place(event.position())
        return self._sketch is not None

    def double_click(self, event: QMouseEvent) -> bool:
        """Edit the note at the pointer; whether the layer has handled the event."""
        found = _drawing_at(self._canvas, self._shown(), event.position())
        if found is not None and found.kind == NOTE:
            self._editor.open(found)
        return found is not None or self._sketch is not None

    def wants_key(self, event: QKeyEvent) -> bool:
        """Return True if `key` handles a key: Esc to cancel or deselect, arrows and Enter to move and set points."""
        if event.key() == Qt.Key.Key_Escape:
            return self._sketch is not None or self.selected is not None
        return (self._sketch is not None or self._moves) and (event.key() in ENTER or arrow_of(event) is not None)

    def key(self, event: QKeyEvent) -> bool:
        """Handle a key: move crosshair or drawing, set a point, edit a note, cancel; whether it was handled."""
        if not self.wants_key(event):
            return False
        arrow = arrow_of(event)
        if event.key() == Qt.Key.Key_Escape:
            self.begin(None)
        elif self._sketch is not None and arrow is not None:
            self._by_keyboard = True
            self._pointer = moved_within(self._canvas.rect(), self._pointer, arrow)
            self._sketch.trace(self._canvas.to_source(self._pointer))
            self._canvas.update()
        elif self._sketch is not None:
            self._place(self._pointer)
        elif self.selected is not None and arrow is not None:
            self._nudge(self.selected, arrow)
        elif self.selected is not None and self.selected.kind == NOTE:
            self._editor.open(self.selected)
        elif self.selected is not None:
            following = 0 if self._moved_point is None else self._moved_point + 1
            self._moved_point = following if following < len(self.selected.grips) else None
            self._update_hint()
        return True

    def tab(self, direction: int) -> bool:
        """Select the next (1) or previous (-1) drawing of the frame; False where there is none."""
        if self._sketch is not None:
            return False
        shown = self._shown()
        outside = -1 if direction > 0 else len(shown)
        place = next((place for place, one in enumerate(shown) if one is self.selected), outside) + direction
        self._by_keyboard, self._moved_point = True, None
        self._select(shown[place] if 0 <= place < len(shown) else None)
        return self.selected is not None

    def _nudge(self, drawing: Drawing, arrow: QPointF) -> None:
        """Move a drawing or its selected point; consecutive moves are a single undo step."""
        (x, y), (from_x, from_y) = self._canvas.to_source(arrow), self._canvas.to_source(QPointF())
        moved = drawing.moved(x - from_x, y - from_y)
        if self._moved_point is not None:
            moved = drawing.with_point(self._moved_point, moved.points[self._moved_point])
        gesture = f"nudge drawing {self.drawings.index(drawing)}"
        self._replace(drawing, moved, self.tr("moving a drawing"), gesture)
        self._update_hint()

    def _place(self, at: QPointF) -> None:
        sketch = self._sketch
        if sketch is None or not sketch.set(self._canvas.to_source(at)):
            self._update_hint()
            return
        steered, self._moved_point = self._by_keyboard, None
        drawing = replace(sketch.finished(self._frame, _reach(self._canvas) / 10), **self.pen)
        self.begin(None)
        if drawing.kind == NOTE:
            self._editor.open(drawing)
            return
        self.selected, self._by_keyboard = drawing, steered
        self.edited.emit((*self.drawings, drawing), sketch.done_text(), "")
        self._update_hint()
        self.state_changed.emit()

    def _on_written(self, note: Drawing, text: str) -> None:
        written = replace(note, text=text)
        if note in self.drawings and not text:
            self.selected = note
            self.delete_selected()
        elif note in self.drawings and text != note.text:
            self._replace(note, written, self.tr("changing a note"))
        elif note not in self.drawings and text:
            self.edited.emit((*self.drawings, written), self.tr("adding a note"), "")

    def _replace(self, before: Drawing, after: Drawing, text: str, gesture: str = "") -> None:
        self.selected = after
        self.edited.emit(tuple(after if one is before else one for one in self.drawings), text, gesture)

    def _select(self, drawing: Drawing | None) -> None:
        if drawing is not self.selected:
            self.selected = drawing
            self._update_hint()
            self.state_changed.emit()


def _reach(canvas: VideoCanvas) -> float:
    """Return the distance within which the pointer hits a drawing, in pixels of the file."""
    origin, beside = canvas.to_source(QPointF(0, 0)), canvas.to_source(QPointF(_REACH_PX, 0))
    return beside[0] - origin[0]


def _drawing_at(canvas: VideoCanvas, drawings: Sequence[Drawing], at: QPointF) -> Drawing | None:
    source, reach = canvas.to_source(at), _reach(canvas)
    for drawing in reversed(drawings):
        place = canvas.to_widget(*drawing.points[0])
        if drawing.kind == NOTE and note_box(drawing.text, place, canvas.fontMetrics(), canvas.rect()).contains(at):
            return drawing
        if drawing.distance(source) <= reach:
            return drawing
    return None
