"""Edits of the shown dive at the playhead: its phases, its contact with the water, its range, and its diver."""

from PySide6.QtCore import QObject

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.records import AthletePoint
from fineparser_gui.dives.session import Session
from fineparser_gui.player.transport import Transport
from fineparser_gui.timeline.handles import placed_frames


class FrameEdits(QObject):
    """Edits that name a frame; each pauses, and the frame is shown."""

    def __init__(self, session: Session, transport: Transport, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._transport = session, transport

    def begin_step_here(self, place: int) -> None:
        """Move the start of flight (0) or entry (1), or the water contact (2), to the playhead."""
        self.move_transition(place, self._transport.frame)

    def nudge_transition(self, place: int, frames: int) -> None:
        """Move the start of flight (0) or entry (1), or the water contact (2), by some frames and go there."""
        dive = self._session.current
        moments = placed_frames(dive.analysis.parse) if dive is not None and dive.analysis is not None else ()
        if place < len(moments):
            self.move_transition(place, moments[place] + frames, f"nudge {place}")

    def move_transition(self, place: int, frame: int, gesture: str = "") -> None:
        """Move the start of flight (0) or entry (1), or the water contact (2), to a frame and go there."""
        dive = self._session.current
        if dive is not None and dive.analysis is not None:
            self._transport.pause()
            frame = self._session.editing.move_transition(dive.key, place, frame, gesture=gesture)
            self._transport.seek(frame)

    def mark(self, *, begins: bool) -> None:
        """Set the In point, or the Out point, to the shown frame."""
        dive = self._session.current
        if dive is None or dive.info is None:
            return
        frame = self._transport.frame
        first, last = dive.trimmed_range
        first, last = (frame, last) if begins else (first, frame)
        if first is not None and last is not None and last <= first:
            # The other point lies on the wrong side: forget it.
            first, last = (first, None) if begins else (None, last)
        self._session.editing.set_range(dive.key, first, last)

    def nudge_range(self, place: int, frames: int) -> None:
        """Move In (0) or Out point (1) by a number of frames and go there."""
        dive = self._session.current
        if dive is None or dive.info is None:
            return
        ends = [dive.first_frame, dive.last_frame]
        ends[place] = min(max(ends[place] + frames, 0), dive.info.n_frames - 1)
        if ends[1] - ends[0] + 1 >= MIN_FRAMES:
            self.set_range(*ends, gesture=f"nudge end {place}")
            self._transport.seek(ends[place])

    def set_range(self, first: int, last: int, gesture: str = "") -> None:
        """Set In and Out point; an end of the file counts as none, unless both are."""
        dive = self._session.current
        if dive is not None and dive.info is not None:
            self._transport.pause()
            whole = first == 0 and last == dive.info.n_frames - 1
            ends = (first or None, None if last == dive.info.n_frames - 1 else last)
            self._session.editing.set_range(dive.key, *(first, last) if whole else ends, gesture=gesture)

    def point_at(self, frame: int, x: float, y: float) -> None:
        """Tell where the diver is, in pixels of a frame."""
        dive = self._session.current
        if dive is not None and dive.info is not None:
            x, y = min(x, dive.info.width_px - 1), min(y, dive.info.height_px - 1)
            point = AthletePoint(frame=frame, x=round(x, 1), y=round(y, 1))
            self._session.editing.point_at(dive.key, point)
