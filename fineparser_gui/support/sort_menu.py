"""Menu that sorts a table by keyboard, as its header does by mouse."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QTableView


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
