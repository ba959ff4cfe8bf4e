"""Page of the export dialog for reports: of the shown dive, of the selected dives, or of an athlete's season."""

from collections.abc import Sequence

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QCheckBox, QComboBox, QSizePolicy, QVBoxLayout, QWidget

from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.language import text
from fineparser_core.records import ComparedDive
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session import Session
from fineparser_gui.export.exports import file_stem
from fineparser_gui.export.reports import reported_dive, season_of
from fineparser_gui.support.widgets import choice_box, form_of, label, lay_out, note_field

_NOTE_LINES = 3


def report_formats() -> QComboBox:
    """Return a choice of the kind of file that a report is."""
    return choice_box([(text("PDF: to print and sign"), ".pdf"), (text("HTML: for the browser, in one file"), ".html")])


class ReportPage(QWidget):
    """Page that chooses the dives of a report, its kind of file, the dive beside and the note.

    Args:
        selected: keys of the dives that are selected in the list.
        beside: choice of the dive beside the shown dive.
    """

    def __init__(self, session: Session, selected: Sequence[str], beside: QComboBox) -> None:
        super().__init__()
        assert session.current is not None
        self._session, self._dive = session, session.current
        self.scope = choice_box([(self.tr("this dive"), [self._dive.key])])
        chosen = [key for key in selected if session.dive(key).analysis is not None]
        if len(chosen) > 1:
            self.scope.addItem(self.tr("the selected dives ({0})").format(len(chosen)), chosen)
        season = season_of(self._dive, self._all())
        if len(season) > 1:
            text = self.tr("every dive by {0} ({1})").format(self._dive.diver, len(season))
            self.scope.addItem(text, [dive.key for dive in season])
        self.scope.currentIndexChanged.connect(self._follow_scope)
        self.format = report_formats()
        self.beside = beside
        self.note = note_field(_NOTE_LINES, plainText=self._dive.note, accessibleName=self.tr("Note"))
        self.note.textChanged.connect(lambda: session.editing.set_note(self._dive.key, self.note.toPlainText()))
        self.drawings = QCheckBox(self.tr("Drawings and notes"), checked=True)
        form = form_of(
            (self.tr("&Dives"), self.scope),
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
    def file_stem(self) -> str:
        """Stem of the file: named after the dive, or the athlete of all of the dives."""
        return file_stem(self._dive) if self._alone else self._dive.diver.strip() or self.tr("dives")

    @property
    def title(self) -> str:
        """Title of a report of several dives; "" for a single dive."""
        return "" if self._alone else self.tr("Dives of {0}").format(self.file_stem)

    def dives(self, beside: ComparedDive | None) -> list[ReportedDive]:
        """Return the chosen dives.

        Args:
            beside: dive beside the shown dive; in a report of several, each has the best exemplar of its number.
        """
        dives = [self._session.dive(key) for key in self.scope.currentData()]
        return [
            reported_dive(
                dive,
                self._all(),
                drawings=self.drawings.isChecked(),
                comparison=beside if self._alone else self._best(dive),
                strobe=self.strobe.isChecked(),
            )
            for dive in dives
        ]

    @property
    def _alone(self) -> bool:
        return len(self.scope.currentData()) == 1

    def _all(self) -> list[Dive]:
        return [self._session.dive(key) for key in self._session.keys]

    def _best(self, dive: Dive) -> ComparedDive | None:
        number, library = dive.dive_number, self._session.library
        best = library.best(number, dive.known_board_m, synchro=dive.synchro) if number is not None else None
        return best.compared(library.mask(best.id)) if best is not None else None

    def _follow_scope(self) -> None:
        for field in (self.note, self.beside):
            field.setEnabled(self._alone)
