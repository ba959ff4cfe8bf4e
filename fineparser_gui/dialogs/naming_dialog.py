"""Dialog that fills in dive numbers, boards and divers of many dives, from file names or from a pasted list."""

from collections.abc import Sequence

from PySide6.QtCore import QMargins, QObject, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHeaderView,
    QPlainTextEdit,
    QRadioButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.diving.name_parsing import ParsedName, parse_list
from fineparser_gui.dialogs.text_dialog import deciding_buttons
from fineparser_gui.formatting import board_text
from fineparser_gui.model.dive import Dive
from fineparser_gui.model.filling import fillings, names_of_files
from fineparser_gui.services.session import Session
from fineparser_gui.table_model import TableModel
from fineparser_gui.widgets import label, resize_within_screen, style_table, tool_tip

_FILE, _LINE, _NUMBER, _BOARD, _DIVER = range(5)


class NamingPreview(TableModel):
    """One row per dive after the change; changed cells are bold, with the present value in the tool tip."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Dive] = []
        self._lines: list[str] = []
        self._changes: dict[str, ParsedName] = {}
        self.headers = (self.tr("file"), self.tr("line"), self.tr("dive"), self.tr("board"), self.tr("diver"))

    def show_plan(self, dives: Sequence[Dive], lines: Sequence[str], changes: dict[str, ParsedName]) -> None:
        """Replace all rows.

        Args:
            lines: of the pasted list, in the order of the dives.
            changes: by key of the dive.
        """
        self.beginResetModel()
        self.rows, self._lines, self._changes = list(dives), list(lines), changes
        self.endResetModel()

    def text(self, row: int, column: int) -> str:
        return self._text(row, column, changed=True)

    def shown(self, row: int, column: int, role: int) -> object:
        present = self._text(row, column, changed=False)
        if self.text(row, column) == present:
            return None
        if role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setBold(True)
            return font
        return (
            tool_tip(self.tr("currently: {0}").format(present or "–")) if role == Qt.ItemDataRole.ToolTipRole else None
        )

    def _text(self, row: int, column: int, *, changed: bool) -> str:
        dive = self.rows[row]
        if column == _FILE:
            return dive.title
        if column == _LINE:
            return self._lines[row].strip() if row < len(self._lines) else ""
        change = self._changes.get(dive.key, ParsedName()) if changed else ParsedName()
        if column == _NUMBER:
            return change.dive_number or dive.dive_number or ""
        if column == _BOARD:
            return board_text(change.board_m if change.board_m is not None else dive.board_m)
        return change.diver or dive.diver


class NamingDialog(QDialog):
    """Previews the changes; accepting them is one undo step.

    Args:
        rows: keys of the dives in the order of the list.
        selected: keys of the selected dives; fewer than two stand for all dives.
    """

    def __init__(
        self, session: Session, rows: Sequence[str], selected: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Fill in dive numbers"))
        resize_within_screen(self, 720, 600)
        self._session = session
        self._rows = [key for key in rows if not session.dive(key).is_recording]
        self._selected = [key for key in self._rows if key in set(selected)]
        self.from_files = QRadioButton(self.tr("From the file names, for example Anna_207C_10m_3.mp4"))
        self.from_list = QRadioButton(self.tr("From a list in the order of the rows, one line per dive"))
        self.list = QPlainTextEdit()
        self.list.setAccessibleName(self.tr("List of dives"))
        self.list.setPlaceholderText(self.tr("207C 10 m Anna\n5253B 3 m\n–   (skips a dive)"))
        self.list.setMinimumHeight(110)
        self.list.setTabChangesFocus(True)
        self.only_selected = QCheckBox(
            self.tr("Only the {0} selected dives", None, len(self._selected)).format(len(self._selected))
        )
        self.only_selected.setVisible(len(self._selected) > 1)
        self.only_selected.setChecked(len(self._selected) > 1)
        self.replace = QCheckBox(self.tr("Replace existing entries"))
        self.preview = NamingPreview(self)
        self.table = QTableView()
        self.table.setModel(self.preview)
        self.table.setAccessibleName(self.tr("Preview"))
        style_table(self.table)
        self.table.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column, width in ((_NUMBER, 90), (_BOARD, 70)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        self.note = label(role="muted", wrap=True)
        buttons, self.fill = deciding_buttons(self, "", self.accept)
        layout = QVBoxLayout(self, contentsMargins=QMargins(16, 14, 16, 14), spacing=8)
        for widget in (self.from_files, self.from_list, self.list, self.only_selected, self.replace):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)
        layout.addWidget(buttons)
        said = any(naming and naming.dive_number for naming in names_of_files(self._dives()))
        (self.from_files if said or not session.keys else self.from_list).setChecked(True)
        for control in (self.from_files, self.only_selected, self.replace):
            control.toggled.connect(self._plan)
        self.list.textChanged.connect(self._plan)
        self._plan()

    def accept(self) -> None:
        """Apply the changes."""
        self._session.editing.name_dives(self._changes)
        super().accept()

    def _dives(self) -> list[Dive]:
        keys = self._selected if self.only_selected.isChecked() else self._rows
        return [self._session.dive(key) for key in keys if key in self._session.keys]

    def _plan(self) -> None:
        listed = self.from_list.isChecked()
        text = self.list.toPlainText()
        dives = self._dives()
        said = parse_list(text) if listed else names_of_files(dives)
        self._changes = fillings(dives, said, replace=self.replace.isChecked())
        self.list.setVisible(listed)
        self.table.setColumnHidden(_LINE, not listed)
        self.preview.show_plan(dives, text.splitlines() if listed else [], self._changes)
        self.fill.setText(self.tr("Fill in ({0})").format(len(self._changes)))
        self.fill.setEnabled(bool(self._changes))
        self.note.setText(self._note(said, len(dives), listed=listed))

    def _note(self, said: Sequence[ParsedName | None], n_dives: int, *, listed: bool) -> str:
        notes = [self.tr("Changes are bold.")]
        unread = [str(row) for row, naming in enumerate(said, 1) if naming is not None and naming.dive_number is None]
        if listed and unread:
            notes.append(self.tr("No dive number in line {0}.").format(", ".join(unread)))
        if listed and len(said) > n_dives:
            notes.append(self.tr("Lines without a dive: {0}.").format(len(said) - n_dives))
        return " ".join(notes)
