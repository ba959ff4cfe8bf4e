"""Center of the window: up to four videos, transport bar and timeline."""

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QMargins, Signal
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QFrame, QGridLayout, QVBoxLayout, QWidget

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.export.ghost import GHOST_COLORS, Ghost, ghost_over
from fineparser_core.records import AthletePoint, ComparedDive, DiveParse, StepSpan, VideoInfo
from fineparser_core.video.alignment import Alignment, OffsetAlignment, StepAlignment, aligned, step_boundaries
from fineparser_gui.commands.registry import ActionRegistry
from fineparser_gui.compare.bar import CompareBar
from fineparser_gui.compare.comparison import MOST_COMPARED, ComparableDive
from fineparser_gui.dives.dive import Dive, DiveState
from fineparser_gui.dives.diver_strip import DiverStrip
from fineparser_gui.dives.pointed_strip import PointedStrip
from fineparser_gui.dives.progress_strip import ProgressStrip
from fineparser_gui.dives.proposal_strip import ProposalStrip
from fineparser_gui.dives.session import Session
from fineparser_gui.player.arrow_keys import ENTER
from fineparser_gui.player.decoder import CACHE_BYTES
from fineparser_gui.player.drawing_layers import DrawingLayers
from fineparser_gui.player.drawings import marked_frames, next_frame
from fineparser_gui.player.ghost_image import ghost_image
from fineparser_gui.player.point_tool import PointTool
from fineparser_gui.player.sound import Sound
from fineparser_gui.player.transport import Transport
from fineparser_gui.player.transport_bar import TransportBar
from fineparser_gui.player.video_canvas import VideoCanvas
from fineparser_gui.player.video_pane import VideoPane
from fineparser_gui.support.widgets import lay_out
from fineparser_gui.timeline.handles import placed_frames
from fineparser_gui.timeline.timeline import Timeline

#: Time before the flight at which a dive opens, in seconds: played, it shows how the athlete leaves the board.
_BEFORE_FLIGHT_S = 0.5


class PlayerPanel(QWidget):
    """Player of the first of the compared dives, with the others beside it or their bodies over it.

    A dive opens shortly before its flight, once that is known, and later at the frame where it was left.

    Signals:
        failed: (str) message for the user: a video cannot be decoded.
    """

    failed = Signal(str)

    def __init__(self, session: Session, transport: Transport, actions: ActionRegistry) -> None:
        super().__init__()
        self._session = session
        self.transport = transport
        self.panes = [VideoPane() for _ in range(MOST_COMPARED)]
        self.pane = self.panes[0]
        self.drawing = DrawingLayers(session, self.panes)
        self.pointing = PointTool(self.pane.canvas)
        self.timeline = Timeline()
        self.sound = Sound(transport)
        self.bar = TransportBar(transport, actions)
        self._loaded: ComparableDive | None = None
        self._parse: DiveParse | None = None
        self._steps: tuple[StepSpan, StepSpan, StepSpan] | tuple[()] = ()
        self._looped: Callable[[], tuple[int, int] | None] | None = None  # present range of the loop
        self._left_at: dict[ComparableDive, int] = {}
        self._opened_at = 0
        self._others: tuple[ComparedDive, ...] = ()
        self._alignments: list[StepAlignment | OffsetAlignment | None] = []
        self._ghosts: list[Ghost | None] = []

        frame = QFrame()
        frame.setProperty("card", True)
        self._videos = QGridLayout(spacing=6)
        for place, pane in enumerate(self.panes):
            self._videos.addWidget(pane, 0, place)
            pane.setVisible(place == 0)
        inner = QVBoxLayout(frame, contentsMargins=QMargins(1, 1, 1, 1), spacing=0)
        lay_out(inner, CompareBar(session, actions), (self._videos, 1), self.bar, self.timeline)
        self.proposals, self.pointed = ProposalStrip(session), PointedStrip(session)
        self.progress, self.divers = ProgressStrip(session), DiverStrip(session)
        column = QVBoxLayout(self, contentsMargins=QMargins(), spacing=8)
        lay_out(column, self.divers, (frame, 1), self.proposals, self.pointed, self.progress)

        transport.frame_changed.connect(self._show_frame)
        transport.state_changed.connect(self._show_frame)  # a paused player shows the exact frame
        self.timeline.seek_requested.connect(transport.seek)
        self.timeline.transition_dragged.connect(self._move_transition)
        self.timeline.transition_nudged.connect(self.nudge_transition)
        self.timeline.range_nudged.connect(self.nudge_range)
        self.timeline.range_changed.connect(self._set_range)
        accept = session.trimming.accept
        self.timeline.proposal_accepted.connect(lambda place: session.on_current(accept, place))
        self.pointed.frame_requested.connect(self.go_to)
        self.pointing.pointed.connect(self._on_pointed)
        for pane in self.panes:
            pane.failed.connect(self.failed)
            pane.shown.connect(self._show_ghosts)
        self.timeline.seek_requested.connect(self.take_keys)
        for button in self.findChildren(QAbstractButton):
            button.pressed.connect(self.take_keys)
        self._followed = (
            (session.current_changed, self._on_current_changed),
            (session.dive_changed, self._on_dive_changed),
            (session.comparison_changed, self._on_comparison_changed),
            (session.comparing.arrangement_changed, self._arrange),
            (session.exemplar_drawn, self._on_exemplar_drawn),
        )
        for signal, slot in self._followed:
            signal.connect(slot)
        self.pane.opened.connect(self._on_opened)
        for pane in self.panes[1:]:
            pane.opened.connect(self._on_other_opened)

    def take_keys(self) -> None:
        """Give the picture the keyboard, unless a part of the player has it."""
        focused = QApplication.focusWidget()
        if focused is None or (focused.window() is self.window() and not self.isAncestorOf(focused)):
            self.pane.canvas.setFocus()

    def current_step(self) -> StepSpan | None:
        """Return the step under the playhead, or None."""
        return next((s for s in self._steps if s.start_frame <= self.transport.frame < s.end_frame), None)

    def draw(self, kind: str) -> None:
        """Toggle a drawing tool of a kind."""
        if self._loaded is not None:
            self.transport.pause()
            self.pointing.end()
            self.drawing.begin(None if self.drawing.tool == kind else kind)

    def point_at_diver(self) -> None:
        """Ask for the diver, where another person was followed; or do so no longer."""
        if self.pointing.asks:
            self.pointing.end()
            return
        self.transport.pause()
        self.drawing.begin(None)
        self.pointing.begin()

    def _on_pointed(self, frame: int, x: float, y: float) -> None:
        dive = self._session.current
        if dive is not None and dive.info is not None:
            x, y = min(x, dive.info.width_px - 1), min(y, dive.info.height_px - 1)
            point = AthletePoint(frame=frame, x=round(x, 1), y=round(y, 1))
            self._session.editing.point_at(dive.key, point)

    def go_to(self, frame: int) -> None:
        """Pause, and show a frame."""
        self.transport.pause()
        self.transport.seek(frame)

    def go_to_drawing(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) frame with a drawing."""
        frame = next_frame(self.drawing.drawings, self.transport.frame, direction)
        if frame is not None:
            self.go_to(frame)

    def loop_step(self, on: bool) -> None:
        """Loop the step under the playhead, following later changes of its ends, or stop looping."""
        step = self.current_step() if on else None
        self._loop(lambda: self._frames_of(step.name) if step is not None else None)

    def loop_dive(self) -> None:
        """Loop the dive between In and Out point, following later changes of both."""
        self._loop(lambda: (dive.first_frame, dive.last_frame) if (dive := self._session.current) else None)

    def _loop(self, looped: Callable[[], tuple[int, int] | None]) -> None:
        self._looped = looped
        self.transport.set_loop(looped())

    def _frames_of(self, name: str) -> tuple[int, int] | None:
        return next(((step.start_frame, step.end_frame - 1) for step in self._steps if step.name == name), None)

    def play_dive(self) -> None:
        """Play the shown dive from shortly before its flight."""
        if self._loaded is not None and self._session.current is not None:
            self.transport.seek(self._cue(self._session.current))
            self.transport.play()

    def _cue(self, dive: Dive) -> int:
        """Return the frame shortly before the flight, or the first of the dive if the flight is not known."""
        steps = dive.analysis.parse.steps if dive.analysis is not None and not dive.refused else ()
        if not steps or dive.info is None:
            return dive.first_frame
        cue_s = dive.info.pts_s[min(steps[1].start_frame, dive.info.n_frames - 1)] - _BEFORE_FLIGHT_S
        return max(dive.first_frame, int(np.searchsorted(dive.info.pts_s, cue_s)))

    def _keep_place(self) -> None:
        """Remember the frame of the shown dive, if it was moved and the dive was not played to its end."""
        if self._loaded is not None and self.transport.frame not in (self._opened_at, self.transport.n_frames - 1):
            self._left_at[self._loaded] = self.transport.frame

    @property
    def _untouched(self) -> bool:
        """True if the dive's first picture is shown and no tool or playback is active."""
        at_work = self.transport.playing or self.transport.loop or self.drawing.tool or self.pointing.asks
        return not at_work and self.transport.frame == self._opened_at

    def canvases(self) -> list[VideoCanvas]:
        """Return the canvases of all videos, that of the first dive first."""
        return [pane.canvas for pane in self.panes]

    def begin_step_here(self, place: int) -> None:
        """Move the start of flight (0) or entry (1), or the water contact (2), to the playhead."""
        self._move_transition(place, self.transport.frame, "")

    def nudge_transition(self, place: int, frames: int) -> None:
        """Move the start of flight (0) or entry (1), or the water contact (2), by some frames and go there."""
        moments = placed_frames(self._parse) if self._parse is not None else ()
        if place < len(moments):
            self._move_transition(place, moments[place] + frames, f"nudge {place}")

    def nudge_range(self, place: int, frames: int) -> None:
        """Move In (0) or Out point (1) by a number of frames and go there."""
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
            whole = first == 0 and last == dive.info.n_frames - 1
            ends = (first or None, None if last == dive.info.n_frames - 1 else last)
            self._session.editing.set_range(dive.key, *(first, last) if whole else ends, gesture=gesture)

    def _move_transition(self, place: int, frame: int, gesture: str) -> None:
        dive = self._session.current
        if dive is not None and dive.analysis is not None:
            self.transport.pause()
            frame = self._session.editing.move_transition(dive.key, place, frame, gesture=gesture)
            self.transport.seek(frame)

    def overlay(self, **changes: Any) -> None:
        """Change the overlays of all videos, see `VideoCanvas.overlay`; the sampled frames are shown with the crop."""
        for canvas in self.canvases():
            canvas.overlay(**changes)
        if "crop" in changes:
            self.timeline.set_samples_shown(changes["crop"])
        if "style" in changes:
            self.bar.set_opacity(changes["style"].opacity)

    def close_videos(self) -> None:
        """Stop the decoders before the window closes."""
        for signal, slot in self._followed:  # late signals must not open a file again
            signal.disconnect(slot)
        self.transport.pause()
        self.timeline.close_file()
        self.sound.close()
        self.divers.close_file()
        for pane in self.panes:
            pane.unload()

    def _on_current_changed(self) -> None:
        self.transport.pause()
        self._keep_place()
        self.pointing.end()
        self._loaded = self._parse = None
        self._steps = ()
        self._refresh()

    def _on_dive_changed(self, key: str) -> None:
        if self._session.current is not None and self._session.current.key == key:
            self._refresh()
        elif self._others:
            self.drawing.refresh()

    def _on_exemplar_drawn(self) -> None:
        self.drawing.refresh()
        self._show_lead_on_timeline()

    def _on_opened(self) -> None:
        self.drawing.refresh()
        lead, info = self._led(), self.pane.info
        if lead is not None and info is not None:
            self.transport.load(info.pts_s, lead.steps[0].start_frame)
            self._show_lead_on_timeline()
            self._align()

    def _on_other_opened(self) -> None:
        self.drawing.refresh()
        self._align()

    def _show_lead_on_timeline(self) -> None:
        lead, info = self._led(), self.pane.info
        if lead is not None and info is not None:
            self.timeline.set_library_dive(lead, info, marked_frames(self.drawing.drawings))

    def _led(self) -> ComparedDive | None:
        """Return the first dive if it is not the session's current dive, else None."""
        return self._session.comparing.lead if self._session.comparing.led else None

    def _refresh_lead(self, lead: ComparedDive) -> None:
        """Show a dive that is not of the session in the first place; its times are known once its file is open."""
        first = self._session.comparing.sides[0]
        if self._loaded != first:
            self._loaded = first
            self.timeline.set_dive(None)
            self.transport.load(np.zeros(1))
            self.pane.load(lead.path, first.name)
            self.sound.load(lead.path)
        self._steps = lead.steps
        self.pane.set_title(first.name)
        self.pane.set_analysis(lead.masks, lead.steps)
        self.drawing.refresh()
        self._show_lead_on_timeline()

    def _refresh(self) -> None:
        """Update the first video and the timeline from the session."""
        dive, lead = self._session.current, self._led()
        self.pane.canvas.set_point(dive.athlete if dive is not None and lead is None else None)
        if lead is not None:
            self.pointing.end()
            self._refresh_lead(lead)
            return
        self.timeline.set_dive(dive, self._session.trimming.accepted(dive.key) if dive else frozenset())
        if dive is None or dive.state is DiveState.MISSING:
            self._loaded, self._steps = None, ()
            self.pane.unload()
            self.sound.load(None)
            self.drawing.refresh()
            return
        first = self._session.comparing.sides[0]
        if dive.info is not None and self._loaded != first:
            self._loaded = first
            self.pane.load(dive.path, self._title(dive))
            self.sound.load(dive.path)
            self._opened_at = self._left_at.get(first, self._cue(dive))
            self.transport.load(dive.info.pts_s, self._opened_at)
        self.drawing.refresh()
        parse = dive.analysis.parse if dive.analysis else None
        steps = parse.steps if parse and not dive.refused else ()
        if parse is not self._parse or steps != self._steps:
            if self._parse is None and first not in self._left_at and self._untouched:
                self._opened_at = self._cue(dive)
                self.transport.seek(self._opened_at)
            self._parse, self._steps = parse, steps
            self.pane.set_analysis(parse, self._steps)
            self._align()
        looped = self._looped() if self._looped is not None else None
        if looped is not None:
            self.transport.move_loop(*looped)

    def _title(self, dive: Dive) -> str:
        """Return the title of the session's dive: its file, or its name if it is compared."""
        return self._session.comparing.sides[0].name if self._others else dive.title

    def _show_frame(self) -> None:
        frame, direction, moving = self.transport.frame, self.transport.direction, self.transport.playing
        self.pane.show_frame(frame, direction, moving=moving)
        self.timeline.set_frame(frame)
        self.proposals.set_frame(frame)
        for pane, alignment in zip(self.panes[1:], self._alignments, strict=False):
            if alignment is not None:
                pane.show_frame(alignment.map_frame(frame), direction, moving=moving)

    def _on_comparison_changed(self) -> None:
        before, self._others = self._others, self._session.comparing.others
        if self._session.current is None:
            self._refresh()
        elif not self._session.comparing.led and self._loaded is not None:
            self.pane.set_title(self._title(self._session.current))
        for pane in self.panes:
            pane.set_cache_bytes(CACHE_BYTES // (1 + len(self._others)))
        for place, pane in enumerate(self.panes[1:]):
            if place >= len(self._others):
                pane.unload()
                continue
            other = self._others[place]
            if place >= len(before) or before[place].path != other.path:
                pane.load(other.path, other.title)
            pane.set_title(self._session.comparing.sides[1 + place].name)
            pane.set_analysis(other.masks, other.steps)
        self.drawing.refresh()
        self._arrange()

    def _arrange(self) -> None:
        """Place the videos, mirror and align them."""
        comparing = self._session.comparing
        self._others = comparing.others
        for place, pane in enumerate(self.panes):
            over = comparing.overlaid and 0 < place <= len(self._others)
            pane.setVisible(place == 0 or (place <= len(self._others) and not over))
            pane.decode_for(self.pane.canvas if over else None)
            pane.set_mirrored(comparing.mirrored(place) and not over)
        self._place_videos()
        self._align()

    def _place_videos(self) -> None:
        """Place the videos in a row, or three and four in two rows if the pictures are larger then."""
        shown, info = 1 if self._session.comparing.overlaid else 1 + len(self._others), self.pane.info
        aspect = info.width_px / info.height_px if info is not None else 1.0
        width, height = max(self.width(), 1), max(self.pane.parentWidget().height() - self.timeline.height(), 1)
        columns = max(
            ((shown + 1) // 2 if shown > 2 else shown, shown),  # a single row if both are equal
            key=lambda n: (min(width / n / aspect, height / -(-shown // n)), n),
        )
        for place, pane in enumerate(self.panes):
            row, column = divmod(place, columns)
            if self._videos.getItemPosition(self._videos.indexOf(pane))[:2] != (row, column):
                self._videos.addWidget(pane, row, column)
        for column in range(MOST_COMPARED):
            self._videos.setColumnStretch(column, int(column < columns))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        looks = QApplication.focusWidget() in (*self.canvases(), self.timeline)
        if looks and self.divers.isVisible() and event.key() in ENTER:
            self.divers.take()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if len(self._others) > 1:
            self._place_videos()

    def _align(self) -> None:
        """Compute the mappings from frames of the first video to those of the others."""
        comparing, info, lead = self._session.comparing, self._first_info(), self._session.comparing.lead
        self._alignments, self._ghosts = [], []
        for pane, other in zip(self.panes[1:], self._others, strict=False):
            alignment = self._alignment(info, lead, pane, other) if info is not None else None
            self._alignments.append(alignment)
            ghost = None
            if comparing.overlaid and lead is not None and alignment is not None:
                ghost = ghost_over(lead, other, alignment.anchor)
            self._ghosts.append(ghost)
        self._show_frame()
        self._show_ghosts()

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
            return OffsetAlignment(self.transport.frame, pane.frame, info.pts_s, times.pts_s)
        if lead is not None:
            return aligned(way, lead, other, info.pts_s, times.pts_s)
        dive = self._session.current
        first = dive.first_frame if dive is not None else 0
        return OffsetAlignment(first, other.steps[0].start_frame, info.pts_s, times.pts_s)

    def _show_ghosts(self) -> None:
        """Lay the bodies of the other dives over the first, as they are in the pictures that are there now."""
        shown, ghosts = self.pane.canvas.shown_frame, []
        for pane, ghost, color in zip(self.panes[1:], self._ghosts, GHOST_COLORS, strict=False):
            picture, frame, info = pane.canvas.image, pane.canvas.shown_frame, pane.info
            if ghost and picture and info and shown is not None and frame is not None:
                source_px = (info.width_px, info.height_px)
                ghosts.append(ghost_image(ghost, (shown, frame), picture, source_px, QColor(color)))
        self.pane.canvas.set_ghosts([one for one in ghosts if one is not None])

    def chosen_other(self) -> int:
        """Place of the other dive that has the focus, or that of the first of them."""
        return next((place for place, pane in enumerate(self.panes) if place and pane.canvas.hasFocus()), 1)

    def step_other(self, frames: int) -> None:
        """Move the chosen other video by a number of frames and switch to manual offset."""
        place, info = self.chosen_other(), self._first_info()
        pane = self.panes[place]
        if info is None or pane.info is None or len(self._others) < place:
            return
        self.transport.pause()
        pane.show_frame(min(max(pane.frame + frames, 0), pane.info.n_frames - 1))
        self._session.comparing.align(Alignment.MANUAL)
        self._align()

    def mirror_other(self) -> None:
        """Mirror the chosen other video, or end the mirroring."""
        place, comparing = self.chosen_other(), self._session.comparing
        comparing.mirror(place, not comparing.mirrored(place))

    def _first_info(self) -> VideoInfo | None:
        """Return the video info of the first file."""
        dive = self._session.current
        return dive.info if dive is not None else self.pane.info
