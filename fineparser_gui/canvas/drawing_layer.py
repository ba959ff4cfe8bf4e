"""Lines, angles and notes over the picture: drawn, moved, edited and deleted with the mouse or the keys."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QLineEdit

from fineparser_core.export.coach_marks import NEARBY_OPACITY
from fineparser_gui.canvas.arrow_keys import ENTER, arrow_of
from fineparser_gui.canvas.drawing_marks import (
    described,
    note_box,
    paint_crosshair,
    paint_grip,
    paint_hint,
    paint_mark,
)
from fineparser_gui.canvas.video_canvas import VideoCanvas
from fineparser_gui.model.drawings import ANGLE, LINE, LONGEST_NOTE, N_POINTS, NOTE, Drawing, Point, visible_marks

_REACH_PX = 10.0
_DRAGGED_PX = 6.0
_EDITOR_W = 260


class DrawingLayer(QObject):
    """Belongs to a canvas; what is drawn is kept elsewhere.

    Signals:
        edited: (tuple of Drawing, str, str) the drawings as the user wants them, what was done, and a name that all
            edits of one gesture share, "" for one that stands alone.
        state_changed: another tool, or another drawing is selected.
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
        self._steered = False  # by the keys: a crosshair is in sight, or the arrows move what is selected
        self._grip: int | None = None  # the one of its points that the arrows move; None: all of it
        self._selected: Drawing | None = None
        self._held: tuple[Drawing, int | None] | None = None  # as it was, and which of its points
        self._editor: QLineEdit | None = None
        canvas.layer = self

    @property
    def tool(self) -> str | None:
        """What the next clicks draw; None: they select."""
        return self._tool

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """All of the dive, on whichever frames."""
        return self._drawings

    @property
    def selected(self) -> Drawing | None:
        return self._selected

    def set_drawings(self, drawings: Sequence[Drawing], times_s: np.ndarray) -> None:
        """Take the drawings of a dive and the (n_frames,) times of its frames."""
        self._times_s = times_s
        if tuple(drawings) != self._drawings:
            self._drawings = tuple(drawings)
            if self._selected not in self._drawings and self._held is None:
                self._select(None)
            self._canvas.update()

    def begin(self, tool: str | None) -> None:
        """Draw a LINE, an ANGLE or a NOTE with the next clicks, or give up what was begun."""
        self._close_editor()
        self._tool, self._points = tool, []
        self._select(None)
        if tool is not None:
            self._steered = not self._canvas.underMouse()
            if self._steered:
                self._pointer = QPointF(self._canvas.rect().center())
            self._canvas.setFocus()
            self._canvas.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self._canvas.show_cursor()
        self._tell()
        self.state_changed.emit()

    def delete_selected(self) -> None:
        """Take the selected drawing away."""
        if self._selected in self._drawings:
            rest = tuple(one for one in self._drawings if one is not self._selected)
            self._select(None)
            self.edited.emit(rest, self.tr("deleting a drawing"), "")

    def paint(self, painter: QPainter, frame: int) -> None:
        """Draw what belongs to a frame; marks of its neighbours are paler."""
        self._frame = frame
        for drawing in visible_marks(self._drawings, frame, self._times_s):
            if self._held is not None and drawing == self._held[0]:
                continue
            self._paint(painter, drawing, near=drawing.frame != frame)
        if self._held is not None and self._selected is not None:
            self._paint(painter, self._selected, near=False)
        if self._tool is not None:
            self._paint_unfinished(painter, frame, self._tool)
        if self._hint() and self._held is None:
            paint_hint(painter, self._canvas.rect(), self._hint())

    def _paint_unfinished(self, painter: QPainter, frame: int, tool: str) -> None:
        if self._points:
            points = (*self._points, self._canvas.to_source(self._pointer))
            kind = ANGLE if len(points) == N_POINTS[ANGLE] else LINE
            unfinished = Drawing(kind=kind, frame=frame, points=points)
            paint_mark(painter, unfinished, self._canvas.to_widget, measured=tool == kind)
        if self._steered and self._canvas.hasFocus():
            paint_crosshair(painter, self._canvas.rect(), self._pointer)

    def _paint(self, painter: QPainter, drawing: Drawing, *, near: bool) -> None:
        painter.setOpacity(NEARBY_OPACITY if near and drawing is not self._selected else 1.0)
        paint_mark(painter, drawing, self._canvas.to_widget, selected=drawing is self._selected)
        painter.setOpacity(1.0)
        if self._grip is not None and drawing is self._selected:
            paint_grip(painter, self._canvas.to_widget(*drawing.points[self._grip]))

    def _hint(self) -> str:
        """What to do next; "" where nothing is begun or selected for the keys."""
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
        }
        return hints[self._tool][len(self._points)] + self.tr("  ·  click, or arrow keys and Enter  ·  Esc cancels")

    def _keys_of_selected(self) -> str:
        assert self._selected is not None
        if self._selected.kind == NOTE:
            return self.tr("Arrow keys move it  ·  Enter edits it  ·  Del deletes it  ·  Esc deselects")
        if self._grip is None:
            return self.tr("Arrow keys move it  ·  Enter selects a point  ·  Del deletes it  ·  Esc deselects")
        text = self.tr("Arrow keys move point {0} of {1}  ·  Enter selects the next  ·  Esc deselects")
        return text.format(self._grip + 1, len(self._selected.points))

    @property
    def _moves(self) -> bool:
        """Whether the arrows move what is selected: it is in sight, and was selected and not just drawn by mouse."""
        return self._steered and self._tool is None and self._selected in self._shown()

    def _shown(self) -> list[Drawing]:
        return visible_marks(self._drawings, self._frame, self._times_s)

    def _tell(self) -> None:
        """Say what is begun or selected, on the picture and to a screen reader."""
        selected = described(self._selected) if self._selected is not None and self._tool is None else ""
        self._canvas.setAccessibleDescription("  ·  ".join(filter(None, (selected, self._hint()))))
        self._canvas.update()

    def press(self, event: QMouseEvent) -> bool:
        """Place a point, or take hold of a mark."""
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._close_editor()
        self._pressed_at = self._pointer = event.position()
        if self._tool is not None:
            self._steered = False
            self._place(event.position())
            return True
        found = self._mark_at(event.position())
        self._held = None
        if found is not None:
            self._held = (found, found.point_near(self._canvas.to_source(event.position()), self._reach()))
            self._canvas.setFocus()
            self._steered, self._grip = True, None
        self._select(found)
        return found is not None

    def move(self, event: QMouseEvent) -> bool:
        """Follow the pointer with what is begun or held."""
        self._pointer = event.position()
        if self._tool is not None and self._steered:
            self._steered = False
            self._canvas.setFocus()  # the keys go on from here, and no crosshair stays on the other video
            self._canvas.update()
        if self._held is not None:
            drawing, place = self._held
            x, y = self._canvas.to_source(event.position())
            from_x, from_y = self._canvas.to_source(self._pressed_at)
            moved = drawing.moved(x - from_x, y - from_y) if place is None else drawing.with_point(place, (x, y))
            self._selected = moved
            self._canvas.update()
        elif self._points:
            self._canvas.update()
        return self._held is not None or self._tool is not None

    def release(self, event: QMouseEvent) -> bool:
        """Let go; a point also lies where a drag ends."""
        if self._held is not None:
            before, after = self._held[0], self._selected
            self._held = None
            if after is not None and self._dragged(event):
                self._replace(before, after, self.tr("moving a drawing"))
            else:
                self._select(before)
            return True
        if self._tool is not None and self._points and self._dragged(event):
            self._place(event.position())
        return self._tool is not None

    def double_click(self, event: QMouseEvent) -> bool:
        """Edit the text of a note."""
        found = self._mark_at(event.position())
        if found is not None and found.kind == NOTE:
            self._edit(found)
        return found is not None or self._tool is not None

    def wants_key(self, event: QKeyEvent) -> bool:
        """Esc, while there is something to give up; arrows and Enter, while they move and set something."""
        if event.key() == Qt.Key.Key_Escape:
            return self._tool is not None or self._selected is not None
        return (self._tool is not None or self._moves) and (event.key() in ENTER or arrow_of(event) is not None)

    def key(self, event: QKeyEvent) -> bool:
        """Move the crosshair or what is selected, set a point, edit a note, or give up what was begun."""
        if not self.wants_key(event):
            return False
        arrow = arrow_of(event)
        if event.key() == Qt.Key.Key_Escape:
            self.begin(None)
        elif self._tool is not None and arrow is not None:
            self._steered = True
            area, moved = self._canvas.rect(), self._pointer + arrow
            x, y = min(max(moved.x(), 0), area.right()), min(max(moved.y(), 0), area.bottom())
            self._pointer = QPointF(x, y)
            self._canvas.update()
        elif self._tool is not None:
            self._place(self._pointer)
        elif self._selected is not None and arrow is not None:
            self._nudge(self._selected, arrow)
        elif self._selected is not None and self._selected.kind == NOTE:
            self._edit(self._selected)
        elif self._selected is not None:
            following = 0 if self._grip is None else self._grip + 1
            self._grip = following if following < len(self._selected.points) else None
            self._tell()
        return True

    def tab(self, direction: int) -> bool:
        """Select the next drawing of the frame (1) or the one before (-1); False where there is none."""
        if self._tool is not None:
            return False
        shown = self._shown()
        outside = -1 if direction > 0 else len(shown)
        place = next((place for place, one in enumerate(shown) if one is self._selected), outside) + direction
        self._steered, self._grip = True, None
        self._select(shown[place] if 0 <= place < len(shown) else None)
        return self._selected is not None

    def _nudge(self, drawing: Drawing, arrow: QPointF) -> None:
        """Move a drawing, or the point of it that is taken; moves in a row are undone together."""
        (x, y), (from_x, from_y) = self._canvas.to_source(arrow), self._canvas.to_source(QPointF())
        moved = drawing.moved(x - from_x, y - from_y)
        if self._grip is not None:
            moved = drawing.with_point(self._grip, moved.points[self._grip])
        gesture = f"nudge drawing {self._drawings.index(drawing)}"
        self._replace(drawing, moved, self.tr("moving a drawing"), gesture)
        self._tell()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The editor of a note: Esc throws its text away, Enter and Tab take it, the player's keys are letters."""
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

    def _place(self, at: QPointF) -> None:
        assert self._tool is not None
        self._points.append(self._canvas.to_source(at))
        if len(self._points) < N_POINTS[self._tool]:
            self._tell()
            return
        steered, self._grip = self._steered, None
        drawing = Drawing(kind=self._tool, frame=self._frame, points=tuple(self._points))
        self.begin(None)
        if drawing.kind == NOTE:
            self._edit(drawing)
        else:
            text = self.tr("drawing a line") if drawing.kind == LINE else self.tr("drawing an angle")
            self._selected, self._steered = drawing, steered
            self.edited.emit((*self._drawings, drawing), text, "")
            self._tell()
            self.state_changed.emit()

    def _edit(self, note: Drawing) -> None:
        """Open a field on the picture for the text of a note, a new one or one of those."""
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
        if editor is not self._editor:  # dropped, or finished already
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
        """Take what was written so far."""
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
            self._tell()
            self.state_changed.emit()

    def _dragged(self, event: QMouseEvent) -> bool:
        return (event.position() - self._pressed_at).manhattanLength() > _DRAGGED_PX

    def _reach(self) -> float:
        """So many pixels of the file lie within reach of the pointer."""
        origin, beside = self._canvas.to_source(QPointF(0, 0)), self._canvas.to_source(QPointF(_REACH_PX, 0))
        return beside[0] - origin[0]

    def _mark_at(self, at: QPointF) -> Drawing | None:
        source, reach = self._canvas.to_source(at), self._reach()
        metrics, area = self._canvas.fontMetrics(), self._canvas.rect()
        for drawing in reversed(self._shown()):
            place = self._canvas.to_widget(*drawing.points[0])
            if drawing.kind == NOTE and note_box(drawing.text, place, metrics, area).contains(at):
                return drawing
            if drawing.distance(source) <= reach:
                return drawing
        return None
