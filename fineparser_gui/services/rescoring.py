"""Scores a dive again and again while a transition is dragged: the newest wish counts, one question at a time."""

import itertools
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from fineparser_core.export.analysis_json import MaskArrays, analysis_from_dict
from fineparser_core.types import Analysis, DiveParse
from fineparser_gui.model.dive import Dive
from fineparser_gui.services.worker_client import WorkerClient
from fineparser_gui.worker.protocol import Result, ScoreRequest, Urgency

#: Moves of the mouse that come this close together are one question.
_GATHER_MS = 15


def score_request(request_id: str, dive: Dive, n_exemplars: int, transitions: dict | None = None) -> ScoreRequest:
    """Asks for the score of a parsed dive of known number, with its own or other transitions."""
    assert dive.parse_id is not None
    assert dive.dive_number is not None
    return ScoreRequest(
        id=request_id,
        parse_id=dive.parse_id,
        dive_number=dive.dive_number,
        board_m=dive.board_m,
        difficulty=dive.difficulty,
        transitions=transitions,
        n_exemplars=n_exemplars,
        nearest=dive.nearest,
        synchro=dive.synchro,
    )


def read_score(result: Result, parse: DiveParse) -> Analysis:
    """The analysis in an answer about a dive whose masks are known.

    Raises:
        ExportError: it is no complete analysis.
    """
    return analysis_from_dict(
        result.analysis, MaskArrays(parse.sampled_frames, parse.mask_probability, parse.crop_xyxy)
    )


class Rescorer(QObject):
    """A dive has at most one request with the worker; what was wished meanwhile follows its answer.

    So the score follows a drag as fast as the worker answers, and never waits for answers nobody needs any more.

    Signals:
        answered: (str, ScoreRequest, Result) key of the dive, what was asked, the answer.
        failed: (str, str) key, sentence for the user.
    """

    answered = Signal(str, object, object)
    failed = Signal(str, str)

    def __init__(self, client: WorkerClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._wanted: dict[str, ScoreRequest] = {}
        self._asked: dict[str, ScoreRequest] = {}
        self._asked_again: set[str] = set()
        self._ids = itertools.count(1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_GATHER_MS)
        self._timer.timeout.connect(self._ask)
        client.finished.connect(self._on_finished)
        client.failed.connect(self._on_failed)
        client.cancelled.connect(self._on_cancelled)

    def want(self, key: str, request: ScoreRequest) -> None:
        """Ask soon, ahead of any batch; the id of the request is given here."""
        self._wanted[key] = replace(request, id=f"r{next(self._ids)}", urgency=Urgency.DRAG)
        if not self._timer.isActive():
            self._timer.start()

    def forget(self, key: str) -> None:
        """Nobody needs what was asked for this dive."""
        self._wanted.pop(key, None)
        asked = self._asked.pop(key, None)
        if asked is not None:
            self._client.cancel(asked.id)

    def _ask(self) -> None:
        for key in [key for key in self._wanted if key not in self._asked]:
            self._asked[key] = self._wanted.pop(key)
            self._client.submit(self._asked[key])

    def _take(self, request_id: str) -> tuple[str, ScoreRequest] | None:
        """The dive and the question of an answer; None for those of others."""
        key = next((key for key, asked in self._asked.items() if asked.id == request_id), None)
        if key is None:
            return None
        if key in self._wanted:
            self._timer.start()
        return key, self._asked.pop(key)

    def _on_finished(self, request_id: str, result: Result) -> None:
        taken = self._take(request_id)
        if taken is not None:
            self._asked_again.discard(taken[0])
            self.answered.emit(*taken, result)

    def _on_failed(self, request_id: str, kind: str, message: str) -> None:
        taken = self._take(request_id)
        if taken is None or taken[0] in self._wanted:
            return
        key, request = taken
        if kind == "WorkerCrash" and key not in self._asked_again:  # the next worker finds all it needs
            self._asked_again.add(key)
            self.want(key, request)
        else:
            self._asked_again.discard(key)
            self.failed.emit(key, message)

    def _on_cancelled(self, request_id: str) -> None:
        self._take(request_id)
