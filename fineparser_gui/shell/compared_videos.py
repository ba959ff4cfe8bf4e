"""Videos of compared dives: the other dive beside the first, and its frames in time with it."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout

from fineparser_core.export.ghost import Ghost
from fineparser_core.records import ComparedDive
from fineparser_core.video.alignment import Alignment, OffsetAlignment, StepAlignment, aligned, step_boundaries
from fineparser_gui.compare.strip import exemplar_picture, has_clip
from fineparser_gui.player.decoder import CACHE_BYTES
from fineparser_gui.player.transport import Transport
from fineparser_gui.player.video_pane import VideoPane
from fineparser_gui.services.session import Session


class ComparisonPlayback(QObject):
    """The videos of both dives.

    Args:
        first, second: panes of the current dive and of the other.
        row: layout of the panes.

    Signals:
        aligned: the other has other frames for those of the first.
    """

    aligned = Signal()

    def __init__(
        self, session: Session, transport: Transport, first: VideoPane, second: VideoPane, row: QHBoxLayout
    ) -> None:
        super().__init__(first)
        self._session, self._transport = session, transport
        self._first, self._second = first, second
        self._other: ComparedDive | None = None
        self._alignment: StepAlignment | OffsetAlignment | None = None
        for pane in (first, second):
            row.addWidget(pane, 1)
        second.hide()
        second.opened.connect(self.align)

    @property
    def any(self) -> bool:
        """True if a dive is compared with the first."""
        return self._other is not None

    def refresh(self) -> None:
        """Load the video of the compared dive."""
        before, self._other = self._other, self._session.comparing.other
        beside = self._session.comparing.beside
        for pane in (self._first, self._second):
            pane.set_cache_bytes(CACHE_BYTES // (2 if self.any else 1))
        if self._other is None or beside is None:
            self._second.unload()
            return
        exemplar = self._session.library.find(beside.exemplar_id) if beside.exemplar_id is not None else None
        if exemplar is not None and not has_clip(exemplar):
            self._second.show_still(exemplar_picture(exemplar, self._other.masks), beside.name)
        elif before is None or before.path != self._other.path:
            self._second.load(self._other.path, self._other.title)
        self._second.set_title(beside.name)
        self._second.set_analysis(self._other.masks, self._other.steps)

    def arrange(self) -> None:
        """Place, mirror and align the videos."""
        comparing = self._session.comparing
        self._other = comparing.other
        self._second.setVisible(self.any)
        self._second.set_mirrored(comparing.mirrored)
        self.align()

    def align(self) -> None:
        """Compute the mapping from frames of the first video to those of the other."""
        lead, other = self._session.comparing.lead, self._other
        self._alignment = alignment = self._aligned(lead, other) if other is not None else None
        shown = self._session.comparing.ghost and lead is not None and lead.masks is not None
        if alignment is not None and shown and other is not None and other.masks is not None:
            ghost = Ghost(lead.masks, other)
            self._first.canvas.set_ghost(lambda frame: ghost.at(frame, alignment.map_frame(frame)))
        else:
            self._first.canvas.set_ghost(None)
        self.aligned.emit()

    def show_frame(self, frame: int, direction: int, *, moving: bool) -> None:
        """Show the frame that belongs to a frame of the first video."""
        if self._alignment is not None:
            self._second.show_frame(self._alignment.map_frame(frame), direction, moving=moving)

    def step(self, frames: int) -> None:
        """Move the other video by a number of frames and switch to manual offset."""
        pane, dive = self._second, self._session.current
        if dive is None or dive.info is None or pane.info is None or not self.any:
            return
        self._transport.pause()
        pane.show_frame(min(max(pane.frame + frames, 0), pane.info.n_frames - 1))
        self._session.comparing.align(Alignment.MANUAL)
        self.align()

    def _aligned(self, lead: ComparedDive | None, other: ComparedDive) -> StepAlignment | OffsetAlignment | None:
        dive, way, times = self._session.current, self._session.comparing.alignment, self._second.info
        info = dive.info if dive is not None else None
        if dive is None or info is None:
            return None
        if way is Alignment.STEPS and lead is not None:  # even while the times of the other video are not known
            both = (info.pts_s, times.pts_s) if times is not None else (None, None)
            return StepAlignment(step_boundaries(lead.steps), step_boundaries(other.steps), *both)
        if times is None:
            return None
        if way is Alignment.MANUAL:
            together = self._session.comparing.together = self._transport.frame, self._second.frame
            return OffsetAlignment(*together, info.pts_s, times.pts_s)
        if lead is not None:
            return aligned(way, lead, other, info.pts_s, times.pts_s)
        return OffsetAlignment(dive.first_frame, other.steps[0].start_frame, info.pts_s, times.pts_s)
