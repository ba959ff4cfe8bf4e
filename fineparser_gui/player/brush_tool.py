"""Brush that corrects the athlete's mask, with the mouse."""

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

from fineparser_core.constants import MASK_SIZE
from fineparser_core.records import DiveParse, PaintedMask
from fineparser_core.records.painted_mask import ADDED, TAKEN_AWAY, painted_on
from fineparser_gui.player.point_tool import CanvasTool

#: Radius of the brush on the screen: smallest, at first and largest, in pixels, and by how much a key changes it.
_LEAST_PX, _FIRST_PX, _MOST_PX, _STEP = 3.0, 14.0, 120.0, 1.25
#: Half the diagonal of a cell, in cells: a smaller brush might meet none.
_LEAST_CELLS = 0.71
_SIZE_KEYS = {Qt.Key.Key_BracketLeft: 1 / _STEP, Qt.Key.Key_BracketRight: _STEP}
_RIMS = ((3.0, QColor(0, 0, 0, 170)), (1.4, QColor("#ffffff")))


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
    _stroke: tuple[int, np.ndarray] | None = None  # frame and crop that are painted
    _grid = np.zeros((0, 0), np.uint8)
    _probability = np.zeros((0, 0), np.float16)

    def begin(self) -> None:
        super().begin()
        self._sample()

    def end(self) -> None:
        self._stroke = None
        self._canvas.preview_mask(None)
        super().end()

    def _hint(self) -> str:
        return self.tr("Drag adds to the mask  ·  right button or Shift takes away  ·  [ ] size  ·  Esc ends")

    def _sample(self) -> int | None:
        """Return the sample of the shown frame; None where it has none, and the nearest is requested."""
        track, frame = self._canvas.track, self._canvas.shown_frame
        if not isinstance(track, DiveParse) or frame is None:
            return None
        sample = int(np.abs(track.sampled_frames - frame).argmin())
        nearest = int(track.sampled_frames[sample])
        if nearest != frame:
            self.frame_requested.emit(nearest)
        return sample if nearest == frame else None

    def press(self, event: QMouseEvent) -> bool:
        """Begin a stroke; the middle button pans."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return False
        sample, track = self._sample(), self._canvas.track
        if sample is not None and self._stroke is None and isinstance(track, DiveParse):
            frame, crop = int(track.sampled_frames[sample]), track.crop_xyxy[sample]
            before = (one.grid_in(crop) for one in track.painted if one.frame == frame)
            self._grid = next(before, np.zeros((MASK_SIZE, MASK_SIZE), np.uint8))
            self._probability, self._stroke, self._pointer = (
                track.mask_probability[sample],
                (frame, crop),
                event.position(),
            )
            self._takes_away = _shifted(event) or event.button() == Qt.MouseButton.RightButton
        self.move(event)
        return True

    def move(self, event: QMouseEvent) -> bool:
        """Move the circle, and paint from where it was."""
        if self._stroke is None:
            self._takes_away = _shifted(event)
        else:
            self._paint_cells(self._stroke[1], self._pointer, event.position())
            self._canvas.preview_mask((self._stroke[0], painted_on(self._probability, self._grid)))
        return super().move(event)

    def release(self, event: QMouseEvent) -> bool:
        """End the stroke."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            self.painted.emit(PaintedMask.of(*stroke, self._grid))
            self._canvas.preview_mask(None)
        self._takes_away = _shifted(event)
        return True

    def _paint_cells(self, crop_xyxy: np.ndarray, first: QPointF, last: QPointF) -> None:
        """Paint the cells of a crop along a line on the widget."""
        begin, end = (np.array(self._canvas.to_source(at)) for at in (first, last))
        cell_px = (crop_xyxy[2:] - crop_xyxy[:2]) / MASK_SIZE
        rows, columns = np.indices(self._grid.shape)
        cells = crop_xyxy[:2] + (np.stack([columns, rows], axis=-1) + 0.5) * cell_px
        along = end - begin
        share = ((cells - begin) @ along / max(along @ along, 1e-9)).clip(0, 1)
        away = np.hypot(*np.moveaxis(cells - begin - share[..., None] * along, -1, 0))
        radius = self._radius_px * self._canvas.source_size.width() / self._canvas.picture_rect().width()
        self._grid[away <= max(radius, _LEAST_CELLS * cell_px.max())] = TAKEN_AWAY if self._takes_away else ADDED

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
        """Paint the circle of the brush with + or -, and the hint."""
        super().paint(painter, frame)
        at, arm = self._pointer, min(self._radius_px / 2, 4.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, color in _RIMS:
            painter.setPen(QPen(color, width))
            painter.drawEllipse(at, self._radius_px, self._radius_px)
            painter.drawLine(at - QPointF(arm, 0), at + QPointF(arm, 0))
            if not self._takes_away:
                painter.drawLine(at - QPointF(0, arm), at + QPointF(0, arm))


def _shifted(event: QMouseEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
