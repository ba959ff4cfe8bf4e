"""The mark of the shown dive, the judges' first, with its range and its reasons, or why there is none."""

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from fineparser_core.diving.award_words import half_text, likely_text
from fineparser_core.diving.judging import Judging, counting
from fineparser_core.language import text
from fineparser_core.records import Scoring
from fineparser_gui.dives.dive import Dive, DiveState
from fineparser_gui.dives.session import Session
from fineparser_gui.score.contributions import ContributionBars
from fineparser_gui.score.no_exemplars import NoExemplars
from fineparser_gui.score.refusal_note import RefusalNote
from fineparser_gui.support.formatting import calibrated_text, decimal, shortest
from fineparser_gui.support.icons import icon
from fineparser_gui.support.widgets import fill_with_card, label, push_button

#: Sizes of the award that comes first, and of a prediction below the judges' award.
_LARGE, _SECOND = 2.4, 1.5


class ScorePanel(QWidget):
    """Award of the shown dive, with the button that shows how it was found.

    Signals:
        exemplars_requested: (str) dive number to add exemplars of.

    Attributes:
        how: button that is checked while the panels about the analysis are shown.
    """

    exemplars_requested = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._judges, self._judged_by = label(bold=_LARGE), label(role="muted", wrap=True)
        self._judged_by.setTextFormat(Qt.TextFormat.RichText)
        self._award, self._range = label(bold=_LARGE), label(role="muted", wrap=True)
        self._award.setObjectName("score")
        self._second = label(bold=_SECOND).font()
        self._range.setObjectName("interval")
        self._marks = QWidget()
        grid = QGridLayout(self._marks, contentsMargins=QMargins(), horizontalSpacing=12, verticalSpacing=0)
        self.how = push_button(self.tr("How was this found?"), lambda: None, role="tool")
        self.how.setCheckable(True)
        tip = self.tr("The weights were trained on rendered dives, not on judged ones.")
        self._synthetic = push_button(
            self.tr("trained on rendered dives"), lambda: self.how.setChecked(True), tip, "notice"
        )
        self.refusal = RefusalNote(session)
        self._message = label(wrap=True)
        self.no_exemplars = NoExemplars(session)
        self.no_exemplars.add_requested.connect(self.exemplars_requested)
        self._bars = ContributionBars()
        self._bars.setToolTip(
            self.tr("Awards that each phase adds or takes against the exemplars: by the model, not judges' deductions.")
        )
        grid.addWidget(self._judges, 0, 0)
        grid.addWidget(self._judged_by, 0, 1)
        grid.addWidget(self._award, 1, 0, 2, 1)
        grid.addWidget(self._range, 1, 1)
        grid.addWidget(self._synthetic, 2, 1, Qt.AlignmentFlag.AlignLeft)
        grid.setColumnStretch(1, 1)
        parts = (self._marks, self._bars, self.refusal, self._message, self.no_exemplars, self.how)
        fill_with_card(self, *parts)
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def color_icons(self) -> None:
        """Draw the icons in the colors of the palette."""
        self._synthetic.ensurePolished()
        self._synthetic.setIcon(icon("warning", self._synthetic.palette().buttonText().color().name()))

    def _refresh(self) -> None:
        dive = self._session.current
        analysis = dive.analysis if dive is not None else None
        scoring, own = (analysis.scoring, analysis.own_award) if analysis is not None else (None, None)
        predicted, judging = scoring or own, dive.judging if dive is not None else None
        self._marks.setVisible(predicted is not None or judging is not None)
        for widget in (self._judges, self._judged_by):
            widget.setVisible(judging is not None)
        for widget in (self._award, self._range):
            widget.setVisible(predicted is not None)
        if judging is not None and dive is not None:
            self._judges.setText(decimal(judging.award, 2))
            self._judged_by.setText(_judges_text(dive, judging))
        self._award.setFont(self._judges.font() if judging is None else self._second)
        if predicted is not None:
            self._award.setText(half_text(predicted.award))
            self._award.setToolTip(calibrated_text(predicted.profile))
            likely = likely_text(predicted.award_range) if predicted.award_range is not None else ""
            said = self.tr("predicted") if judging is not None else "", likely, self._limits_text(scoring)
            self._range.setText(", ".join(filter(None, said)))
        # Disabled while the award does not belong to the shown transitions yet.
        self._award.setEnabled(dive is None or not dive.rescoring)
        self._bars.setVisible(scoring is not None)
        if scoring is not None:
            awards = [part.points / (3 * scoring.difficulty) for part in scoring.contributions]
            self._bars.show_contributions(scoring.contributions, awards, digits=1)
        self._synthetic.setVisible(predicted is not None and analysis is not None and analysis.parse.model.synthetic)
        self.refusal.show_dive(dive)
        self.no_exemplars.show_dive(None if scoring else dive)
        message = "" if scoring else self.no_exemplars.text() or self._state_text(dive)
        self._message.setText(message)
        self._message.setVisible(bool(message))
        self.how.setVisible(analysis is not None)
        self.updateGeometry()  # the scroll area does not notice when nested widgets are hidden

    def _limits_text(self, scoring: Scoring | None) -> str:
        """Return what sets an award apart from one that exemplars of its number vote for."""
        if scoring is None:
            return self.tr("from measures alone")
        return self.tr("by similar dives") if scoring.nearest_numbers else ""

    def _state_text(self, dive: Dive | None) -> str:
        if dive is None:
            return self.tr("No dive is open.")
        if dive.scoring:
            return self.tr("Comparing with exemplars…")
        if dive.state is DiveState.READY:
            if dive.votes and all(vote.id in dive.correction.left_out for vote in dive.votes):
                return self.tr("All exemplars are left out. Tick at least one in the list.")
            if dive.refused:
                return ""
            if dive.asks_diver:
                return self.tr("The score waits for the answer to “Which diver?”.")
            if dive.dive_number is None:
                return self.tr("Needs the dive number: enter it above. Phases and masks are ready.")
            if dive.contradicted:
                return self.tr("The video shows another dive: the score waits until you confirm the number above.")
            return dive.problem or ""
        if dive.state in (DiveState.CANCELLED, DiveState.FAILED, DiveState.NEEDS_TRIM, DiveState.MISSING):
            return self.tr("Not analysed yet.")
        if dive.dive_number is None:
            return self.tr("Phases and masks are found first. The score needs the dive number.")
        return self.tr("Follows after phases and masks.")


def _judges_text(dive: Dive, judging: Judging) -> str:
    """Return the judges' awards, struck where they do not count, and the points: rich text."""
    points = dive.judged_score
    said = text("judges") if points is None else text("judges · {0} points", decimal(points, 2))
    counts = zip(judging.awards, counting(judging.awards), strict=True)
    marks = [shortest(one) if counted else f"<s>{shortest(one)}</s>" for one, counted in counts]
    return said if len(marks) == 1 else f"{said}<br>{' '.join(marks)}"
