"""A plot over days in which every point is a dive. Imported after the window's first paint."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QDate, QLocale, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPalette

from fineparser_gui.support.formatting import decimal
from fineparser_gui.support.widgets import literal

_WIDEST_DAY = "  00/00/0000  "
_BAND_ALPHA = 0.14
#: Maximum number of dives whose texts are shown at once where their points overlap.
_MOST_TOLD = 8
_JULIAN_DAY_0 = QDate(1, 1, 1).toJulianDay() - 1


class PlottedDive(NamedTuple):
    """A point of a plot.

    Attributes:
        error: half the length of its error bar; 0: none.
    """

    key: str
    x: float
    y: float
    error: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points of the same color; `joined`: by a line in their order.

    Attributes:
        tell: text that is shown while the mouse is over a point, by the key of its dive.
    """

    dives: Sequence[PlottedDive]
    color: QColor
    tell: Callable[[str], str]
    joined: bool = False


class DayAxis(pg.AxisItem):
    """Axis with ticks at days, whose numbers are those of `day_number`."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._text_px = QFontMetricsF(QFont()).horizontalAdvance(_WIDEST_DAY)

    def set_font(self, font: QFont) -> None:
        """Take the distance of ticks from a font."""
        self._text_px = QFontMetricsF(font).horizontalAdvance(_WIDEST_DAY)

    def tickSpacing(self, lowest: float, highest: float, size: float) -> list[tuple[float, float]]:
        room = max(size / self._text_px, 1)
        return [(max(-(-(highest - lowest) // room), 1), 0)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        days = (QDate.fromJulianDay(round(value) + _JULIAN_DAY_0) for value in values)
        return [QLocale().toString(day, QLocale.FormatType.ShortFormat) for day in days]


class NumberAxis(pg.AxisItem):
    """Axis whose ticks are written as the user's language writes numbers."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        digits = max(int(np.ceil(-np.log10(spacing * scale) - 1e-9)), 0)
        return [decimal(value * scale, digits) for value in values]


class DivePlot(pg.PlotItem):
    """A plot of series over days; a click on a point chooses its dive.

    Signals:
        chosen: (str) key of the dive whose point was clicked.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        axes = {"bottom": DayAxis("bottom"), "left": NumberAxis("left")}
        super().__init__(axisItems=axes, enableMenu=False)
        self.hideButtons()
        self.setMouseEnabled(x=False, y=False)
        self.showGrid(x=False, y=True, alpha=0.25)
        for side in ("bottom", "left"):
            self.getAxis(side).enableAutoSIPrefix(False)
        self._points: list[pg.ScatterPlotItem] = []

    def restyle(self, palette: QPalette, font: QFont) -> None:
        """Take the colors and the font of a widget."""
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            if isinstance(axis, DayAxis):
                axis.set_font(font)
            axis.setStyle(tickFont=font, tickLength=4, maxTickLevel=1)
            axis.setPen(pg.mkPen(palette.placeholderText().color()))
            axis.setTextPen(palette.placeholderText().color())
        self.getAxis("left").setWidth(round(QFontMetricsF(font).horizontalAdvance("−00.00")) + 8)

    def show_series(
        self,
        series: Sequence[Series],
        *,
        halo: QColor,
        band: tuple[float, float] | None = None,
        best: str | None = None,
    ) -> None:
        """Show points instead of those before; that of `best` is a star.

        Args:
            halo: border of the points.
            band: shaded behind them, y.
        """
        self.clear()
        self._points = []
        if band is not None:
            shade = QColor(series[0].color)
            shade.setAlphaF(_BAND_ALPHA)
            self.addItem(
                pg.LinearRegionItem(band, orientation="horizontal", brush=shade, pen=pg.mkPen(None), movable=False)
            )
        for one in series:
            x, y = [dive.x for dive in one.dives], [dive.y for dive in one.dives]
            errors = [2 * dive.error for dive in one.dives]
            if one.joined:
                self.plot(x, y, pen=pg.mkPen(one.color, width=1.5))
            if any(errors):
                bars = pg.ErrorBarItem(pen=pg.mkPen(one.color, width=1))
                bars.setData(x=np.asarray(x), y=np.asarray(y), height=np.asarray(errors), beam=0)
                self.addItem(bars)
            points = self._scatter(one, one.dives, halo)
            self.addItem(points)
            self._points.append(points)
            for dive in one.dives:
                if dive.key == best:
                    self.addItem(self._scatter(one, [dive], halo, best=True))
        self._fit([dive for one in series for dive in one.dives])

    def _scatter(
        self, of: Series, dives: Sequence[PlottedDive], halo: QColor, *, best: bool = False
    ) -> pg.ScatterPlotItem:
        points = pg.ScatterPlotItem(
            x=[dive.x for dive in dives],
            y=[dive.y for dive in dives],
            data=[dive.key for dive in dives],
            size=16 if best else 10,
            symbol="star" if best else "o",
            brush=of.color,
            pen=pg.mkPen(halo, width=1),
            hoverable=True,
            hoverSize=16,
            tip=None,
        )
        points.setZValue(2)
        points.setCursor(Qt.CursorShape.PointingHandCursor)
        points.sigHovered.connect(lambda _, spots, __: self._tell(spots, of.tell))
        points.sigClicked.connect(lambda _, spots, __: self.chosen.emit(spots[0].data()) if len(spots) else None)
        return points

    def points(self) -> list[pg.ScatterPlotItem]:
        """Return the points of each series."""
        return self._points

    def _tell(self, spots: Sequence, tell: Callable[[str], str]) -> None:
        self.setToolTip(literal("\n".join(tell(spot.data()) for spot in spots[:_MOST_TOLD])))

    def _fit(self, dives: Sequence[PlottedDive]) -> None:
        """Show all points, with space around a single point or points on a line."""
        for axis, low, high, least in (
            (0, [dive.x for dive in dives], [dive.x for dive in dives], 2.0),
            (1, [dive.y - dive.error for dive in dives], [dive.y + dive.error for dive in dives], 0.2),
        ):
            if not dives:
                continue
            first, last = min(low), max(high)
            around = max((last - first) * 0.08, (least - (last - first)) / 2)
            self.setRange(**{"xRange" if axis == 0 else "yRange": (first - around, last + around)}, padding=0)


def day_number(day: date) -> int:
    """Return a day as a place on a `DayAxis`."""
    return day.toordinal()


def plot_canvas() -> pg.GraphicsLayoutWidget:
    """Return an empty canvas for plots, on the color of the window."""
    canvas = pg.GraphicsLayoutWidget()
    canvas.setBackground(None)
    canvas.setCacheMode(canvas.CacheModeFlag.CacheNone)
    canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    canvas.viewport().setAutoFillBackground(False)
    return canvas
