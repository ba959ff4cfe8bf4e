"""Which dives wait for the worker, in which order, and what becomes of what it was asked."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from fineparser_core.errors import FineParserError
from fineparser_core.export.analysis_json import analysis_from_dict, read_masks_npz
from fineparser_core.progress import Progress
from fineparser_gui.model.dive import NOT_ANALYSED, DiveState
from fineparser_gui.services.rescoring import read_score, score_request
from fineparser_gui.services.worker_client import WorkerClient
from fineparser_gui.worker.protocol import ParseRequest, Result, Urgency

if TYPE_CHECKING:
    from fineparser_gui.services.session import Session


class AnalysisQueue(QObject):
    """Belongs to a `Session`. Dives wait in the order of its list; the one that is shown overtakes the others.

    Signals:
        paused_changed: the queue was paused or goes on.

    Attributes:
        requests: key of a dive -> the request whose answer still counts.
    """

    paused_changed = Signal()

    def __init__(self, session: "Session", client: WorkerClient) -> None:
        super().__init__(session)
        self._session, self._client = session, client
        self._ids = itertools.count(1)
        self._paused = False
        self._gave_up = False  # paused by itself, because the worker keeps stopping
        self._parsing: dict[str, Urgency] = {}  # requests that the client has, those whose answer nobody needs included
        self.requests: dict[str, str] = {}
        session.current_changed.connect(self._go_on)
        client.progressed.connect(self._on_progress)
        client.finished.connect(self._on_finished)
        client.failed.connect(self._on_failed)
        client.cancelled.connect(self._on_cancelled)

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self, paused: bool) -> None:
        """Begin no further dive and hold searches up, or go on; scores and a dive that runs already are not held up."""
        self._gave_up = False
        if paused != self._paused:
            self._paused = paused
            self.paused_changed.emit()
            self._go_on()

    def analyse(self, key: str) -> None:
        """Queue a dive: first time, retry, or a video that was held because of its length.

        Nothing happens while nobody knows whether what lies at its path is its own video.
        """
        if self._session.dive(key).state in (DiveState.OPENING, DiveState.MISSING):
            return
        self.drop(key)
        self._session.update_analysis(key, state=DiveState.QUEUED, cancelled=False, **NOT_ANALYSED)
        if self._gave_up:
            self.pause(False)  # asked to try again
        self._go_on()

    def analyse_again(self) -> None:
        """Try again what failed or was cancelled: whole analyses, the score alone, or the search for dives."""
        for dive in map(self._session.dive, self._session.keys):
            if dive.stopped and dive.state is DiveState.READY:
                self.score_anew(dive.key)
            elif dive.stopped and dive.state is DiveState.NEEDS_TRIM:
                self._session.trimming.find(dive.key)
            elif dive.stopped:
                self.analyse(dive.key)

    def cancel(self, key: str) -> None:
        """Stop what the worker does for a dive, or let it wait no longer."""
        if key in self.requests:
            self._client.cancel(self.requests[key])
        elif self._waits(key):
            self._session.update(key, state=DiveState.CANCELLED, cancelled=True)

    def cancel_all(self) -> None:
        """Stop everything; those that wait first, so that none of them begins."""
        for key in sorted(self._session.keys, key=lambda one: one in self.requests):
            self._session.cancel(key)

    def drop(self, key: str) -> None:
        """Ask for nothing more about a dive: it is gone, or will be analysed anew."""
        self._session.editing.forget(key)
        request_id = self.requests.pop(key, None)
        if request_id is not None:
            self._client.cancel(request_id)

    def score_anew(self, key: str, **changes: object) -> None:
        """Forget the score of a dive, change it, and score it from the cached encoding."""
        dive = self._session.dive(key)
        self._session.editing.forget(key)
        unscored = replace(dive.model_analysis, scoring=None) if dive.model_analysis else None
        fresh = {"model_analysis": unscored, "rescored": None, "rescored_for": None, "problem": None}
        self._session.update_analysis(key, **changes, **fresh, lacks_exemplars=False)
        if dive.model_analysis is not None and dive.state is DiveState.READY:
            if dive.scoring:
                self._client.cancel(self.requests.pop(key))
            self._score(key)

    def _waits(self, key: str) -> bool:
        return self._session.dive(key).state is DiveState.QUEUED and key not in self.requests

    def _go_on(self) -> None:
        """Hand the next dive to the worker: the shown one at once, another one when nothing else is parsed."""
        if self._paused:
            return
        shown = self._session.current
        if shown is not None and self._waits(shown.key) and Urgency.SHOWN not in self._parsing.values():
            self._parse(shown.key, Urgency.SHOWN)
        if not self._parsing:
            following = next((key for key in self._session.keys if self._waits(key)), None)
            if following is not None:
                self._parse(following, Urgency.BATCH)

    def _parse(self, key: str, urgency: Urgency) -> None:
        dive = self._session.dive(key)
        request_id = f"p{next(self._ids)}"
        self.requests[key] = request_id
        self._parsing[request_id] = urgency
        self._client.submit(
            ParseRequest(
                id=request_id,
                path=str(dive.path),
                in_frame=dive.in_frame,
                out_frame=dive.out_frame,
                urgency=urgency,
            )
        )

    def _score(self, key: str) -> None:
        dive = self._session.dive(key)
        if dive.dive_number is None or dive.parse_id is None or dive.refused:
            self._session.update(key, scoring=False)
            return
        request = score_request(f"s{next(self._ids)}", dive, self._session.n_exemplars)
        self.requests[key] = request.id
        self._session.update(key, scoring=True, progress=None)
        self._client.submit(request)

    def _key_of(self, request_id: str) -> str | None:
        """The dive that waits for this request; None for an answer that came too late."""
        return next((key for key, waiting in self.requests.items() if waiting == request_id), None)

    def _ended(self, request_id: str) -> None:
        if self._parsing.pop(request_id, None) is not None:
            self._go_on()

    def _on_progress(self, request_id: str, progress: Progress) -> None:
        key = self._key_of(request_id)
        if key is not None:
            state = self._session.dive(key).state
            state = DiveState.ANALYSING if state is DiveState.QUEUED else state
            self._session.update(key, progress=progress, state=state)

    def _on_finished(self, request_id: str, result: Result) -> None:
        key = self._key_of(request_id)
        if key is not None:
            self._take_answer(key, request_id, result)
        self._ended(request_id)

    def _take_answer(self, key: str, request_id: str, result: Result) -> None:
        dive = self._session.dive(key)
        try:
            if dive.scoring and dive.model_analysis is not None:
                scored = read_score(result, dive.model_analysis.parse)
                analysis = replace(dive.model_analysis, scoring=scored.scoring)
            else:
                analysis = analysis_from_dict(result.analysis, read_masks_npz(Path(result.masks_path)))
        except (OSError, FineParserError) as error:
            self._tell_failure(key, "InternalError", str(error))
            return
        del self.requests[key]
        if dive.scoring:
            self._session.update_analysis(key, model_analysis=analysis, scoring=False, progress=None)
            self._session.editing.rescore(key)
        else:
            found = {"model_analysis": analysis, "parse_id": request_id, "state": DiveState.READY}
            found["suggestions"] = tuple(result.suggestions)
            self._session.update_analysis(key, **found, progress=None, problem=None)
            if self._session.dive(key).refused:
                self._session.problem.emit(f"{dive.path.name}: {analysis.parse.refusal}")
            self._score(key)

    def _on_failed(self, request_id: str, kind: str, message: str) -> None:
        if kind == "WorkerGone":  # the rest would only fail as well
            self.pause(True)
            self._gave_up = True
        key = self._key_of(request_id)
        if key is None:
            self._session.problem.emit(message)
        else:
            self._tell_failure(key, kind, message)
        self._ended(request_id)

    def _tell_failure(self, key: str, kind: str, message: str) -> None:
        del self.requests[key]
        if self._session.dive(key).scoring:
            lacks = kind == "NoExemplarsError"
            self._session.update(key, scoring=False, progress=None, problem=message, lacks_exemplars=lacks)
            if kind in ("ExemplarError", "NoExemplarsError", "ConfigError"):  # states of the score panel, not accidents
                return
        else:
            self._session.update(key, state=DiveState.FAILED, progress=None, problem=message)
        name = self._session.dive(key).path.name
        self._session.problem.emit(message if name in message else f"{name}: {message}")

    def _on_cancelled(self, request_id: str) -> None:
        key = self._key_of(request_id)
        if key is not None:
            del self.requests[key]
            if self._session.dive(key).scoring:
                problem = self.tr("Scoring was cancelled.")
                self._session.update(key, scoring=False, progress=None, problem=problem)
            else:
                self._session.update(key, state=DiveState.CANCELLED, cancelled=True, progress=None)
        self._ended(request_id)
