"""The exemplars of the score with their votes: each can be left out, or compared with the shown dive."""

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFont, QIcon, QKeyEvent
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.export.dive_words import DIGITS, step_points
from fineparser_core.records import ExemplarVote
from fineparser_core.scoring.rescore import outliers
from fineparser_gui.services.session import Session
from fineparser_gui.support.formatting import RENDERED_MARK, board_text, decimal, exemplar_name, name_of, signed
from fineparser_gui.support.images import icon
from fineparser_gui.support.steps import step_texts
from fineparser_gui.support.table_model import AnyIndex, TableModel
from fineparser_gui.support.widgets import fill_with_card, follow_palette, label, literal, style_table

_USE, _NAME, _NUMBER, _SCORE, _VOTE, _FIRST_STEP = range(6)


class ExemplarModel(TableModel):
    """Table model with a row per vote: tick, exemplar, dive number, score, vote, and points by step.

    Signals:
        counted: (str, bool) exemplar id, and whether it is ticked now.
    """

    counted = Signal(str, bool)
    right = range(_SCORE, _FIRST_STEP + len(STEP_NAMES))

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[tuple[ExemplarVote, bool]] = []
        self.headers = ("", self.tr("exemplar"), self.tr("dive"), self.tr("score"), self.tr("vote"), *step_texts())
        self._names: dict[str, str] = {}
        self._left_out: frozenset[str] = frozenset()
        self._outliers: frozenset[str] = frozenset()
        self._warning = QIcon()

    def set_votes(self, votes: list[tuple[ExemplarVote, bool]]) -> None:
        """Replace the rows.

        Args:
            votes: each with whether its exemplar is rendered; shown by descending official score.
        """
        rows = sorted(votes, key=lambda row: -row[0].score)
        same = [vote.id for vote, _ in rows] == [vote.id for vote, _ in self.rows]
        if same:  # no reset: keeps selection and scroll position while a transition is dragged
            self.rows = rows
        else:
            self.show_rows(rows)
        self._outliers = outliers([vote for vote, _ in rows])
        self._all_changed()

    def set_names(self, names: dict[str, str]) -> None:
        """Set names for people by the ids of the exemplars; the others have those of their ids."""
        self._names = names
        self._all_changed()

    def set_left_out(self, ids: frozenset[str]) -> None:
        """Set the ids of the exemplars that do not count."""
        if ids != self._left_out:
            self._left_out = ids
            self._all_changed()

    def set_warning_icon(self, warning: QIcon) -> None:
        """Set the icon of outliers."""
        self._warning = warning
        self._all_changed()

    def _all_changed(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.headers) - 1))

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == _USE else flags

    def setData(self, index: AnyIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or index.column() != _USE:
            return False
        self.counted.emit(self.vote(index.row()).id, Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def vote(self, row: int) -> ExemplarVote:
        """Return the vote of a row."""
        return self.rows[row][0]

    def row_of(self, exemplar_id: str) -> int | None:
        """Return the row of an exemplar, or None."""
        return next((row for row, (vote, _) in enumerate(self.rows) if vote.id == exemplar_id), None)

    def header_tip(self, column: int) -> str:
        if column == _USE:
            return self.tr("Only ticked exemplars count for the score.")
        return self.tr("points of this phase relative to the exemplars") if column >= _FIRST_STEP else ""

    def shown(self, row: int, column: int, role: int) -> object:
        vote, rendered = self.rows[row]
        left_out = vote.id in self._left_out
        if role == Qt.ItemDataRole.CheckStateRole and column == _USE:
            return Qt.CheckState.Unchecked if left_out else Qt.CheckState.Checked
        if role == Qt.ItemDataRole.AccessibleTextRole and column == _USE:
            return self.tr("left out") if left_out else self.tr("counts")
        if role == Qt.ItemDataRole.DecorationRole and column == _VOTE and vote.id in self._outliers:
            return self._warning
        if role == Qt.ItemDataRole.FontRole and left_out and column != _USE:
            font = QFont()
            font.setStrikeOut(True)
            return font
        return literal(self._tool_tip(vote, rendered)) if role == Qt.ItemDataRole.ToolTipRole else None

    def _tool_tip(self, vote: ExemplarVote, rendered: bool) -> str:
        kind = self.tr("rendered dive") if rendered else self.tr("real dive")
        lines = [vote.id, f"{vote.dive_number} {board_text(vote.board_m)}, {kind}"]
        if vote.id in self._outliers:
            lines.append(self.tr("Its vote differs strongly from the others. Untick it to leave it out."))
        if vote.id in self._left_out:
            lines.append(self.tr("Left out: its vote does not count."))
        return "\n".join(lines)

    def text(self, row: int, column: int) -> str:
        vote, rendered = self.rows[row]
        if column == _USE:
            return ""
        if column == _NAME:
            return self._names.get(vote.id) or exemplar_name(vote.id, rendered=rendered)
        if column == _NUMBER:
            return vote.dive_number
        if column == _SCORE:
            return decimal(vote.score, DIGITS)
        if column == _VOTE:
            return decimal(vote.vote, DIGITS)
        return signed(step_points(vote.contributions, vote.vote, vote.score)[column - _FIRST_STEP], DIGITS)


class _Table(QTableView):
    """Table view in which Space toggles the tick of the current row, whatever its current column."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space or not self.currentIndex().isValid():
            super().keyPressEvent(event)
            return
        box = self.model().index(self.currentIndex().row(), _USE)
        on = Qt.CheckState(box.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked
        state = Qt.CheckState.Unchecked if on else Qt.CheckState.Checked
        self.model().setData(box, state, Qt.ItemDataRole.CheckStateRole)


class ExemplarsPanel(QWidget):
    """Table of the votes for the shown dive; a click compares it with an exemplar."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown: tuple[ExemplarVote, ...] = ()
        self.model = ExemplarModel(self)
        leave_out = session.editing.leave_out
        self.model.counted.connect(lambda one, counts: session.on_current(leave_out, one, not counts))
        self.table = _Table(accessibleName=self.tr("Exemplars"))
        self.table.setModel(self.model)
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
        self._hint = label(role="muted", wrap=True)
        fill_with_card(self, (self.table, 1), self._hint, title=self.tr("Exemplars"))
        session.shown_changed.connect(self._refresh)
        session.comparison_changed.connect(self._on_comparison_changed)
        session.library.changed.connect(self._on_library_changed)
        follow_palette(self, self._color_icons)
        self._color_icons()
        self._refresh()
        self._on_comparison_changed()

    def _refresh(self) -> None:
        dive = self._session.current
        votes = dive.votes if dive else ()
        self.setVisible(bool(votes))
        self.model.set_left_out(dive.correction.left_out if dive else frozenset())
        if votes is self._shown:
            return
        self._shown = votes
        rows, names = [], {}
        for vote in votes:
            exemplar = self._session.library.find(vote.id)
            rows.append((vote, exemplar is not None and exemplar.synthetic))
            if exemplar is not None:
                names[vote.id] = name_of(exemplar)
        self.model.set_names(names)
        self.model.set_votes(rows)
        hint = self.tr("Click one to compare it.")
        if any(rendered for _, rendered in rows):
            hint += "  " + self.tr("{0} rendered dive").format(RENDERED_MARK.strip())
        scoring = dive.analysis.scoring if dive and dive.analysis else None
        if scoring is not None and scoring.nearest_numbers:
            numbers = ", ".join(scoring.nearest_numbers)
            text = self.tr(
                "There are no exemplars of {1}. Similar dives are used instead ({0}), with scores converted to its DD."
            )
            hint += "\n" + text.format(numbers, scoring.dive_number)
        self._hint.setText(hint)
        # Hidden where all exemplars have the dive number of the shown dive.
        self.table.setColumnHidden(_NUMBER, all(dive and vote.dive_number == dive.dive_number for vote in votes))

    def _on_library_changed(self) -> None:
        self._shown = ()  # names, and which are rendered, may be known only now
        self._refresh()

    def _color_icons(self) -> None:
        self.model.set_warning_icon(icon("warning", self.palette().text().color().name()))

    def _on_chosen(self, index: QModelIndex) -> None:
        if index.column() == _USE:
            return
        self._session.comparing.show_exemplar(self.model.vote(index.row()).id)

    def _on_comparison_changed(self) -> None:
        beside = self._session.comparing.sides[1:]
        row = self.model.row_of(beside[0].exemplar_id) if beside and beside[0].exemplar_id else None
        if row is None:
            self.table.clearSelection()
        else:
            self.table.selectRow(row)
