"""Progress of the shown dive's analysis, with a button that cancels or starts it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from fineparser_gui.model.dive import Dive, DiveState, SearchState
from fineparser_gui.panels.dive_states import WAITING_FOR_USER, settled, stage_text
from fineparser_gui.panels.widgets import keyboard_friendly, label
from fineparser_gui.services.session import Session

_STAGES = ("read", "coarse", "parse", "compare")


class ProgressStrip(QFrame):
    """Visible while the shown dive is being analysed or waits for the user.

    Signals:
        locate_requested: the button "Locate the video…" was pressed.
    """

    locate_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._session = session
        self._text = label()
        self._text.setMinimumWidth(40)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.setAccessibleName(self.tr("Progress of the analysis"))
        self._button = QPushButton(self.tr("Cancel"))
        self._button.clicked.connect(self._on_pressed)
        self._find = QPushButton(self.tr("Find dives"))
        self._find.clicked.connect(self._on_find)
        for button in (self._find, self._button):
            keyboard_friendly(button)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(14)
        row.addWidget(self._text)
        row.addWidget(self._bar, 1)
        row.addWidget(self._find)
        row.addWidget(self._button)
        session.shown_changed.connect(self._refresh)
        for signal in (session.scheduler.paused_changed, session.dive_added, session.dive_removed):
            signal.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        dive = self._session.current
        waits = dive is not None and dive.state in WAITING_FOR_USER and not self._all_accepted(dive)
        busy = dive is not None and dive.busy
        self.setVisible(busy or waits)
        if dive is None or not (busy or waits):
            return
        self._bar.setVisible(busy)
        self._text.setText(self._busy_text(dive) if busy else self._waiting_text(dive))
        self._text.setWordWrap(not busy)
        policy = self._text.sizePolicy()
        policy.setHorizontalStretch(0 if busy else 1)
        self._text.setSizePolicy(policy)
        self._text.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        missing = dive.state is DiveState.MISSING
        waiting = self.tr("Locate the video…") if missing else self.tr("Analyse")
        self._button.setText(self.tr("Cancel") if busy else waiting)
        self._find.setVisible(not busy and dive.state is DiveState.NEEDS_TRIM and dive.segments is None)
        progress = dive.progress
        self._bar.setRange(0, progress.total if progress else 0)  # range 0, 0: busy indicator
        self._bar.setValue(progress.done if progress else 0)

    def _all_accepted(self, dive: Dive) -> bool:
        """Whether all dives found in a recording were added to the list."""
        n_accepted = len(self._session.trimming.accepted(dive.key))
        return n_accepted > 0 and settled(dive, n_accepted)

    def _busy_text(self, dive: Dive) -> str:
        if dive.searching and dive.progress is not None:
            percent = 100 * dive.progress.done // max(dive.progress.total, 1)
            held = self._session.scheduler.paused
            text = self.tr("Searching for dives: {0} %, paused") if held else self.tr("Searching for dives: {0} %")
            return text.format(percent if dive.progress.stage == "scan" else 100)
        if dive.progress is None:
            scheduler = self._session.scheduler
            if scheduler.paused and all(task.key != dive.key for task in scheduler.running):
                return self.tr("Analyses are paused.")
            if self._session.model is None:
                return self.tr("Loading the model…")
            return self.tr("Waiting for other analyses…") if dive.state is DiveState.QUEUED else self.tr("Starting…")
        stages = _STAGES if dive.dive_number else _STAGES[:-1]
        at = _STAGES.index(dive.progress.stage) + 1 if dive.progress.stage in _STAGES else 1
        return self.tr("Stage {0} of {1}: {2}, {3} of {4}").format(
            at, len(stages), stage_text(dive.progress.stage), dive.progress.done, dive.progress.total
        )

    def _waiting_text(self, dive: Dive) -> str:
        if dive.state is DiveState.NEEDS_TRIM and dive.search_state is SearchState.CANCELLED:
            return self.tr(
                "The search for dives was cancelled. Start it again, mark a dive with “Set In point” and “Set Out "
                "point” in the Dive menu, or analyse the whole video as one dive."
            )
        if dive.state is DiveState.NEEDS_TRIM:
            return self.tr(
                "Longer than 15 s. Add a dive that was found, mark one with “Set In point” and “Set Out point” in the "
                "Dive menu, or analyse the whole video as one dive."
            )
        if dive.state is DiveState.CANCELLED:
            return self.tr("The analysis was cancelled.")
        return dive.problem or ""

    def _on_find(self) -> None:
        if self._session.current is not None:
            self._session.trimming.find(self._session.current.key)

    def _on_pressed(self) -> None:
        dive = self._session.current
        if dive is not None:
            if dive.busy:
                self._session.cancel(dive.key)
            elif dive.state is DiveState.MISSING:
                self.locate_requested.emit()
            else:
                self._session.analyse(dive.key)
