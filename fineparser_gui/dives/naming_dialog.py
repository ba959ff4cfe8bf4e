"""Dialog that fills in dive numbers, boards and divers of many dives, from file names."""

from collections.abc import Sequence

from PySide6.QtCore import QMargins, QObject, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QCheckBox, QDialog, QHeaderView, QTableView, QVBoxLayout, QWidget

from fineparser_core.diving.name_parsing import ParsedName, parse_file_name
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session import Session
from fineparser_gui.support.formatting import board_text
from fineparser_gui.support.table_model import TableModel
from fineparser_gui.support.text_dialog import deciding_buttons
from fineparser_gui.support.widgets import label, lay_out, resize_within_screen, style_table, tool_tip

_FILE, _NUMBER, _BOARD, _DIVER = range(4)


def fillings(dives: Sequence[Dive], *, replace: bool) -> dict[str, ParsedName]:
    """Return the changes that the file names of dives suggest, by key; dives without a change are left out.

    Args:
        replace: overwrite details that are known already.
    """
    changes = {}
    for dive in dives:
        naming = parse_file_name(dive.path.stem)

        def new(value: object, known: object) -> bool:
            return value is not None and value != known and (replace or not known)

        change = ParsedName(
            diver=naming.diver if new(naming.diver, dive.diver) else None,
            dive_number=naming.dive_number if new(naming.dive_number, dive.dive_number) else None,
            board_m=naming.board_m if new(naming.board_m, dive.board_m) else None,
        )
        if not change.is_empty:
            changes[dive.key] = change
    return changes


class NamingPreview(TableModel):
    """Table with a row per dive after the change; changed cells are bold, with the present value in the tool tip."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Dive] = []
        self._changes: dict[str, ParsedName] = {}
        self.headers = (self.tr("file"), self.tr("dive"), self.tr("board"), self.tr("diver"))

    def show_plan(self, dives: Sequence[Dive], changes: dict[str, ParsedName]) -> None:
        """Replace all rows; `changes` are by key of the dive."""
        self._changes = changes
        self.show_rows(list(dives))

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
        change = self._changes.get(dive.key, ParsedName()) if changed else ParsedName()
        if column == _NUMBER:
            return change.dive_number or dive.dive_number or ""
        if column == _BOARD:
            return board_text(change.board_m if change.board_m is not None else dive.board_m)
        return change.diver or dive.diver


class NamingDialog(QDialog):
    """Preview of the changes; accepting them is a single undo step.

    Args:
        rows: keys of the dives in the order of the list.
        selected: keys of the selected dives; fewer than two mean all dives.
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
        self.only_selected = QCheckBox(
            self.tr("Only the {0} selected dives", None, len(self._selected)).format(len(self._selected))
        )
        self.only_selected.setVisible(len(self._selected) > 1)
        self.only_selected.setChecked(len(self._selected) > 1)
        self.replace = QCheckBox(self.tr("Replace existing entries"))
        self.preview = NamingPreview(self)
        self.table = QTableView(accessibleName=self.tr("Preview"))
        self.table.setModel(self.preview)
        style_table(self.table)
        self.table.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column, width in ((_NUMBER, 90), (_BOARD, 70)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        self.note = label(self.tr("Changes are bold."), "muted")
        buttons, self.fill = deciding_buttons(self, "", self.accept)
        layout = QVBoxLayout(self, contentsMargins=QMargins(16, 14, 16, 14), spacing=8)
        source = self.tr("From the file names, for example Anna_207C_10m_3.mp4. For a list of dives: Dive menu, Meet.")
        lay_out(layout, label(source, wrap=True), self.only_selected, self.replace, (self.table, 1), self.note, buttons)
        for control in (self.only_selected, self.replace):
            control.toggled.connect(self._plan)
        self._plan()

    def accept(self) -> None:
        """Apply the changes."""
        self._session.editing.name_dives(self._changes)
        super().accept()

    def _dives(self) -> list[Dive]:
        keys = self._selected if self.only_selected.isChecked() else self._rows
        return [self._session.dive(key) for key in keys if key in self._session.keys]

    def _plan(self) -> None:
        dives = self._dives()
        self._changes = fillings(dives, replace=self.replace.isChecked())
        self.preview.show_plan(dives, self._changes)
        self.fill.setText(self.tr("Fill in ({0})").format(len(self._changes)))
        self.fill.setEnabled(bool(self._changes))
