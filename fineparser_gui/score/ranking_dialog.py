"""Dialog that ranks the scored dives of the session by step, within a dive number and board."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QMargins, QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QTableView, QVBoxLayout, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_gui.dives.session import Session
from fineparser_gui.score.dives_dialog import DivesDialog
from fineparser_gui.score.ranking import RankedDive, ranking
from fineparser_gui.support.formatting import board_text, calibrated_text, decimal, signed
from fineparser_gui.support.sort_menu import SortMenu
from fineparser_gui.support.steps import step_texts
from fineparser_gui.support.table_model import TableModel
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import label, lay_out, refill, style_table

_SIZE = (720, 660)
_PLACE, _NAME, _JUDGED, _SCORE = range(4)
_OTHER_EXEMPLARS = " *"


class RankingModel(TableModel):
    """Table with a row per dive: the judges' order at first, and the order of the start among dives without marks.

    The rank follows the sorted column.
    """

    right = (_PLACE, *range(_JUDGED, _SCORE + 1 + len(STEP_NAMES)))

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[RankedDive] = []
        self._column, self._falling = _JUDGED, True
        self.headers = ("", self.tr("diver or file"), self.tr("judges"), self.tr("score"), *step_texts())

    def show_dives(self, dives: Sequence[RankedDive]) -> None:
        """Replace all rows."""
        self.show_rows(self._ranked(dives))

    def header_tip(self, column: int) -> str | None:
        if column == _JUDGED:
            return self.tr("official score, by the judges' marks")
        return self.tr("points of this phase relative to the exemplars") if column > _SCORE else None

    def text(self, row: int, column: int) -> str:
        dive = self.rows[row]
        if column == _PLACE:
            unknown = self._column < _JUDGED or (self._column == _JUDGED and dive.judged is None)
            return "" if unknown else f"{self._place(row)}."
        if column == _NAME:
            return dive.name + ("" if dive.comparable else _OTHER_EXEMPLARS)
        if column > _SCORE:
            return signed(dive.step_points[column - _SCORE - 1])
        points = dive.score if column == _SCORE else dive.judged
        return "" if points is None else decimal(points)

    def shown(self, row: int, column: int, role: int) -> object:
        return self.rows[row].file_name if role == Qt.ItemDataRole.ToolTipRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._falling = column, order == Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        keys = [self.rows[index.row()].key for index in before]
        self.rows = self._ranked(self.rows)
        rows = {dive.key: row for row, dive in enumerate(self.rows)}
        after = [self.index(rows[key], index.column()) for key, index in zip(keys, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _ranked(self, dives: Sequence[RankedDive]) -> list[RankedDive]:
        dives = sorted(dives, key=lambda dive: dive.start)
        if self._column == _PLACE:
            return dives
        if self._column == _NAME:
            return sorted(dives, key=lambda dive: dive.name.casefold(), reverse=self._falling)
        return sorted(dives, key=lambda dive: dive.values[self._column - _JUDGED], reverse=self._falling)

    def _place(self, row: int) -> int:
        """Rank of a row from 1; equal values share a rank, independent of the sort order."""
        values = [dive.values[self._column - _JUDGED] for dive in self.rows]
        return 1 + sum(value > values[row] for value in values)


class RankingDialog(DivesDialog):
    """Dialog of the ranking; a click on a row or a point shows its dive.

    Signals:
        model_card_requested: the note about the weights was pressed.
    """

    model_card_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, _SIZE, parent)
        self.setWindowTitle(self.tr("Ranking by phase"))
        self.group.currentIndexChanged.connect(self._show_group)
        self.model = RankingModel(self)
        self.table = QTableView(accessibleName=self.tr("Ranking"))
        self.table.setModel(self.model)
        style_table(self.table, _NAME)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names begin with a diver, and differ at their ends
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(_JUDGED, Qt.SortOrder.DescendingOrder)
        self.table.horizontalHeader().setMinimumSectionSize(40)
        self.table.clicked.connect(self._on_chosen)
        self.table.activated.connect(self._on_chosen)
        self.sorting = QPushButton(self.tr("Sort by"))
        self.sorting.setProperty("role", "tool")
        self.sorting.setMenu(SortMenu(self.table))
        self.note.setTextFormat(Qt.TextFormat.RichText)
        self.note.linkActivated.connect(self.model_card_requested)
        self.phase = QComboBox(accessibleName=self.tr("Phase of the plot"))
        self.phase.addItems(step_texts())
        self.phase.activated.connect(self._plot)
        self._lay_out((self.group, None, self.sorting), (self.table, self._build_plot()), (280, 240))

    def _build_plot(self) -> QWidget:
        """Build the scatter plot: each dive at its points of a phase, and its score."""
        from fineparser_gui.score.dive_plot import DivePlot, plot_canvas

        self.plot = DivePlot(by_day=False)
        self.plot.name_axes("", self.tr("score"))
        self.plot.restyle(self.palette(), self.font())
        self.plot.chosen.connect(self._choose)
        canvas = plot_canvas()
        canvas.addItem(self.plot)
        part = QWidget()
        row = lay_out(QHBoxLayout(), label(self.tr("Score against the points of a phase:")), self.phase, None)
        lay_out(QVBoxLayout(part, contentsMargins=QMargins()), row, (canvas, 1))
        part.setMinimumHeight(10 * self.fontMetrics().height())
        return part

    def _plot(self) -> None:
        from fineparser_gui.score.dive_plot import PlottedDive, Series

        place = self.phase.currentIndex()
        dives = self._groups.get(self.group.currentData(), [])
        texts = {one.key: f"{one.name} · {decimal(one.score)} · {signed(one.step_points[place])}" for one in dives}
        points = [PlottedDive(one.key, one.step_points[place], one.score) for one in dives]
        color = step_color(STEP_NAMES[place])
        series = Series(dives=points, color=color, tell=texts.__getitem__, symbol="ost"[place])
        self.plot.name_axes(self.tr("points of the {0}").format(step_texts()[place]), self.tr("score"))
        self.plot.show_series("", [series], self._shown_key, halo=self.palette().base().color())

    def restyle(self) -> None:
        """See `DivesDialog`."""
        self.plot.restyle(self.palette(), self.font())
        self._plot()

    def refresh(self) -> None:
        """See `DivesDialog`."""
        meet = self._session.meet
        places = {key: place for key in self._session.keys if (place := meet.row_of(key)) is not None}
        started = sorted(self._session.keys, key=lambda key: places.get(key, len(meet.rows)))
        self._groups = ranking(self._session.dive(key) for key in started)
        texts = []
        for (number, board_m), dives in self._groups.items():
            texts.append((f"{number} {board_text(board_m)}".rstrip() + f"  ({len(dives)})", (number, board_m)))
        refill(self.group, texts)
        self._show_group()

    def _show_group(self) -> None:
        dives = self._groups.get(self.group.currentData(), [])
        self.model.show_dives(dives)
        self.table.setColumnHidden(_JUDGED, all(dive.judged is None for dive in dives))
        self._plot()
        if not dives:
            self.note.setText(self.tr("No dive has a score yet."))
            return
        note = self.tr("Only dives with the same number and board are ranked, because other points are not comparable.")
        if not all(dive.comparable for dive in dives):
            note += " " + self.tr("* compared with different exemplars than most, so its points may not be comparable.")
        keys = self._session.keys
        analyses = [self._session.dive(dive.key).analysis for dive in dives if dive.key in keys]
        if any(one is not None and one.parse.model.synthetic for one in analyses):
            told = self.tr("Scored by {0}weights trained on rendered dives{1}. This does not replace judges.")
            note += " " + told.format('<a href="card">', "</a>")
        self.note.setText(f"{note} {escape(calibrated_text(self._session.profile and self._session.profile.identity))}")

    def _on_chosen(self, index: QModelIndex) -> None:
        self._choose(self.model.rows[index.row()].key)
