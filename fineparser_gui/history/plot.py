"""A plot over days in which every point is a dive. Imported with the history's page."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QDate, QLocale, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPalette

from fineparser_gui.store.records import TrendValue
from fineparser_gui.support.formatting import decimal
from fineparser_gui.support.widgets import literal

_WIDEST_DAY = "  00/00/0000  "
_BAND_ALPHA = 0.14
#: Maximum number of points with error bars; more bars cannot be told apart.
MOST_BARS = 300
#: Maximum number of dives whose texts are shown at once where their points overlap.
_MOST_TOLD = 8
_JULIAN_DAY_0 = QDate(1, 1, 1).toJulianDay() - 1


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
    """A plot of values over days; a click on a point chooses its dive.

    Args:
        text: returns the text that is shown while the mouse is over a point.

    Signals:
        chosen: (int) id of the dive whose point was clicked.
    """

    chosen = Signal(int)

    def __init__(self, text: Callable[[TrendValue], str]) -> None:
        axes = {"bottom": DayAxis("bottom"), "left": NumberAxis("left")}
        super().__init__(axisItems=axes, enableMenu=False)
        self.hideButtons()
        self.setMouseEnabled(x=False, y=False)
        self.showGrid(x=False, y=True, alpha=0.25)
        for side in ("bottom", "left"):
            self.getAxis(side).enableAutoSIPrefix(False)
        self._text, self._points = text, list[pg.ScatterPlotItem]()
        self._shown: dict[int, TrendValue] = {}

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

    def show_points(
        self,
        points: Sequence[TrendValue],
        behind: Sequence[TrendValue],
        palette: QPalette,
        *,
        joined: bool,
        band: tuple[float, float] | None,
        best: TrendValue | None,
    ) -> None:
        """Show points instead of those before, with others in gray behind them; that of `best` is a star.

        Args:
            joined: by a line in their order.
            band: shaded behind them.
        """
        self.clear()
        color, halo = palette.highlight().color(), palette.base().color()
        if band is not None:
            shade = QColor(color)
            shade.setAlphaF(_BAND_ALPHA)
            self.addItem(
                pg.LinearRegionItem(band, orientation="horizontal", brush=shade, pen=pg.mkPen(None), movable=False)
            )
        if joined:
            self.plot(*_places(points), pen=pg.mkPen(color, width=1.5))
        self._points, self._shown = [], {one.id: one for one in (*behind, *points)}
        for shown, of in ((behind, palette.placeholderText().color()), (points, color)):
            errors = [one.high - one.low for one in shown]
            if any(errors) and len(shown) <= MOST_BARS:
                x, y = _places(shown)
                bars = pg.ErrorBarItem(pen=pg.mkPen(of, width=1))
                bars.setData(x=np.asarray(x), y=np.asarray(y), height=np.asarray(errors), beam=0)
                self.addItem(bars)
            if shown:
                self._points.append(self._add(shown, of, halo))
        if best is not None:
            self._add([best], color, halo, best=True)
        self._fit([*behind, *points])

    def _add(
        self, shown: Sequence[TrendValue], color: QColor, halo: QColor, *, best: bool = False
    ) -> pg.ScatterPlotItem:
        x, y = _places(shown)
        points = pg.ScatterPlotItem(
            x=x,
            y=y,
            data=[one.id for one in shown],
            size=16 if best else 10,
            symbol="star" if best else "o",
            brush=color,
            pen=pg.mkPen(halo, width=1),
            hoverable=True,
            hoverSize=16,
            tip=None,
        )
        points.setZValue(2)
        points.setCursor(Qt.CursorShape.PointingHandCursor)
        points.sigHovered.connect(lambda _, spots, __: self._show_texts(spots))
        points.sigClicked.connect(lambda _, spots, __: self.chosen.emit(spots[0].data()) if len(spots) else None)
        self.addItem(points)
        return points

    def points(self) -> list[pg.ScatterPlotItem]:
        """Return the points in gray, and those before them."""
        return self._points

    def _show_texts(self, spots: Sequence) -> None:
        self.setToolTip(literal("\n".join(self._text(self._shown[spot.data()]) for spot in spots[:_MOST_TOLD])))

    def _fit(self, shown: Sequence[TrendValue]) -> None:
        """Show all points, with space around a single point or points on a line."""
        days, _ = _places(shown)
        for axis, low, high, least in (
            ("xRange", days, days, 2.0),
            ("yRange", [one.low for one in shown], [one.high for one in shown], 0.2),
        ):
            if shown:
                first, last = min(low), max(high)
                around = max((last - first) * 0.08, (least - (last - first)) / 2)
                self.setRange(**{axis: (first - around, last + around)}, padding=0)


def day_number(day: date) -> int:
    """Return a day as a place on a `DayAxis`."""
    return day.toordinal()


def _places(shown: Sequence[TrendValue]) -> tuple[list[int], list[float]]:
    return [day_number(date.fromisoformat(one.day)) for one in shown], [one.value for one in shown]


def plot_canvas() -> pg.GraphicsLayoutWidget:
    """Return an empty canvas for plots, on the color of the window."""
    canvas = pg.GraphicsLayoutWidget()
    canvas.setBackground(None)
    canvas.setCacheMode(canvas.CacheModeFlag.CacheNone)
    canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    canvas.viewport().setAutoFillBackground(False)
    return canvas
