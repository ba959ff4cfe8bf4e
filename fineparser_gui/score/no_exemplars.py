"""Commands for a dive number without exemplars: add some, or compare with similar dives."""

from dataclasses import replace

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fineparser_gui.dives.dive import Dive, ScoreState
from fineparser_gui.dives.session import Session
from fineparser_gui.support.widgets import push_button


class NoExemplars(QWidget):
    """Buttons below the message of the score panel.

    Signals:
        add_requested: (str) dive number to add exemplars of.
    """

    add_requested = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._dive: Dive | None = None
        self.add = push_button(self.tr("Add exemplars…"), self._on_add)
        tip = self.tr("Uses the most similar dive numbers, with scores converted to the DD of this dive")
        self.nearest = push_button(self.tr("Compare with similar dives"), self._on_nearest, tip)
        # Side by side they are wider than the panel in some languages.
        column = QVBoxLayout(self, contentsMargins=QMargins(0, 2, 0, 2), spacing=6)
        for button in (self.nearest, self.add):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_dive(self, dive: Dive | None) -> None:
        """Show the buttons for a dive without exemplars, hide them for any other."""
        self._dive = dive if dive is not None and dive.score_state is ScoreState.NO_EXEMPLARS else None
        for button in (self.nearest, self.add):
            button.ensurePolished()  # their size hint is needed before they are first shown
        self.setVisible(self._dive is not None)
        self.nearest.setVisible(self._dive is not None and not self._dive.synchro and not self._dive.rule.nearest)

    def text(self) -> str:
        """Return the message of the score panel; "" if exemplars exist."""
        if self._dive is None:
            return ""
        if self._dive.synchro:
            text = self.tr("There are no synchronised exemplars of {0}, so there is no score.")
            return text.format(self._dive.dive_number)
        if self._dive.analysis is not None and self._dive.analysis.own_award is not None:
            text = self.tr("No exemplars of {0}, so nothing to compare with: the number above is from measures alone.")
            return text.format(self._dive.dive_number)
        return self.tr("No exemplars of {0}, so there is no score. Phases and masks are not affected.").format(
            self._dive.dive_number
        )

    def _on_add(self) -> None:
        if self._dive is not None:
            self.add_requested.emit(self._dive.dive_number or "")

    def _on_nearest(self) -> None:
        if self._dive is not None:
            self._session.editing.set_rule(self._dive.key, replace(self._dive.rule, nearest=True))
