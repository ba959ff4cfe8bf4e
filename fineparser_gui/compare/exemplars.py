"""The exemplars of the score with their votes: each can be left out, or compared with the shown dive."""

from PySide6.QtCore import QModelIndex, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from fineparser_core.export.dive_words import DIGITS, step_points
from fineparser_core.records import ExemplarVote
from fineparser_core.scoring.rescore import outliers
from fineparser_gui.services.session import Session
from fineparser_gui.support.formatting import RENDERED_MARK, board_text, decimal, exemplar_name, name_of, signed
from fineparser_gui.support.images import icon
from fineparser_gui.support.steps import step_texts
from fineparser_gui.support.widgets import fill_with_card, follow_palette, label, literal, style_table

_USE, _NAME, _NUMBER, _SCORE, _VOTE, _FIRST_STEP = range(6)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Table(QTableWidget):
    """Table in which Space toggles the tick of the current row, whatever its current column."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space or self.currentRow() < 0:
            super().keyPressEvent(event)
            return
        box = self.item(self.currentRow(), _USE)
        on = box.checkState() is Qt.CheckState.Checked
        box.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def updateGeometries(self) -> None:
        """Stretch the names, but keep their column as wide as its title: the table scrolls then."""
        super().updateGeometries()
        header = self.horizontalHeader()
        needed, mode = header.sectionSizeHint(_NAME), QHeaderView.ResizeMode
        others = sum(header.sectionSize(column) for column in range(header.count()) if column != _NAME)
        wanted = mode.Stretch if others + needed <= self.viewport().width() else mode.Fixed
        if header.sectionResizeMode(_NAME) is not wanted:
            header.setSectionResizeMode(_NAME, wanted)
            if wanted is mode.Fixed:
                header.resizeSection(_NAME, needed)


class ExemplarsPanel(QWidget):
    """Table of the votes for the shown dive, by descending official score; a click compares it with an exemplar."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._votes: list[ExemplarVote] = []
        headers = ("", self.tr("exemplar"), self.tr("dive"), self.tr("score"), self.tr("vote"), *step_texts())
        self.table = _Table(0, len(headers), accessibleName=self.tr("Exemplars"))
        self.table.setHorizontalHeaderLabels(headers)
        self.table.horizontalHeaderItem(_USE).setToolTip(self.tr("Only ticked exemplars count for the score."))
        for column in range(_FIRST_STEP, len(headers)):
            tip = self.tr("points of this phase relative to the exemplars")
            self.table.horizontalHeaderItem(column).setToolTip(literal(tip))
        self.table.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # not by click, so that Space still plays
        style_table(self.table, _NAME)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names begin with a diver, and differ at their ends
        self.table.setIconSize(QSize(13, 13))
        header = self.table.horizontalHeader()
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(_USE, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(_USE, 24)
        self.table.clicked.connect(self._on_chosen)
        self.table.activated.connect(self._on_chosen)
        self.table.itemChanged.connect(self._on_ticked)
        self._hint = label(role="muted", wrap=True)
        fill_with_card(self, (self.table, 1), self._hint, title=self.tr("Exemplars"))
        session.shown_changed.connect(self._refresh)
        session.comparison_changed.connect(self._on_comparison_changed)
        session.library.changed.connect(self._refresh)
        follow_palette(self, self._refresh)
        self._refresh()
        self._on_comparison_changed()

    def _refresh(self) -> None:
        """Show the votes as they are now; the selection stays, also while a transition is dragged."""
        dive = self._session.current
        votes = sorted(dive.votes if dive else (), key=lambda vote: -vote.score)
        self.setVisible(bool(votes))
        same = [vote.id for vote in votes] == [vote.id for vote in self._votes]
        self._votes, unusual = votes, outliers(votes)
        left_out = dive.correction.left_out if dive else frozenset()
        warning = icon("warning", self.palette().text().color().name())
        any_rendered = False
        with QSignalBlocker(self.table):
            if not same:
                self.table.setRowCount(0)
                self.table.setRowCount(len(votes))
            for row, vote in enumerate(votes):
                exemplar = self._session.library.find(vote.id)
                rendered = exemplar is not None and exemplar.synthetic
                any_rendered |= rendered
                name = name_of(exemplar) if exemplar is not None else exemplar_name(vote.id, rendered=False)
                points = step_points(vote.contributions, vote.vote, vote.score)
                texts = ("", name, vote.dive_number, *(decimal(one, DIGITS) for one in (vote.score, vote.vote)))
                tip = self._tool_tip(vote, rendered, vote.id in unusual, vote.id in left_out)
                for column, text in enumerate((*texts, *(signed(one, DIGITS) for one in points))):
                    if (item := self.table.item(row, column)) is None:
                        item = QTableWidgetItem()
                        self.table.setItem(row, column, item)
                    item.setData(Qt.ItemDataRole.DisplayRole, text)
                    item.setToolTip(literal(tip))
                    if column == _USE:
                        counts = vote.id not in left_out
                        item.setCheckState(Qt.CheckState.Checked if counts else Qt.CheckState.Unchecked)
                        accessible = self.tr("counts") if counts else self.tr("left out")
                        item.setData(Qt.ItemDataRole.AccessibleTextRole, accessible)
                    else:
                        font = item.font()
                        font.setStrikeOut(vote.id in left_out)
                        item.setFont(font)
                    if column >= _SCORE:
                        item.setTextAlignment(_RIGHT)
                    if column == _VOTE:
                        item.setIcon(warning if vote.id in unusual else QIcon())
        hint = self.tr("Click one to compare it.")
        if any_rendered:
            hint += "  " + self.tr("{0} drawn by the program").format(RENDERED_MARK.strip())
        scoring = dive.analysis.scoring if dive and dive.analysis else None
        if scoring is not None and scoring.nearest_numbers:
            numbers = ", ".join(scoring.nearest_numbers)
            text = self.tr(
                "There are no exemplars of {1}. Similar dives are used instead ({0}), with scores converted to its DD."
            )
            hint += "\n" + text.format(numbers, scoring.dive_number)
        self._hint.setText(hint)
        # Hidden where all exemplars have the dive number of the shown dive.
        self.table.setColumnHidden(_NUMBER, all(dive and vote.dive_number == dive.known_number for vote in votes))

    def _tool_tip(self, vote: ExemplarVote, rendered: bool, unusual: bool, left_out: bool) -> str:
        kind = self.tr("drawn by the program") if rendered else self.tr("real dive")
        lines = [vote.id, f"{vote.dive_number} {board_text(vote.board_m)}, {kind}"]
        if unusual:
            lines.append(self.tr("Its vote differs strongly from the others. Untick it to leave it out."))
        if left_out:
            lines.append(self.tr("Left out: its vote does not count."))
        return "\n".join(lines)

    def _on_ticked(self, item: QTableWidgetItem) -> None:
        if item.column() == _USE:
            leaves_out = item.checkState() is not Qt.CheckState.Checked
            self._session.on_current(self._session.editing.leave_out, self._votes[item.row()].id, leaves_out)

    def _on_chosen(self, index: QModelIndex) -> None:
        if index.column() != _USE:
            self._session.comparing.show_exemplar(self._votes[index.row()].id)

    def _on_comparison_changed(self) -> None:
        beside = self._session.comparing.sides[1:]
        shown = [row for row, vote in enumerate(self._votes) if beside and vote.id == beside[0].exemplar_id]
        self.table.selectRow(shown[0]) if shown else self.table.clearSelection()
