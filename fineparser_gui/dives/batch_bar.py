"""Progress over all dives of the session, with buttons to pause, cancel and retry."""

from PySide6.QtCore import QMargins
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from fineparser_gui.dives.dive import DiveState
from fineparser_gui.dives.session import Session
from fineparser_gui.dives.states import left_text
from fineparser_gui.support.widgets import ElidedLabel, lay_out, tool_button

_WORTH_SAYING_S = 10


class BatchBar(QWidget):
    """Progress of several analyses; visible until all dives are analyzed, or while the queue is paused.

    Args:
        actions: actions of the buttons, from left to right.
    """

    def __init__(self, session: Session, actions: list[QAction]) -> None:
        super().__init__()
        self._session = session
        self._text = ElidedLabel("muted")  # always a single line, so that the list stays where it is
        self._bar = QProgressBar(textVisible=False)
        self._bar.setFixedHeight(4)
        self._bar.setAccessibleName(self.tr("Analysed dives"))
        row = lay_out(QHBoxLayout(contentsMargins=QMargins(), spacing=0), (self._bar, 1))
        for action in actions:
            row.addWidget(tool_button(action))
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(10, 0, 4, 4), spacing=0), self._text, row)
        self.refresh()

    @property
    def text(self) -> str:
        return self._text.accessibleName()

    def refresh(self) -> None:
        """Count the dives by state and show the numbers."""
        dives = [self._session.dive(key) for key in self._session.keys]
        ready = sum(dive.state is DiveState.READY and not dive.stopped for dive in dives)
        cancelled = sum(dive.stopped and dive.cancelled for dive in dives)
        failed = sum(dive.stopped for dive in dives) - cancelled
        waiting = any(dive.busy or dive.state is DiveState.OPENING for dive in dives)
        unfinished = len(dives) > 1 and (waiting or failed + cancelled > 0)
        self.setVisible(unfinished or (len(dives) > 0 and self._session.scheduler.paused))
        text = self.tr("{0} of {1} analysed").format(ready, len(dives))
        for count, words in ((failed, self.tr("{0} failed")), (cancelled, self.tr("{0} cancelled"))):
            if count:
                text += ", " + words.format(count)
        left_s = self._session.scheduler.batch_left_s
        if left_s is not None and left_s >= _WORTH_SAYING_S:
            text += f", {left_text(left_s)}"
        if self._session.scheduler.paused:
            text = self.tr("Paused: {0}").format(text)
        self._text.set_text(text)
        self._bar.setRange(0, max(len(dives), 1))
        self._bar.setValue(ready)
