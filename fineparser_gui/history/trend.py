"""Trend of a measure, award or score of the history's dives over the days. Imported with the history's page."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QMargins, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.measures.explanation import good_bands
from fineparser_core.measures.records import RECORDS
from fineparser_core.measures.words import as_read, good_text, measure_about, measure_name, unit_text
from fineparser_gui.history.plot import MOST_BARS, DivePlot, plot_canvas
from fineparser_gui.services.history import HistoryService
from fineparser_gui.store.records import HistoryQuery, TrendValue
from fineparser_gui.support.formatting import day_text, decimal, number_text
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.widgets import ElidedLabel, follow_palette, label, lay_out, literal, refill

_LEAST_LINES = 9
#: The judges' marks with the predicted awards behind them.
MARKS = "marks"


class HistoryTrend(QWidget):
    """The plot of a value of the dives of a number and board; a star is the personal best, a band that of good dives.

    Signals:
        chosen: (int) id of the dive whose point was clicked.

    Attributes:
        query: query of the dives.
    """

    chosen = Signal(int)

    def __init__(self, history: HistoryService) -> None:
        super().__init__()
        self._history, self.query = history, HistoryQuery()
        self.what = QComboBox(accessibleName=self.tr("Trend of"))
        self.what.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.what.currentIndexChanged.connect(self._plot)
        self.of = QComboBox(accessibleName=self.tr("Dive number and board"))
        self.of.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.of.currentIndexChanged.connect(self._plot)
        self.note = ElidedLabel("muted")
        self.plot = DivePlot(self._text)
        self.plot.restyle(self.palette(), self.font())
        self.plot.chosen.connect(self.chosen)
        self._canvas = plot_canvas()
        self._canvas.addItem(self.plot)
        row = lay_out(QHBoxLayout(spacing=8), label(self.tr("Trend of")), self.what, self.of, (self.note, 1))
        column = lay_out(QVBoxLayout(self, contentsMargins=QMargins(), spacing=4), row, (self._canvas, 1))
        column.addStretch(0)
        follow_palette(self, self._restyle, QEvent.Type.FontChange)
        self.setMinimumHeight(_LEAST_LINES * self.fontMetrics().height())

    def show_query(self, query: HistoryQuery) -> None:
        """Show the dives of a query: at first those of its most frequent number and board."""
        self.query = query
        self._fill()
        self._plot()

    def _restyle(self) -> None:
        self.plot.restyle(self.palette(), self.font())
        self._plot()

    def _fill(self) -> None:
        """Fill the list of the values that have trends."""
        known = set(self._history.read(lambda store: store.measures(), []))
        groups = self._history.read(lambda store: store.groups(self.query), {})
        dives = [(number_text(number, board_m), (number, board_m)) for number, board_m in groups]
        first = self.of.count() == 0
        refill(self.of, [*dives, (self.tr("all dive numbers"), None)])
        if first:
            with QSignalBlocker(self.of):
                self.of.setCurrentIndex(0)
        named = {
            MARKS: self.tr("judges' marks and prediction"),
            "award": self.tr("estimated award"),
            "judged": self.tr("award of the judges"),
            "score": self.tr("predicted score"),
            **{step: self.tr("points of the {0}").format(step_text(step)) for step in STEP_NAMES},
            **{name: _measure_text(name) for name in RECORDS if name in known},
        }
        if list(named) != [self.what.itemData(place) for place in range(self.what.count())]:
            refill(self.what, [(text, name) for name, text in named.items()])

    def _plot(self) -> None:
        what, query, store = self.what.currentData(), self.query, self._history
        if (group := self.of.currentData()) is not None:
            query = replace(query, exact={**query.exact, "dive_number": group[0], "board_m": group[1]})
        points = store.read(lambda history: history.trend("judged" if what == MARKS else what, query), [])
        behind = store.read(lambda history: history.trend("award", query), []) if what == MARKS else []
        if what == MARKS and not points:
            points, behind, what = behind, [], "award"
        read = as_read(1.0, RECORDS[what].unit)[0] if what in RECORDS else 1.0
        points = [one._replace(value=one.value * read, low=one.low * read, high=one.high * read) for one in points]
        athlete, number, board_m = store.read(lambda history: history.common(query), (None, None, None))
        band = good_bands(number, board_m).get(what) if number else None
        best = _best(what, points) if athlete else None
        self.what.setToolTip(literal(measure_about(what)))
        self.plot.show_points(
            points,
            behind,
            self.palette(),
            joined=athlete is not None and number is not None,
            band=(band.low * read, min(band.high, RECORDS[what].plausible.high) * read) if band is not None else None,
            best=best,
        )
        said = [self.tr("★ personal best: {0}").format(self._text(best))] if best is not None else []
        if band is not None:
            said.append(self.tr("shaded: {0}").format(good_text(what, band)))
        if any(one.high > one.low for shown in (behind, points) for one in shown if len(shown) <= MOST_BARS):
            said.append(self.tr("bars: uncertainty"))
        if behind:
            said.append(self.tr("line: judges, grey: predicted"))
        self._canvas.setVisible(bool(points))
        if not points:
            said = [self.tr("No dive here has both a date and this value.")]
        self.note.set_text("  ·  ".join(said))

    def _text(self, point: TrendValue) -> str:
        """Return the text of a point: athlete, dive number, day and value."""
        dive = self._history.read(lambda store: store.dive(point.id), None)
        who = (dive.athlete, dive.dive_number) if dive is not None else ()
        return " · ".join(filter(None, (*who, day_text(point.day), decimal(point.value, 2))))


def _measure_text(name: str) -> str:
    unit = unit_text(RECORDS[name].unit)
    return f"{measure_name(name)} ({unit})" if unit else measure_name(name)


def _best(what: str, points: Sequence[TrendValue]) -> TrendValue | None:
    """Return the best of an athlete's values, or None if neither more nor nearer to zero is better."""
    better = RECORDS[what].better if what in RECORDS else "more"
    best = {"more": lambda one: one.value, "zero": lambda one: -abs(one.value)}.get(better)
    return max(points, key=best, default=None) if best is not None else None
