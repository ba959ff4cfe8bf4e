"""Lines, angles and notes over the picture: drawn, moved, edited and deleted with the mouse."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QLineEdit

from fineparser_gui.canvas.drawing_marks import note_box, paint_hint, paint_mark
from fineparser_gui.canvas.video_canvas import VideoCanvas
from fineparser_gui.session.drawings import ANGLE, LINE, LONGEST_NOTE, N_POINTS, NOTE, Drawing, Point, shown_at

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
            self._canvas.setFocus()
            self._canvas.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self._canvas.show_cursor()
        self._canvas.update()
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
        for drawing in shown_at(self._drawings, frame, self._times_s):
            if self._held is not None and drawing == self._held[0]:
                continue
            self._paint(painter, drawing, near=drawing.frame != frame)
        if self._held is not None and self._selected is not None:
            self._paint(painter, self._selected, near=False)
        if self._tool is None:
            return
        if self._points:
            points = (*self._points, self._canvas.to_source(self._pointer))
            kind = ANGLE if len(points) == N_POINTS[ANGLE] else LINE
            unfinished = Drawing(kind=kind, frame=frame, points=points)
            paint_mark(painter, unfinished, self._canvas.to_widget, measured=self._tool == kind)
        paint_hint(painter, self._canvas.rect(), self._hint())

    def _paint(self, painter: QPainter, drawing: Drawing, *, near: bool) -> None:
        painter.setOpacity(0.45 if near and drawing is not self._selected else 1.0)
        paint_mark(painter, drawing, self._canvas.to_widget, selected=drawing is self._selected)
        painter.setOpacity(1.0)

    def _hint(self) -> str:
        hints = {
            LINE: (self.tr("Line: click its first end"), self.tr("Line: click its other end")),
            ANGLE: (
                self.tr("Angle: click the end of one side"),
                self.tr("Angle: click the corner"),
                self.tr("Angle: click the end of the other side"),
            ),
            NOTE: (self.tr("Note: click where it belongs"),),
        }
        assert self._tool is not None
        return hints[self._tool][len(self._points)] + self.tr("  ·  Esc gives up")

    def press(self, event: QMouseEvent) -> bool:
        """Place a point, or take hold of a mark."""
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._close_editor()
        self._pressed_at = self._pointer = event.position()
        if self._tool is not None:
            self._place(event.position())
            return True
        found = self._mark_at(event.position())
        self._held = None
        if found is not None:
            self._held = (found, found.point_near(self._canvas.to_source(event.position()), self._reach()))
            self._canvas.setFocus()
        self._select(found)
        return found is not None

    def move(self, event: QMouseEvent) -> bool:
        """Follow the pointer with what is begun or held."""
        self._pointer = event.position()
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
        """Esc, while there is something to give up."""
        return event.key() == Qt.Key.Key_Escape and (self._tool is not None or self._selected is not None)

    def key(self, event: QKeyEvent) -> bool:
        """Give up what was begun."""
        if not self.wants_key(event):
            return False
        self.begin(None)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The editor of a note: Esc throws its text away, and the player's keys are letters in it."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._drop_editor()
            return True
        return False

    def _place(self, at: QPointF) -> None:
        assert self._tool is not None
        self._points.append(self._canvas.to_source(at))
        if len(self._points) < N_POINTS[self._tool]:
            self._canvas.update()
            return
        drawing = Drawing(kind=self._tool, frame=self._frame, points=tuple(self._points))
        self.begin(None)
        if drawing.kind == NOTE:
            self._edit(drawing)
        else:
            text = self.tr("drawing a line") if drawing.kind == LINE else self.tr("drawing an angle")
            self._selected = drawing
            self.edited.emit((*self._drawings, drawing), text, "")
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
            editor.hide()
            editor.deleteLater()
            self._canvas.setFocus()

    def _replace(self, before: Drawing, after: Drawing, text: str, gesture: str = "") -> None:
        self._selected = after
        self.edited.emit(tuple(after if one is before else one for one in self._drawings), text, gesture)

    def _select(self, drawing: Drawing | None) -> None:
        if drawing is not self._selected:
            self._selected = drawing
            self._canvas.update()
            self.state_changed.emit()

    def _dragged(self, event: QMouseEvent) -> bool:
        return (event.position() - self._pressed_at).manhattanLength() > _DRAGGED_PX

    def _reach(self) -> float:
        """So many pixels of the file lie within reach of the pointer."""
        origin, beside = self._canvas.to_source(QPointF(0, 0)), self._canvas.to_source(QPointF(_REACH_PX, 0))
        return beside[0] - origin[0]

    def _mark_at(self, at: QPointF) -> Drawing | None:
        source, reach = self._canvas.to_source(at), self._reach()
        shown = shown_at(self._drawings, self._frame, self._times_s)
        metrics, area = self._canvas.fontMetrics(), self._canvas.rect()
        for drawing in reversed(shown):
            place = self._canvas.to_widget(*drawing.points[0])
            if drawing.kind == NOTE and note_box(drawing.text, place, metrics, area).contains(at):
                return drawing
            if drawing.distance(source) <= reach:
                return drawing
        return None
