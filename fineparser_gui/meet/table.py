"""The table of the dive list: rows that are typed like those of a spreadsheet, with their errors beside them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QComboBox, QHeaderView, QLineEdit, QStyledItemDelegate, QTableView, QWidget

from fineparser_core.diving.dive_list import FIELDS, read_cell
from fineparser_core.diving.judging import DiveOutcome, dive_outcome_text
from fineparser_core.diving.meet import (
    MOST_ROWS,
    ListedDive,
    Meet,
    expected_judges,
    numbered,
    problem,
    running,
    warnings,
)
from fineparser_core.errors import ConfigError
from fineparser_core.language import translated
from fineparser_core.recognition.contradictions import contradiction_text
from fineparser_gui.services.session import Session
from fineparser_gui.support.formatting import awards_text, board_entries, board_text, decimal, shortest
from fineparser_gui.support.table_model import AnyIndex, TableModel
from fineparser_gui.support.widgets import choice_box, literal, style_table

EVENT, ROUND, ATHLETE, NUMBER, BOARD, DIFFICULTY, AWARDS, OUTCOME, POINTS, TOTAL, VIDEO, REMARK = range(12)


class MeetModel(TableModel):
    """The rows of the list as they count, and an empty row at the end, in which a new row is typed.

    Attributes:
        meet: the list as it was announced.
        counted: see `MeetService.counted`.

    Signals:
        said: (str) reason why typed text is invalid, or "".
    """

    right = (POINTS, TOTAL)
    said = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._text = self.tr("changing the dive list")
        self.headers = (
            self.tr("event"),
            self.tr("round"),
            self.tr("athlete"),
            self.tr("dive"),
            self.tr("board"),
            self.tr("DD"),
            self.tr("awards"),
            self.tr("outcome"),
            self.tr("points"),
            self.tr("total"),
            self.tr("video"),
            self.tr("remark"),
        )
        self.refresh()

    def refresh(self) -> None:
        """Show the list as it is now; chosen and edited cells stay."""
        self.meet, self.counted = self._session.meet, self._session.meets.counted
        rows = (*self.counted.rows, ListedDive())
        self._totals, self._warnings = running(rows), warnings(self.counted)
        before, after = len(self.rows), len(rows)
        if after > before:
            self.beginInsertRows(QModelIndex(), before, after - 1)
        elif after < before:
            self.beginRemoveRows(QModelIndex(), after, before - 1)
        self.rows = rows
        if after > before:
            self.endInsertRows()
        elif after < before:
            self.endRemoveRows()
        self.dataChanged.emit(self.index(0, 0), self.index(after - 1, REMARK))

    def text(self, row: int, column: int) -> str:
        listed = self.rows[row]
        if column == VIDEO:
            dive = self._session.find(listed.dive) if listed.dive is not None else None
            return dive.title if dive is not None else ""
        if column == REMARK:
            return self._remark(row)
        if column == DIFFICULTY:
            known = listed.known_difficulty
            return decimal(known) if known is not None else ""
        if column in (POINTS, TOTAL):
            points = listed.points if column == POINTS else self._totals[row]
            return "" if points is None else decimal(points, 2)
        texts: dict[int, Callable[[Any], str]] = {BOARD: board_text, AWARDS: awards_text, OUTCOME: dive_outcome_text}
        return texts.get(column, lambda value: str(value or ""))(getattr(listed, FIELDS[column]))

    def shown(self, row: int, column: int, role: int) -> object:
        listed = self.rows[row]
        if role == Qt.ItemDataRole.ToolTipRole:
            if column in (NUMBER, BOARD, DIFFICULTY) and (said := self.disagreement(row)):
                return literal(said)
            if column == NUMBER and listed.number is not None:
                return listed.number.description
            return literal(self.text(row, column))
        if role == Qt.ItemDataRole.EditRole and column < len(FIELDS):
            value = getattr(listed, FIELDS[column])
            if column in (BOARD, OUTCOME):
                return value
            return ("" if value is None else shortest(value)) if column == DIFFICULTY else self.text(row, column)
        return None

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        typed = Qt.ItemFlag.ItemIsEditable if index.column() < len(FIELDS) else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | typed

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take the text typed into a cell; if it is invalid, emit the reason and return False."""
        place, field = index.row(), FIELDS[index.column()]
        try:
            read = value if field in ("board_m", "outcome") else read_cell(field, value, self.judges(place))
        except ConfigError as error:
            self.said.emit(translated(error))
            return False
        self.said.emit("")
        if read != getattr(self.rows[place], field):
            self.change(place, **{field: read})
        return True

    def judges(self, place: int) -> int:
        """Return how many awards a row must have; 0: any number."""
        return expected_judges(self.counted, place)

    def change(self, place: int, **values: Any) -> None:
        """Change a row, or begin a new row at the end, in the event of the row before."""
        rows = self.meet.rows
        if place == len(rows):
            if place >= MOST_ROWS:
                return
            rows = (*rows, ListedDive(event=rows[-1].event if rows else ""))
        row = replace(rows[place], **values)
        typed = set(values)
        if "dive_number" in values and row.dive_number != self.rows[place].dive_number:
            row, typed = replace(row, difficulty=None), typed | {"difficulty"}
        meet = replace(self.meet, rows=numbered((*rows[:place], row, *rows[place + 1 :])))
        self._session.meets.change(meet, self._text, place=place, typed=typed)

    def put(self, rows: tuple[ListedDive, ...]) -> None:
        """Replace all announced rows, as an edit."""
        self.take(replace(self.meet, rows=rows))

    def take(self, meet: Meet) -> None:
        """Replace the announced list, as an edit."""
        self._session.meets.change(meet, self._text)

    def disagreement(self, row: int) -> str:
        """Return the announced values of a row that its dive contradicts, or ""."""
        said = self._session.meets.disagreement(self.meet.rows[row]) if row < len(self.meet.rows) else None
        return translated(said) if said is not None else ""

    def _remark(self, row: int) -> str:
        if row == len(self.rows) - 1:
            return ""
        wrong = problem(self.rows[row], self.meet.judges) or self._warnings.get(row)
        said = translated(wrong) if wrong is not None else ""
        return " ".join(filter(None, (self.disagreement(row), said, self._contradiction(row))))

    def _contradiction(self, row: int) -> str:
        """Return how the video of a row contradicts it, or ""."""
        dive = self._session.find(self.rows[row].dive or "")
        return " ".join(translated(contradiction_text(one)) for one in dive.contradictions[:1]) if dive else ""


class _Cells(QStyledItemDelegate):
    """Editors of cells: fields, and choices of boards and outcomes."""

    def createEditor(self, parent: QWidget, option: object, index: AnyIndex) -> QWidget:
        if index.column() in (BOARD, OUTCOME):
            outcomes = [(dive_outcome_text(outcome), outcome) for outcome in get_args(DiveOutcome)]
            box = choice_box(board_entries("") if index.column() == BOARD else outcomes, parent=parent)
            box.activated.connect(lambda: self._done(box))
            return box
        return QLineEdit(parent, frame=False)

    def setEditorData(self, editor: QWidget, index: AnyIndex) -> None:
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(editor.findData(index.data(Qt.ItemDataRole.EditRole)))
        else:
            super().setEditorData(editor, index)

    def setModelData(self, editor: QWidget, model: Any, index: AnyIndex) -> None:
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentData())
        else:
            super().setModelData(editor, model, index)

    def _done(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)


class MeetTable(QTableView):
    """Table in which typing begins in the current cell, Enter goes down, Delete deletes rows, Ctrl+V pastes rows.

    Signals:
        pasted: Ctrl+V was pressed.
        deleted: Delete was pressed.
    """

    pasted = Signal()
    deleted = Signal()

    def __init__(self, model: MeetModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(_Cells(self))
        style_table(self)
        self.setAccessibleName(self.tr("Dive list"))
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectItems)
        self.setSelectionMode(QTableView.SelectionMode.ContiguousSelection)
        triggers = QTableView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed | triggers.AnyKeyPressed)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        letter = self.fontMetrics().averageCharWidth()
        for column, letters in enumerate((12, 7, 20, 9, 8, 6, 24, 12, 9, 9, 18, 20)):
            self.setColumnWidth(column, max(letters * letter, header.sectionSizeHint(column)))

    @property
    def places(self) -> list[int]:
        """Places of the rows with a chosen cell, in their order, without the empty row."""
        last = self.model().rowCount() - 1
        return sorted({index.row() for index in self.selectedIndexes() if index.row() < last})

    def choose(self, place: int, column: int = ATHLETE) -> None:
        """Go to a cell."""
        self.setCurrentIndex(self.model().index(place, column))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state() is QTableView.State.EditingState:
            super().keyPressEvent(event)  # keys that a field has no use for
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.deleted.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.choose(min(self.currentIndex().row() + 1, self.model().rowCount() - 1), self.currentIndex().column())
        else:
            super().keyPressEvent(event)
