"""Draggable handles of the two transitions, with ghosts at the model's positions."""

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF

from fineparser_core.constants import STEP_NAMES
from fineparser_core.types import DiveParse
from fineparser_core.video.sampling import frame_to_sample
from fineparser_gui.model.correction import frames_of
from fineparser_gui.theme import step_color
from fineparser_gui.timeline.handle_drawing import ToX, draw_text, nearest

translate = QCoreApplication.translate

_GRIP_W, _GRIP_H = 8, 20


class TransitionHandles:
    """State and drawing of the two handles.

    Attributes:
        frames: first frames of flight and entry; empty without an analysis.
        held, hovered, chosen: 0 for flight, 1 for entry, or None: dragged, under the mouse, selected for the keys.
        offset: pixels from the dragged handle to the point where it was grabbed.
    """

    def __init__(self) -> None:
        self.frames: tuple[int, ...] = ()
        self.held: int | None = None
        self.hovered: int | None = None
        self.chosen: int | None = None
        self.offset = 0.0
        self._parse: DiveParse | None = None
        self._ghosts: tuple[int, ...] = ()

    def set_parses(self, shown: DiveParse | None, by_model: DiveParse | None) -> None:
        """Set the shown transitions and those of the model."""
        self._parse = shown
        self.frames = frames_of(shown.transitions) if shown else ()
        self._ghosts = frames_of(by_model.transitions) if by_model else ()
        if shown is None:
            self.held = self.hovered = self.chosen = None

    def grab(self, x: float, to_x: ToX) -> int | None:
        """Start to drag the handle near x; returns its index, None where there is none."""
        self.held = self._near(x, to_x)
        if self.held is not None:
            self.offset = x - to_x(self.frames[self.held])
        return self.held

    def release(self) -> None:
        """End the drag."""
        self.held = None

    def hover(self, x: float | None, to_x: ToX) -> bool:
        """Update the hovered handle; returns whether it changed. x is None outside of the widget."""
        before, self.hovered = self.hovered, None if x is None else self._near(x, to_x)
        return self.hovered != before

    def accessible_text(self) -> list[str]:
        """Accessible descriptions, one per transition."""
        return [self.text(place) for place in range(len(self.frames))]

    def draw(self, painter: QPainter, area: QRectF, to_x: ToX, palette: QPalette) -> None:
        """Draw ghosts and handles, and a text at the active handle."""
        labelled = next((one for one in (self.held, self.hovered, self.chosen) if one is not None), None)
        for ghost, frame in zip(self._ghosts, self.frames, strict=True):
            if ghost != frame:
                _draw_ghost(painter, area, to_x(ghost), palette)
        for place, frame in enumerate(self.frames):
            color = step_color(STEP_NAMES[place + 1])
            _draw_handle(painter, area, to_x(frame), color, palette, active=place == labelled)
        if labelled is not None:
            draw_text(painter, area, to_x(self.frames[labelled]), self.text(labelled), palette)

    def _near(self, x: float, to_x: ToX) -> int | None:
        return nearest(x, [to_x(frame) for frame in self.frames])

    def text(self, place: int) -> str:
        """Description of a transition: its frame, the sampled frame it is scored from, and the model's frame."""
        assert self._parse is not None
        frame = self.frames[place]
        text = (
            translate("TransitionHandles", "entry from frame {0}")
            if place
            else translate("TransitionHandles", "flight from frame {0}")
        ).format(frame)
        sampled = int(self._parse.sampled_frames[frame_to_sample(self._parse.sampled_frames, frame)])
        if sampled != frame:  # the network knows sampled frames only
            text += " · " + translate("TransitionHandles", "scored from the next sampled frame, {0}").format(sampled)
        if self._ghosts[place] != frame:
            text += " · " + translate("TransitionHandles", "model: {0}").format(self._ghosts[place])
        return text


def _draw_ghost(painter: QPainter, area: QRectF, x: float, palette: QPalette) -> None:
    """Draw a dotted line with a hollow diamond, which differs from a handle without colour."""
    color = palette.placeholderText().color()
    painter.setPen(QPen(color, 1.5, Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(palette.base())
    y = area.top() + 5
    corners = [QPointF(x, y - 5), QPointF(x + 4, y), QPointF(x, y + 5), QPointF(x - 4, y)]
    painter.drawPolygon(QPolygonF(corners))


def _draw_handle(painter: QPainter, area: QRectF, x: float, color: QColor, palette: QPalette, *, active: bool) -> None:
    painter.setPen(QPen(color, 2.5 if active else 1.5))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    grip = QRectF(x - _GRIP_W / 2, area.bottom() - 14 - _GRIP_H / 2, _GRIP_W, _GRIP_H)
    painter.setPen(QPen(palette.text().color(), 2 if active else 1.2))
    painter.setBrush(palette.base())
    painter.drawRoundedRect(grip, 3, 3)
    painter.drawLine(QPointF(x, grip.top() + 5), QPointF(x, grip.bottom() - 5))
