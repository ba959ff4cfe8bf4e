"""Origin of the shown dive's mark: exact numbers, corrections, measures and exemplars."""

from PySide6.QtCore import QMargins, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.export.notes import note_text, own_award_about, own_award_text
from fineparser_core.language import text, translated
from fineparser_core.measures.explanation import Band, band_for
from fineparser_core.measures.words import finding_text, good_text, measure_name, measured_text
from fineparser_core.records import Analysis, Measure, OwnAward, Scoring
from fineparser_gui.score.explanation import Explanation, Explanations
from fineparser_gui.score.verdict import ChosenRow, measured_dive
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive
from fineparser_gui.support.formatting import board_text, calibrated_text, decimal, signed
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import clear, fill_with_card, label, lay_out, literal, push_button

_SETTLED_MS = 120
_EXEMPLARS_PX = 190


class CorrectionNote(QWidget):
    """Note that is visible only if the shown dive is corrected."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._both = label()
        self._both.setProperty("role", "title")
        reset = session.editing.reset_corrections
        self.reset = push_button(self.tr("Take corrections back"), lambda: session.on_current(reset))
        head = lay_out(QHBoxLayout(), (self._both, 1), self.reset)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(0, 4, 0, 0)), head)

    def show_dive(self, dive: Dive | None) -> None:
        """Show the corrections of a dive."""
        moved = dive is not None and dive.corrected is not None
        n_out = sum(vote.id in dive.correction.left_out for vote in dive.votes) if dive else 0
        self.setVisible(moved or bool(n_out))
        if dive is None or dive.model_analysis is None or not (moved or n_out):
            return
        self._both.setText(self._both_numbers(dive))
        self._both.setVisible(bool(self._both.text()))
        self.reset.setVisible(moved)

    def _both_numbers(self, dive: Dive) -> str:
        own = dive.model_analysis.scoring if dive.model_analysis else None
        shown = dive.analysis.scoring if dive.analysis else None
        if own is None:
            return ""
        text = self.tr("Model {0}").format(decimal(own.score))
        if dive.rescoring:
            return text + " · " + self.tr("scoring…")
        if shown is not None:
            change = round(shown.score, 1) - round(own.score, 1)  # agrees with the scores as shown
            text += " · " + self.tr("corrected {0}").format(signed(change, digits=1))
        return text


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
        text = self.tr("Read from the video, with one standard deviation.")
        if dive.known_number is not None:
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


class HowFound(QWidget):
    """Column of panels about the analysis of the shown dive.

    Args:
        exemplars: panel of the exemplars' votes, the last one.
    """

    def __init__(self, session: Session, explanations: Explanations, exemplars: QWidget) -> None:
        super().__init__()
        self.numbers = NumbersPanel(session)
        self.measured = MeasuredPanel(session, explanations)
        exemplars.setMinimumHeight(_EXEMPLARS_PX)
        column = QVBoxLayout(self, contentsMargins=QMargins(), spacing=8)
        lay_out(column, self.numbers, self.measured, (exemplars, 1))
        # A transition that is dragged changes the dive many times a second.
        self._refresh_timer = QTimer(self, singleShot=True, interval=_SETTLED_MS, timeout=self._refresh)
        session.shown_changed.connect(self._refresh_timer.start)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        if self.isVisible():
            self.measured.refresh()


class NumbersPanel(QWidget):
    """The score to a tenth of a point with spread, interval and difficulty, and what was corrected.

    Signals:
        model_card_requested: the note about the weights was pressed.
    """

    model_card_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._values = {name: label(wrap=True) for name in ("score", "difficulty", "spread", "interval")}
        for name, value in self._values.items():
            value.setObjectName(f"exact {name}")
        self._numbers = QWidget()
        grid = QGridLayout(self._numbers, contentsMargins=QMargins(), horizontalSpacing=14, verticalSpacing=2)
        names = (self.tr("score"), self.tr("difficulty"), self.tr("spread"), self.tr("interval"))
        for row, (name, value) in enumerate(zip(names, self._values.values(), strict=True)):
            grid.addWidget(label(name, "muted"), row, 0)
            grid.addWidget(value, row, 1)
        grid.setColumnStretch(1, 1)
        self._values["spread"].setToolTip(self.tr("agreement of exemplars,\nnot accuracy"))
        self._own_award = label(role="muted", wrap=True)
        self.correction = CorrectionNote(session)
        self._notes = label(role="muted", wrap=True)
        told, tip = self.tr("Model card"), self.tr("weights trained on rendered dives")
        self._synthetic = push_button(told, self.model_card_requested, tip, "notice")
        parts = (self._numbers, self._own_award, self.correction, self._notes, self._synthetic)
        fill_with_card(self, *parts, title=self.tr("Predicted score"))
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        dive = self._session.current
        analysis = dive.analysis if dive is not None else None
        scoring, own = (analysis.scoring, analysis.own_award) if analysis is not None else (None, None)
        self.setVisible(analysis is not None)
        self.correction.show_dive(dive)
        if dive is None or analysis is None:
            return
        self._numbers.setVisible(scoring is not None or own is not None)
        if scored := scoring or own:
            self._show(scored)
        self._own_award.setVisible(own is not None)
        if own is not None:
            self._own_award.setText(
                "\n".join(filter(None, (own_award_text(own) if scoring else "", own_award_about(own))))
            )
        self._notes.setText("\n".join(translated(note_text(note)) for note in analysis.notes))
        self._notes.setVisible(bool(analysis.notes))
        self._synthetic.setVisible(analysis.parse.model.synthetic)

    def _show(self, scored: Scoring | OwnAward) -> None:
        dive = f"{scored.dive_number} {board_text(scored.board_m)}".rstrip()
        award, said = decimal(scored.award, 2), self._values
        said["score"].setText(self.tr("{0} · award {1} · {2}").format(decimal(scored.score), award, dive))
        said["score"].setToolTip(literal(calibrated_text(scored.profile)))
        sources = {"commonest board": self.tr("most common board"), "typed": self.tr("entered")}
        source = sources.get(scored.difficulty_source, "") if isinstance(scored, Scoring) else ""
        difficulty = decimal(scored.difficulty)
        said["difficulty"].setText(f"{difficulty} ({source})" if source else difficulty)
        spread = f"±{decimal(scored.spread)}" if isinstance(scored, Scoring) else self.tr("from measures alone")
        said["spread"].setText(spread)
        said["interval"].setText(_interval_text(scored))
        of_measures = isinstance(scored, OwnAward) or scored.uses_measures
        scatter = self.tr("By how far awards of real dives scatter. Judged dives have not shown yet that it holds.")
        said["interval"].setToolTip(literal(scatter) if of_measures else "")


def _interval_text(scoring: Scoring | OwnAward) -> str:
    """Return the text of the calibrated prediction interval of a score."""
    interval = scoring.interval
    if interval is None:
        return text("No prediction interval: the error of these weights was not measured.")
    ends = (decimal(interval.low), decimal(interval.high))
    return text("{2} % prediction interval: {0} – {1}", *ends, decimal(100 * interval.level, 0))
