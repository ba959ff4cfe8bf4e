"""Query of the history: words, and a choice of athlete, number, board, days, event and marks."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import ceil

from PySide6.QtCore import QMargins, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from fineparser_gui.services.history import HistoryService
from fineparser_gui.store.records import HistoryQuery
from fineparser_gui.support.formatting import board_entries, day_format
from fineparser_gui.support.widgets import lay_out, refill, search_field, show_whole_entries

_LONGEST_TEXT = 200
_BETWEEN, _VOTES = "between", "votes"


class HistoryFilters(QWidget):
    """Two rows of choices, and a field for words that is placed elsewhere.

    Signals:
        changed: `query` has changed.
    """

    changed = Signal()

    def __init__(self, history: HistoryService) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)  # whether or not a table is below
        self._history = history
        self.search = search_field(self.tr("Search, e.g. anna 103b march"), self.tr("Search the history"))
        self.search.setMaxLength(_LONGEST_TEXT)
        self.search.textChanged.connect(self.changed)
        self.athlete, self.number, self.board, self.days, self.event_box, self.marks = self._boxes = tuple(
            QComboBox(accessibleName=name)
            for name in (
                self.tr("Athlete"),
                self.tr("Dive number"),
                self.tr("Board"),
                self.tr("Days"),
                self.tr("Event"),
                self.tr("Judges' marks"),
            )
        )
        refill(self.board, board_entries(self.tr("any board")))
        marks = [(self.tr("judged or not"), None), (self.tr("judged"), True), (self.tr("not judged"), False)]
        marks.append((self.tr("votes"), _VOTES))
        refill(self.marks, marks)
        self._fill_days()
        self.since, self.until = QDateEdit(calendarPopup=True), QDateEdit(calendarPopup=True)
        for field, name in ((self.since, self.tr("From")), (self.until, self.tr("To"))):
            field.setAccessibleName(name)
            field.setDate(date.today())
            field.setDisplayFormat(day_format())
            field.dateChanged.connect(self.changed)
            field.hide()
        for box in self._boxes:
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.currentIndexChanged.connect(self._on_chosen)
        for box in (self.board, self.days, self.marks):
            _give_room(box, box.count())
        first, second = ((self.athlete, self.number, self.board, self.days), (self.event_box, self.marks))
        column = QVBoxLayout(self, contentsMargins=QMargins(), spacing=6)
        lay_out(column, lay_out(QHBoxLayout(spacing=6), *((box, 1) for box in first), self.since, self.until))
        column.addLayout(lay_out(QHBoxLayout(spacing=6), *((box, 1) for box in second)))

    @property
    def query(self) -> HistoryQuery:
        """Query of all choices."""
        since, until = self.days.currentData() or ("", "")
        if since == _BETWEEN:
            since, until = (field.date().toPython().isoformat() for field in (self.since, self.until))
        chosen = {
            "athlete": self.athlete.currentData(),
            "dive_number": self.number.currentData(),
            "board_m": self.board.currentData(),
            "event": self.event_box.currentData(),
        }
        return HistoryQuery(
            text=self.search.text(),
            exact={name: value for name, value in chosen.items() if value is not None},
            judged=None if self.marks.currentData() == _VOTES else self.marks.currentData(),
            votes=self.marks.currentData() == _VOTES,
            since=since,
            until=until,
        )

    @property
    def narrowed(self) -> bool:
        """True if the query does not match all dives."""
        return self.query != HistoryQuery()

    def refresh(self) -> None:
        """Offer the present values of the history; the choices stay."""
        read = self._history.read
        for box, every, counts in (
            (self.athlete, self.tr("any athlete"), read(lambda store: store.counts("athlete"), {})),
            (self.number, self.tr("any dive"), read(lambda store: store.counts("dive_number"), {})),
            (self.event_box, self.tr("any event"), read(lambda store: store.counts("event"), {})),
        ):
            refill(box, [(every, None), *((f"{name}  ({n})", name) for name, n in counts.items())])
            box.setEnabled(bool(counts))
            show_whole_entries(box)
            _give_room(box, 1)

    def show_all(self) -> None:
        """Ask for every dive."""
        with QSignalBlocker(self):
            self.search.clear()
            for box in self._boxes:
                box.setCurrentIndex(0)
        self.changed.emit()

    def _fill_days(self) -> None:
        today = date.today()
        spans: Sequence[tuple[str, object]] = (
            (self.tr("any day"), None),
            (self.tr("last 7 days"), ((today - timedelta(7)).isoformat(), "")),
            (self.tr("last 30 days"), ((today - timedelta(30)).isoformat(), "")),
            *((str(year), (f"{year}-01-01", f"{year}-12-31")) for year in (today.year, today.year - 1)),
            (self.tr("between…"), (_BETWEEN, "")),
        )
        refill(self.days, spans)
        show_whole_entries(self.days)

    def _on_chosen(self) -> None:
        between = (self.days.currentData() or ("",))[0] == _BETWEEN
        for field in (self.since, self.until):
            field.setVisible(between)
        self.changed.emit()


def _give_room(box: QComboBox, n: int) -> None:
    """Let a box be wide enough for its first entries; names that follow may be of any length."""
    metrics = box.fontMetrics()
    widest = max(metrics.horizontalAdvance(box.itemText(at)) for at in range(n))
    box.setMinimumContentsLength(ceil(widest / metrics.horizontalAdvance("X")))
