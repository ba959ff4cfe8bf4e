"""Repeated scoring of a dive while it is corrected: a single request at a time, always the latest."""

from dataclasses import replace
from functools import partial

import msgspec
from PySide6.QtCore import QObject

from fineparser_core.diving.details import DiveDetails
from fineparser_core.errors import FineParserError
from fineparser_core.export.analysis_json import analysis_from_dict
from fineparser_core.language import translated
from fineparser_core.records import NOT_ASKED, Analysis, DiveParse, VerdictCode
from fineparser_core.scoring.profile import Profile
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.session.correction import frames_of, timed_transitions
from fineparser_gui.session.dive import Dive, ScoreState
from fineparser_gui.support.background import Soon
from fineparser_gui.worker.protocol import Result, ScoreRequest
from fineparser_gui.worker.scheduler import Scheduler, Task, Urgency

#: Moves of the mouse within this time are a single request, in milliseconds.
_GATHER_MS = 15


def score_request(dive: Dive, n_exemplars: int, profile: Profile | None) -> ScoreRequest:
    """Return a request for the score of a parsed dive of known number, by a profile or as shipped."""
    assert dive.parse_id is not None
    return ScoreRequest(
        parse_id=dive.parse_id,
        details=DiveDetails(dive_number=dive.known_number, board_m=dive.known_board_m, difficulty=dive.difficulty),
        rule=dive.rule,
        n_exemplars=n_exemplars,
        profile=profile,
        overruled=tuple(sorted(NOT_ASKED | dive.correction.overruled(dive.known_number, dive.board_m))),
    )


def score_state(analysis: Analysis) -> ScoreState:
    """Return the state of the score of a measured and compared dive."""
    states = {VerdictCode.NO_EXEMPLARS: ScoreState.NO_EXEMPLARS, VerdictCode.NO_DIFFICULTY: ScoreState.NONE}
    return states.get(analysis.verdict.code, ScoreState.SCORED)


def read_score(result: Result, parse: DiveParse) -> Analysis:
    """Read a scored analysis; the masks are taken from the known parse.

    Raises:
        ExportError: the analysis is incomplete.
    """
    return analysis_from_dict(result.analysis, parse)


class RescoringService(QObject):
    """Service that updates the score after moments or masks were corrected.

    Each dive has at most one request in progress; the latest corrections are requested after its answer. So the score
    follows a drag as fast as the worker answers, without a backlog of outdated requests.
    """

    def __init__(self, state: SessionState, scheduler: Scheduler) -> None:
        super().__init__(state)
        self._state, self._scheduler = state, scheduler
        self._wanted: dict[str, ScoreRequest] = {}  # by key of the dive
        self._asked: dict[str, Task] = {}
        self._asking = Soon(self, _GATHER_MS, self._ask)

    def rescore(self, key: str) -> None:
        """Request the score of what is corrected, if it is not known, ahead of any batch."""
        dive = self._state.dive(key)
        corrected = dive.corrected
        if dive.rescoring and corrected and dive.info:
            request = score_request(dive, self._state.n_exemplars, self._state.profile)
            placed = timed_transitions(corrected[0], dive.info) if corrected[0] is not None else None
            request = msgspec.structs.replace(request, transitions=placed, contact_frame=corrected[1])
            self._wanted[key] = self._scheduler.kept.named(request)
            self._asking.begin()
            return
        self.forget(key)
        if corrected is None and dive.rescored_for is not None:
            self._state.update_analysis(key, rescored=None, rescored_for=None)
        if corrected is None and dive.model_analysis is not None and dive.model_analysis.scoring is not None:
            self._state.update(key, score_state=ScoreState.SCORED)

    def forget(self, key: str) -> None:
        """Abandon the request of a dive, which was removed or will be analyzed or scored again."""
        self._wanted.pop(key, None)
        task = self._asked.pop(key, None)
        if task is not None:
            task.abandon()

    def _ask(self) -> None:
        for key in [key for key in self._wanted if key not in self._asked]:
            request = self._wanted.pop(key)
            task = self._scheduler.submit(request, key=key, urgency=Urgency.DRAG)
            self._asked[key] = task
            task.finished.connect(partial(self._on_finished, key, request))
            task.failed.connect(partial(self._on_failed, key))
            task.cancelled.connect(partial(self._take, key))

    def _take(self, key: str) -> None:
        del self._asked[key]
        if key in self._wanted:
            self._asking.start()

    def _on_finished(self, key: str, request: ScoreRequest, result: Result) -> None:
        self._take(key)
        dive = self._state.dive(key)
        if dive.model_analysis is None or dive.corrected is None:
            return
        try:
            rescored = read_score(result, dive.model_analysis.parse)
        except FineParserError as error:
            self._drop_score(key, translated(error))
            return
        placed = None if request.transitions is None else frames_of(request.transitions)
        found = {"rescored": rescored, "rescored_for": (placed, request.contact_frame)}
        self._state.update_analysis(key, **found, score_state=score_state(rescored), problem=None)
        self.rescore(key)  # the moment may have moved on

    def _on_failed(self, key: str, kind: str, message: str) -> None:
        self._take(key)
        if key not in self._wanted:
            self._drop_score(key, message)
        self._state.problem.emit(message)

    def _drop_score(self, key: str, problem: str) -> None:
        """Remove the score, which belongs to other moments than those shown, and show the reason."""
        analysis = self._state.dive(key).analysis
        without = replace(analysis, scoring=None) if analysis else None
        self._state.update(key, analysis=without, score_state=ScoreState.FAILED, problem=problem)
