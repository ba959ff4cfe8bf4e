"""Layout of the timeline."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF

_TOP = 6
_LEGEND_H = 22
_PROPOSALS_H = 18
_THUMBNAILS_H = 38
_CURVES_H = 46
_BAND_H = 28
_AXIS_H = 20
_GAP = 3
SCROLLBAR_H = 7


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """Rectangles of the lanes from top to bottom; `proposals` has height 0 without proposals."""

    legend: QRectF
    proposals: QRectF
    thumbnails: QRectF
    curves: QRectF
    band: QRectF
    axis: QRectF

    @property
    def inner(self) -> QRectF:
        """All lanes but legend and axis."""
        return QRectF(self.proposals.topLeft(), self.band.bottomRight())

    @property
    def tracks(self) -> QRectF:
        """Lanes of curves and steps, on which transitions are drawn."""
        return QRectF(self.curves.topLeft(), self.band.bottomRight())


def lay_out(left: float, width: float, *, proposals: bool) -> Lanes:
    """Compute the lanes; their total height is `height_px`."""
    tops: list[QRectF] = []
    y = float(_TOP)
    for height, gap in (
        (_LEGEND_H, 0),
        (_PROPOSALS_H if proposals else 0, _GAP if proposals else 0),
        (_THUMBNAILS_H, _GAP),
        (_CURVES_H, _GAP),
        (_BAND_H, 0),
        (_AXIS_H, 0),
    ):
        tops.append(QRectF(left, y, width, height))
        y += height + gap
    legend, found, thumbnails, curves, band, axis = tops
    return Lanes(legend=legend, proposals=found, thumbnails=thumbnails, curves=curves, band=band, axis=axis)


def height_px(*, proposals: bool, scrollbar: bool) -> int:
    """Height of the timeline widget."""
    return round(lay_out(0, 1, proposals=proposals).axis.bottom()) + 2 + (SCROLLBAR_H + 5 if scrollbar else 0)
