"""Report of an athlete's season: its note, what it shows, and kind of file."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout

from fineparser_core.language import without_mnemonic
from fineparser_gui.dives.session import Session
from fineparser_gui.export.exports import named_file
from fineparser_gui.export.report_page import report_formats
from fineparser_gui.store.records import HistoryDive
from fineparser_gui.store.save_path import ask_save_path
from fineparser_gui.support.widgets import label, lay_out, note_field, on_escape, push_button

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
        found = sorted((dive for dive in dives if dive.analysed), key=lambda dive: (dive.dived_on, dive.title))
        names = {dive.athlete for dive in found}
        self.dives = []
        text = self.tr("A season report is of one athlete: choose one, or select dives by one.")
        if len(names) == 1 and "" not in names:
            self.dives = [dive for dive in found if dive.dived_on] or found
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
