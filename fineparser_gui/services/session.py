"""The session: its dives, and the services that work on them. Panels observe it and call its services."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal

from fineparser_core.diving.meet import Meet
from fineparser_core.errors import FineParserError
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.selection import best_exemplar
from fineparser_core.language import translated
from fineparser_core.scoring.profile import active_profile
from fineparser_gui.services.analysis import AnalysisService
from fineparser_gui.services.comparison import ComparisonService
from fineparser_gui.services.editing import DrawingEdits, EditHandlers, EditingService
from fineparser_gui.services.exemplar_library import ExemplarLibrary
from fineparser_gui.services.exporting import ExportService
from fineparser_gui.services.history import HistoryEditing, HistoryService
from fineparser_gui.services.importer import DiveImporter
from fineparser_gui.services.meets import MeetService
from fineparser_gui.services.rescoring import RescoringService
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.trimming import TrimmingService
from fineparser_gui.services.undo import Edit, EditStack, EditStacks
from fineparser_gui.session.dive import DiveState
from fineparser_gui.session.session_file import SavedSession
from fineparser_gui.worker.analysis_cache import AnalysisCache
from fineparser_gui.worker.client import WorkerClient
from fineparser_gui.worker.kept_results import ExemplarSnapshot, KeptResults, Voter, with_other_voters
from fineparser_gui.worker.protocol import Ready, ScoreRequest
from fineparser_gui.worker.scheduler import SHOWN, Scheduler


class Session(SessionState):
    """The dives, with services that open, analyze, correct, compare and export them.

    Args:
        library_folder: folder of the coach's own exemplars; None: there are none.
        cache: cache that the worker fills with its results; None: no results are kept.
        history: file of the coach's store; None: there is none.

    Signals:
        comparison_changed: see `ComparisonService.changed`.

    Attributes:
        edits: edits of dives and of the history; undo applies to one of them.
    """

    comparison_changed = Signal()

    def __init__(
        self,
        client: WorkerClient,
        library_folder: Path | None = None,
        cache: AnalysisCache | None = None,
        history: Path | None = None,
    ) -> None:
        super().__init__()
        edits = EditStack(self)
        self.scheduler = Scheduler(client, self._places, self, KeptResults(cache, lambda: client.settings))
        self.rescoring = RescoringService(self, self.scheduler)
        self.analyses = AnalysisService(self, self.scheduler, self.rescoring)
        self.trimming = TrimmingService(self, self.scheduler, edits)
        self.importer = DiveImporter(self, edits, self.analyses, self.trimming, cache)
        self.library = ExemplarLibrary(self, self.scheduler, edits, library_folder)
        paused = self.scheduler.paused_changed
        self.history = HistoryService(self, self.importer, self.analyses, self.snapshot_state, paused, history, cache)
        self.history_editing = HistoryEditing(self.history, self.problem)
        self.comparing = ComparisonService(self, self.library, self.history, self.scheduler.kept)
        handlers = EditHandlers(
            self, edits, self.analyses, self.rescoring, self.comparing, self.history.keeping.changed_elsewhere
        )
        self.editing, self.drawing_edits = EditingService(self, edits, handlers), DrawingEdits(self, edits)
        self.meets = MeetService(self, edits, self.editing)
        self.exports = ExportService(self)
        if library_folder is not None:
            self._read_profile(library_folder)
        self.edits = EditStacks(self, edits, self.history_editing.edits)
        edits.hidden, edits.show, edits.look = self._is_hidden, self._show_edited, self.history.keeping.settle
        self._exemplars: ExemplarSnapshot | None = None
        self.scheduler.kept.voters = self._voters
        self.comparing.changed.connect(self.comparison_changed)
        self.library.changed.connect(self._on_library_changed)
        self.library.dive_added.connect(self._on_became_exemplar)
        self.scheduler.ready.connect(self._on_ready)
        self.scheduler.failed.connect(lambda _, message: self.problem.emit(message))
        self.current_changed.connect(self.scheduler.reconsider)

    def open(self, paths: Iterable[Path], **known: Any) -> None:
        """Add videos, and those of folders, and analyze them; show the first. `known`: see `DiveImporter.add`."""
        self.importer.add(paths, **known)

    def snapshot(self) -> SavedSession:
        """Return the part of the session that is stored."""
        return self.saved(paused=self.scheduler.paused)

    def snapshot_state(self) -> SavedSession:
        """Return the part of the session that is stored, without the dives."""
        return self.saved_state(paused=self.scheduler.paused)

    def restore(self, saved: SavedSession) -> list[str]:
        """Add the dives of a stored session and analyze them, return their keys; dives with missing videos wait."""
        self.scheduler.pause(saved.paused)
        return self.importer.restore(saved)

    def clear(self) -> None:
        """Remove all dives and edits."""
        self.importer.forget()
        self.comparing.end()
        self.set_meet(Meet())
        self.select(None)
        for key in self.keys:
            self.remove(key)
        self.editing.edits.clear()

    def close(self) -> None:
        """End all services; the window is closing."""
        self.history.close()
        self.scheduler.close()
        self.exports.close()
        self.importer.close()
        self.library.close()

    def remove(self, key: str) -> None:
        """Remove a dive from the session; the file stays."""
        self.importer.remove(key)

    def analyze(self, key: str, *, anew: bool = False) -> None:
        """Analyze a dive from the start; see `AnalysisService.analyze`."""
        self.analyses.analyze(key, anew=anew)

    def analyze_stopped(self) -> None:
        """Retry analyses, scores and searches for dives that failed or were canceled."""
        for dive in self.dives:
            if dive.stopped and dive.state is DiveState.READY:
                self.analyses.score_anew(dive.key)
            elif dive.stopped and dive.state is DiveState.NEEDS_TRIM:
                self.trimming.find(dive.key)
            elif dive.stopped:
                self.analyze(dive.key)

    def cancel(self, key: str) -> None:
        """Cancel the tasks of a dive."""
        for task in (self.analyses.tasks.get(key), self.scheduler.task_of(key)):
            if task is not None:
                task.cancel()

    def cancel_all(self) -> None:
        """Cancel all tasks; waiting tasks first, so that none of them starts."""
        running = {task.key for task in self.scheduler.running}
        for key in sorted(self.keys, key=lambda one: one in running):
            self.cancel(key)

    def best_exemplar(self) -> Exemplar | None:
        """Return the best-scored exemplar of the current dive's number and board, real before rendered."""
        dive = self.current
        scoring = dive.analysis.scoring if dive and dive.analysis else None
        if dive is None or scoring is None:
            return None
        best = self.library.best(scoring.dive_number, scoring.board_m, synchro=dive.synchro)
        if best is not None:
            return best
        voting = [found for vote in scoring.exemplars if (found := self.library.find(vote.id))]
        return best_exemplar(voting, scoring.dive_number, scoring.board_m)

    def _is_hidden(self, edit: Edit) -> bool:
        """Return True if an edit concerns a dive that is neither shown nor compared."""
        shown = [self.current.key if self.current else None, *(side.key for side in self.comparing.sides)]
        return self.find(edit.key) is not None and edit.key not in shown

    def _show_edited(self, edits: list[Edit]) -> str:
        """Show a dive that edits concern; return its title, or "" for several dives or none."""
        dives = {edit.key: dive for edit in edits if (dive := self.find(edit.key)) is not None}
        if dives and all(map(self._is_hidden, edits)):
            self.select(next(iter(dives)))
        return next(iter(dives.values())).title if len(dives) == 1 else ""

    def _places(self) -> dict[str, int]:
        places = {key: place for place, key in enumerate(self.keys)}
        if self.current is not None:
            places[self.current.key] = SHOWN
        return places

    def _read_profile(self, library: Path) -> None:
        """Score by the profile of judges that `fineparser learn --use` has written, if there is any."""
        try:
            self.profile = active_profile(library)
        except FineParserError as error:
            problem = translated(error)
            QTimer.singleShot(0, self, lambda: self.problem.emit(problem))  # when the window listens

    def _on_became_exemplar(self, key: str, exemplar_id: str) -> None:
        if self.find(key) is not None:
            self.editing.leave_itself_out(key, exemplar_id)

    def _on_library_changed(self) -> None:
        """Score dives again that are compared with other exemplars now."""
        before, self._exemplars = self._exemplars, ExemplarSnapshot(self.library.exemplars)
        for dive in list(with_other_voters(self.dives, before, self._exemplars, self.n_exemplars, self.profile)):
            self.analyses.score_anew(dive.key)

    def _voters(self, request: ScoreRequest) -> frozenset[Voter] | None:
        if self._exemplars is None:
            return None
        dive = request.details
        details = dive.dive_number, dive.board_m, dive.difficulty
        return self._exemplars.voters(details, request.rule, request.n_exemplars, request.profile)

    def _on_ready(self, ready: Ready) -> None:
        self.model = ready
        self.model_changed.emit()
