"""Videos of compared dives: their places beside or over the first, and their frames in time with it."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGridLayout, QWidget

from fineparser_core.export.ghost import GHOST_COLORS, Ghost, ghost_over
from fineparser_core.records import ComparedDive, VideoInfo
from fineparser_core.video.alignment import Alignment, OffsetAlignment, StepAlignment, aligned, step_boundaries
from fineparser_gui.dives.session import Session
from fineparser_gui.player.decoder import CACHE_BYTES
from fineparser_gui.player.ghost_image import ghost_image
from fineparser_gui.player.transport import Transport
from fineparser_gui.player.video_pane import VideoPane


class ComparedVideos(QObject):
    """The videos of all compared dives.

    Args:
        panes: of the first dive and the others.
        grid: layout of the panes.
        around: the panel around all of them, and what lies in it below them.

    Signals:
        aligned: the others have other frames for those of the first.
    """

    aligned = Signal()

    def __init__(
        self,
        session: Session,
        transport: Transport,
        panes: Sequence[VideoPane],
        grid: QGridLayout,
        around: tuple[QWidget, QWidget],
    ) -> None:
        super().__init__(panes[0])
        self._session, self._transport = session, transport
        self._panes, self._grid, self._around = panes, grid, around
        self._dives: tuple[ComparedDive, ...] = ()
        self._alignments: list[StepAlignment | OffsetAlignment | None] = []
        self._ghosts: list[Ghost | None] = []
        for place, pane in enumerate(panes):
            grid.addWidget(pane, 0, place)
            pane.setVisible(place == 0)
            pane.shown.connect(self._show_ghosts)
            if place:
                pane.opened.connect(self.align)

    @property
    def any(self) -> bool:
        """True if dives are compared with the first."""
        return bool(self._dives)

    def refresh(self) -> None:
        """Load the videos of the compared dives."""
        before, self._dives = self._dives, self._session.comparing.others
        for pane in self._panes:
            pane.set_cache_bytes(CACHE_BYTES // (1 + len(self._dives)))
        for place, pane in enumerate(self._panes[1:]):
            if place >= len(self._dives):
                pane.unload()
                continue
            other = self._dives[place]
            if place >= len(before) or before[place].path != other.path:
                pane.load(other.path, other.title)
            pane.set_title(self._session.comparing.sides[1 + place].name)
            pane.set_analysis(other.masks, other.steps)

    def arrange(self) -> None:
        """Place the videos, mirror and align them."""
        comparing = self._session.comparing
        self._dives = comparing.others
        for place, pane in enumerate(self._panes):
            over = comparing.overlaid and 0 < place <= len(self._dives)
            pane.setVisible(place == 0 or (place <= len(self._dives) and not over))
            pane.decode_for(self._panes[0].canvas if over else None)
            pane.set_mirrored(comparing.mirrored(place) and not over)
        self.place()
        self.align()

    def place(self) -> None:
        """Place the videos in a row, or three and four in two rows if the pictures are larger then."""
        shown, info = 1 if self._session.comparing.overlaid else 1 + len(self._dives), self._panes[0].info
        aspect = info.width_px / info.height_px if info is not None else 1.0
        panel, below = self._around
        width, height = max(panel.width(), 1), max(self._panes[0].parentWidget().height() - below.height(), 1)
        columns = max(
            ((shown + 1) // 2 if shown > 2 else shown, shown),  # a single row if both are equal
            key=lambda n: (min(width / n / aspect, height / -(-shown // n)), n),
        )
        for place, pane in enumerate(self._panes):
            row, column = divmod(place, columns)
            if self._grid.getItemPosition(self._grid.indexOf(pane))[:2] != (row, column):
                self._grid.addWidget(pane, row, column)
        for column in range(len(self._panes)):
            self._grid.setColumnStretch(column, int(column < columns))

    def align(self) -> None:
        """Compute the mappings from frames of the first video to those of the others."""
        comparing, info, lead = self._session.comparing, self._first_info(), self._session.comparing.lead
        self._alignments, self._ghosts = [], []
        for pane, other in zip(self._panes[1:], self._dives, strict=False):
            alignment = self._alignment(info, lead, pane, other) if info is not None else None
            self._alignments.append(alignment)
            ghost = None
            if comparing.overlaid and lead is not None and alignment is not None:
                ghost = ghost_over(lead, other, alignment.anchor)
            self._ghosts.append(ghost)
        self.aligned.emit()
        self._show_ghosts()

    def show_frame(self, frame: int, direction: int, *, moving: bool) -> None:
        """Show the frames that belong to a frame of the first video."""
        for pane, alignment in zip(self._panes[1:], self._alignments, strict=False):
            if alignment is not None:
                pane.show_frame(alignment.map_frame(frame), direction, moving=moving)

    def step(self, frames: int) -> None:
        """Move the chosen other video by a number of frames and switch to manual offset."""
        place, info = self._chosen(), self._first_info()
        pane = self._panes[place]
        if info is None or pane.info is None or len(self._dives) < place:
            return
        self._transport.pause()
        pane.show_frame(min(max(pane.frame + frames, 0), pane.info.n_frames - 1))
        self._session.comparing.align(Alignment.MANUAL)
        self.align()

    def mirror(self) -> None:
        """Mirror the chosen other video, or end the mirroring."""
        place, comparing = self._chosen(), self._session.comparing
        comparing.mirror(place, not comparing.mirrored(place))

    def _chosen(self) -> int:
        """Return the place of the other dive that has the focus, or that of the first of them."""
        return next((place for place, pane in enumerate(self._panes) if place and pane.canvas.hasFocus()), 1)

    def _first_info(self) -> VideoInfo | None:
        """Return the video info of the first file."""
        dive = self._session.current
        return dive.info if dive is not None else self._panes[0].info

    def _alignment(
        self, info: VideoInfo, lead: ComparedDive | None, pane: VideoPane, other: ComparedDive
    ) -> StepAlignment | OffsetAlignment | None:
        way, times = self._session.comparing.alignment, pane.info
        if way is Alignment.STEPS and lead is not None:  # even while the times of the other video are not known
            both = (info.pts_s, times.pts_s) if times is not None else (None, None)
            return StepAlignment(step_boundaries(lead.steps), step_boundaries(other.steps), *both)
        if times is None:
            return None
        if way is Alignment.MANUAL:
            return OffsetAlignment(self._transport.frame, pane.frame, info.pts_s, times.pts_s)
        if lead is not None:
            return aligned(way, lead, other, info.pts_s, times.pts_s)
        dive = self._session.current
        first = dive.first_frame if dive is not None else 0
        return OffsetAlignment(first, other.steps[0].start_frame, info.pts_s, times.pts_s)

    def _show_ghosts(self) -> None:
        """Lay the bodies of the other dives over the first, as they are in the pictures that are there now."""
        canvas = self._panes[0].canvas
        shown, ghosts = canvas.shown_frame, []
        for pane, ghost, color in zip(self._panes[1:], self._ghosts, GHOST_COLORS, strict=False):
            picture, frame, info = pane.canvas.image, pane.canvas.shown_frame, pane.info
            if ghost and picture and info and shown is not None and frame is not None:
                source_px = (info.width_px, info.height_px)
                ghosts.append(ghost_image(ghost, (shown, frame), picture, source_px, QColor(color)))
        canvas.set_ghosts([one for one in ghosts if one is not None])
