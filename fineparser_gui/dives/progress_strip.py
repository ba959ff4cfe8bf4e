"""Progress of the shown dive's analysis, with a button that cancels or starts it."""

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar

from fineparser_gui.dives.dive import Dive, DiveState, SearchState
from fineparser_gui.dives.session import Session
from fineparser_gui.dives.states import WAITING_FOR_USER, left_text, settled, stage_text
from fineparser_gui.support.formatting import percent
from fineparser_gui.support.widgets import label, lay_out, push_button

_BAR_STEPS = 1000


class ProgressStrip(QFrame):
    """Progress of the shown dive; it keeps its place while it is neither being analyzed nor waits for the user.

    Signals:
        locate_requested: the button "Locate the video…" was pressed.
    """

    locate_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self._session = session
        self._text = label()
        self._text.setMinimumWidth(40)
        self._bar = QProgressBar(textVisible=False)
        self._bar.setFixedHeight(6)
        self._bar.setAccessibleName(self.tr("Progress of the analysis"))
        self._button = push_button(self.tr("Cancel"), self._on_pressed, role="tool")
        self._find = push_button(self.tr("Find the dive"), lambda: session.on_current(session.trimming.find, use=True))
        self._find.setProperty("role", "tool")
        row = QHBoxLayout(self, contentsMargins=QMargins(14, 0, 8, 0), spacing=14)
        lay_out(row, self._text, (self._bar, 1), self._find, self._button)
        session.current_changed.connect(self._refresh)
        session.dive_changed.connect(self._on_dive_changed)
        for signal in (session.scheduler.paused_changed, session.dive_added, session.dive_removed):
            signal.connect(self._refresh)
        self._refresh()

    def _on_dive_changed(self, key: str) -> None:
        if self._session.current is not None and key == self._session.current.key:
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
        if dive.state is DiveState.NEEDS_TRIM:
            waiting = self.tr("Analyse as one dive")
        self._button.setText(self.tr("Cancel") if busy else waiting)
        self._find.setVisible(not busy and dive.state is DiveState.NEEDS_TRIM and dive.segments is None)
        self._bar.setRange(0, _BAR_STEPS if dive.fraction > 0 else 0)  # range 0, 0: busy indicator
        self._bar.setValue(round(_BAR_STEPS * dive.fraction))

    def _all_accepted(self, dive: Dive) -> bool:
        """Return True if all dives found in a recording were added to the list."""
        n_accepted = len(self._session.trimming.accepted(dive.key))
        return n_accepted > 0 and settled(dive, n_accepted)

    def _busy_text(self, dive: Dive) -> str:
        scheduler = self._session.scheduler
        if dive.scoring:
            return self.tr("Scoring…")
        task = scheduler.task_of(dive.key)
        if dive.progress is not None and task is not None:
            stage = "scan" if dive.searching else dive.progress.stage
            parts = [stage_text(stage).capitalize(), percent(dive.fraction)]
            held = scheduler.paused and (dive.searching or not task.begun)
            parts.append(self.tr("paused") if held else left_text(scheduler.left_s(task)))
            return " · ".join(filter(None, parts))
        if scheduler.paused and all(one.key != dive.key for one in scheduler.running):
            return self.tr("Analyses are paused.")
        if self._session.model is None:
            return self.tr("Loading the model…")
        before = next((one for one in scheduler.running if one is not task), None)
        if before is None or (task is not None and task.begun):
            return self.tr("Starting…")
        other = self._session.find(before.key)
        what = other.title if other is not None else self.tr("the library")
        left = left_text(scheduler.left_s(before))
        text = self.tr("Waiting for {0}").format(what)
        return f"{text} ({left})" if left else f"{text}…"

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

    def _on_pressed(self) -> None:
        dive = self._session.current
        if dive is not None:
            if dive.busy:
                self._session.cancel(dive.key)
            elif dive.state is DiveState.MISSING:
                self.locate_requested.emit()
            else:
                self._session.analyze(dive.key)
