"""Table of the coach's history, and its model: the ids of the found dives, and the dives of the visible rows."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import get_args

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHeaderView, QTableView

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.judging import dive_outcome_text
from fineparser_core.export.dive_words import DIGITS
from fineparser_gui.services.history import HistoryService
from fineparser_gui.store.records import HistoryDive, HistoryQuery, Order
from fineparser_gui.support.formatting import board_text, day_text, decimal, signed
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.table_model import TableModel
from fineparser_gui.support.widgets import literal, style_table

#: Order by which each column is sorted.
ORDERS: tuple[Order, ...] = (
    "day", "athlete", "dive_number", "board_m", "award", "judged", "score", "take_off", "flight", "entry", "event",
    "title",
)  # fmt: skip
assert set(ORDERS) <= set(get_args(Order))
_DAY, _ATHLETE, _NUMBER, _BOARD, _AWARD, _JUDGED, _SCORE, _TAKE_OFF, _FLIGHT, _ENTRY, _EVENT, TITLE = range(len(ORDERS))
_STEPS = _TAKE_OFF, _FLIGHT, _ENTRY
#: Size of a dive's picture on the screen, and the device pixels per pixel that it is sharp for.
PICTURE, _SHARPNESS = QSize(64, 36), 2
#: Rows that are measured for the widths of the columns.
_MEASURED_ROWS = 30
#: Space in a header for the arrow of the sort order, and greatest width of a column, in pixels.
_ARROW_PX, _WIDEST_PX = 14, 160
#: Text as wide as any day, with the margins of a cell.
_DAY_TEXT = "2026-05-31 WW"
#: Number of dives that are read together, and of pictures that are kept.
_AT_ONCE, _MOST_PICTURES = 64, 400


class HistoryModel(TableModel):
    """Model with a row per dive of `query`; the header sorts by another query.

    Attributes:
        ids: ids of all rows.
    """

    right = (_BOARD, _AWARD, _JUDGED, _SCORE, _TAKE_OFF, _FLIGHT, _ENTRY)

    def __init__(self, history: HistoryService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history, self.query = history, HistoryQuery()
        self.ids: Sequence[int] = ()
        self._dives: dict[int, HistoryDive] = {}
        self._picture = lru_cache(_MOST_PICTURES)(self._read_picture)
        self.headers = (
            self.tr("date"),
            self.tr("athlete"),
            self.tr("dive"),
            self.tr("board"),
            self.tr("award"),
            self.tr("judges"),
            self.tr("score"),
            *map(step_text, STEP_NAMES),
            self.tr("event"),
            self.tr("video"),
        )

    @property
    def rows(self) -> Sequence[int]:  # type: ignore[override]
        return self.ids

    def find(self, query: HistoryQuery) -> None:
        """Ask for other dives; the order stays."""
        self.query = replace(query, order=self.query.order, descending=self.query.descending)
        self.refresh()

    def refresh(self) -> None:
        """Ask again: the history has changed."""
        self.beginResetModel()
        self._dives.clear()
        self._picture.cache_clear()
        self.ids = self._history.read(lambda store: store.ids(self.query), [])
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.query = replace(self.query, order=ORDERS[column], descending=order == Qt.SortOrder.DescendingOrder)
        self.refresh()

    def dive(self, row: int) -> HistoryDive | None:
        """Return the dive of a row; None if another window has just removed it."""
        id_ = self.ids[row]
        if id_ not in self._dives:
            first = row - row % _AT_ONCE
            some = self.ids[first : first + _AT_ONCE]
            self._dives |= {one.id: one for one in self._history.read(lambda store: store.dives(some), [])}
        return self._dives.get(id_)

    def header_tip(self, column: int) -> str:
        return {
            _AWARD: self.tr("award that the predicted score implies, of 10"),
            _JUDGED: self.tr("mean of the judges' awards that count"),
            _SCORE: self.tr("predicted score, points"),
            **dict.fromkeys(_STEPS, self.tr("points of this phase relative to the exemplars")),
        }.get(column, "")

    def text(self, row: int, column: int) -> str:
        dive = self.dive(row)
        if dive is None:
            return ""
        if column == _DAY:
            return day_text(dive.day)
        if column == _BOARD:
            return board_text(dive.board_m)
        if column in self.right:
            value = getattr(dive, ORDERS[column])
            if column in _STEPS and value is not None:
                return signed(value, DIGITS)
            return "" if value is None else decimal(value, DIGITS if column == _SCORE else 2)
        return str(getattr(dive, ORDERS[column]) or "")

    def shown(self, row: int, column: int, role: int) -> object:
        if role == Qt.ItemDataRole.DecorationRole and column == _DAY:
            return self._picture(self.ids[row])
        if role == Qt.ItemDataRole.ToolTipRole and (dive := self.dive(row)) is not None:
            return literal("\n".join(filter(None, (str(dive.path), dive_outcome_text(dive.outcome), dive.note))))
        return None

    def _read_picture(self, id_: int) -> QImage | None:
        image = QImage.fromData(self._history.read(lambda store: store.thumbnail(id_), b""))
        if image.isNull():
            return None
        wanted = PICTURE * _SHARPNESS
        image = image.scaled(wanted, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        place = QRect(QPoint(), wanted)
        place.moveCenter(image.rect().center())
        image = image.convertToFormat(QImage.Format.Format_ARGB32).copy(place)  # as wide as all others
        image.setDevicePixelRatio(_SHARPNESS)
        return image


class HistoryTable(QTableView):
    """Table of the dives, in which Del deletes rows and letters begin a search.

    Signals:
        deleting: Del was pressed.
        typed: (str) letters, which begin a search.
    """

    deleting = Signal()
    typed = Signal(str)

    def __init__(self, model: HistoryModel) -> None:
        super().__init__(objectName="library")
        self._fitted = False
        self.setAccessibleName(self.tr("Dives of the history"))
        self.setModel(model)
        style_table(self)
        self.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setWordWrap(False)
        self.setIconSize(PICTURE)
        self.verticalHeader().setDefaultSectionSize(PICTURE.height() + 6)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSortIndicator(0, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)

    def fit_columns(self) -> None:
        """Fit the columns to the first dives that are shown; later widths are the coach's."""
        if self._fitted:
            return
        self._fitted = True
        # Width of a picture with a day, which may not be loaded yet.
        day_px = PICTURE.width() + self.fontMetrics().horizontalAdvance(_DAY_TEXT)
        for column in range(TITLE):
            self.resizeColumnToContents(column)
            fitting = self.columnWidth(column) + (_ARROW_PX if column in self.model().right else 0)
            self.setColumnWidth(column, min(fitting, _WIDEST_PX) if column else max(fitting, day_px))

    def sort(self, column: int) -> None:
        """Sort by a column; asked for again, the other way round."""
        header, up = self.horizontalHeader(), Qt.SortOrder.AscendingOrder
        again = (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (column, up)
        self.sortByColumn(column, Qt.SortOrder.DescendingOrder if again else up)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Delete):
            self.deleting.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        self.typed.emit(search)
