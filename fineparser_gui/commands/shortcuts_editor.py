"""Table of all commands and shortcuts, with an editor of shortcuts."""

from collections.abc import Sequence

from PySide6.QtCore import QMargins, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fineparser_gui.commands.command import FIXED, Command, owner_of, with_shortcuts
from fineparser_gui.commands.registry import native_text, plain_text
from fineparser_gui.preferences.store import PreferenceStore
from fineparser_gui.support.widgets import label, lay_out, style_table

_COMMAND, _KEYS = range(2)


class ShortcutsEditor(QWidget):
    """Editor that searches commands, and sets, adds and resets their shortcuts; changes apply at once.

    The last rows are the fixed keys of picture and timeline.
    """

    def __init__(self, commands: Sequence[Command], preferences: PreferenceStore) -> None:
        super().__init__()
        self._commands, self._preferences = commands, preferences
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a command or shortcut"))
        self.search.setAccessibleName(self.tr("Find a command or shortcut"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.table = QTableWidget(
            len(self._commands) + len(FIXED), 2, accessibleName=self.tr("Commands and their shortcuts")
        )
        self.table.setHorizontalHeaderLabels([self.tr("command"), self.tr("shortcut")])
        style_table(self.table, _COMMAND)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for row in range(self.table.rowCount()):
            self.table.setItem(row, _COMMAND, QTableWidgetItem())
            self.table.setItem(row, _KEYS, QTableWidgetItem())
        self.table.currentCellChanged.connect(self._on_row_changed)

        self.key = QKeySequenceEdit(
            maximumSequenceLength=1, clearButtonEnabled=True, accessibleName=self.tr("New shortcut: press the keys")
        )
        self.key.keySequenceChanged.connect(self._show_state)
        self.use = QPushButton(self.tr("Set"), clicked=lambda: self._give(add=False))
        self.use.setToolTip(self.tr("Replace the shortcuts of the command with this one"))
        self.add = QPushButton(self.tr("Add"), clicked=lambda: self._give(add=True))
        self.add.setToolTip(self.tr("Add this shortcut to those of the command"))
        self.reset = QPushButton(self.tr("Reset"), clicked=self._on_reset)
        self.reset.setToolTip(self.tr("Restore the default shortcuts of the command"))
        self.reset_all = QPushButton(self.tr("Reset all"), clicked=lambda: self._preferences.change(shortcuts={}))
        self.message = label(role="muted", wrap=True)
        edit = QHBoxLayout()
        for widget in (self.key, self.use, self.add, self.reset):
            edit.addWidget(widget, 1 if widget is self.key else 0)
        foot = lay_out(QHBoxLayout(), (self.message, 1), self.reset_all)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins()), self.search, (self.table, 1), edit, foot)
        preferences.changed.connect(self._fill)
        self._fill()
        self.table.setCurrentCell(0, _COMMAND)

    @property
    def _spec(self) -> Command | None:
        """The selected command; None for fixed keys."""
        row = max(self.table.currentRow(), 0)
        return self._commands[row] if row < len(self._commands) else None

    @property
    def _typed(self) -> str:
        return self.key.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _fill(self) -> None:
        for row, spec in enumerate(self._commands):
            keys = spec.shortcuts(self._preferences.now.shortcuts)
            command, shown = self.table.item(row, _COMMAND), self.table.item(row, _KEYS)
            command.setText(f"{plain_text(spec.menu)}: {plain_text(spec.text)}")
            shown.setText(native_text(keys))
            font = shown.font()
            font.setBold(keys != spec.keys)
            shown.setFont(font)
            shown.setToolTip(self.tr("changed; default: {0}").format(native_text(spec.keys)) if font.bold() else "")
        for row, fixed in enumerate(FIXED, start=len(self._commands)):
            self.table.item(row, _COMMAND).setText(f"{plain_text(fixed.place)}: {plain_text(fixed.text)}")
            self.table.item(row, _KEYS).setText(native_text(fixed.keys))
        self._filter()
        self._show_state()

    def _filter(self) -> None:
        wanted = self.search.text().casefold()
        for row in range(self.table.rowCount()):
            texts = (self.table.item(row, column).text().casefold() for column in (_COMMAND, _KEYS))
            self.table.setRowHidden(row, not any(wanted in text for text in texts))

    def _on_row_changed(self) -> None:
        self.key.clear()
        self._show_state()

    def _show_state(self) -> None:
        changed = self._preferences.now.shortcuts
        spec, typed = self._spec, self._typed
        self.key.setEnabled(spec is not None)
        self.reset_all.setEnabled(bool(changed))
        if spec is None:
            for button in (self.use, self.add, self.reset):
                button.setEnabled(False)
            self.message.setText(self.tr("These keys are fixed. Tab moves the focus to picture and timeline."))
            return
        owner = owner_of(typed, self._commands, changed) if typed else None
        own = spec.shortcuts(changed)
        self.use.setEnabled(bool(typed) and own != (typed,))
        self.add.setEnabled(bool(typed) and typed not in own)
        self.reset.setEnabled(own != spec.keys)
        if owner is not None and owner.id != spec.id:
            text = self.tr("{0} is used by “{1}” and will be removed there.")
            self.message.setText(text.format(native_text((typed,)), plain_text(owner.text)))
        else:
            self.message.setText(self.tr("Shortcuts of “{0}”").format(plain_text(spec.text)))

    def _give(self, *, add: bool) -> None:
        changed, spec = self._preferences.now.shortcuts, self._spec
        if spec is None:
            return
        keys = (*spec.shortcuts(changed), self._typed) if add else (self._typed,)
        self._preferences.change(shortcuts=with_shortcuts(self._commands, changed, spec.id, keys))
        self.key.clear()

    def _on_reset(self) -> None:
        if spec := self._spec:
            shortcuts = with_shortcuts(self._commands, self._preferences.now.shortcuts, spec.id, spec.keys)
            self._preferences.change(shortcuts=shortcuts)
