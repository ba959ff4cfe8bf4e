"""Note on why a clip is not scored, with buttons to find the dive or the diver, or to score it anyway."""

from functools import partial

from PySide6.QtCore import QMargins, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from fineparser_core.language import translated
from fineparser_core.scoring.evidence import missing_evidence
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session import Session
from fineparser_gui.support.widgets import label, lay_out, push_button


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
            self.tr("Find the dive"), lambda: session.on_current(session.trimming.find, use=True), tip
        )
        tip = self.tr("Click on the diver, where another person was followed")
        self.point = push_button(self.tr("Point at the diver"), self.point_requested, tip)
        tip = self.tr("Score this clip although it may not be a complete dive")
        self.overrule = push_button(self.tr("Score anyway"), lambda: declare(is_dive=True), tip)
        tip = self.tr("Do not score this clip")
        self.take_back = push_button(self.tr("Take back"), lambda: declare(is_dive=False), tip)
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
    parse, reason = dive.analysis.parse, dive.model_analysis.parse.refusal or dive.analysis.withheld
    if not reason and dive.correction.is_dive and dive.dive_number is not None:
        return missing_evidence(parse)
    return reason or None
