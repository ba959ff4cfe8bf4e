"""Dives that were found in a recording, as boxes above its pictures."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen

from fineparser_core.types import DiveSegment
from fineparser_gui.timeline.handle_drawing import ToX

translate = QCoreApplication.translate


class ProposalBoxes:
    """Dashed: proposed; filled, with a tick: a dive of the list already.

    Attributes:
        segments: in order.
        accepted: places of those in the list.
    """

    def __init__(self) -> None:
        self.segments: Sequence[DiveSegment] = ()
        self.accepted: frozenset[int] = frozenset()

    def at(self, x: float, to_x: ToX) -> int | None:
        """The box at x."""
        return next(
            (place for place, one in enumerate(self.segments) if to_x(one.in_frame) <= x <= to_x(one.out_frame + 1)),
            None,
        )

    def draw(self, painter: QPainter, lane: QRectF, to_x: ToX, palette: QPalette) -> None:
        """Draw the boxes into their lane."""
        for place, one in enumerate(self.segments):
            box = QRectF(to_x(one.in_frame), lane.top(), 0, lane.height())
            box.setRight(max(to_x(one.out_frame + 1), box.left() + 4))
            taken = place in self.accepted
            fill = QColor(palette.highlight().color())
            fill.setAlpha(110 if taken else 40)
            painter.setBrush(fill)
            style = Qt.PenStyle.SolidLine if taken else Qt.PenStyle.DashLine
            painter.setPen(QPen(palette.highlight().color(), 1.2, style))
            painter.drawRoundedRect(box, 4, 4)
            texts = [translate("ProposalBoxes", "dive {0}").format(place + 1), str(place + 1)]
            # A dash is no tick, so the two differ without their colours too.
            width = box.width() - (20 if taken else 6)
            text = next((t for t in texts if painter.fontMetrics().horizontalAdvance(t) <= width), "")
            painter.setPen(palette.text().color())
            painter.drawText(box.adjusted(16 if taken and text else 0, 0, 0, 0), Qt.AlignmentFlag.AlignCenter, text)
            if taken:
                _draw_tick(painter, box, palette)

    def spoken(self) -> list[str]:
        """A line for a screen reader."""
        if not self.segments:
            return []
        return [
            translate("ProposalBoxes", "{0} dives found, {1} of them in the list").format(
                len(self.segments), len(self.accepted)
            )
        ]


def _draw_tick(painter: QPainter, box: QRectF, palette: QPalette) -> None:
    x, y = box.left() + 5, box.center().y()
    painter.setPen(QPen(palette.text().color(), 1.6))
    painter.drawPolyline([QPointF(x, y), QPointF(x + 3, y + 3), QPointF(x + 9, y - 4)])
