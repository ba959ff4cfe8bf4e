"""The centre of the window: one video, or two side by side, with transport and timeline under them."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from fineparser_core.types import MIN_FRAMES, ComparedDive, DiveParse, StepSpan
from fineparser_core.types import MaskTrack as ComparedMasks
from fineparser_core.video.alignment import OffsetAlignment, StepAlignment, cuts_of
from fineparser_gui.actions.registry import ActionRegistry
from fineparser_gui.canvas.mask_track import MaskStyle, MaskTrack
from fineparser_gui.canvas.video_canvas import VideoCanvas
from fineparser_gui.panels.compare_bar import CompareBar
from fineparser_gui.panels.drawing_pair import DrawingPair
from fineparser_gui.panels.progress import ProgressStrip
from fineparser_gui.panels.proposals import ProposalStrip
from fineparser_gui.panels.transport_bar import TransportBar
from fineparser_gui.panels.video_pane import VideoPane
from fineparser_gui.playback.decoder import CACHE_BYTES
from fineparser_gui.playback.transport import Transport
from fineparser_gui.session.comparing import Alignment
from fineparser_gui.session.correction import frames_of
from fineparser_gui.session.dive import DiveState
from fineparser_gui.session.drawings import next_frame
from fineparser_gui.session.session import Session
from fineparser_gui.timeline.widget import Timeline


class PlayerPanel(QWidget):
    """Shows the session's current dive and, while comparing, another one beside it.

    Signals:
        failed: (str) a video cannot be decoded.
    """

    failed = Signal(str)

    def __init__(
        self, session: Session, transport: Transport, actions: ActionRegistry, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.transport = transport
        self.pane = VideoPane()
        self.other_pane = VideoPane()
        self.drawing = DrawingPair(session, self.canvases())
        self.timeline = Timeline()
        self.bar = TransportBar(transport, actions)
        self._loaded: str | None = None
        self._parse: DiveParse | None = None
        self._compared: ComparedDive | None = None
        self._alignment: StepAlignment | OffsetAlignment | None = None

        frame = QFrame()
        frame.setProperty("card", True)
        videos = QHBoxLayout()
        videos.setSpacing(6)
        videos.addWidget(self.pane, 1)
        videos.addWidget(self.other_pane, 1)
        self.other_pane.hide()
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(1, 1, 1, 1)
        inner.setSpacing(0)
        inner.addWidget(CompareBar(session, actions))
        inner.addLayout(videos, 1)
        inner.addWidget(self.bar)
        inner.addWidget(self.timeline)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(frame, 1)
        self.proposals = ProposalStrip(session)
        column.addWidget(self.proposals)
        self.progress = ProgressStrip(session)
        column.addWidget(self.progress)

        transport.frame_changed.connect(self._show_frame)
        transport.state_changed.connect(self._show_frame)  # what stands still is shown exactly
        self.timeline.seek_requested.connect(transport.seek)
        self.timeline.transition_dragged.connect(self._move_transition)
        self.timeline.range_changed.connect(self._set_range)
        self.timeline.proposal_accepted.connect(self._accept)
        for pane in (self.pane, self.other_pane):
            pane.failed.connect(self.failed)
        session.current_changed.connect(self._on_current_changed)
        session.dive_changed.connect(self._on_dive_changed)
        session.comparison_changed.connect(self._on_comparison_changed)
        session.comparing.alignment_changed.connect(self._align)
        self.other_pane.opened.connect(self._align)

    def current_step(self) -> StepSpan | None:
        """The step under the playhead."""
        steps = self._parse.steps if self._parse else ()
        return next((s for s in steps if s.start_frame <= self.transport.frame < s.end_frame), None)

    def draw(self, kind: str) -> None:
        """Let the next clicks on the picture draw a line, an angle or a note."""
        if self._session.current is not None:
            self.transport.pause()
            self.drawing.begin(None if self.drawing.tool == kind else kind)

    def go_to_drawing(self, direction: int) -> None:
        """Show the next frame, or the one before, that something is drawn on."""
        dive = self._session.current
        frame = next_frame(dive.drawings, self.transport.frame, direction) if dive else None
        if frame is not None:
            self.transport.pause()
            self.transport.seek(frame)

    def canvases(self) -> tuple[VideoCanvas, VideoCanvas]:
        """Of the two videos."""
        return self.pane.canvas, self.other_pane.canvas

    def begin_step_here(self, place: int) -> None:
        """Let flight (0) or entry (1) begin at the playhead."""
        self._move_transition(place, self.transport.frame, "")

    def nudge_transition(self, place: int, frames: int) -> None:
        """Let flight (0) or entry (1) begin some frames later, or earlier, and show that frame."""
        if self._parse is not None:
            frame = frames_of(self._parse.transitions)[place] + frames
            self._move_transition(place, frame, f"nudge {place}")

    def nudge_range(self, place: int, frames: int) -> None:
        """Let the dive begin (0) or end (1) some frames later, or earlier, and show that frame."""
        dive = self._session.current
        if dive is None or dive.info is None:
            return
        ends = [dive.first_frame, dive.last_frame]
        ends[place] = min(max(ends[place] + frames, 0), dive.info.n_frames - 1)
        if ends[1] - ends[0] + 1 >= MIN_FRAMES:
            self._set_range(*ends, gesture=f"nudge end {place}")
            self.transport.seek(ends[place])

    def _set_range(self, first: int, last: int, gesture: str = "") -> None:
        dive = self._session.current
        if dive is not None and dive.info is not None:
            self.transport.pause()
            ends = (first or None, None if last == dive.info.n_frames - 1 else last)
            self._session.set_range(dive.key, *ends, gesture=gesture)

    def _accept(self, place: int) -> None:
        if self._session.current is not None:
            self._session.trimming.accept(self._session.current.key, place)

    def _move_transition(self, place: int, frame: int, gesture: str) -> None:
        dive = self._session.current
        if dive is not None and dive.analysis is not None:
            self.transport.pause()
            frame = self._session.editing.move_transition(dive.key, place, frame, gesture=gesture)
            self.transport.seek(frame)

    def set_mask_shown(self, shown: bool) -> None:
        """Masks on or off, on both videos."""
        self.pane.canvas.set_mask_shown(shown)
        self.other_pane.canvas.set_mask_shown(shown)

    def set_mask_style(self, style: MaskStyle) -> None:
        """Draw the masks of both videos in another way."""
        self.bar.set_opacity(style.opacity)
        for pane in (self.pane, self.other_pane):
            pane.canvas.set_mask_style(style)

    def set_crop_shown(self, shown: bool) -> None:
        """Outline the network's crop on both videos and mark its samples on the timeline."""
        self.pane.canvas.set_crop_shown(shown)
        self.other_pane.canvas.set_crop_shown(shown)
        self.timeline.set_samples_shown(shown)

    def close_videos(self) -> None:
        """Stop the decoders; the window is closing."""
        # What is still on its way must not open a file again.
        self._session.current_changed.disconnect(self._on_current_changed)
        self._session.dive_changed.disconnect(self._on_dive_changed)
        self._session.comparison_changed.disconnect(self._on_comparison_changed)
        self._session.comparing.alignment_changed.disconnect(self._align)
        self.transport.pause()
        self.timeline.close_file()
        self.pane.unload()
        self.other_pane.unload()

    def _on_current_changed(self) -> None:
        self.transport.pause()
        self._loaded = self._parse = None
        self.drawing.begin(None)
        self._refresh()

    def _on_dive_changed(self, key: str) -> None:
        if self._session.current is not None and self._session.current.key == key:
            self._refresh()
        elif self._compared is not None:
            self.drawing.refresh()

    def _refresh(self) -> None:
        """Show what is known of the current dive now."""
        dive = self._session.current
        self.timeline.set_dive(dive, self._session.trimming.taken(dive.key) if dive else frozenset())
        if dive is None or dive.state is DiveState.MISSING:
            self._loaded = None
            self.pane.unload()
            self.drawing.refresh()
            return
        if dive.info is not None and self._loaded != dive.key:
            self._loaded = dive.key
            self.pane.load(dive.path, dive.title)
            self.transport.load(dive.info.pts_s, dive.first_frame)
        self.drawing.refresh()
        parse = dive.analysis.parse if dive.analysis else None
        if parse is not self._parse:
            self._parse = parse
            self.pane.set_analysis(_track(parse), parse.steps if parse else ())
            self._align()

    def _show_frame(self) -> None:
        frame, direction, moving = self.transport.frame, self.transport.direction, self.transport.playing
        self.pane.show_frame(frame, direction, moving=moving)
        self.timeline.set_frame(frame)
        self.proposals.set_frame(frame)
        if self._alignment is not None:
            self.other_pane.show_frame(self._alignment.map_frame(frame), direction, moving=moving)

    def _on_comparison_changed(self) -> None:
        before, self._compared = self._compared, self._session.comparison
        self.drawing.begin(None)
        self.drawing.refresh()
        compared = self._compared
        self.other_pane.setVisible(compared is not None)
        for pane in (self.pane, self.other_pane):
            pane.set_cache_bytes(CACHE_BYTES if compared is None else CACHE_BYTES // 2)
        if compared is None:
            self.other_pane.unload()
            self._alignment = None
            return
        if before is None or (before.path, before.title) != (compared.path, compared.title):
            self.other_pane.load(compared.path, compared.title)
        self.other_pane.set_analysis(_track(compared.masks), compared.steps)
        self._align()

    def _align(self) -> None:
        """Work out which frame of the other dive belongs to which of this one."""
        dive, compared, other = self._session.current, self._compared, self.other_pane.info
        if dive is None or dive.info is None or compared is None:
            self._alignment = None
            return
        way = self._session.comparing.alignment
        steps = self._parse.steps if self._parse else None
        if way is Alignment.STEPS and steps is not None:
            times = (dive.info.pts_s, other.pts_s) if other else (None, None)
            self._alignment = StepAlignment(cuts_of(steps), cuts_of(compared.steps), *times)
        elif other is None:
            self._alignment = None  # until its times are known
        else:
            here, there = self.transport.frame, self.other_pane.frame
            if way is not Alignment.FREE:
                step = 1 if steps else 0
                here = steps[step].start_frame if steps else dive.first_frame
                there = compared.steps[step].start_frame
            self._alignment = OffsetAlignment(here, there, dive.info.pts_s, other.pts_s)
        self._show_frame()

    def step_other(self, frames: int) -> None:
        """Move the other dive alone; from here on both run in real time."""
        dive, other = self._session.current, self.other_pane.info
        if dive is None or dive.info is None or other is None or self._compared is None:
            return
        self.transport.pause()
        self._session.comparing.align(Alignment.FREE)
        there = min(max(self.other_pane.frame + frames, 0), other.n_frames - 1)
        self._alignment = OffsetAlignment(self.transport.frame, there, dive.info.pts_s, other.pts_s)
        self._show_frame()


def _track(known: DiveParse | ComparedMasks | None) -> MaskTrack | None:
    if known is None:
        return None
    return MaskTrack(
        sampled_frames=known.sampled_frames, mask_probability=known.mask_probability, crop_xyxy=known.crop_xyxy
    )
