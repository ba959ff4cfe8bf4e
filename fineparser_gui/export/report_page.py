"""Page of the export dialog for reports."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QCheckBox, QComboBox, QSizePolicy, QVBoxLayout, QWidget

from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.language import text
from fineparser_core.records import ComparedDive
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session import Session
from fineparser_gui.export.picture_choices import BesideBox
from fineparser_gui.export.reports import reported_dive
from fineparser_gui.support.widgets import choice_box, form_of, label, lay_out, note_field

_NOTE_LINES = 3


def report_formats() -> QComboBox:
    """Return a choice of the kind of file that a report is."""
    return choice_box([(text("PDF: to print and sign"), ".pdf"), (text("HTML: for the browser, in one file"), ".html")])


class ReportPage(QWidget):
    """Page that chooses the kind of file, the dive beside and the note.

    Args:
        dive: the shown dive.
        chosen: returns the dives of the report.
        beside: choice of the dive beside the shown dive.
    """

    def __init__(self, session: Session, dive: Dive, chosen: Callable[[], Sequence[Dive]], beside: BesideBox) -> None:
        super().__init__()
        self._session, self._dive, self._chosen = session, dive, chosen
        self.format = report_formats()
        self.beside = beside
        self.note = note_field(_NOTE_LINES, plainText=self._dive.note, accessibleName=self.tr("Note"))
        self.note.textChanged.connect(lambda: session.editing.set_note(self._dive.key, self.note.toPlainText()))
        self.drawings = QCheckBox(self.tr("Drawings and notes"), checked=True)
        form = form_of(
            (self.tr("&Format"), self.format),
            (self.tr("&Compare with"), self.beside),
            wide=True,
            horizontalSpacing=14,
            verticalSpacing=8,
        )
        self.note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        form.addRow(self.tr("&Note"), self.note)
        form.addRow(self.tr("On the frames"), self.drawings)
        self.strobe = QCheckBox(self.tr("Strobe picture"))
        form.addRow(self.tr("Add"), self.strobe)
        column = QVBoxLayout(self, contentsMargins=QMargins(0, 4, 0, 0), spacing=12)
        what = self.tr(
            "A page for each dive: six frames, what was measured of each phase, what the model attributes to it, "
            "earlier dives of the number, your note."
        )
        lay_out(column, label(what, "muted", wrap=True), form)
        column.addStretch(1)

    @property
    def suffix(self) -> str:
        """Suffix of the chosen kind of file."""
        return str(self.format.currentData())

    @property
    def title(self) -> str:
        """Title of a report of several dives; "" for a single dive."""
        dives = self._chosen()
        divers = {dive.diver.strip() for dive in dives}
        if len(dives) < 2:
            return ""
        return self.tr("Dives of {0}").format(", ".join(sorted(divers - {""})) or self.tr("the session"))

    def dives(self) -> list[ReportedDive]:
        """Return the chosen dives; in a report of several, each has the best exemplar of its number beside."""
        dives, every = self._chosen(), [self._session.dive(key) for key in self._session.keys]
        return [
            reported_dive(
                dive,
                every,
                drawings=self.drawings.isChecked(),
                comparison=self.beside.dive if len(dives) < 2 else self._best(dive),
                strobe=self.strobe.isChecked(),
                club=self._session.club,
            )
            for dive in dives
        ]

    def _best(self, dive: Dive) -> ComparedDive | None:
        number, library = dive.dive_number, self._session.library
        best = library.best(number, dive.known_board_m, synchro=dive.synchro) if number is not None else None
        return best.compared(library.mask(best.id)) if best is not None else None

    def follow(self, n_dives: int) -> None:
        """Offer what fits a number of dives: note and comparison are those of one."""
        for field in (self.note, self.beside):
            field.setEnabled(n_dives < 2)
