"""Boxes of the dives found in a recording, above the thumbnails."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen

from fineparser_core.types import DiveSegment
from fineparser_gui.timeline.handle_drawing import ToX

translate = QCoreApplication.translate


class ProposalBoxes:
    """Dashed boxes are proposals; solid boxes with a tick are dives that were added to the list.

    Attributes:
        segments: found dives in temporal order.
        accepted: places of those in the list.
    """

    def __init__(self) -> None:
        self.segments: Sequence[DiveSegment] = ()
        self.accepted: frozenset[int] = frozenset()

    def at(self, x: float, to_x: ToX) -> int | None:
        """Index of the box at x; None: no box."""
        return next(
            (place for place, one in enumerate(self.segments) if to_x(one.in_frame) <= x <= to_x(one.out_frame + 1)),
            None,
        )

    def draw(self, painter: QPainter, lane: QRectF, to_x: ToX, palette: QPalette) -> None:
        """Draw the boxes."""
        for place, one in enumerate(self.segments):
            box = QRectF(to_x(one.in_frame), lane.top(), 0, lane.height())
            box.setRight(max(to_x(one.out_frame + 1), box.left() + 4))
            accepted = place in self.accepted
            fill = QColor(palette.highlight().color())
            fill.setAlpha(110 if accepted else 40)
            painter.setBrush(fill)
            style = Qt.PenStyle.SolidLine if accepted else Qt.PenStyle.DashLine
            painter.setPen(QPen(palette.highlight().color(), 1.2, style))
            painter.drawRoundedRect(box, 4, 4)
            texts = [translate("ProposalBoxes", "dive {0}").format(place + 1), str(place + 1)]
            # The tick tells both kinds apart without colour.
            width = box.width() - (20 if accepted else 6)
            text = next((t for t in texts if painter.fontMetrics().horizontalAdvance(t) <= width), "")
            painter.setPen(palette.text().color())
            painter.drawText(box.adjusted(16 if accepted and text else 0, 0, 0, 0), Qt.AlignmentFlag.AlignCenter, text)
            if accepted:
                _draw_tick(painter, box, palette)

    def accessible_text(self) -> list[str]:
        """Accessible description; empty without proposals."""
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
