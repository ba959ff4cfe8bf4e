"""Origin of the shown dive's mark: exact numbers, corrections, contributions, measures and exemplars."""

from PySide6.QtCore import QMargins, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from fineparser_core.export.notes import note_text
from fineparser_core.language import text, translated
from fineparser_core.records import ModelIdentity, OwnAward, Scoring
from fineparser_core.scoring.rescore import outliers
from fineparser_gui.dives.session import Session
from fineparser_gui.score.contributions import ContributionsPanel
from fineparser_gui.score.correction_note import CorrectionNote
from fineparser_gui.score.explanation import Explanations
from fineparser_gui.score.measured import MeasuredPanel
from fineparser_gui.support.formatting import board_text, calibrated_text, decimal
from fineparser_gui.support.widgets import fill_with_card, label, lay_out, push_button
from fineparser_gui.worker.protocol import Ready

_SETTLED_MS = 120
_EXEMPLARS_PX = 190


class HowFound(QWidget):
    """Column of panels about the analysis of the shown dive.

    Args:
        exemplars: panel of the exemplars' votes, the last one.
    """

    def __init__(self, session: Session, explanations: Explanations, exemplars: QWidget) -> None:
        super().__init__()
        self.numbers = NumbersPanel(session)
        self.contributions = ContributionsPanel(session)
        self.measured = MeasuredPanel(session, explanations)
        exemplars.setMinimumHeight(_EXEMPLARS_PX)
        column = QVBoxLayout(self, contentsMargins=QMargins(), spacing=8)
        lay_out(column, self.numbers, self.contributions, self.measured, (exemplars, 1))
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
        self._outliers = label(role="muted", wrap=True)
        self.correction = CorrectionNote(session)
        self._notes = label(role="muted", wrap=True)
        told, tip = self.tr("weights trained on rendered dives"), self.tr("Open the model card")
        self._synthetic = push_button(told, self.model_card_requested, tip, "notice")
        parts = (self._numbers, self._own_award, self.correction, self._outliers, self._notes, self._synthetic)
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
        if scoring is not None:
            self._show(scoring, _interval_source(scoring, analysis.parse.model, self._session.model))
        elif own is not None:
            self._show(own, _scatter_of_awards())
        self._own_award.setVisible(own is not None)
        if own is not None:
            self._own_award.setText(
                "\n".join(filter(None, (own_award_text(own) if scoring else "", own_award_about(own))))
            )
        disagreeing = outliers(scoring.exemplars) if scoring else frozenset()
        self._outliers.setVisible(bool(disagreeing))
        self._outliers.setText(self._outliers_text(disagreeing))
        self._notes.setText("\n".join(translated(note_text(note)) for note in analysis.notes))
        self._notes.setVisible(bool(analysis.notes))
        self._synthetic.setVisible(analysis.parse.model.synthetic)

    def _show(self, scored: Scoring | OwnAward, interval_source: str) -> None:
        dive = f"{scored.dive_number} {board_text(scored.board_m)}".rstrip()
        award, said = decimal(scored.award, 2), self._values
        said["score"].setText(self.tr("{0} · award {1} · {2}").format(decimal(scored.score), award, dive))
        said["score"].setToolTip(calibrated_text(scored.profile))
        sources = {"commonest board": self.tr("most common board"), "typed": self.tr("entered")}
        source = sources.get(scored.difficulty_source, "") if isinstance(scored, Scoring) else ""
        difficulty = decimal(scored.difficulty)
        said["difficulty"].setText(f"{difficulty} ({source})" if source else difficulty)
        spread = f"±{decimal(scored.spread)}" if isinstance(scored, Scoring) else self.tr("from measures alone")
        said["spread"].setText(spread)
        said["interval"].setText(_interval_text(scored))
        said["interval"].setToolTip(interval_source)

    def _outliers_text(self, ids: frozenset[str]) -> str:
        if len(ids) == 1:
            return self.tr("The vote of exemplar {0} differs strongly from the others.").format(*ids)
        text = self.tr(
            "The votes of {0} exemplars differ strongly from the others. They are marked in the list.", None, len(ids)
        )
        return text.format(len(ids)) if ids else ""


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
