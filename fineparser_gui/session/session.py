"""The one truth of the window: which dives are open, which is shown, what is known of each.

Panels observe it and call its methods; it asks the worker client and the exemplar library.
"""

import itertools
import logging
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path

from PySide6.QtCore import QObject, QThreadPool, Signal
from PySide6.QtGui import QImage

from fineparser_core.errors import FineParserError
from fineparser_core.export.analysis_json import analysis_from_dict, read_masks_npz
from fineparser_core.inference.library import Exemplar, ExemplarMask, Library
from fineparser_core.progress import Progress
from fineparser_core.types import VideoInfo
from fineparser_gui.session.commands import EditDive
from fineparser_gui.session.correction import shown_analysis
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.session.editing import Editing
from fineparser_gui.session.opening import OpeningJob, OpeningSignals, videos_in
from fineparser_gui.session.rescoring import read_score, score_request
from fineparser_gui.session.session_file import SavedDive, SavedSession
from fineparser_gui.worker.client import WorkerClient
from fineparser_gui.worker.protocol import ParseRequest, Ready, Result

log = logging.getLogger(__name__)

LONGEST_DIVE_S = 15.0
_NOT_ANALYSED = {
    "progress": None,
    "problem": None,
    "by_model": None,
    "rescored": None,
    "rescored_for": None,
    "parse_id": None,
    "scoring": False,
}


class Session(QObject):
    """Dives by key, in the order in which they were opened.

    Signals:
        dive_added, dive_changed, dive_removed: (str) key.
        current_changed: another dive is shown, or none.
        comparison_changed: another exemplar is compared with, or none.
        model_changed: the worker has loaded its weights.
        problem: (str) one sentence for the banner.
    """

    dive_added = Signal(str)
    dive_changed = Signal(str)
    dive_removed = Signal(str)
    current_changed = Signal()
    comparison_changed = Signal()
    model_changed = Signal()
    problem = Signal(str)

    def __init__(self, client: WorkerClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._dives: dict[str, Dive] = {}
        self._requests: dict[str, str] = {}  # key of the dive -> the request whose answer still counts
        self._ids = itertools.count(1)
        self._current: str | None = None
        self._exemplar_id: str | None = None
        self._library: Library | None = None
        self.model: Ready | None = None
        self.editing = Editing(self, client)
        self._opening = OpeningSignals(self)
        self._opening.opened.connect(self._on_opened)
        self._opening.failed.connect(self._on_open_failed)
        client.ready.connect(self._on_ready)
        client.progressed.connect(self._on_progress)
        client.finished.connect(self._on_finished)
        client.failed.connect(self._on_failed)
        client.cancelled.connect(self._on_cancelled)

    @property
    def keys(self) -> list[str]:
        return list(self._dives)

    def dive(self, key: str) -> Dive:
        return self._dives[key]

    @property
    def current(self) -> Dive | None:
        """The dive that is shown."""
        return self._dives.get(self._current) if self._current else None

    @property
    def comparison(self) -> Exemplar | None:
        """The exemplar beside the current dive."""
        return self.exemplar(self._exemplar_id) if self._exemplar_id else None

    def open(
        self,
        paths: Iterable[Path],
        *,
        dive_number: str | None = None,
        board_m: float | None = None,
        in_frame: int | None = None,
        out_frame: int | None = None,
    ) -> None:
        """Add every video (a folder stands for the videos in it) and start its analysis; show the first."""
        keys = []
        for path in (video for given in paths for video in videos_in(given)):
            key = f"d{next(self._ids)}"
            self._dives[key] = Dive(
                key=key,
                path=path,
                dive_number=dive_number,
                board_m=board_m,
                in_frame=in_frame,
                out_frame=out_frame,
            )
            keys.append(key)
            self.dive_added.emit(key)
            self._open_video(key)
        if keys:
            self.select(keys[0])
        else:
            self.problem.emit(self.tr("There is no video in that folder: choose one with .mp4, .mov, .avi … files."))

    def _open_video(self, key: str) -> None:
        QThreadPool.globalInstance().start(OpeningJob(key, self._dives[key].path, self._opening))

    def snapshot(self) -> SavedSession:
        """What of the session a file keeps."""
        names = [field.name for field in fields(SavedDive)]
        dives = (SavedDive(**{name: getattr(dive, name) for name in names}) for dive in self._dives.values())
        selected = self.keys.index(self._current) if self._current else None
        return SavedSession(dives=tuple(dives), selected=selected)

    def clear(self) -> None:
        """Take out every dive, and with them what could be undone."""
        self.select(None)
        for key in self.keys:
            self.remove(key)
        self.editing.edits.clear()

    def restore(self, saved: SavedSession) -> None:
        """Add the dives of a session file and analyse them; one whose video is gone waits until it is located."""
        keys = []
        for one in saved.dives:
            key = f"d{next(self._ids)}"
            known = {field.name: getattr(one, field.name) for field in fields(one)}
            self._dives[key] = Dive(key=key, restored=True, **known)
            keys.append(key)
            self.dive_added.emit(key)
            self._open_video(key)
        if keys:
            self.select(keys[saved.selected or 0])

    def locate(self, key: str, path: Path) -> None:
        """Say where the video of a missing dive is now."""
        self._update(key, path=path, state=DiveState.OPENING, problem=None)
        self._open_video(key)

    def close(self) -> None:
        """Wait for files that are being opened; the window is closing."""
        self.editing.close()
        QThreadPool.globalInstance().waitForDone()

    def select(self, key: str | None) -> None:
        """Show another dive."""
        if key != self._current:
            self._current = key
            self._exemplar_id = None
            self.current_changed.emit()
            self.comparison_changed.emit()

    def remove(self, key: str) -> None:
        """Take a dive out of the session; the file stays."""
        self.cancel(key)
        self.editing.forget(key)
        keys = self.keys
        at = keys.index(key)
        del self._dives[key]
        self._requests.pop(key, None)
        self.dive_removed.emit(key)
        if self._current == key:
            keys.remove(key)
            self.select(keys[min(at, len(keys) - 1)] if keys else None)

    def set_details(
        self, key: str, dive_number: str | None, board_m: float | None, difficulty: float | None = None
    ) -> None:
        """Take what the coach knows of the dive; scores it from the cached encoding at once."""
        before, after = self._dives[key].details, (dive_number, board_m, difficulty)
        if before != after:
            # What is typed into one field is one edit.
            typed = [str(place) for place in range(3) if before[place] != after[place]]
            self.editing.edits.push(
                EditDive(
                    self._apply_details,
                    key,
                    before,
                    after,
                    text=self.tr("changing the dive details"),
                    gesture=f"details {' '.join(typed)}",
                )
            )

    def _apply_details(self, key: str, details: tuple[str | None, float | None, float | None]) -> None:
        if key not in self._dives:  # an edit outlives its dive
            return
        dive = self._dives[key]
        named = dict(zip(("dive_number", "board_m", "difficulty"), details, strict=True))
        self.editing.forget(key)
        unscored = replace(dive.by_model, scoring=None) if dive.by_model else None
        self.update_analysis(key, **named, by_model=unscored, rescored=None, rescored_for=None, problem=None)
        if dive.by_model is not None and dive.state is DiveState.READY:
            if dive.scoring:
                self._client.cancel(self._requests.pop(key))
            self._score(key)

    def set_range(self, key: str, in_frame: int | None, out_frame: int | None) -> None:
        """Say where the dive lies in the file; new samples, so a new analysis."""
        dive = self._dives[key]
        before = (dive.in_frame, dive.out_frame)
        text = self.tr("trimming the dive")
        self.editing.edits.push(EditDive(self._apply_range, key, before, (in_frame, out_frame), text=text))

    def _apply_range(self, key: str, frames: tuple[int | None, int | None]) -> None:
        if key not in self._dives:  # an edit outlives its dive
            return
        self.cancel(key)
        self._update(key, in_frame=frames[0], out_frame=frames[1])
        if frames == (None, None) and self._too_long(key):
            self._requests.pop(key, None)
            self.editing.forget(key)
            self.update_analysis(key, state=DiveState.HELD, **_NOT_ANALYSED)
        else:
            self.analyse(key)

    def _too_long(self, key: str) -> bool:
        """Whether the file is longer than one dive, and nobody said where in it the dive lies."""
        dive = self._dives[key]
        trimmed = dive.in_frame is not None and dive.out_frame is not None
        return dive.info is not None and dive.info.duration_s > LONGEST_DIVE_S and not trimmed

    def analyse(self, key: str) -> None:
        """Analyse from the start: first time, retry, or a video that was held because of its length."""
        dive = self._dives[key]
        request = ParseRequest(
            id=f"p{next(self._ids)}", path=str(dive.path), in_frame=dive.in_frame, out_frame=dive.out_frame
        )
        self._requests[key] = request.id
        self.editing.forget(key)
        self.update_analysis(key, state=DiveState.QUEUED, **_NOT_ANALYSED)
        self._client.submit(request)

    def cancel(self, key: str) -> None:
        """Stop what the worker does for this dive."""
        if self._dives[key].busy and key in self._requests:
            self._client.cancel(self._requests[key])

    def compare_with(self, exemplar_id: str | None) -> None:
        """Show an exemplar beside the current dive; None ends the comparison."""
        if exemplar_id != self._exemplar_id:
            self._exemplar_id = exemplar_id
            self.comparison_changed.emit()

    def best_exemplar(self) -> Exemplar | None:
        """Of the current dive's exemplars the one with the highest score, real before rendered."""
        dive = self.current
        if dive is None or dive.analysis is None or dive.analysis.scoring is None:
            return None
        known = [found for vote in dive.analysis.scoring.exemplars if (found := self.exemplar(vote.id))]
        return max(known, key=lambda exemplar: (not exemplar.synthetic, exemplar.score), default=None)

    def exemplar(self, exemplar_id: str) -> Exemplar | None:
        """Look an exemplar up; None (and a banner) where the library cannot give it."""
        try:
            return self._open_library().get(exemplar_id)
        except FineParserError as error:
            self.problem.emit(str(error))
            return None

    def exemplar_mask(self, exemplar_id: str) -> ExemplarMask | None:
        """Masks of an exemplar, where the library has them."""
        try:
            return self._open_library().mask(exemplar_id)
        except FineParserError as error:
            self.problem.emit(str(error))
            return None

    def _open_library(self) -> Library:
        if self._library is None:
            self._library = Library.open()
        return self._library

    def _update(self, key: str, **changes: object) -> None:
        self._dives[key] = replace(self._dives[key], **changes)  # type: ignore[arg-type]
        self.dive_changed.emit(key)

    def drop_score(self, key: str, problem: str) -> None:
        """Show no score, which would be of other transitions than those shown, but why there is none."""
        analysis = self._dives[key].analysis
        self._update(key, analysis=replace(analysis, scoring=None) if analysis else None, problem=problem)

    def update_analysis(self, key: str, **changes: object) -> None:
        """As `_update`, of what the analysis shown is made of."""
        dive = replace(self._dives[key], **changes)  # type: ignore[arg-type]
        shown = shown_analysis(dive.by_model, dive.correction, dive.rescored, dive.info) if dive.by_model else None
        self._update(key, **changes, analysis=shown)

    def _score(self, key: str) -> None:
        dive = self._dives[key]
        if dive.dive_number is None or dive.parse_id is None:
            self._update(key, scoring=False)
            return
        request = score_request(f"s{next(self._ids)}", dive)
        self._requests[key] = request.id
        self._update(key, scoring=True, progress=None)
        self._client.submit(request)

    def _key_of(self, request_id: str) -> str | None:
        """The dive that waits for this request; None for an answer that came too late."""
        return next((key for key, waiting in self._requests.items() if waiting == request_id), None)

    def _on_opened(self, key: str, info: VideoInfo, thumbnail: QImage) -> None:
        if key not in self._dives:
            return
        self._update(key, info=info, thumbnail=thumbnail)
        if self._too_long(key):
            self._update(key, state=DiveState.HELD)
        else:
            self.analyse(key)

    def _on_open_failed(self, key: str, message: str) -> None:
        if key in self._dives and self._dives[key].restored:
            self._update(key, state=DiveState.MISSING, problem=message)
            return
        if key in self._dives:
            self.remove(key)
        self.problem.emit(message)

    def _on_ready(self, ready: Ready) -> None:
        self.model = ready
        self.model_changed.emit()

    def _on_progress(self, request_id: str, progress: Progress) -> None:
        key = self._key_of(request_id)
        if key is not None:
            state = self._dives[key].state
            self._update(key, progress=progress, state=DiveState.ANALYSING if state is DiveState.QUEUED else state)

    def _on_finished(self, request_id: str, result: Result) -> None:
        key = self._key_of(request_id)
        if key is None:
            return
        dive = self._dives[key]
        try:
            if dive.scoring and dive.by_model is not None:
                scored = read_score(result, dive.by_model.parse)
                analysis = replace(dive.by_model, scoring=scored.scoring)
            else:
                analysis = analysis_from_dict(result.analysis, read_masks_npz(Path(result.masks_path)))
        except (OSError, FineParserError) as error:
            self._on_failed(request_id, "InternalError", str(error))
            return
        del self._requests[key]
        if dive.scoring:
            self.update_analysis(key, by_model=analysis, scoring=False, progress=None)
            self.editing.rescore(key)
        else:
            found = {"by_model": analysis, "parse_id": request_id, "state": DiveState.READY}
            self.update_analysis(key, **found, progress=None, problem=None)
            self._score(key)

    def _on_failed(self, request_id: str, kind: str, message: str) -> None:
        key = self._key_of(request_id)
        if key is not None:
            del self._requests[key]
            if self._dives[key].scoring:
                self._update(key, scoring=False, progress=None, problem=message)
                if kind in ("ExemplarError", "ConfigError"):  # states of the score panel, not accidents
                    return
            else:
                self._update(key, state=DiveState.FAILED, progress=None, problem=message)
        self.problem.emit(message)

    def _on_cancelled(self, request_id: str) -> None:
        key = self._key_of(request_id)
        if key is None:
            return
        del self._requests[key]
        if self._dives[key].scoring:
            self._update(key, scoring=False, progress=None, problem=self.tr("Scoring was cancelled."))
        else:
            self._update(key, state=DiveState.CANCELLED, progress=None)
