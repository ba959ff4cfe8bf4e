"""The table model that panels and dialogs fill with rows, and the menu that sorts a table."""

from collections.abc import Container, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QTableView

from fineparser_gui.support.widgets import literal

AnyIndex = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()


class SortMenu(QMenu):
    """Menu of the columns to sort by, synchronized with the table's header; only columns with a title."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        self._columns, self._orders = QActionGroup(self), QActionGroup(self)
        model = table.model()
        for column in range(model.columnCount()):
            name = model.headerData(column, Qt.Orientation.Horizontal)
            if name:
                self._add(self._columns, name, column)
        self.addSeparator()
        self._add(self._orders, self.tr("Ascending"), Qt.SortOrder.AscendingOrder)
        self._add(self._orders, self.tr("Descending"), Qt.SortOrder.DescendingOrder)
        for group in (self._columns, self._orders):
            group.triggered.connect(self._sort)
        self.aboutToShow.connect(self._check)
        self._check()

    def _add(self, group: QActionGroup, text: str, value: int | Qt.SortOrder) -> None:
        action = self.addAction(text)
        action.setCheckable(True)
        action.setData(value)
        group.addAction(action)

    def _check(self) -> None:
        header = self._table.horizontalHeader()
        for group, now in ((self._columns, header.sortIndicatorSection()), (self._orders, header.sortIndicatorOrder())):
            for action in group.actions():
                action.setChecked(action.data() == now)
        for action in self._columns.actions():
            action.setVisible(not self._table.isColumnHidden(action.data()))
        self._orders.setEnabled(self._columns.checkedAction() is not None)  # else there is nothing to turn round

    def _sort(self) -> None:
        column, order = self._columns.checkedAction(), self._orders.checkedAction()
        if column is not None:
            self._table.sortByColumn(column.data(), order.data())


class TableModel(QAbstractTableModel):
    """Rows under headers; subclasses define the content of cells.

    Attributes:
        rows: the records.
        headers: titles of the columns.
        right: columns that are aligned to the right.
    """

    rows: Sequence[Any] = ()
    headers: Sequence[str] = ()
    right: Container[int] = ()

    def show_rows(self, rows: Sequence[Any]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def text(self, row: int, column: int) -> str:
        """Return the text of a cell."""
        raise NotImplementedError

    def shown(self, row: int, column: int, role: int) -> object:
        """Return the value of a cell in another role than text and alignment, or None."""
        return None

    def header_tip(self, column: int) -> str:
        """Return the tool tip of a header, or ""."""
        return ""

    def rowCount(self, parent: AnyIndex = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: AnyIndex = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.headers[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return literal(self.header_tip(section))
        return self._alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        return self.shown(index.row(), index.column(), role)

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column in self.right else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter
