"""Table model of the exemplar library, with the cells' texts cached for filtering and sorting."""

from PySide6.QtCore import QObject, QSortFilterProxyModel, Qt

from fineparser_gui.library.library import LibraryEntry
from fineparser_gui.support.formatting import board_text, day_text, decimal, exemplar_name
from fineparser_gui.support.table_model import AnyIndex, TableModel
from fineparser_gui.support.widgets import tool_tip

_NUMBER, _BOARD, _SCORE, _DIVER, _DAY, _NAME, _STATE = range(7)


class LibraryModel(TableModel):
    """Model with a row per exemplar."""

    right = (_BOARD, _SCORE)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[LibraryEntry, ...] = ()
        self._cells: list[tuple[str, ...]] = []
        self.headers = (
            self.tr("dive"),
            self.tr("board"),
            self.tr("score"),
            self.tr("diver"),
            self.tr("date"),
            self.tr("exemplar"),
            self.tr("state"),
        )

    def set_entries(self, entries: tuple[LibraryEntry, ...]) -> None:
        """Replace the rows; selection and scroll position are kept where the ids are unchanged."""
        same = [entry.exemplar.id for entry in entries] == [entry.exemplar.id for entry in self.rows]
        if not same:
            self.beginResetModel()
            self._take(entries)
            self.endResetModel()
            return
        before = self.rows
        self._take(entries)
        for row, (old, new) in enumerate(zip(before, entries, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.headers) - 1))

    def _take(self, entries: tuple[LibraryEntry, ...]) -> None:
        self.rows = entries
        self._cells = [self._texts(entry) for entry in entries]

    def cells(self, row: int) -> tuple[str, ...]:
        """Return the texts of a row."""
        return self._cells[row]

    def entry(self, row: int) -> LibraryEntry:
        """Return the exemplar of a row."""
        return self.rows[row]

    def text(self, row: int, column: int) -> str:
        return self._cells[row][column]

    def shown(self, row: int, column: int, role: int) -> object:
        return tool_tip(self._tool_tip(self.rows[row])) if role == Qt.ItemDataRole.ToolTipRole else None

    def sorted_by(self, row: int, column: int) -> str | float:
        """Sort key of a cell."""
        exemplar = self.rows[row].exemplar
        if column == _BOARD:
            return exemplar.board_m or 0.0
        return exemplar.score if column == _SCORE else self._cells[row][column]

    def _texts(self, entry: LibraryEntry) -> tuple[str, ...]:
        exemplar = entry.exemplar
        return (
            exemplar.dive_number + (self.tr(" synchro") if exemplar.synchro else ""),
            board_text(exemplar.board_m),
            decimal(exemplar.score, 2),
            exemplar.diver,
            day_text(exemplar.dived_on or ""),
            exemplar_name(exemplar.id, rendered=exemplar.synthetic),
            self._state(entry),
        )

    def _state(self, entry: LibraryEntry) -> str:
        if entry.exemplar.removed:
            return self.tr("in the bin")
        if not entry.own:
            return self.tr("bundled")
        states = {
            "ready": self.tr("ready"),
            "waiting": self.tr("being prepared"),
            "no clip": self.tr("clip is missing"),
        }
        return states[entry.state]

    def _tool_tip(self, entry: LibraryEntry) -> str:
        exemplar = entry.exemplar
        lines = [self.tr("rendered dive") if exemplar.synthetic else self.tr("real dive"), str(exemplar.clip_path)]
        if entry.own and entry.state == "waiting":
            lines.append(self.tr("Not yet prepared for these weights. This happens when no analysis is waiting."))
        if entry.own and entry.state == "no clip":
            lines.append(self.tr("It counts only with weights that it was prepared for, and cannot be played."))
        return "\n".join(lines)


class LibraryFilter(QSortFilterProxyModel):
    """Proxy that sorts by column, and filters by bin and by text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bin, self._words = False, ""

    def show_bin(self, shown: bool) -> None:
        """Show the bin instead of the library."""
        self._bin = shown
        self.invalidate()

    def show_words(self, text: str) -> None:
        """Show only rows with this text in any of their cells."""
        self._words = text.strip().casefold()
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: AnyIndex) -> bool:
        model = self.sourceModel()
        assert isinstance(model, LibraryModel)
        entry = model.entry(row)
        if entry.exemplar.removed != self._bin:
            return False
        return not self._words or any(self._words in cell.casefold() for cell in model.cells(row))

    def lessThan(self, left: AnyIndex, right: AnyIndex) -> bool:
        model, column = self.sourceModel(), left.column()
        assert isinstance(model, LibraryModel)
        return model.sorted_by(left.row(), column) < model.sorted_by(right.row(), column)  # type: ignore[operator]
