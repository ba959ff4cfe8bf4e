"""Panel of the exemplar library: bundled exemplars, and the coach's own, which can be added, edited and removed."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMargins, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QTableView, QVBoxLayout, QWidget

from fineparser_core.exemplars.records import Exemplar
from fineparser_gui.compare.comparison import MOST_COMPARED
from fineparser_gui.dives.dive import DiveState
from fineparser_gui.dives.session import Session
from fineparser_gui.dives.states import stage_text
from fineparser_gui.library.library import LibraryEntry
from fineparser_gui.library.table import LibraryFilter, LibraryModel
from fineparser_gui.support.sort_menu import SortMenu
from fineparser_gui.support.widgets import ElidedLabel, label, lay_out, push_button, search_field, style_table

_HEIGHT_PX = 250
#: Number of rows that are measured for the widths of the columns.
_MEASURED_ROWS = 40


class LibraryPanel(QWidget):
    """Table of exemplars with its commands.

    Signals:
        add_clip_requested, add_dive_requested: a button was pressed.
        edit_requested: (Exemplar)
    """

    add_clip_requested = Signal()
    add_dive_requested = Signal()
    edit_requested = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._library = session, session.library
        self.model = LibraryModel(self)
        self.shown = LibraryFilter(self)
        self.shown.setSourceModel(self.model)
        self.table = self._make_table()
        self.sorting = SortMenu(self.table)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.add_clip = self._button(self.tr("Add clips…"), self.add_clip_requested.emit)
        self.add_dive = self._button(self.tr("Add this dive…"), self.add_dive_requested.emit)
        self.edit = self._button(self.tr("Edit…"), lambda: self.edit_requested.emit(self._selected()[0]))
        self.remove = self._button(self.tr("Remove"), lambda: self._library.remove(self._selected_ids()))
        self.restore = self._button(self.tr("Restore"), lambda: self._library.restore(self._selected_ids()))
        tip = self.tr("Delete everything in the bin, including the copied clips")
        self.empty_bin = self._button(self.tr("Delete permanently"), self._library.empty_bin, tip)
        tip = self.tr("Show the selected exemplar beside the current dive, or two selected ones side by side")
        self.compare = self._button(self.tr("Compare"), self._on_compare, tip)
        self.undo = self._button(self.tr("Undo"), self._library.edits.undo)
        self.redo = self._button(self.tr("Redo"), self._library.edits.redo)
        self.bin = self._button(self.tr("Bin"), lambda: None)
        self.bin.setCheckable(True)
        self.bin.toggled.connect(self.shown.show_bin)
        self.bin.toggled.connect(self._refresh_buttons)
        self.search = search_field(self.tr("Find dive, diver, date…"), self.tr("Find in the library"))
        self.search.textChanged.connect(self.shown.show_words)
        self.search.textChanged.connect(self._refresh_buttons)
        self._status = ElidedLabel("muted")
        self.cancel = self._button(self.tr("Cancel"), self._library.cancel_adding)
        self._hint = label(role="muted", wrap=True)
        tools = QHBoxLayout(spacing=6)
        lay_out(tools, self.add_clip, self.add_dive, self.edit, self.remove, self.restore, self.empty_bin)
        lay_out(tools, self.compare, self.undo, self.redo)
        tools.addStretch(1)
        lay_out(tools, (self.search, 2), self.bin)
        status = lay_out(QHBoxLayout(), (self._status, 1), self.cancel)
        layout = QVBoxLayout(self, contentsMargins=QMargins(12, 8, 12, 8), spacing=6)
        lay_out(layout, tools, self._hint, (self.table, 1), status)
        self.table.selectionModel().selectionChanged.connect(self._refresh_buttons)
        self.shown.modelReset.connect(self._refresh_buttons)
        self._library.changed.connect(self._refresh)
        self._library.edits.indexChanged.connect(self._refresh_buttons)
        self._library.adding_changed.connect(self._refresh_status)
        session.shown_changed.connect(self._refresh_buttons)
        session.comparison_changed.connect(self._refresh_buttons)
        self._refresh()

    @property
    def status(self) -> str:
        return self._status.accessibleName()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _HEIGHT_PX)

    def show_number(self, dive_number: str) -> None:
        """Filter the table by a dive number."""
        self.bin.setChecked(False)
        self.search.setText(dive_number)

    def _button(self, text: str, act: Callable[[], object], tip: str = "") -> QPushButton:
        return push_button(text, lambda: act(), tip, "tool")

    def _make_table(self) -> QTableView:
        table = QTableView(objectName="library", accessibleName=self.tr("Exemplar library"))
        table.setModel(self.shown)
        style_table(table, 3, 5)
        table.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.setWordWrap(False)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        header = table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setResizeContentsPrecision(_MEASURED_ROWS)
        header.setMinimumSectionSize(80)  # room for a title and its sort arrow
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.doubleClicked.connect(self._on_compare)
        return table

    def _show_menu(self, at: QPoint) -> None:
        """Open the context menu: the commands of the buttons, and sorting."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.compare, self.edit, self.remove, self.restore, self.undo, self.redo):
            if button.isVisible():
                action = menu.addAction(button.accessibleName() or button.text())
                action.setEnabled(button.isEnabled())
                action.triggered.connect(button.click)
        menu.addSeparator()
        menu.addMenu(self.sorting)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _entry_at(self, row: int) -> LibraryEntry:
        return self.model.entry(self.shown.mapToSource(self.shown.index(row, 0)).row())

    def _selected(self) -> list[Exemplar]:
        return [self._entry_at(index.row()).exemplar for index in self.table.selectionModel().selectedRows()]

    def _refresh(self) -> None:
        self.model.set_entries(self._library.entries)
        self._refresh_buttons()
        self._refresh_status()

    def _refresh_buttons(self) -> None:
        selected = self._selected()
        entries = [entry for one in selected if (entry := self._library.entry(one.id))]
        own = bool(entries) and all(entry.own for entry in entries)
        in_bin, writable = self.bin.isChecked(), self._library.writable
        dive = self._session.current
        for button, shown in (
            (self.edit, not in_bin),
            (self.remove, not in_bin),
            (self.compare, not in_bin),
            (self.restore, in_bin),
            (self.empty_bin, in_bin),
        ):
            button.setVisible(shown)
        fewest = 1 if self._session.comparing.sides else 2
        n_removed = sum(entry.exemplar.removed for entry in self._library.entries)
        for button, enabled in (
            (self.add_clip, writable),
            (self.add_dive, writable and dive is not None and dive.state is DiveState.READY),
            (self.edit, writable and own and len(selected) == 1),
            (self.remove, writable and own),
            (self.restore, writable and own),
            (self.empty_bin, writable and n_removed > 0),
            (self.compare, fewest <= len(selected) <= MOST_COMPARED),
            (self.undo, writable and self._library.edits.canUndo()),
            (self.redo, writable and self._library.edits.canRedo()),
        ):
            button.setEnabled(enabled)
        self.compare.setText(self.tr("Compare these two") if len(selected) == 2 else self.tr("Compare"))
        self.bin.setText(self.tr("Bin ({0})").format(n_removed))
        for button, text, what in (
            (self.undo, self.tr("Undo {0}"), self._library.edits.undoText()),
            (self.redo, self.tr("Redo {0}"), self._library.edits.redoText()),
        ):
            button.setToolTip(text.format(what).rstrip())
            button.setAccessibleName(text.format(what).rstrip())
        self._hint.setText(self._hint_text())
        self._hint.setVisible(bool(self._hint.text()))

    def _hint_text(self) -> str:
        if not self._library.entries:
            return self.tr("Opening the library…")
        if self.bin.isChecked():
            return "" if self.shown.rowCount() else self.tr("The bin is empty.")
        if not self.shown.rowCount():
            return self.tr("No exemplars found. Add clips of dives with a known official score.")
        if not self._library.writable:
            return self.tr("Exemplars cannot be added because no folder is writable.")
        return ""

    def _refresh_status(self) -> None:
        adding = self._library.adding
        ready, own = self._library.preparing
        self.cancel.setVisible(bool(adding))
        if adding:
            first = adding[0]
            text = self.tr("Adding {0}").format(Path(first.request.path).name)
            if first.progress is not None and first.progress.total:
                percent = 100 * first.progress.done // first.progress.total
                text = f"{text}: {stage_text(first.progress.stage)} {percent} %"
            if len(adding) > 1:
                text += self.tr(" · {0} more waiting").format(len(adding) - 1)
        elif ready < own and ready + self._library.n_given_up >= own:
            text = self.tr("Your exemplars: {0} of {1} ready for these weights, the others unreadable.").format(
                ready, own
            )
        elif ready < own:
            text = self.tr("Your exemplars: {0} of {1} ready for these weights, the others being prepared.")
            text = text.format(ready, own)
        else:
            bundled = sum(not entry.own for entry in self._library.entries)
            text = self.tr("{0} of your own, {1} bundled").format(own, bundled) if self._library.entries else ""
        self._status.set_text(text)

    def _selected_ids(self) -> list[str]:
        return [exemplar.id for exemplar in self._selected()]

    def _on_compare(self) -> None:
        selected = self._selected_ids()
        if not self.compare.isEnabled() or self.bin.isChecked():
            return
        if len(selected) > 1:
            self._session.comparing.show_exemplars(*selected)
        else:
            self._session.comparing.show_exemplar(selected[0])
