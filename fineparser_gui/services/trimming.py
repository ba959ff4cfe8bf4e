"""Dives in a long recording: asked of the worker, proposed to the coach, and rows of the list once he confirms them."""

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from fineparser_core.progress import Progress
from fineparser_core.types import DiveSegment
from fineparser_gui.services.commands import AddDives, EditDive
from fineparser_gui.services.worker_client import WorkerClient
from fineparser_gui.worker.protocol import Segments, TrimRequest, Urgency

if TYPE_CHECKING:
    from fineparser_gui.services.session import Session


class Trimming(QObject):
    """Belongs to a `Session`. A recording keeps its own row; the dives confirmed in it follow it in the list.

    Signals:
        holding_changed: see `holding`.
    """

    holding_changed = Signal()

    def __init__(self, session: "Session", client: WorkerClient) -> None:
        super().__init__(session)
        self._session, self._client = session, client
        self._ids = itertools.count(1)
        self._waiting: list[str] = []
        self._asked: dict[str, str] = {}  # key -> request whose answer still counts
        self._stopped: set[str] = set()  # requests that the user cancelled
        client.progressed.connect(self._on_progress)
        client.finished.connect(self._on_finished)
        client.failed.connect(self._on_failed)
        client.cancelled.connect(self._on_cancelled)
        session.queue.paused_changed.connect(self._on_paused)

    def find(self, key: str) -> None:
        """Look for dives in the whole file of a row, once those before it are looked through."""
        self.forget(key)
        self._waiting.append(key)
        self._session.update(key, searching=True, segments=None, dismissed=False, progress=None, problem=None)
        self._go_on()

    def show_or_find(self, key: str) -> None:
        """Show proposals that were dismissed again, which takes no search; where there are none, look for dives."""
        dive = self._session.dive(key)
        if dive.dismissed and dive.segments:
            text = self.tr("showing the dives found")
            self._session.editing.edits.push(EditDive(self._apply_dismissed, key, True, False, text=text))
        else:
            self.find(key)

    def waits(self, key: str) -> bool:
        """Whether a row is still to be looked through."""
        return key in self._waiting

    @property
    def holding(self) -> bool:
        """Whether a search stands still while the analyses are paused, and what is no more urgent waits behind it."""
        return self._session.queue.paused and bool(self._asked)

    def _on_paused(self) -> None:
        self._client.hold(self._session.queue.paused)  # where it is: it may have looked for minutes
        self.holding_changed.emit()
        self._go_on()

    def _take_asked(self, key: str) -> str | None:
        """The request of a row, whose answer counts no longer; None where nothing was asked."""
        request_id = self._asked.pop(key, None)
        if request_id is not None:
            self.holding_changed.emit()
        return request_id

    def _go_on(self) -> None:
        """Hand the next row to the worker, the one that is shown first; none while the analyses are paused."""
        if self._session.queue.paused or self._asked or not self._waiting:
            return
        shown = self._session.current
        key = shown.key if shown is not None and shown.key in self._waiting else self._waiting[0]
        self._waiting.remove(key)
        request = TrimRequest(id=f"t{next(self._ids)}", path=str(self._session.dive(key).path), urgency=Urgency.BATCH)
        self._asked[key] = request.id
        self._client.submit(request)

    def cancel(self, key: str) -> None:
        """Stop looking."""
        if key in self._asked:
            self._stopped.add(self._asked[key])
            self._client.cancel(self._asked[key])
        elif key in self._waiting:
            self._waiting.remove(key)
            self._session.update(key, searching=False)

    def forget(self, key: str) -> None:
        """Nobody needs the answer any more: the row is gone, or looked through anew."""
        if key in self._waiting:
            self._waiting.remove(key)
        request_id = self._take_asked(key)
        if request_id is not None:
            self._client.cancel(request_id)
            self._go_on()

    def dismiss(self, key: str) -> None:
        """Show the proposals no longer."""
        before = self._session.dive(key).dismissed
        if not before:
            text = self.tr("dismissing the dives found")
            self._session.editing.edits.push(EditDive(self._apply_dismissed, key, before, True, text=text))

    def _apply_dismissed(self, key: str, dismissed: bool) -> None:
        if key in self._session.keys:  # an edit outlives its dive
            self._session.select(key)
            self._session.update(key, dismissed=dismissed)

    def accepted(self, key: str) -> frozenset[int]:
        """Places of the proposals whose flight lies in a dive of the list already."""
        dive = self._session.dive(key)
        if not dive.segments:  # most rows, each of which asks at every change of the list
            return frozenset()
        others = (self._session.dive(one) for one in self._session.keys)
        cut = [
            (one.in_frame, one.out_frame)
            for one in others
            if one.in_frame is not None and one.out_frame is not None and one.path == dive.path
        ]
        return frozenset(
            place
            for place, segment in enumerate(dive.segments)
            if any(first <= segment.first_flight_frame and segment.first_entry_frame <= last for first, last in cut)
        )

    def accept(self, key: str, place: int) -> None:
        """Make a proposal a dive: of the row itself where it is the only one, else of a row of its own."""
        dive = self._session.dive(key)
        if not dive.segments or place in self.accepted(key):
            return
        segment = dive.segments[place]
        if len(dive.segments) == 1:
            self._session.set_range(key, segment.in_frame, segment.out_frame)
        else:
            self._push(key, [segment])

    def accept_all(self, key: str) -> None:
        """Make every proposal that is none yet a dive."""
        dive, taken = self._session.dive(key), self.accepted(key)
        segments = [segment for place, segment in enumerate(dive.segments or ()) if place not in taken]
        if len(segments) == 1 == len(dive.segments or ()):
            self.accept(key, 0)
        elif segments:
            self._push(key, segments)

    def _push(self, key: str, segments: list[DiveSegment]) -> None:
        text = self.tr("adding dives of a recording")
        self._session.editing.edits.push(AddDives(self._session, lambda: self._add(key, segments), text))

    def _add(self, key: str, segments: list[DiveSegment]) -> list[str]:
        """Rows after the recording's, in order of time; its number and diver are not theirs. Returns their keys."""
        dive, added = self._session.dive(key), []
        for segment in segments:
            cut = {"in_frame": segment.in_frame, "out_frame": segment.out_frame}
            new = self._session.importer.add_cut(dive.path, segment.first_flight_frame, **cut)
            rows = [self._session.dive(one) for one in self._session.keys if one != new]
            before = [
                place
                for place, row in enumerate(rows)
                if row.path == dive.path and (row.key == key or (row.in_frame or 0) < segment.in_frame)
            ]
            self._session.move(new, max(before) + 1)
            added.append(new)
        self._session.update(key, segments=dive.segments)  # what is taken is shown so
        return added

    def _key_of(self, request_id: str) -> str | None:
        return next((key for key, asked in self._asked.items() if asked == request_id), None)

    def _ended(self, request_id: str, **changes: object) -> None:
        key = self._key_of(request_id)
        if key is not None:
            self._take_asked(key)
            self._session.update(key, searching=False, progress=None, **changes)
            self._go_on()

    def _on_progress(self, request_id: str, progress: Progress) -> None:
        key = self._key_of(request_id)
        if key is not None:
            self._session.update(key, progress=progress)

    def _on_finished(self, request_id: str, answer: object) -> None:
        if isinstance(answer, Segments):
            self._ended(request_id, segments=tuple(DiveSegment(**fields) for fields in answer.segments))

    def _on_failed(self, request_id: str, kind: str, message: str) -> None:
        key = self._key_of(request_id)
        if key is not None:
            self._ended(request_id, problem=message)
            self._session.problem.emit(f"{Path(self._session.dive(key).path).name}: {message}")

    def _on_cancelled(self, request_id: str) -> None:
        key = self._key_of(request_id)
        if key is not None and request_id not in self._stopped:  # the worker was started anew with other settings
            self._take_asked(key)
            self.find(key)
        else:
            self._ended(request_id)
        self._stopped.discard(request_id)
