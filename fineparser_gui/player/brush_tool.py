"""Brush that corrects the athlete's mask, with the mouse."""

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen

from fineparser_core.constants import MASK_SIZE
from fineparser_core.records import DiveParse, PaintedMask
from fineparser_core.records.painted_mask import ADDED, TAKEN_AWAY
from fineparser_gui.player.drawing_marks import paint_ring
from fineparser_gui.player.point_tool import CanvasTool

#: Radius of the brush on the screen: smallest, at first and largest, in pixels.
_LEAST_PX, _FIRST_PX, _MOST_PX = 3.0, 14.0, 120.0
_SIZE_KEYS = {Qt.Key.Key_BracketLeft: 0.8, Qt.Key.Key_BracketRight: 1.25}
#: Half the diagonal of a cell, in cells: a smaller brush might meet none.
_LEAST_CELLS = 0.71


class BrushTool(CanvasTool):
    """Brush: a drag adds to the mask of the shown frame; with the right button or Shift it takes away.

    Signals:
        painted: (PaintedMask) the correction of the frame, at the end of a stroke.
        frame_requested: (int) the nearest frame with a mask of its own, which alone can be painted.
    """

    painted = Signal(object)
    frame_requested = Signal(int)

    _radius_px = _FIRST_PX
    _takes_away = False
    _stroke: tuple[int, np.ndarray, np.ndarray] | None = None  # frame, crop and cells that are painted

    def begin(self) -> None:
        super().begin()
        self._sample()

    def end(self) -> None:
        self._stroke = None
        self._canvas.overlay(painted=None)
        super().end()

    def _hint(self) -> str:
        return self.tr("Drag adds to the mask  ·  right button or Shift takes away  ·  [ ] size  ·  Esc ends")

    def _sample(self) -> tuple[DiveParse, int] | None:
        """Return the parse and the sample of the shown frame; None where it has none, and the nearest is requested."""
        parse, frame = self._canvas.track, self._canvas.shown_frame
        if not isinstance(parse, DiveParse) or frame is None:
            return None
        sample = int(np.abs(parse.sampled_frames - frame).argmin())
        if parse.sampled_frames[sample] == frame:
            return parse, sample
        self.frame_requested.emit(int(parse.sampled_frames[sample]))
        return None

    def press(self, event: QMouseEvent) -> bool:
        """Begin a stroke; the middle button pans."""
        right = event.button() == Qt.MouseButton.RightButton
        if not right and event.button() != Qt.MouseButton.LeftButton:
            return False
        if self._stroke is None and (found := self._sample()) is not None:
            parse, sample = found
            frame, crop = int(parse.sampled_frames[sample]), parse.crop_xyxy[sample]
            before = (one.grid_in(crop) for one in parse.painted if one.frame == frame)
            self._stroke = frame, crop, next(before, np.zeros((MASK_SIZE, MASK_SIZE), np.uint8))
            self._pointer, self._takes_away = event.position(), right or _shifted(event)
        return self.move(event)

    def move(self, event: QMouseEvent) -> bool:
        """Move the circle, and paint from where it was."""
        if self._stroke is None:
            self._takes_away = _shifted(event)
        else:
            self._paint_cells(*self._stroke[1:], self._pointer, event.position())
            self._canvas.overlay(painted=PaintedMask.of(*self._stroke))
        return super().move(event)

    def release(self, event: QMouseEvent) -> bool:
        """End the stroke."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            self.painted.emit(PaintedMask.of(*stroke))
            self._canvas.overlay(painted=None)
        return self.move(event)

    def _paint_cells(self, crop_xyxy: np.ndarray, grid: np.ndarray, first: QPointF, last: QPointF) -> None:
        """Paint the cells of a crop along a line on the widget."""
        begin, end = (np.array(self._canvas.to_source(at)) for at in (first, last))
        cell_px = (crop_xyxy[2:] - crop_xyxy[:2]) / MASK_SIZE
        rows, columns = np.indices(grid.shape)
        from_begin = crop_xyxy[:2] + (np.stack([columns, rows], axis=-1) + 0.5) * cell_px - begin
        along = end - begin
        share = (from_begin @ along / max(along @ along, 1e-9)).clip(0, 1)
        away = np.linalg.norm(from_begin - share[..., None] * along, axis=-1)
        radius = self._radius_px * self._canvas.source_size.width() / self._canvas.picture_rect().width()
        grid[away <= max(radius, _LEAST_CELLS * cell_px.max())] = TAKEN_AWAY if self._takes_away else ADDED

    def wants_key(self, event: QKeyEvent) -> bool:
        return super().wants_key(event) or event.key() in _SIZE_KEYS

    def key(self, event: QKeyEvent) -> bool:
        """Change the size, or end; whether the key was handled."""
        factor = _SIZE_KEYS.get(Qt.Key(event.key()))
        if factor is None:
            return super().key(event)
        self._radius_px = min(max(self._radius_px * factor, _LEAST_PX), _MOST_PX)
        self._canvas.update()
        return True

    def paint(self, painter: QPainter, frame: int) -> None:
        """Paint the circle of the brush with + or -, the border of what can be painted, and the hint."""
        super().paint(painter, frame)
        if (track := self._canvas.track) is not None:
            crop = self._canvas.crop_rect(track.crop_xyxy[np.abs(track.sampled_frames - frame).argmin()])
            painter.setPen(QPen(Qt.GlobalColor.white, 1.0, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(crop.intersected(self._canvas.picture_rect()))
        paint_ring(painter, self._pointer, self._radius_px, "−" if self._takes_away else "+")


def _shifted(event: QMouseEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
