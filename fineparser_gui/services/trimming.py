"""Search for dives in long recordings, which become rows of the list once the coach confirms them."""

from functools import partial

from PySide6.QtCore import QObject

from fineparser_core.progress import Progress
from fineparser_core.records import DiveSegment
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.services.undo import Edit, EditStack, Rows, Subject
from fineparser_gui.session.dive import Dive, DiveState, SearchState
from fineparser_gui.worker.protocol import Segments, TrimRequest
from fineparser_gui.worker.scheduler import Scheduler, Task


class TrimmingService(QObject):
    """Service that finds dives in recordings; a recording keeps its row, and its confirmed dives follow it."""

    def __init__(self, state: SessionState, scheduler: Scheduler, edits: EditStack) -> None:
        super().__init__(state)
        self._state, self._scheduler, self._edits = state, scheduler, edits
        edits.handlers[Subject.PROPOSALS] = self._apply_proposals

    def find(self, key: str, *, use: bool = False) -> None:
        """Queue a search of the whole file.

        Args:
            use: trim the row to the dive at once if exactly one is found.
        """
        self.forget(key)
        dive = self._state.dive(key)
        cancelled = dive.cancelled and dive.state is not DiveState.NEEDS_TRIM  # its analysis was, not a search
        fresh = {"segments": None, "dismissed": False, "progress": None, "fraction": 0.0, "problem": None}
        self._state.update(key, search_state=SearchState.WAITING, cancelled=cancelled, **fresh)
        request = self._scheduler.kept.named(TrimRequest(path=str(dive.path)), dive.content)
        task = self._scheduler.submit(request, key=key)
        task.progressed.connect(partial(self._on_progress, key, task))
        task.finished.connect(partial(self._on_finished, key, use))
        task.failed.connect(partial(self._on_failed, key))
        task.cancelled.connect(partial(self._on_cancelled, key))

    def show_or_find(self, key: str) -> None:
        """Show dismissed proposals again; without any, search for dives."""
        dive = self._state.dive(key)
        if dive.dismissed and dive.segments:
            self._show_proposals(key, False, self.tr("showing the dives found"))
        else:
            self.find(key)

    def dismiss(self, key: str) -> None:
        """Hide the proposals."""
        dive = self._state.dive(key)
        if dive.search_state is SearchState.FOUND and not dive.dismissed:
            self._show_proposals(key, True, self.tr("dismissing the dives found"))

    def forget(self, key: str) -> None:
        """Abandon the search of a dive, which was removed or will be searched again."""
        if task := self._scheduler.task_of(key, TrimRequest):
            task.abandon()

    def accepted(self, key: str) -> frozenset[int]:
        """Return the indices of the proposals whose flight lies within a dive of the list."""
        dive = self._state.dive(key)
        if not dive.segments:  # the common case, checked for every row at every change of the list
            return frozenset()
        cut = [one for one in self._state.dives if one.path == dive.path and (one.in_frame is not None or one.point)]
        return frozenset(
            place for place, found in enumerate(dive.segments) if any(_holds(one, dive, found) for one in cut)
        )

    def accept(self, key: str, place: int) -> None:
        """Accept a proposal: a single proposal sets in and out point of the row, several become separate rows."""
        dive = self._state.dive(key)
        if not dive.segments or place in self.accepted(key):
            return
        segment = dive.segments[place]
        if len(dive.segments) > 1:
            self._add_rows(dive, [segment])
            return
        before, after = (dive.in_frame, dive.out_frame), (segment.in_frame, segment.out_frame)
        if before != after:
            self._do(Subject.RANGE, before, after, self.tr("trimming the dive"), key)

    def accept_all(self, key: str) -> None:
        """Accept all remaining proposals."""
        dive, accepted = self._state.dive(key), self.accepted(key)
        segments = [segment for place, segment in enumerate(dive.segments or ()) if place not in accepted]
        if len(segments) == 1 == len(dive.segments or ()):
            self.accept(key, 0)
        elif segments:
            self._add_rows(dive, segments)

    def _show_proposals(self, key: str, dismissed: bool, text: str) -> None:
        self._do(Subject.PROPOSALS, self._state.dive(key).dismissed, dismissed, text, key)

    def _apply_proposals(self, edit: Edit) -> None:
        if self._state.find(edit.key) is not None:  # the dive may have been removed
            self._state.select(edit.key)
            self._state.update(edit.key, dismissed=edit.after)

    def _add_rows(self, dive: Dive, segments: list[DiveSegment]) -> None:
        self._do(Subject.ADDED_ROWS, (), self._rows(dive, segments), self.tr("adding dives of a recording"))

    def _do(self, subject: Subject, before: object, after: object, text: str, key: str = "") -> None:
        self._edits.do(Edit(subject=subject, key=key, before=before, after=after, text=text))

    def _rows(self, dive: Dive, segments: list[DiveSegment]) -> Rows:
        """Return new rows after that of the recording, in order of time, without its number and diver."""
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
        self._state.update(key, search_state=search_state, progress=None, **changes)

    def _on_progress(self, key: str, task: Task, progress: Progress) -> None:
        self._state.update(key, search_state=SearchState.SEARCHING, progress=progress, fraction=task.clock.fraction)

    def _on_finished(self, key: str, use: bool, answer: Segments) -> None:
        self._end(key, SearchState.FOUND, segments=tuple(answer.segments))
        if use and len(answer.segments) == 1:
            self.accept(key, 0)

    def _on_cancelled(self, key: str) -> None:
        dive = self._state.dive(key)
        self._end(key, SearchState.CANCELLED, cancelled=dive.cancelled or dive.state is DiveState.NEEDS_TRIM)

    def _on_failed(self, key: str, _: str, message: str) -> None:
        self._end(key, SearchState.FAILED, problem=message)
        self._state.problem.emit(f"{self._state.dive(key).path.name}: {message}")


def _holds(row: Dive, recording: Dive, found: DiveSegment) -> bool:
    """Return True if a row is a part of a recording that holds the flight of a dive found in the recording."""
    if row.path != recording.path:
        return False
    if row.in_frame is None or row.out_frame is None:  # the dive is cut out around a point
        point = row.point if row.key != recording.key else None
        return point is not None and found.in_frame <= point.frame <= found.out_frame
    return row.in_frame <= found.first_flight_frame and found.first_entry_frame <= row.out_frame
