"""Table model of the coach's history: the ids of the found dives, and the dives of the visible rows."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import get_args

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage

from fineparser_core.diving.outcomes import dive_outcome_text
from fineparser_gui.dives.points import DIGITS
from fineparser_gui.store.records import HistoryDive, HistoryQuery, Order
from fineparser_gui.store.service import HistoryService
from fineparser_gui.support.formatting import board_text, day_text, decimal
from fineparser_gui.support.table_model import TableModel
from fineparser_gui.support.widgets import tool_tip

#: Order by which each column is sorted.
ORDERS: tuple[Order, ...] = (
    "dived_on", "athlete", "dive_number", "board_m", "award", "judged", "score", "event", "tags", "title",
)  # fmt: skip
assert set(ORDERS) <= set(get_args(Order))
_DAY, _ATHLETE, _NUMBER, _BOARD, _AWARD, _JUDGED, _SCORE, _EVENT, _TAGS, TITLE = range(len(ORDERS))
#: Size of a dive's picture on the screen, and the device pixels per pixel that it is sharp for.
PICTURE, _SHARPNESS = QSize(64, 36), 2
#: Number of dives that are read together, and of pictures that are kept.
_AT_ONCE, _MOST_PICTURES = 64, 400


class HistoryModel(TableModel):
    """Model with a row per dive of `query`; the header sorts by another query.

    Attributes:
        ids: ids of all rows.
    """

    right = (_BOARD, _AWARD, _JUDGED, _SCORE)

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
            self.tr("event"),
            self.tr("tags"),
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

    def header_tip(self, column: int) -> str | None:
        return {
            _AWARD: self.tr("award that the predicted score implies, of 10"),
            _JUDGED: self.tr("mean of the judges' awards that count"),
            _SCORE: self.tr("predicted score, points"),
        }.get(column)

    def text(self, row: int, column: int) -> str:
        dive = self.dive(row)
        if dive is None:
            return ""
        if column == _DAY:
            return day_text(dive.dived_on)
        if column == _BOARD:
            return board_text(dive.board_m)
        if column in self.right:
            value = getattr(dive, ORDERS[column])
            return "" if value is None else decimal(value, 1 if column == _SCORE else DIGITS)
        return ", ".join(dive.tags) if column == _TAGS else str(getattr(dive, ORDERS[column]))

    def shown(self, row: int, column: int, role: int) -> object:
        if role == Qt.ItemDataRole.DecorationRole and column == _DAY:
            return self._picture(self.ids[row])
        if role == Qt.ItemDataRole.ToolTipRole and (dive := self.dive(row)) is not None:
            return tool_tip("\n".join(filter(None, (str(dive.path), dive_outcome_text(dive.outcome), dive.note))))
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
