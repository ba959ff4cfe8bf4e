"""Searches long recordings for dives, which become rows of the list once the coach confirms them."""

from functools import partial

from PySide6.QtCore import QObject

from fineparser_core.progress import Progress
from fineparser_core.types import DiveSegment
from fineparser_gui.model.dive import Dive, DiveState, SearchState
from fineparser_gui.model.edits import Edit, Rows, Subject
from fineparser_gui.services.scheduler import Scheduler
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.task import Task
from fineparser_gui.services.undo import EditStack
from fineparser_gui.worker.protocol import Segments, TrimRequest


class TrimmingService(QObject):
    """A recording keeps its own row; the dives confirmed in it follow it in the list."""

    def __init__(self, state: SessionState, scheduler: Scheduler, edits: EditStack) -> None:
        super().__init__(state)
        self._state, self._scheduler, self._edits = state, scheduler, edits
        self._tasks: dict[str, Task] = {}  # searches that have not ended, by key of the dive
        edits.handlers[Subject.PROPOSALS] = self._apply_proposals

    def find(self, key: str) -> None:
        """Queue a search of the whole file."""
        self.forget(key)
        dive = self._state.dive(key)
        cancelled = dive.cancelled and dive.state is not DiveState.NEEDS_TRIM  # its analysis was, not a search
        fresh = {"segments": None, "progress": None, "fraction": 0.0, "problem": None, "cancelled": cancelled}
        self._state.update(key, search_state=SearchState.WAITING, **fresh)
        request = self._scheduler.kept.named(TrimRequest(path=str(dive.path)), dive.content)
        task = self._scheduler.submit(request, key=key)
        self._tasks[key] = task
        task.progressed.connect(partial(self._on_progress, key))
        task.finished.connect(partial(self._on_finished, key))
        task.failed.connect(partial(self._on_failed, key))
        task.cancelled.connect(partial(self._on_cancelled, key))

    def show_or_find(self, key: str) -> None:
        """Show dismissed proposals again; without any, search for dives."""
        dive = self._state.dive(key)
        if dive.search_state is SearchState.DISMISSED and dive.segments:
            self._show_proposals(key, SearchState.FOUND, self.tr("showing the dives found"))
        else:
            self.find(key)

    def dismiss(self, key: str) -> None:
        """Hide the proposals."""
        if self._state.dive(key).search_state is SearchState.FOUND:
            self._show_proposals(key, SearchState.DISMISSED, self.tr("dismissing the dives found"))

    def cancel(self, key: str) -> None:
        """Cancel the search."""
        if key in self._tasks:
            self._tasks[key].cancel()

    def forget(self, key: str) -> None:
        """Abandon the search of a dive, which was removed or will be searched anew."""
        task = self._tasks.pop(key, None)
        if task is not None:
            task.abandon()

    def accepted(self, key: str) -> frozenset[int]:
        """Indices of the proposals whose flight lies within a dive of the list."""
        dive = self._state.dive(key)
        if not dive.segments:  # the common case, checked for every row at every change of the list
            return frozenset()
        cut = [
            (one.in_frame, one.out_frame)
            for one in self._state.dives
            if one.in_frame is not None and one.out_frame is not None and one.path == dive.path
        ]
        return frozenset(
            place
            for place, segment in enumerate(dive.segments)
            if any(first <= segment.first_flight_frame and segment.first_entry_frame <= last for first, last in cut)
        )

    def accept(self, key: str, place: int) -> None:
        """Accept a proposal: a single one sets in and out point of the row, others get rows of their own."""
        dive = self._state.dive(key)
        if not dive.segments or place in self.accepted(key):
            return
        segment = dive.segments[place]
        if len(dive.segments) > 1:
            self._add_rows(dive, [segment])
            return
        before, after = (dive.in_frame, dive.out_frame), (segment.in_frame, segment.out_frame)
        if before != after:
            text = self.tr("trimming the dive")
            self._edits.do(Edit(subject=Subject.RANGE, key=key, before=before, after=after, text=text))

    def accept_all(self, key: str) -> None:
        """Accept all remaining proposals."""
        dive, accepted = self._state.dive(key), self.accepted(key)
        segments = [segment for place, segment in enumerate(dive.segments or ()) if place not in accepted]
        if len(segments) == 1 == len(dive.segments or ()):
            self.accept(key, 0)
        elif segments:
            self._add_rows(dive, segments)

    def _show_proposals(self, key: str, after: SearchState, text: str) -> None:
        before = self._state.dive(key).search_state
        self._edits.do(Edit(subject=Subject.PROPOSALS, key=key, before=before, after=after, text=text))

    def _apply_proposals(self, edit: Edit) -> None:
        if self._state.find(edit.key) is not None:  # the dive may have been removed
            self._state.select(edit.key)
            self._state.update(edit.key, search_state=edit.after)

    def _add_rows(self, dive: Dive, segments: list[DiveSegment]) -> None:
        text = self.tr("adding dives of a recording")
        self._edits.do(Edit(subject=Subject.ADDED_ROWS, before=(), after=self._rows(dive, segments), text=text))

    def _rows(self, dive: Dive, segments: list[DiveSegment]) -> Rows:
        """New rows after that of the recording, in order of time, without its number and diver."""
        dives, rows = self._state.dives, []
        for segment in segments:
            before = [
                place
                for place, row in enumerate(dives)
                if row.path == dive.path and (row.key == dive.key or (row.in_frame or 0) < segment.in_frame)
            ]
            cut = Dive(
                key=self._state.new_key(), path=dive.path, in_frame=segment.in_frame, out_frame=segment.out_frame
            )
            dives.insert(max(before) + 1, cut)
            rows.append((cut, max(before) + 1))
        return tuple(rows)

    def _end(self, key: str, search_state: SearchState, **changes: object) -> None:
        del self._tasks[key]
        self._state.update(key, search_state=search_state, progress=None, **changes)

    def _on_progress(self, key: str, progress: Progress) -> None:
        fraction = self._tasks[key].clock.fraction
        self._state.update(key, search_state=SearchState.SEARCHING, progress=progress, fraction=fraction)

    def _on_finished(self, key: str, answer: Segments) -> None:
        self._end(key, SearchState.FOUND, segments=tuple(DiveSegment(**fields) for fields in answer.segments))

    def _on_cancelled(self, key: str) -> None:
        dive = self._state.dive(key)
        self._end(key, SearchState.CANCELLED, cancelled=dive.cancelled or dive.state is DiveState.NEEDS_TRIM)

    def _on_failed(self, key: str, _: str, message: str) -> None:
        self._end(key, SearchState.FAILED, problem=message)
        self._state.problem.emit(f"{self._state.dive(key).path.name}: {message}")
