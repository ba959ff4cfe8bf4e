"""Dialog that ranks the scored dives of the session by step, within one dive number and board."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.constants import STEP_NAMES
from fineparser_gui.dialogs.text_dialog import closing_buttons
from fineparser_gui.formatting import board_text, decimal, signed
from fineparser_gui.model.ranking import RankedDive, ranking
from fineparser_gui.panels.sort_menu import SortMenu
from fineparser_gui.panels.widgets import label, style_table
from fineparser_gui.services.session import Session
from fineparser_gui.steps import step_texts
from fineparser_gui.theme import step_color

AnyIndex = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_PLACE, _NAME, _SCORE = range(3)
_OTHER_EXEMPLARS = " *"


class RankingModel(QAbstractTableModel):
    """One row per dive; the rank follows the sorted column."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[RankedDive] = []
        self._column, self._falling = _SCORE, True
        self._headers = ("", self.tr("diver or file"), self.tr("score"), *step_texts())

    def show_dives(self, dives: Sequence[RankedDive]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._rows = self._ranked(dives)
        self.endResetModel()

    def dive(self, row: int) -> RankedDive:
        return self._rows[row]

    def rowCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section]
        if role == Qt.ItemDataRole.ToolTipRole and section > _SCORE:
            return self.tr("points of this phase relative to the exemplars")
        return self._alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        dive, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return dive.file_name
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if column == _PLACE:
            return f"{self._place(index.row())}." if self._column >= _SCORE else ""
        if column == _NAME:
            return dive.name + ("" if dive.comparable else _OTHER_EXEMPLARS)
        return decimal(dive.score) if column == _SCORE else signed(dive.step_points[column - _SCORE - 1])

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if column == _PLACE:
            return
        self._column, self._falling = column, order == Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        keys = [self._rows[index.row()].key for index in before]
        self._rows = self._ranked(self._rows)
        rows = {dive.key: row for row, dive in enumerate(self._rows)}
        after = [self.index(rows[key], index.column()) for key, index in zip(keys, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _ranked(self, dives: Sequence[RankedDive]) -> list[RankedDive]:
        if self._column == _NAME:
            return sorted(dives, key=lambda dive: dive.name.casefold(), reverse=self._falling)
        return sorted(dives, key=lambda dive: dive.values[self._column - _SCORE], reverse=self._falling)

    def _place(self, row: int) -> int:
        """Rank of a row from 1; equal values share a rank, independent of the sort order."""
        values = [dive.values[self._column - _SCORE] for dive in self._rows]
        return 1 + sum(value > values[row] for value in values)

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignLeft if column == _NAME else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter


class RankingDialog(QDialog):
    """Non-modal; follows the session, and a click on a row shows its dive.

    Signals:
        model_card_requested: the note about the weights was pressed.
    """

    model_card_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Ranking by phase"))
        self.resize(660, 660)
        self._session = session
        self.group = QComboBox()
        self.group.setAccessibleName(self.tr("Dive number and board"))
        self.group.currentIndexChanged.connect(self._show_group)
        self.model = RankingModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Ranking"))
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        style_table(self.table)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(_SCORE, Qt.SortOrder.DescendingOrder)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(40)
        self.table.clicked.connect(self._on_chosen)
        self.table.activated.connect(self._on_chosen)
        self.sorting = QPushButton(self.tr("Sort by"))
        self.sorting.setProperty("role", "tool")
        self.sorting.setMenu(SortMenu(self.table))
        self._note = label(role="muted", wrap=True)
        self._note.setTextFormat(Qt.TextFormat.RichText)
        self._note.linkActivated.connect(self.model_card_requested)
        row = QHBoxLayout()
        row.addWidget(self.group)
        row.addStretch()
        row.addWidget(self.sorting)
        self.phase = QComboBox()
        self.phase.setAccessibleName(self.tr("Phase of the plot"))
        for text in step_texts():
            self.phase.addItem(text)
        self.phase.activated.connect(self._plot)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.table)
        parts.addWidget(self._build_plot())
        parts.setSizes([280, 240])
        parts.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(parts, 1)
        layout.addWidget(self._note)
        layout.addWidget(closing_buttons(self))
        self._refresh_timer = QTimer(self, singleShot=True, interval=100)
        self._refresh_timer.timeout.connect(self._refresh)
        for signal in (session.dive_changed, session.dive_removed):
            signal.connect(self._schedule_refresh)
        self._refresh()

    def _build_plot(self) -> QWidget:
        """The scatter: each dive at its points of a phase, and its score."""
        from fineparser_gui.plots.dive_plot import DivePlot, plot_canvas

        self.plot = DivePlot(by_day=False)
        self.plot.restyle(self.palette(), self.font())
        self.plot.chosen.connect(self._choose)
        canvas = plot_canvas()
        canvas.addItem(self.plot)
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Score against the points of a phase:")))
        row.addWidget(self.phase)
        row.addStretch()
        column.addLayout(row)
        column.addWidget(canvas, 1)
        part.setMinimumHeight(10 * self.fontMetrics().height())
        return part

    def _plot(self) -> None:
        from fineparser_gui.plots.dive_plot import PlottedDive, Series

        place = self.phase.currentIndex()
        points = [
            PlottedDive(
                key=dive.key,
                x=dive.step_points[place],
                y=dive.score,
                text=f"{dive.name} · {decimal(dive.score)} · {signed(dive.step_points[place])}",
            )
            for dive in self._groups.get(self.group.currentData(), [])
        ]
        shown = self._session.current.key if self._session.current is not None else None
        series = Series(dives=points, color=step_color(STEP_NAMES[place]), symbol="ost"[place])
        self.plot.name_axes(self.tr("points of the {0}").format(step_texts()[place]), self.tr("score"))
        self.plot.show_series("", [series], shown, halo=self.palette().base().color())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_groups"):
            self.plot.restyle(self.palette(), self.font())
            self._plot()

    def _schedule_refresh(self) -> None:
        if not self._refresh_timer.isActive():
            self._refresh_timer.start()

    def _refresh(self) -> None:
        self._groups = ranking(self._session.dive(key) for key in self._session.keys)
        shown = self.group.currentData()
        self.group.blockSignals(True)
        self.group.clear()
        for group, dives in self._groups.items():
            number, board_m = group
            self.group.addItem(f"{number} {board_text(board_m)}".rstrip() + f"  ({len(dives)})", group)
        if shown in self._groups:
            self.group.setCurrentIndex(list(self._groups).index(shown))
        self.group.blockSignals(False)
        self.group.setEnabled(bool(self._groups))
        self._show_group()

    def _show_group(self) -> None:
        dives = self._groups.get(self.group.currentData(), [])
        self.model.show_dives(dives)
        self._plot()
        if not dives:
            self._note.setText(self.tr("No dive has a score yet."))
            return
        note = self.tr("Only dives with the same number and board are ranked, because other points are not comparable.")
        if not all(dive.comparable for dive in dives):
            note += " " + self.tr("* compared with different exemplars than most, so its points may not be comparable.")
        keys = self._session.keys
        analyses = [self._session.dive(dive.key).analysis for dive in dives if dive.key in keys]
        if any(one is not None and one.parse.model.synthetic for one in analyses):
            told = self.tr("Scored by {0}weights trained on rendered dives{1}. This does not replace judges.")
            note += " " + told.format('<a href="card">', "</a>")
        self._note.setText(note)

    def _on_chosen(self, index: QModelIndex) -> None:
        self._choose(self.model.dive(index.row()).key)

    def _choose(self, key: str) -> None:
        if key in self._session.keys:
            self._session.select(key)
