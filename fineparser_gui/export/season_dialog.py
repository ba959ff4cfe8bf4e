"""Dialog for the report of an athlete's season: days and numbers, kind of file, and note."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDate, QMargins, Qt
from PySide6.QtWidgets import QCheckBox, QDateEdit, QDialog, QVBoxLayout, QWidget

from fineparser_gui.dives.session import Session
from fineparser_gui.export.exports import named_file
from fineparser_gui.export.report_page import report_formats
from fineparser_gui.store.records import HistoryDive
from fineparser_gui.store.save_path import ask_save_path
from fineparser_gui.support.formatting import board_text, day_format
from fineparser_gui.support.text_dialog import deciding_buttons
from fineparser_gui.support.widgets import choice_box, form_of, label, lay_out, note_field

_NOTE_LINES = 3


class SeasonDialog(QDialog):
    """Dialog that writes a document with an overview of the awards and a page for each dive.

    Args:
        athlete: name of the athlete.
        dives: dives of the athlete in the history.
    """

    def __init__(self, session: Session, athlete: str, dives: Sequence[HistoryDive], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Season report"))
        self.setMinimumWidth(440)
        self._session, self._athlete = session, athlete
        self._dives = sorted((dive for dive in dives if dive.analysed), key=lambda dive: (dive.dived_on, dive.title))
        days = [dive.dived_on for dive in self._dives if dive.dived_on]
        self.first, self.last = QDateEdit(), QDateEdit()
        for field, day in zip((self.first, self.last), (min(days, default=None), max(days, default=None)), strict=True):
            field.setCalendarPopup(True)
            field.setDisplayFormat(day_format())
            field.setEnabled(day is not None)
            field.setSpecialValueText("–")  # where no dive has a day
            field.setDate(QDate.fromString(day, Qt.DateFormat.ISODate) if day is not None else field.minimumDate())
            field.dateChanged.connect(self._count)
        found = {(dive.dive_number, dive.board_m) for dive in self._dives if dive.dive_number}
        groups = sorted(found, key=lambda group: (group[0], group[1] or 0.0))
        named = ((f"{number} {board_text(board_m)}".rstrip(), (number, board_m)) for number, board_m in groups)
        self.numbers = choice_box([(self.tr("all dive numbers"), None), *named])
        self.numbers.currentIndexChanged.connect(self._count)
        self.format = report_formats()
        self.note = note_field(_NOTE_LINES, accessibleName=self.tr("Note"))
        self.drawings = QCheckBox(self.tr("Drawings and notes"), checked=True)
        form = form_of(
            (self.tr("F&rom"), self.first),
            (self.tr("&To"), self.last),
            (self.tr("&Dives"), self.numbers),
            (self.tr("&Format"), self.format),
            wide=True,
        )
        form.addRow(self.tr("&Note"), self.note)
        form.addRow(self.tr("On the frames"), self.drawings)
        self.count = label(role="muted", wrap=True)
        self.buttons, self.go = deciding_buttons(self, self.tr("Export…"), self._on_accepted)
        layout = QVBoxLayout(self, contentsMargins=QMargins(18, 16, 18, 14), spacing=12)
        what = self.tr("{0}: a page with the awards of each dive number over the days, then a page for each dive.")
        lay_out(layout, label(what.format(athlete), "muted", wrap=True), form, self.count, self.buttons)
        self._count()

    def chosen(self) -> list[HistoryDive]:
        """Return the dives with a page in the report, in order of time; dives without a day only if all lack it."""
        group, dated = self.numbers.currentData(), self.first.isEnabled()
        first, last = (field.date().toString(Qt.DateFormat.ISODate) for field in (self.first, self.last))
        return [
            dive
            for dive in self._dives
            if (group is None or (dive.dive_number, dive.board_m) == tuple(group))
            and (not dated or first <= dive.dived_on <= last)
        ]

    def _count(self) -> None:
        n_dives, undated = len(self.chosen()), sum(not dive.dived_on for dive in self._dives)
        text = self.tr("{0} dives in the report.", None, n_dives).format(n_dives)
        if n_dives == 1:
            text = self.tr("One dive in the report.")
        if undated and self.first.isEnabled():
            text += " " + self.tr("Dives without a date are left out: enter it beside the dive.")
        self.count.setText(text)
        self.go.setEnabled(n_dives > 0)

    def _on_accepted(self) -> None:
        dives, suffix = self.chosen(), str(self.format.currentData())
        name = named_file(self.tr("{0} season").format(self._athlete))
        path = ask_save_path(self, Path.home() / f"{name}{suffix}", (suffix,))
        if path is not None:
            title, note = self.tr("Dives of {0}").format(self._athlete), self.note.toPlainText()
            history, drawings = self._session.history, self.drawings.isChecked()
            self._session.exports.season(dives, history, path, title, note, drawings=drawings)
            self.accept()
