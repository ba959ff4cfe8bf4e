"""The page of the coach's history: every analyzed dive, a search while typing, and commands on many dives."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QMargins, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QCompleter,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.language import without_mnemonic
from fineparser_gui.history.filters import HistoryFilters
from fineparser_gui.history.table import HistoryModel, HistoryTable
from fineparser_gui.history.trend import HistoryTrend
from fineparser_gui.services.exporting import named_file
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import DiveState
from fineparser_gui.store.records import HistoryDive
from fineparser_gui.support.background import Soon
from fineparser_gui.support.messages import MessageStack
from fineparser_gui.support.save_path import ask_save_path, report_formats
from fineparser_gui.support.widgets import label, lay_out, literal, note_field, on_escape, push_button

#: Dives that are opened, and compared, at once.
MOST_OPENED = 100
#: Delays until the plot follows typing, and the page the writes of other windows, in milliseconds.
_PLOT_MS, _REFRESH_MS = 200, 300
_NOTE_LINES = 2


class SeasonStrip(QFrame):
    """Card that writes a document with an overview of the awards and a page for each dive; hidden until it is asked.

    Attributes:
        dives: dives with a page in the report, in order of time; none unless all are by the same athlete.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._session = session
        self.dives: list[HistoryDive] = []
        self.said = label(role="muted", wrap=True)
        self.note = note_field(_NOTE_LINES, accessibleName=self.tr("Note"), placeholderText=self.tr("Note"))
        self.drawings = QCheckBox(self.tr("Drawings and notes"), checked=True)
        self.format = report_formats()
        self.format.setAccessibleName(without_mnemonic(self.tr("&Format")))
        self.go = push_button(self.tr("Export…"), self._on_go, role="primary")
        close = push_button(self.tr("Cancel"), self.hide)
        row = lay_out(QHBoxLayout(spacing=10), (self.note, 1), self.drawings, self.format, self.go, close)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(14, 8, 8, 8), spacing=6), self.said, row)
        on_escape(self, self.hide)
        self.hide()

    def show_dives(self, dives: Sequence[HistoryDive]) -> None:
        """Take other dives for the report; dives without a day only if all lack it."""
        found = sorted((dive for dive in dives if dive.analysed), key=lambda dive: (dive.day or "", dive.title))
        names = {dive.athlete for dive in found}
        self.dives = []
        text = self.tr("A season report is of one athlete: choose one, or select dives by one.")
        if len(names) == 1 and "" not in names:
            self.dives = [dive for dive in found if dive.day] or found
            text = self.tr("{0}: a page with the awards of each dive number over the days, then a page for each dive.")
            count = self.tr("dives: {0}").format(len(self.dives))
            text = f"{text.format(*names)} · {count}"
            if len(self.dives) < len(found):
                text += " · " + self.tr("Dives without a date are left out: enter it beside the dive.")
        self.said.setText(text)
        self.go.setEnabled(bool(self.dives))

    def _on_go(self) -> None:
        athlete, suffix = self.dives[0].athlete, str(self.format.currentData())
        name = named_file(self.tr("{0} season").format(athlete))
        path = ask_save_path(self, Path.home() / f"{name}{suffix}", (suffix,))
        if path is not None:
            title, note = self.tr("Dives of {0}").format(athlete), self.note.toPlainText()
            history, drawings = self._session.history, self.drawings.isChecked()
            self._session.exports.season(self.dives, history, path, title, note, drawings=drawings)
            self.hide()


class HistoryOpener(QObject):
    """Adds dives of the history to the session.

    Signals:
        opened: dives were added.
    """

    opened = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._history = session, session.history
        self._to_compare: list[str] = []
        session.dive_changed.connect(self._compare_when_analyzed)

    def open(self, ids: Sequence[int], *, compare: bool) -> None:
        """Show dives in the player, and together once all are analyzed."""
        dives: list[HistoryDive] = self._history.read(lambda store: store.dives(ids), [])
        self._history.open(dives)
        self.opened.emit()
        if compare:
            self._to_compare = [key for dive in dives if (key := self._history.key_of(dive)) is not None]
            self._compare_when_analyzed()

    def _compare_when_analyzed(self, _: str = "") -> None:
        keys = self._to_compare
        dives = [dive for key in keys if (dive := self._session.find(key)) is not None]
        if any(dive.stopped or dive.state is DiveState.MISSING for dive in dives):
            self._to_compare = []
        if not self._to_compare or any(dive.analysis is None for dive in dives):
            return
        self._to_compare = []
        if len(dives) > 1:
            comparing = self._session.comparing
            self._session.select(dives[0].key)
            comparing.show(comparing.dives.of_session(dives[1]))


class HistoryPage(QWidget):
    """Page with search and choices above a table, and the trend of the found dives below it.

    Args:
        messages: messages that report deletions, with a way back.

    Signals:
        left: dives are shown in the player, or the coach wants to return to it.
    """

    left = Signal()

    def __init__(self, session: Session, messages: MessageStack) -> None:
        super().__init__()
        self._session, self._messages, self._history = session, messages, session.history
        self._opener = HistoryOpener(session, self)
        self._opener.opened.connect(self.left)
        self.filters = HistoryFilters(session.history)
        self.name = QLineEdit(maxLength=LONGEST_NAME, accessibleName=self.tr("Athlete"))
        self.name.setToolTip(self.tr("Write a new name, or that of another athlete to make both one."))
        self.name.returnPressed.connect(self._on_named)
        on_escape(self.name, self.name.hide)
        self.name.hide()
        self._renamed = ""  # athlete whose new name is written
        self.model = HistoryModel(session.history, self)
        self.table = HistoryTable(self.model)
        self.table.activated.connect(lambda _: self.open_selected())
        self.table.deleting.connect(self.delete_selected)
        self.table.typed.connect(self._on_typed)
        self.trend = HistoryTrend(session.history)
        self.season = SeasonStrip(session)
        self._make_commands()
        self.hint, self.count = label(role="muted", wrap=True), label(role="muted")
        self.every = push_button(self.tr("Show all dives"), self.filters.show_all)
        self.menu = QPushButton(self.tr("More"))
        self.menu.setMenu(QMenu(self.menu))
        rename = self.menu.menu().addAction(self.tr("Rename or merge athletes…"), self._on_athletes)
        self.menu.menu().aboutToShow.connect(lambda: rename.setEnabled(bool(self._athlete())))
        self.menu.menu().addSeparator()
        sorting = self.menu.menu().addMenu(self.tr("Sort by"))
        for column, name in enumerate(self.model.headers):
            sorting.addAction(name, partial(self.table.sort, column))
        back = push_button(self.tr("Back to the player"), self.left.emit)
        head = lay_out(QHBoxLayout(spacing=8), back, (self.filters.search, 1), self.menu)
        hint = lay_out(QHBoxLayout(spacing=8), (self.hint, 1), self.every)
        self.split = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        for part in (self.table, self.trend):
            self.split.addWidget(part)
        self.split.setSizes((400, 220))
        layout = QVBoxLayout(self, contentsMargins=QMargins(12, 10, 12, 10), spacing=8)
        lay_out(layout, head, self.name, self.filters, hint, (self.split, 1), self.season, self._buttons())
        QShortcut(QKeySequence.StandardKey.Find, self, self.take_keys)
        self._plot_timer = QTimer(
            self, singleShot=True, interval=_PLOT_MS, timeout=lambda: self.trend.show_query(self.model.query)
        )
        self._refreshing = Soon(self, _REFRESH_MS, self._refresh)
        self.filters.changed.connect(self.name.hide)
        self.filters.changed.connect(self._find)
        self.trend.chosen.connect(self.select)
        self.table.selectionModel().selectionChanged.connect(self._show_commands)
        self._history.changed.connect(self._schedule_refresh)
        session.history_editing.edits.changed.connect(messages.withdraw)
        QApplication.instance().focusChanged.connect(self._on_focus_changed)

    @property
    def selected(self) -> list[int]:
        """Ids of the selected dives, in the order of the rows."""
        rows = {row for one in self.table.selectionModel().selection() for row in range(one.top(), one.bottom() + 1)}
        return [self.model.ids[row] for row in sorted(rows)]

    def take_keys(self) -> None:
        """Give the keyboard to the search field."""
        self.filters.search.setFocus()
        self.filters.search.selectAll()

    def select(self, *ids: int) -> None:
        """Select the rows of dives, and show the first of them."""
        rows = {id_: row for row, id_ in enumerate(self.model.ids)}
        chosen = QItemSelection()
        there = [rows[id_] for id_ in ids if id_ in rows]
        for row in there:
            chosen.select(self.model.index(row, 0), self.model.index(row, len(self.model.headers) - 1))
        self.table.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if there:
            first = self.model.index(there[0], 0)
            self.table.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.table.scrollTo(first)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._session.edits.activate(self._session.history_editing.edits)
        self._history.keeping.flush()
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.name.hide()
        self._session.edits.activate(self._session.editing.edits)

    def _make_commands(self) -> None:
        """Make the commands on the selected dives, for the buttons and the context menu."""
        commands: Sequence[tuple[str, str, str, Callable[[], object]]] = (
            ("open", self.tr("Open"), self.tr("Show the selected dives in the player"), self.open_selected),
            ("compare", self.tr("Compare"), self.tr("Show two selected dives together"), self.compare_selected),
            ("csv", self.tr("Export as table…"), "", self.export_selected),
            (
                "report",
                self.tr("Season report…"),
                self.tr("One document of the athlete's dives in a span of days, as PDF or HTML"),
                self.report,
            ),
            ("delete", self.tr("Delete"), self.tr("The videos stay where they are"), self.delete_selected),
        )
        self.commands: dict[str, QAction] = {}
        for name, text, tip, act in commands:
            action = self.commands[name] = QAction(text, self, toolTip=literal(tip or text))
            action.triggered.connect(act)
            self.table.addAction(action)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout(spacing=6)
        for action in self.commands.values():
            button = push_button(action.text(), action.trigger, action.toolTip(), "tool")
            action.enabledChanged.connect(button.setEnabled)
            row.addWidget(button)
        lay_out(row, None, self.count)
        return row

    def _schedule_refresh(self) -> None:
        if self.isVisible():
            self._refreshing.begin()

    def _refresh(self) -> None:
        """Follow the history; the query and the selection stay."""
        self.filters.refresh()
        self._find()

    def _find(self) -> None:
        chosen = self.selected
        self.model.find(self.filters.query)
        self.select(*chosen)
        if not chosen and self.model.ids:
            self.table.setCurrentIndex(self.model.index(0, 0))
            self.table.clearSelection()
        self._show_hint()
        self._show_commands()
        self._plot_timer.start()

    def _show_hint(self) -> None:
        narrowed, found = self.filters.narrowed, bool(self.model.ids)
        if not self._history.available:
            text = self.tr("There is no history: the program's folder cannot be written.")
        elif narrowed:
            text = "" if found else self.tr("No dive of the history is like this.")
        else:
            said = self.tr(
                "No dive yet. Every dive that is analysed comes here by itself, with its marks, measures and notes."
            )
            text = "" if found else said
        self.hint.setText(text)
        self.hint.setVisible(bool(text))
        self.every.setVisible(narrowed and not found)
        self.split.setVisible(found or narrowed)
        if found:
            self.table.fit_columns()

    def _show_commands(self) -> None:
        n_selected, n_found = len(self.selected), len(self.model.ids)
        possible = {"open": 1 <= n_selected <= MOST_OPENED, "compare": n_selected == 2, "report": n_found > 0}
        for name, action in self.commands.items():
            action.setEnabled(possible.get(name, n_selected > 0))
        text = self.tr("dives: {0}").format(n_found)
        self.count.setText(self.tr("{0} · selected: {1}").format(text, n_selected) if n_selected else text)
        if not self.season.isHidden():
            self._show_season()

    def _dives(self) -> list[HistoryDive]:
        """Return the selected dives."""
        wanted = self.selected
        return self._history.read(lambda store: store.dives(wanted), [])

    def open_selected(self) -> None:
        """Show the selected dives in the player."""
        if self.commands["open"].isEnabled():
            self._opener.open(self.selected, compare=False)

    def compare_selected(self) -> None:
        """Open the selected dives, and show them together as soon as all of them are analyzed."""
        self._opener.open(self.selected, compare=True)

    def export_selected(self) -> None:
        """Write the selected dives as a table."""
        dives = self._dives()
        proposed = Path.home() / (self.tr("history") + ".csv")
        if dives and (path := ask_save_path(self, proposed, (".csv",))):
            self._session.exports.history_table(dives, self._history, path)

    def report(self) -> None:
        """Offer the report of a season: of the selected dives, or of the athlete whose dives are shown."""
        self._show_season()
        if self.season.dives:
            self.season.show()
            self.season.note.setFocus()
        else:
            self._session.problem.emit(self.season.said.text())

    def _show_season(self) -> None:
        query, ids = self.model.query, self.selected
        if len(ids) < 2:
            ids = self._history.read(lambda store: store.ids(query) if store.common(query)[0] else [], [])
        self.season.show_dives(self._history.read(lambda store: store.dives(ids), []))

    def delete_selected(self) -> None:
        """Take the selected dives out of the history, and offer the way back."""
        ids = self.selected
        if not ids:
            return
        editing = self._session.history_editing
        editing.delete(ids)
        self._refresh()
        text = self.tr("Deleted from the history: {0}. The videos stay where they are.").format(len(ids))
        self._messages.offer(text, [(self.tr("Undo"), lambda: editing.edits.undo(latest=True))])

    def _athlete(self) -> str:
        """Return the athlete whose dives are shown or selected, or ""."""
        names = [self.filters.athlete.currentData(), *(one.athlete for one in self._dives()[:1])]
        return next(filter(None, names), "")

    def _on_athletes(self) -> None:
        """Show a field for a new name of the athlete whose dives are shown or selected; Enter takes it."""
        self._renamed = self._athlete()
        if self._renamed:
            known = self._history.read(lambda store: list(store.counts("athlete")), [])
            self.name.setCompleter(QCompleter(known, self.name, caseSensitivity=Qt.CaseSensitivity.CaseInsensitive))
            self.name.setText(self._renamed)
            self.name.selectAll()
            self.name.show()
            self.name.setFocus()

    def _on_named(self) -> None:
        old, new = self._renamed, self.name.text().strip()
        self.name.hide()
        if not new or new == old:
            return
        counts, editing = self._history.read(lambda store: store.counts("athlete"), {}), self._session.history_editing
        if old not in counts:  # renamed or deleted meanwhile
            return
        editing.rename(old, new)
        text = self.tr("Dives that get the new name: {0}").format(counts[old])
        if new in counts:
            text = self.tr("{0} has {1} dives already: those of {2} ({3}) are added to them.")
            text = text.format(new, counts[new], old, counts[old])
        self._messages.offer(text, [(self.tr("Undo"), lambda: editing.edits.undo(latest=True))])

    def _on_typed(self, text: str) -> None:
        """Search for letters typed in the table."""
        self.filters.search.setFocus()
        self.filters.search.setText(text)

    def _on_focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        """Undo applies to the history while it has the focus."""
        if now is not None and self.isAncestorOf(now):
            self._session.edits.activate(self._session.history_editing.edits)
