"""The dives that the score rests on; choosing one shows it beside the current dive."""

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QPushButton, QTableView, QVBoxLayout, QWidget

from fineparser_core.types import STEP_NAMES, ExemplarVote
from fineparser_gui.panels.parts import board_text, card, keyboard_friendly, label, signed
from fineparser_gui.session.session import Session

_RENDERED_MARK = " ◇"


class ExemplarModel(QAbstractTableModel):
    """A row a vote: exemplar, its score, its vote, and the difference by step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[ExemplarVote, bool]] = []
        self._headers = (self.tr("exemplar"), self.tr("score"), self.tr("vote"), *STEP_NAMES)

    def set_votes(self, votes: list[tuple[ExemplarVote, bool]]) -> None:
        """Take the votes, each with whether its exemplar is rendered; best official score first."""
        self.beginResetModel()
        self._rows = sorted(votes, key=lambda row: -row[0].score)
        self.endResetModel()

    def vote(self, row: int) -> ExemplarVote:
        """The vote of a row."""
        return self._rows[row][0]

    def row_of(self, exemplar_id: str) -> int | None:
        """The row of an exemplar."""
        return next((row for row, (vote, _) in enumerate(self._rows) if vote.id == exemplar_id), None)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole and section > 2:
            return self.tr("points of this step relative to the exemplar")
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        vote, rendered = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(vote, rendered, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            kind = self.tr("rendered dive") if rendered else self.tr("real dive")
            return f"{vote.id}\n{vote.dive_number} {board_text(vote.board_m)}, {kind}"
        return None

    def _text(self, vote: ExemplarVote, rendered: bool, column: int) -> str:
        if column == 0:
            return vote.id + (_RENDERED_MARK if rendered else "")
        if column == 1:
            return f"{vote.score:.1f}"
        if column == 2:
            return f"{vote.vote:.1f}"
        return signed(vote.contributions[column - 3].points)

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter


class ExemplarsPanel(QWidget):
    """Table of the votes on the shown dive."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: tuple[ExemplarVote, ...] = ()
        self.model = ExemplarModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Exemplars"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(26)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(36)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.clicked.connect(self._on_chosen)
        self.table.activated.connect(self._on_chosen)
        self._hint = label(role="muted", wrap=True)
        self.compare = QPushButton()
        self.compare.clicked.connect(self._on_compare_pressed)
        keyboard_friendly(self.compare)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Exemplars"), "title"), 1)
        head.addWidget(self.compare)
        frame, layout = card()
        layout.addLayout(head)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._hint)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        session.current_changed.connect(self._refresh)
        session.dive_changed.connect(self._refresh)
        session.comparison_changed.connect(self._on_comparison_changed)
        self._refresh()
        self._on_comparison_changed()

    def _refresh(self) -> None:
        dive = self._session.current
        scoring = dive.analysis.scoring if dive and dive.analysis else None
        self.setVisible(scoring is not None)
        votes = scoring.exemplars if scoring else ()
        if votes is self._shown:
            return
        self._shown = votes
        rows = []
        for vote in votes:
            exemplar = self._session.exemplar(vote.id)
            rows.append((vote, exemplar is not None and exemplar.synthetic))
        self.model.set_votes(rows)
        hint = self.tr("Choose one to see it beside the dive.")
        if any(rendered for _, rendered in rows):
            hint += "  " + self.tr("{0} rendered, not a real dive").format(_RENDERED_MARK.strip())
        self._hint.setText(hint)

    def _on_chosen(self, index: QModelIndex) -> None:
        self._session.compare_with(self.model.vote(index.row()).id)

    def _on_compare_pressed(self) -> None:
        best = self._session.best_exemplar() if self._session.comparison is None else None
        self._session.compare_with(best.id if best else None)

    def _on_comparison_changed(self) -> None:
        exemplar = self._session.comparison
        self.compare.setText(self.tr("Compare with the best") if exemplar is None else self.tr("End the comparison"))
        row = self.model.row_of(exemplar.id) if exemplar else None
        if row is None:
            self.table.clearSelection()
        else:
            self.table.selectRow(row)
