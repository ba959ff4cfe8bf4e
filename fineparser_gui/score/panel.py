"""The predicted score of the shown dive, its spread, interval and difficulty, and how far to trust it."""

from PySide6.QtCore import QMargins, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from fineparser_core.export.notes import note_text
from fineparser_core.language import text, translated
from fineparser_core.records import ModelIdentity, OwnAward, Scoring
from fineparser_core.scoring.rescore import outliers
from fineparser_gui.dives.dive import Dive, DiveState
from fineparser_gui.dives.session import Session
from fineparser_gui.score.correction_note import CorrectionNote
from fineparser_gui.score.no_exemplars import NoExemplars
from fineparser_gui.score.refusal_note import RefusalNote
from fineparser_gui.support.formatting import board_text, calibrated_text, decimal
from fineparser_gui.support.icons import icon
from fineparser_gui.support.widgets import fill_with_card, label, lay_out, push_button
from fineparser_gui.worker.protocol import Ready


class ScorePanel(QWidget):
    """Score panel of the shown dive.

    Signals:
        model_card_requested: the note about the weights was pressed.
        exemplars_requested: (str) dive number to add exemplars of.
    """

    model_card_requested = Signal()
    exemplars_requested = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._score = label(bold=2.9)
        self._score.setObjectName("score")
        self._spread = label()
        self._spread.setObjectName("spread")
        self._means = label(role="muted")
        spread = lay_out(QVBoxLayout(spacing=0), None, self._spread, self._means, None)
        self._headline = QWidget()
        lay_out(QHBoxLayout(self._headline, contentsMargins=QMargins(), spacing=14), self._score, (spread, 1))
        self._numbers = QWidget()
        grid = QGridLayout(self._numbers, contentsMargins=QMargins(), horizontalSpacing=18, verticalSpacing=0)
        self._dive, self._difficulty, self._award = label(), label(), label()
        for column, (name, value) in enumerate(
            (
                (self.tr("dive"), self._dive),
                (self.tr("difficulty"), self._difficulty),
                (self.tr("implied award"), self._award),
            )
        ):
            grid.addWidget(label(name, "muted"), 0, column)
            grid.addWidget(value, 1, column)
        grid.setColumnStretch(2, 1)
        self._interval = label(wrap=True)
        self._interval.setObjectName("interval")
        self._judged = label(wrap=True)
        self._own_award = label(role="muted", wrap=True)
        self._outliers = label(role="muted", wrap=True)
        self._award.setToolTip(self.tr("score ÷ (3 × DD): the mean award per judge that gives this score"))
        self.correction = CorrectionNote(session)
        self.refusal = RefusalNote(session)
        self._message = label(wrap=True)
        self.no_exemplars = NoExemplars(session)
        self.no_exemplars.add_requested.connect(self.exemplars_requested)
        self._notes = label(role="muted", wrap=True)
        told, tip = self.tr("weights trained on rendered dives"), self.tr("Open the model card")
        self._synthetic = push_button(told, self.model_card_requested, tip, "notice")
        fill_with_card(
            self,
            self._headline,
            self._interval,
            self._numbers,
            self._judged,
            self._own_award,
            self.correction,
            self.refusal,
            self._message,
            self._outliers,
            self.no_exemplars,
            self._notes,
            self._synthetic,
            title=self.tr("Predicted score"),
        )
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def color_icons(self) -> None:
        """Draw the icons in the colors of the palette."""
        self._synthetic.ensurePolished()
        self._synthetic.setIcon(icon("warning", self._synthetic.palette().buttonText().color().name()))

    def _refresh(self) -> None:
        dive = self._session.current
        scoring = dive.analysis.scoring if dive and dive.analysis else None
        own = dive.analysis.own_award if dive and dive.analysis else None
        for widget in (self._headline, self._numbers, self._interval):
            widget.setVisible(scoring is not None or own is not None)
        self._own_award.setVisible(own is not None)
        predicted, judging = scoring or own, dive.judging if dive else None
        self._judged.setVisible(predicted is not None and judging is not None)
        if predicted is not None and judging is not None:
            awards = decimal(judging.award, 2), decimal(predicted.award, 2)
            self._judged.setText(self.tr("Judges {0} · predicted {1}").format(*awards))
        disagreeing = outliers(scoring.exemplars) if scoring else frozenset()
        self._outliers.setVisible(bool(disagreeing))
        self._outliers.setText(self._outliers_text(disagreeing))
        self.correction.show_dive(dive)
        self.refusal.show_dive(dive)
        # Disabled while the score does not belong to the shown transitions yet.
        self._score.setEnabled(dive is None or not dive.rescoring)
        notes = dive.analysis.notes if dive and dive.analysis else ()
        self._notes.setText("\n".join(translated(note_text(note)) for note in notes))
        self._notes.setVisible(bool(notes))
        synthetic = dive is not None and dive.analysis is not None and dive.analysis.parse.model.synthetic
        self._synthetic.setVisible(scoring is not None and synthetic)
        self.no_exemplars.show_dive(None if scoring else dive)
        message = "" if scoring else self.no_exemplars.text() or self._state_text(dive)
        self._message.setText(message)
        self._message.setVisible(bool(message))
        self._score.setToolTip(calibrated_text(predicted.profile) if predicted is not None else "")
        if scoring is not None:
            self._show(scoring)
            self._interval.setText(_interval_text(scoring))
            self._interval.setToolTip(_interval_source(scoring, dive.analysis.parse.model, self._session.model))
        elif own is not None:
            self._show_own(own)
        if own is not None:
            self._own_award.setText(own_award_text(own) if scoring is not None else own_award_about(own))
            self._own_award.setToolTip(own_award_about(own) if scoring is not None else "")
        self.updateGeometry()  # the scroll area does not notice when nested widgets are hidden

    def _show_own(self, own: OwnAward) -> None:
        """Show the award by measures alone in the place of the score."""
        self._score.setText(decimal(own.score))
        self._spread.setText(self.tr("from measures alone"))
        self._means.setText(self.tr("no exemplar"))
        self._dive.setText(f"{own.dive_number} {board_text(own.board_m)}".rstrip())
        self._difficulty.setText(decimal(own.difficulty))
        self._award.setText(decimal(own.award))
        self._interval.setText(_interval_text(own))
        self._interval.setToolTip(_scatter_of_awards())

    def _show(self, scoring: Scoring) -> None:
        self._score.setText(decimal(scoring.score))
        self._spread.setText(self.tr("spread ±{0}").format(decimal(scoring.spread)))
        self._means.setText(self.tr("agreement of exemplars,\nnot accuracy"))
        self._dive.setText(f"{scoring.dive_number} {board_text(scoring.board_m)}".rstrip())
        sources = {"commonest board": self.tr("most common board"), "typed": self.tr("entered")}
        source = sources.get(scoring.difficulty_source, "")
        difficulty = decimal(scoring.difficulty)
        self._difficulty.setText(f"{difficulty} ({source})" if source else difficulty)
        self._award.setText(decimal(scoring.award, 2))

    def _outliers_text(self, ids: frozenset[str]) -> str:
        if len(ids) == 1:
            return self.tr("The vote of exemplar {0} differs strongly from the others.").format(*ids)
        text = self.tr(
            "The votes of {0} exemplars differ strongly from the others. They are marked in the list.", None, len(ids)
        )
        return text.format(len(ids)) if ids else ""

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


def own_award_text(own: OwnAward) -> str:
    """Return the text of the award by measures alone, with its interval."""
    low, high = own.award_range
    bounds = (decimal(low), decimal(high))
    return text("From measures alone, no exemplar: award {0} ({1} – {2})", decimal(own.award), *bounds)


def own_award_about(own: OwnAward) -> str:
    """Return the explanation of the award by measures alone and its limits."""
    checked = own.checked
    return text(
        "Height, angles and times against the rules of judging. On {0} judged dives the order was right in the main "
        "(rank correlation {1}), the size off by {2} awards.",
        checked.dives,
        decimal(checked.rank_correlation, 2),
        decimal(checked.mean_error),
    )


def _scatter_of_awards() -> str:
    return text("By how far awards of real dives scatter. Judged dives have not shown yet that it holds.")


def _interval_text(scoring: Scoring | OwnAward) -> str:
    """Return the text of the calibrated prediction interval of a score."""
    interval = scoring.interval
    if interval is None:
        return text("No prediction interval: the error of these weights was not measured.")
    ends = (decimal(interval.low), decimal(interval.high))
    return text("{2} % prediction interval: {0} – {1}", *ends, decimal(100 * interval.level, 0))


def _interval_source(scoring: Scoring, parsed_by: ModelIdentity, loaded: Ready | None) -> str:
    """Return a text on the dives that the interval was fitted on, with their number if their model is loaded."""
    if scoring.interval is None:
        return ""
    if scoring.uses_measures:
        return _scatter_of_awards()
    kind = text("rendered dives") if parsed_by.synthetic else text("dives")
    card = loaded.card if loaded is not None and loaded.card.get("id") == parsed_by.id else {}
    n_dives = card.get("calibration", {}).get("interval", {}).get("dives")
    fitted_on = f"{n_dives} {kind}" if n_dives else kind
    said = text(
        "Fitted on {0} with known scores that were not used in training: the scores of {1} % of them lie within.",
        fitted_on,
        decimal(100 * scoring.interval.level, 0),
    )
    if parsed_by.synthetic:
        said += " " + text("For real dives it may be too narrow.")
    return said
