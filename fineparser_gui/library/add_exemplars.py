"""Page that adds many analyzed dives to the library: with marks or a score, each reviewed before it counts."""

from collections.abc import Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QMargins, QModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialogButtonBox, QHBoxLayout, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from fineparser_core.diving.difficulty import known_difficulty
from fineparser_core.diving.judging import read_score
from fineparser_core.diving.name_parsing import parse_file_name, parse_line
from fineparser_core.errors import ConfigError
from fineparser_core.exemplars.records import ExemplarFacts, check_facts
from fineparser_core.language import translated
from fineparser_gui.dives.dive import Dive, DiveState
from fineparser_gui.dives.session import Session
from fineparser_gui.dives.states import state_text
from fineparser_gui.library.exemplar_form import official_text
from fineparser_gui.support.formatting import board_text, decimal
from fineparser_gui.support.widgets import label, lay_out, style_table, tool_tip

_FILE, _DIVE, _MARKS, _SCORE, _STATE = range(5)


class AddExemplarsPage(QWidget):
    """Page of the library; the window shows the dive of the chosen row, with its trim and phases to be corrected.

    Dive numbers, boards and athletes are those of the dives; a dive can be added once it is analyzed.

    Args:
        keys: keys of the dives.
        coming: videos whose dives are being added to the session; each becomes a row as well.

    Signals:
        over: all are added, or the coach wants to add no more.
    """

    over = Signal()

    def __init__(self, session: Session, keys: Sequence[str], *, coming: Collection[Path] = ()) -> None:
        super().__init__()
        self._session = session
        self.keys = list(keys)
        self._coming = set(coming)
        self._why: dict[str, str] = {}  # error of the typed score, by key
        self.table = QTableWidget(0, 5)
        self.table.setHorizontalHeaderLabels(
            [self.tr("dive"), self.tr("number"), self.tr("marks or score"), self.tr("score"), self.tr("phases")]
        )
        style_table(self.table, _FILE)
        triggers = QTableWidget.EditTrigger
        self.table.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed | triggers.AnyKeyPressed)
        self.table.setAccessibleName(self.tr("Dives to add"))
        self.table.currentCellChanged.connect(self._on_row)
        self.table.itemChanged.connect(self._on_edited)
        self.message = label(role="muted", wrap=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Close)
        for button in buttons.buttons():
            button.setIcon(QIcon())
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok.setProperty("role", "primary")
        buttons.accepted.connect(self._on_ok)
        buttons.rejected.connect(self.over)
        hint = self.tr(
            "Choose a row to see its dive: check trim and phases, and correct them there. Then type what the judges "
            "gave, marks (6.5 6 6.5) or the score (75.60). Number and board are typed as 207C 10 m."
        )
        layout = QVBoxLayout(self, contentsMargins=QMargins(12, 8, 12, 8), spacing=6)
        foot = lay_out(QHBoxLayout(spacing=12), (self.message, 1), buttons)
        lay_out(layout, label(hint, "muted", wrap=True), (self.table, 1), foot)
        session.dive_changed.connect(self._on_changed)
        session.dive_removed.connect(self._on_removed)
        session.dive_added.connect(self._on_added)
        self._fill()

    def facts(self, key: str) -> ExemplarFacts:
        """Return the facts of a dive that would be stored.

        Raises:
            ConfigError: its number, board or score is missing or cannot be.
        """
        dive = self._session.dive(key)
        number, board_m = _number_and_board(dive)
        typed = self._item(self.keys.index(key), _MARKS).text()
        return check_facts(
            ExemplarFacts(
                dive_number=number or "",
                board_m=board_m,
                score=read_score(typed, known_difficulty(number, board_m, dive.difficulty)),
                diver=dive.diver,
                dived_on=dive.dived_on or None,
                synchro=dive.synchro,
            )
        )

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            if column not in (_DIVE, _MARKS):
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            self.table.setItem(row, column, item)
        return item

    def _fill(self) -> None:
        self.table.setRowCount(len(self.keys))
        for row in range(len(self.keys)):
            self._fill_row(row)
        self._refresh()

    def _fill_row(self, row: int) -> None:
        dive = self._session.dive(self.keys[row])
        number, board_m = _number_and_board(dive)
        named = " · ".join(filter(None, (dive.title, dive.diver)))
        texts = {_FILE: named, _DIVE: " ".join(filter(None, (number, board_text(board_m)))), _STATE: self._phases(dive)}
        with QSignalBlocker(self.table):
            for column, text in texts.items():
                item = self._item(row, column)
                item.setText(text)
                item.setToolTip(tool_tip(text))
            if not (marks := self._item(row, _MARKS)).text():
                marks.setText(official_text(dive))
        self._show_score(row)

    def _phases(self, dive: Dive) -> str:
        if dive.state is not DiveState.READY or dive.analysis is None:
            return state_text(dive)
        if dive.refused:
            return self.tr("not a complete dive")
        spans = dive.analysis.parse.steps
        fps = dive.analysis.parse.clip.fps
        return " · ".join(f"{decimal((span.end_frame - span.start_frame) / fps)} s" for span in spans)

    def _show_score(self, row: int) -> None:
        key, text = self.keys[row], ""
        if self._item(row, _MARKS).text().strip():
            try:
                text = decimal(self.facts(key).score, 2)
            except ConfigError as error:
                text = self.tr("?")
                self._why[key] = translated(error)
        with QSignalBlocker(self.table):
            self._item(row, _SCORE).setText(text)

    def _ready(self) -> list[str]:
        """Return the keys of the dives that can be added now."""
        return [key for row, key in enumerate(self.keys) if self._item(row, _SCORE).text() not in ("", self.tr("?"))]

    def _refresh(self) -> None:
        for row in range(len(self.keys)):
            self._show_score(row)
        ready = [key for key in self._ready() if _analyzed(self._session.dive(key))]
        self.ok.setText(
            self.tr("Add 1 dive") if len(ready) == 1 else self.tr("Add {0} dives", None, len(ready)).format(len(ready))
        )
        self.ok.setEnabled(bool(ready) and self._session.library.writable)

    def _on_row(self, row: int, *_: int) -> None:
        if 0 <= row < len(self.keys):
            self._session.select(self.keys[row])

    def _on_edited(self, item: QTableWidgetItem) -> None:
        if item.column() == _DIVE:
            self._name(self.keys[item.row()], item.text())
        if item.column() != _MARKS:
            return
        self._refresh()
        self.message.setText("")
        if item.text().strip() and self._item(item.row(), _SCORE).text() == self.tr("?"):
            self.message.setText(self._why[self.keys[item.row()]])

    def _name(self, key: str, typed: str) -> None:
        """Set number and board of a dive from typed text, for example 207C 10 m."""
        said = parse_line(typed)
        if not said.is_empty:
            self._session.editing.name_dives({key: said})
        self._on_changed(key)

    def _on_changed(self, key: str) -> None:
        if key in self.keys:
            self._fill_row(self.keys.index(key))
            self._refresh()

    def _on_added(self, key: str) -> None:
        path = self._session.dive(key).path
        if path in self._coming:
            self._coming.discard(path)
            self.keys.append(key)
            self.table.setRowCount(len(self.keys))
            self._fill_row(len(self.keys) - 1)

    def _on_removed(self, key: str) -> None:
        if key in self.keys:
            self._take_out(key)

    def _take_out(self, key: str) -> None:
        row = self.keys.index(key)
        self.keys.remove(key)
        with QSignalBlocker(self.table):
            self.table.removeRow(row)
        self._refresh()

    def _on_ok(self) -> None:
        """Add the dives that are analyzed and have a score; the rest stays."""
        for key in [key for key in self._ready() if _analyzed(self._session.dive(key))]:
            self._session.library.add_dive(self._session.dive(key), self.facts(key))
            self._take_out(key)
        if self.keys:
            self.message.setText(
                self.tr("{0} dives still need an analysis, or a score.", None, len(self.keys)).format(len(self.keys))
            )
            self.table.setCurrentIndex(QModelIndex())
        else:
            self.over.emit()


def _analyzed(dive: Dive) -> bool:
    return dive.state is DiveState.READY and dive.analysis is not None


def _number_and_board(dive: Dive) -> tuple[str | None, float | None]:
    """Return number and board of a dive, or else those in the name of its file."""
    named = parse_file_name(dive.path.stem)
    board_m = dive.board_m if dive.board_m is not None else named.board_m
    return dive.dive_number or named.dive_number, board_m
