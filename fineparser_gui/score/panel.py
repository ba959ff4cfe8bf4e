"""The mark of the shown dive, the judges' first, with its range and its reasons, or why there is none."""

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from fineparser_core.diving.judging import Judging, counting
from fineparser_core.export.dive_words import AwardWords, award_words
from fineparser_core.language import translated
from fineparser_core.records import Scoring, VerdictCode
from fineparser_gui.score.contributions import ContributionsPanel
from fineparser_gui.score.explanation import Explanations
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive, DiveState, ScoreState
from fineparser_gui.support.formatting import calibrated_text, shortest
from fineparser_gui.support.widgets import fill_with_card, label, lay_out, literal, push_button

#: Sizes of the award that comes first, and of a prediction below the judges' award.
_LARGE, _SECOND = 2.4, 1.5


class RefusalNote(QWidget):
    """Note for a dive that was refused or whose score is withheld, also after the coach has overruled a refusal.

    Signals:
        point_requested: the coach wants to point at the diver.

    Attributes:
        find: button that looks for the dive in the whole video, and trims the row to it.
        point: button that asks for the diver, where another person was followed.
        overrule: button that scores anyway.
        take_back: button that takes this back.
    """

    point_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        declare = partial(session.on_current, session.editing.declare_dive)
        self._text = label(wrap=True)
        tip = self.tr("Look for the dive in the whole video and trim the clip to it")
        self.find = push_button(
            self.tr("Find the dive"), lambda: session.on_current(session.trimming.find, use=True), tip, "tool"
        )
        tip = self.tr("Click on the diver, where another person was followed")
        self.point = push_button(self.tr("Point at the diver"), self.point_requested, tip, "tool")
        tip = self.tr("Score this clip although it may not be a complete dive")
        self.overrule = push_button(self.tr("Score anyway"), lambda: declare(is_dive=True), tip, "tool")
        tip = self.tr("Do not score this clip")
        self.take_back = push_button(self.tr("Take back"), lambda: declare(is_dive=False), tip, "tool")
        grid = QGridLayout(horizontalSpacing=6)
        for place, button in enumerate((self.find, self.point, self.overrule, self.take_back)):
            grid.addWidget(button, place // 2, place % 2)
        grid.setColumnStretch(2, 1)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(), spacing=6), self._text, grid)

    def show_dive(self, dive: Dive | None) -> None:
        """Show why a dive is not scored, or hide."""
        reason = _reason(dive) if dive is not None else None
        self.setVisible(reason is not None)
        if dive is None or reason is None:
            return
        overruled, said = dive.correction.is_dive, translated(reason)
        self._text.setText(self.tr("Scored anyway. {0}").format(said) if overruled else said)
        # Only once for a file: the buttons beside the found dives come next.
        self.find.setVisible(not overruled and not dive.searching and not dive.proposals)
        self.point.setVisible(not overruled)
        self.overrule.setVisible(not overruled)
        self.take_back.setVisible(overruled)


def _reason(dive: Dive) -> str | None:
    """Return the reason why a dive is not scored, or would not be; None for a dive with a score."""
    if dive.model_analysis is None or dive.analysis is None:
        return None
    verdict = dive.verdict if dive.correction.is_dive else dive.analysis.verdict
    lacks = verdict.code is VerdictCode.NO_EVIDENCE or dive.correction.is_dive
    return dive.model_analysis.parse.refusal or (verdict.reason if lacks else "") or None


class NoExemplars(QWidget):
    """Button below the message of the score panel."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._dive: Dive | None = None
        tip = self.tr("Uses the most similar dive numbers, with scores converted to the DD of this dive")
        self.nearest = push_button(self.tr("Compare with similar dives"), self._on_nearest, tip)
        column = QVBoxLayout(self, contentsMargins=QMargins(0, 2, 0, 2))
        column.addWidget(self.nearest, 0, Qt.AlignmentFlag.AlignLeft)

    def show_dive(self, dive: Dive | None) -> None:
        """Show the button for a dive without exemplars, hide it for any other."""
        self._dive = dive if dive is not None and dive.score_state is ScoreState.NO_EXEMPLARS else None
        self.nearest.ensurePolished()  # its size hint is needed before it is first shown
        self.setVisible(self._dive is not None and not self._dive.synchro and not self._dive.rule.nearest)

    def text(self) -> str:
        """Return the message of the score panel; "" if exemplars exist."""
        if self._dive is None:
            return ""
        if self._dive.synchro:
            text = self.tr("There are no synchronised exemplars of {0}, so there is no score.")
            return text.format(self._dive.known_number)
        if self._dive.analysis is not None and self._dive.analysis.own_award is not None:
            text = self.tr("No dives of {0} to compare with: the number above is from measures alone.")
            return text.format(self._dive.known_number)
        return self.tr(
            "No dives of {0} to compare with, so there is no score. Phases and masks are not affected."
        ).format(self._dive.known_number)

    def _on_nearest(self) -> None:
        if self._dive is not None:
            self._session.editing.set_rule(self._dive.key, replace(self._dive.rule, nearest=True))


class ScorePanel(QWidget):
    """Award of the shown dive, and where the points went.

    Attributes:
        contributions: bars of the phases.
        how: button that is checked while the specialists' panels are shown; it stands below all others.
    """

    def __init__(self, session: Session, explanations: Explanations) -> None:
        super().__init__()
        self._session = session
        self.contributions = ContributionsPanel(session, explanations)
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
        tip = self.tr("The award is the program's: it has learned from dives drawn by the program.")
        self._synthetic = push_button(self.tr("estimate"), lambda: self.how.setChecked(True), tip, "notice")
        self.refusal = RefusalNote(session)
        self._message = label(wrap=True)
        self.no_exemplars = NoExemplars(session)
        grid.addWidget(self._judges, 0, 0)
        grid.addWidget(self._judged_by, 0, 1)
        grid.addWidget(self._award, 1, 0)
        grid.addLayout(lay_out(QHBoxLayout(), (self._range, 1), self._synthetic), 1, 1)
        grid.setColumnStretch(1, 1)
        parts = (self._marks, self.refusal, self._message, self.no_exemplars, self.contributions)
        fill_with_card(self, *parts)
        session.shown_changed.connect(self._refresh)
        self._refresh()

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
        words = award_words(predicted, judging)
        if judging is not None:
            self._judges.setText(words.award)
            self._judged_by.setText(_judges_text(words, judging))
        self._award.setFont(self._judges.font() if judging is None else self._second)
        if predicted is not None:
            self._award.setText(words.predicted)
            self._award.setToolTip(literal(calibrated_text(predicted.profile)))
            first = self.tr("predicted") if judging is not None else words.points
            self._range.setText(", ".join(filter(None, (first, words.likely, self._limits_text(scoring)))))
        # Disabled while the award does not belong to the shown transitions yet.
        self._award.setEnabled(dive is None or not dive.rescoring)
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
            return self.tr("Comparing with other dives…")
        if dive.state is DiveState.READY:
            if dive.votes and all(vote.id in dive.correction.left_out for vote in dive.votes):
                return self.tr("All exemplars are left out. Tick at least one in the list.")
            waits = {
                VerdictCode.NO_DIVE: "",
                VerdictCode.DIVER_UNSURE: self.tr("The score waits for the answer to “Which diver?”."),
                VerdictCode.NO_NUMBER: self.tr("Needs the dive number. Phases and masks are ready."),
                VerdictCode.OTHER_DIVE: self.tr(
                    "The video shows another dive: the score waits until you confirm the number above."
                ),
            }
            if (code := dive.verdict.code) in waits:
                return waits[code]
            found = dive.analysis.verdict if dive.analysis is not None else None
            unknown = found is not None and found.code is VerdictCode.NO_DIFFICULTY
            return dive.problem or (translated(found.reason) if found is not None and unknown else "")
        if dive.state in (DiveState.CANCELLED, DiveState.FAILED, DiveState.NEEDS_TRIM, DiveState.MISSING):
            return self.tr("Not analysed yet.")
        if dive.known_number is None:
            return self.tr("Phases and masks are found first. The score needs the dive number.")
        return self.tr("Score comes next.")


def _judges_text(words: AwardWords, judging: Judging) -> str:
    """Return the judges' awards, struck where they do not count, and the points: rich text."""
    said = " · ".join(filter(None, (words.source, words.points)))
    counts = zip(judging.awards, counting(judging.awards), strict=True)
    marks = [shortest(one) if counted else f"<s>{shortest(one)}</s>" for one, counted in counts]
    return said if len(marks) == 1 else f"{said}<br>{' '.join(marks)}"
