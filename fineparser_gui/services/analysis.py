"""Analyses and scores of dives: requested from the worker, put into the session."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from fineparser_core.errors import FineParserError
from fineparser_core.progress import Progress
from fineparser_core.records import Analysis
from fineparser_gui.services.rescoring import RescoringService, read_score, score_request, score_state
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.session.dive import NOT_ANALYZED, DiveState, ScoreState
from fineparser_gui.worker.protocol import ParseRequest, Request, Result, ScoreRequest
from fineparser_gui.worker.records import read_analysis
from fineparser_gui.worker.scheduler import Scheduler, Task, Urgency

#: Kinds of errors that the score panel explains; no banner.
_EXPECTED = ("ExemplarError", "NoExemplarsError", "ConfigError")


class AnalysisService(QObject):
    """Service that analyzes dives and scores them."""

    def __init__(self, state: SessionState, scheduler: Scheduler, rescoring: RescoringService) -> None:
        super().__init__(state)
        self._state, self._scheduler, self._rescoring = state, scheduler, rescoring

    @property
    def tasks(self) -> dict[str, Task]:
        """The analysis or the scoring in progress by key of the dive."""
        asked = [one for one in self._scheduler.tasks if isinstance(one.request, ParseRequest | ScoreRequest)]
        return {one.key: one for one in asked if one.urgency != Urgency.DRAG and not one.signalsBlocked()}

    def analyze(self, key: str, *, anew: bool = False) -> None:
        """Queue a dive for its first analysis or another; a kept result is shown at once.

        Does nothing until its video is open and its identity is confirmed.

        Args:
            anew: compute the analysis even if its result is kept.
        """
        dive = self._state.dive(key)
        if dive.state in (DiveState.OPENING, DiveState.MISSING):
            return
        self.drop(key)
        self._state.update_analysis(key, state=DiveState.QUEUED, cancelled=False, **NOT_ANALYZED)
        self._scheduler.try_again()
        request = self._parse_request(key)
        parsed = partial(self._on_parsed, request)
        self._submit(key, request, parsed, self._on_parse_failed, self._on_parse_cancelled, anew=anew)

    def outdated(self, key: str) -> bool:
        """Return True if the analysis of a dive was made with other weights or settings than the present."""
        dive = self._state.dive(key)
        return dive.model_analysis is not None and dive.parse_id != self._parse_request(key).kept_as

    def _parse_request(self, key: str) -> ParseRequest:
        dive = self._state.dive(key)
        request = ParseRequest(
            path=str(dive.path), in_frame=dive.in_frame, out_frame=dive.out_frame, point=dive.followed_point
        )
        return self._scheduler.kept.named(request, dive.content)

    def drop(self, key: str) -> None:
        """Abandon all tasks of a dive, which was removed or will be analyzed again."""
        self._rescoring.forget(key)
        if task := self.tasks.get(key):
            task.abandon()

    def score_anew(self, key: str, **changes: object) -> None:
        """Discard the score of a dive, change attributes, and score it from the cached encoding."""
        dive = self._state.dive(key)
        self._rescoring.forget(key)
        known = dive.model_analysis
        own = Analysis(parse=known.parse, scoring=None) if known else None
        fresh = {"model_analysis": own, "rescored": None, "rescored_for": None, "problem": None}
        if dive.state is not DiveState.READY or own is None:
            self._state.update_analysis(key, **changes, **fresh)
            return
        if dive.scoring:
            self.tasks[key].abandon()
        self._state.update_analysis(key, **changes, **fresh, score_state=ScoreState.NONE)
        self._score(key)

    def _score(self, key: str) -> None:
        dive = self._state.dive(key)
        if not dive.scorable:
            return
        self._state.update(key, score_state=ScoreState.SCORING, progress=None)
        request = self._scheduler.kept.named(score_request(dive, self._state.n_exemplars, self._state.profile))
        self._submit(key, request, self._on_scored, self._on_score_failed, self._on_score_cancelled)

    def _submit(
        self,
        key: str,
        request: Request,
        finished: Callable[[str, Result], None],
        failed: Callable[[str, str, str], None],
        cancelled: Callable[[str], None],
        *,
        anew: bool = False,
    ) -> None:
        task = self._scheduler.submit(request, key=key, anew=anew)
        task.progressed.connect(partial(self._on_progress, key, task))
        task.finished.connect(partial(finished, key))
        task.failed.connect(partial(failed, key))
        task.cancelled.connect(partial(cancelled, key))

    def _on_progress(self, key: str, task: Task, progress: Progress) -> None:
        state = self._state.dive(key).state
        state = DiveState.ANALYSING if state is DiveState.QUEUED else state
        self._state.update(key, progress=progress, fraction=task.clock.fraction, state=state)

    def _on_parsed(self, request: ParseRequest, key: str, result: Result) -> None:
        try:
            analysis = read_analysis(result.analysis, Path(result.record_path))
        except FineParserError as error:
            self._on_parse_failed(key, "InternalError", str(error))
            return
        here = replace(analysis.parse.clip, path=Path(request.path))  # a kept analysis may be of a copy elsewhere
        analysis = replace(analysis, parse=replace(analysis.parse, clip=here))
        found = {"model_analysis": analysis, "parse_id": request.kept_as or result.id}
        self._state.update_analysis(key, state=DiveState.READY, **found, progress=None, problem=None)
        self._score(key)

    def _on_parse_failed(self, key: str, kind: str, message: str) -> None:
        self._state.update(key, state=DiveState.FAILED, progress=None, problem=message)
        if not self._is_shown(key):
            self._tell(key, message)

    def _on_parse_cancelled(self, key: str) -> None:
        self._state.update(key, state=DiveState.CANCELLED, cancelled=True, progress=None)

    def _on_scored(self, key: str, result: Result) -> None:
        own = self._state.dive(key).model_analysis
        assert own is not None
        try:
            analysis = replace(read_score(result, own.parse), parse=own.parse)
        except FineParserError as error:
            self._on_score_failed(key, "InternalError", str(error))
            return
        found = {"model_analysis": analysis, "score_state": score_state(analysis), "problem": None}
        self._state.update_analysis(key, **found, progress=None)
        self._rescoring.rescore(key)

    def _on_score_failed(self, key: str, kind: str, message: str) -> None:
        if kind == "ParseLost":
            self.analyze(key)
            return
        state = ScoreState.NO_EXEMPLARS if kind == "NoExemplarsError" else ScoreState.FAILED
        self._state.update(key, score_state=state, progress=None, problem=message)
        if kind not in _EXPECTED:
            self._tell(key, message)

    def _on_score_cancelled(self, key: str) -> None:
        problem = self.tr("Scoring was cancelled.")
        self._state.update(key, score_state=ScoreState.CANCELLED, progress=None, problem=problem)

    def _is_shown(self, key: str) -> bool:
        """Return True if a dive is shown, so that its problem is written beside the picture."""
        return self._state.current is not None and self._state.current.key == key

    def _tell(self, key: str, message: str) -> None:
        name = self._state.dive(key).path.name
        self._state.problem.emit(message if name in message else f"{name}: {message}")
