"""Every measure of the shown dive by phase, with its uncertainty and the range of good values."""

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.language import translated
from fineparser_core.measures.explanation import Band, band_for
from fineparser_core.measures.words import finding_text, good_text, measure_name, measured_text
from fineparser_core.records import Analysis, Measure
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session import Session
from fineparser_gui.score.explanation import Explanation, Explanations
from fineparser_gui.score.verdict import ChosenRow, measured_dive
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import clear, fill_with_card, label


class MeasuredPanel(QWidget):
    """Measured values in seconds, meters and degrees; it is filled when it is first shown.

    Signals:
        frame_requested: (int) source frame of a measure that was chosen.
    """

    frame_requested = Signal(int)

    def __init__(self, session: Session, explanations: Explanations) -> None:
        super().__init__()
        self._session, self._explanations = session, explanations
        self._rows = QVBoxLayout(spacing=2)
        self._note = label(role="muted", wrap=True)
        fill_with_card(self, self._rows, self._note, title=self.tr("Measured"))
        self._shown: Analysis | None = None

    def rows(self) -> list["MeasureRow"]:
        """Return the rows that are shown."""
        widgets = (self._rows.itemAt(at).widget() for at in range(self._rows.count()))
        return [widget for widget in widgets if isinstance(widget, MeasureRow)]

    def refresh(self) -> None:
        """Show the measures of the shown dive."""
        dive = measured_dive(self._session)
        self.setVisible(dive is not None)
        if dive is None or dive.analysis is self._shown:
            return
        self._shown, explanation = dive.analysis, self._explanations.of(dive)
        clear(self._rows)
        for step in STEP_NAMES:
            rows = _rows_of(explanation, step)
            if rows:
                self._rows.addWidget(_phase_label(step))
            for row in rows:
                row.chosen.connect(self.frame_requested)
                self._rows.addWidget(row)
        self._note.setText(self._note_text(dive, explanation))
        self.updateGeometry()

    def _note_text(self, dive: Dive, explanation: Explanation) -> str:
        if not explanation.measures:
            return self.tr("Nothing could be measured: the dive was not seen well enough.")
        text = self.tr("Read from the video, with one standard deviation; the model's points are told apart above.")
        if dive.dive_number is not None:
            return text
        unnamed = self.tr("With the dive number more of them have a range beside them.")
        return f"{text} {unnamed}"


class MeasureRow(ChosenRow):
    """A measure, or a sentence on a deviation from good dives; a click shows its frame."""

    def __init__(self, text: str, measure: Measure, band: Band | None, *, against: bool = False) -> None:
        super().__init__(measure, translated(band.source.about) if band is not None else "")
        self.text, self.against = text, against
        good = good_text(measure.name, band) if band is not None and not against else ""
        grid = QGridLayout(self, contentsMargins=QMargins(6, 2, 4, 2), verticalSpacing=0)
        grid.setColumnStretch(0, 1)
        value = measured_text(measure)
        grid.addWidget(label(f"▸ {text}" if against else text, wrap=True, bold=float(against)), 0, 0)
        if not against:
            grid.addWidget(label(value), 0, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        if good:
            grid.addWidget(label(good, "muted"), 1, 0, 1, 2, Qt.AlignmentFlag.AlignRight)
        self.setAccessibleName(text if against else f"{text} {value} {good}".rstrip())


def _rows_of(explanation: Explanation, step: str) -> list[MeasureRow]:
    findings = explanation.findings.get(step, ())
    rows = [MeasureRow(finding_text(finding), finding.measure, finding.band, against=True) for finding in findings]
    against = [finding.measure for finding in findings]
    rest = [one for one in explanation.measures if one.step == step and one not in against]
    return rows + [MeasureRow(measure_name(one.name), one, band_for(one, explanation.bands)) for one in rest]


def _phase_label(step: str) -> QWidget:
    made = label(step_text(step), "title")
    made.setStyleSheet(f"border-left: 4px solid {step_color(step).name()}; padding-left: 6px; margin-top: 4px;")
    return made
