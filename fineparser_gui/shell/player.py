"""Center of the window: one or two videos, transport bar and timeline."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QMargins, QObject, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.records import AthletePoint, DiveParse, StepSpan
from fineparser_gui.compare.bar import CompareBar
from fineparser_gui.compare.compared_measures import ComparedMeasures
from fineparser_gui.dives.strips import DiverStrip, ProgressStrip, ProposalStrip
from fineparser_gui.player.drawing_bar import DrawingBar
from fineparser_gui.player.drawing_layers import DrawingLayers
from fineparser_gui.player.point_tool import PointTool
from fineparser_gui.player.transport import Transport
from fineparser_gui.player.transport_bar import TransportBar
from fineparser_gui.player.video_canvas import VideoCanvas
from fineparser_gui.player.video_pane import VideoPane
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.session.drawings import next_frame
from fineparser_gui.shell.compared_videos import ComparisonPlayback
from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.key_filter import ENTER
from fineparser_gui.support.widgets import lay_out, tool_button
from fineparser_gui.timeline.handles import placed_frames
from fineparser_gui.timeline.timeline import Timeline


class FrameEdits(QObject):
    """Edits that name a frame; each pauses, and the frame is shown. Those at the playhead need it to stand."""

    def __init__(self, session: Session, transport: Transport, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._transport = session, transport

    def begin_step_here(self, place: int) -> None:
        """Move the start of flight (0) or entry (1), or the water contact (2), to the playhead while it stands.

        A key pressed while the picture moves would change a moment that nobody saw: it pauses alone.
        """
        if self._transport.playing:
            self._transport.pause()
            return
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
        if self._transport.playing:
            self._transport.pause()
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


class Looping(QObject):
    """Loop of the player.

    Args:
        steps: returns the phases of the shown dive.
    """

    def __init__(
        self, session: Session, transport: Transport, steps: Callable[[], Sequence[StepSpan]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._transport, self._steps = session, transport, steps
        self._range: Callable[[], tuple[int, int] | None] = lambda: None  # as it is now

    def loop_step(self, on: bool) -> None:
        """Loop the step under the playhead, or stop looping."""
        frame = self._transport.frame
        step = next((one for one in self._steps() if one.start_frame <= frame < one.end_frame), None)
        self._loop(lambda: self._frames_of(step.name) if on and step is not None else None)

    def refresh(self) -> None:
        """Follow a change of the dive."""
        if looped := self._range():
            self._transport.move_loop(*looped)

    def _loop(self, looped: Callable[[], tuple[int, int] | None]) -> None:
        self._range = looped
        self._transport.set_loop(looped())

    def _frames_of(self, name: str) -> tuple[int, int] | None:
        return next(((step.start_frame, step.end_frame - 1) for step in self._steps() if step.name == name), None)


#: Time before the flight at which a dive opens, in seconds: played, it shows how the athlete leaves the board.
_BEFORE_FLIGHT_S = 0.5
#: Width from which the measures of compared dives stand beside their pictures without being asked for, in pixels.
_MEASURES_FIT_PX = 1200


class PlayerPanel(QWidget):
    """Player of the current dive, with a compared dive beside it or its body over it.

    A dive opens shortly before its flight, once that is known, and later at the frame where it was left.

    Signals:
        failed: (str) message for the user: a video cannot be decoded.
    """

    failed = Signal(str)

    def __init__(self, session: Session, transport: Transport, actions: ActionRegistry) -> None:
        super().__init__()
        self._session = session
        self.transport = transport
        self.panes = [VideoPane(), VideoPane()]
        self.pane = self.panes[0]
        self.drawing = DrawingLayers(session, self.panes)
        self.pointing = PointTool(self.pane.canvas)
        self.timeline = Timeline()
        self.bar = TransportBar(transport, actions)
        self.edits = FrameEdits(session, transport, self)
        self.looping = Looping(session, transport, lambda: self._steps, self)
        self._loaded: str | None = None  # key of the dive
        self._parse: DiveParse | None = None
        self._steps: tuple[StepSpan, StepSpan, StepSpan] | tuple[()] = ()
        self._left_at: dict[str, int] = {}
        self._opened_at = 0

        actions["share"].setIconText(self.tr("Send the verdict"))
        actions["compare"].setIconText(self.tr("Compare"))
        self._buttons = [tool_button(actions[name]) for name in ("compare", "share")]
        for button in self._buttons:
            self.pane.add_button(button)
        frame = QFrame()
        frame.setProperty("card", True)
        row = QHBoxLayout(spacing=6)
        self.compared = ComparisonPlayback(session, transport, *self.panes, row)
        inner = QVBoxLayout(frame, contentsMargins=QMargins(1, 1, 1, 1), spacing=0)
        self.measures = ComparedMeasures(session)
        self._measures_shown: bool | None = None  # None: where there is space
        pictures = lay_out(QHBoxLayout(spacing=0), DrawingBar(actions), (row, 1), self.measures)
        lay_out(inner, CompareBar(session, actions), (pictures, 1), self.bar, self.timeline)
        self.proposals, self.progress, self.divers = ProposalStrip(session), ProgressStrip(session), DiverStrip(session)
        column = QVBoxLayout(self, contentsMargins=QMargins(), spacing=8)
        lay_out(column, self.divers, (frame, 1), self.proposals, self.progress)

        transport.frame_changed.connect(self._show_frame)
        transport.state_changed.connect(self._show_frame)  # a paused player shows the exact frame
        self.timeline.seek_requested.connect(transport.seek)
        self.timeline.transition_dragged.connect(self.edits.move_transition)
        self.timeline.transition_nudged.connect(self.edits.nudge_transition)
        self.timeline.range_nudged.connect(self.edits.nudge_range)
        self.timeline.range_changed.connect(self.edits.set_range)
        accept = session.trimming.accept
        self.timeline.proposal_accepted.connect(lambda place: session.on_current(accept, place))
        self.pointing.pointed.connect(self.edits.point_at)
        for pane in self.panes:
            pane.failed.connect(self.failed)
            pane.opened.connect(self.drawing.refresh)
        self.compared.aligned.connect(self._show_frame)
        self.timeline.seek_requested.connect(self.take_keys)
        for button in self.findChildren(QAbstractButton):
            button.pressed.connect(self.take_keys)
        self._followed = (
            (session.current_changed, self._on_current_changed),
            (session.dive_changed, self._on_dive_changed),
            (session.comparison_changed, self._on_comparison_changed),
            (session.comparing.arrangement_changed, self.compared.arrange),
        )
        for signal, slot in self._followed:
            signal.connect(slot)

    def take_keys(self) -> None:
        """Give the picture the keyboard, unless a part of the player has it."""
        focused = QApplication.focusWidget()
        if focused is None or (focused.window() is self.window() and not self.isAncestorOf(focused)):
            self.pane.canvas.setFocus()

    def draw(self, kind: str) -> None:
        """Toggle a drawing tool of a kind."""
        if self._loaded is not None:
            self.transport.pause()
            self.point(False)
            self.drawing.begin(None if self.drawing.tool == kind else kind)

    def point(self, on: bool) -> None:
        """Ask for a point on the diver, or end that; asked for again, it ends."""
        if self.pointing.active or not on:
            self.pointing.end()
            return
        self.transport.pause()
        self.drawing.begin(None)
        self.pointing.begin()

    def go_to(self, frame: int) -> None:
        """Pause, and show a frame."""
        self.transport.pause()
        self.transport.seek(frame)

    def go_to_drawing(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) frame with a drawing."""
        frame = next_frame(self.drawing.drawings, self.transport.frame, direction)
        if frame is not None:
            self.go_to(frame)

    def play_dive(self) -> None:
        """Play the shown dive from shortly before its flight."""
        if self._loaded is not None and self._session.current is not None:
            self.transport.seek(_cue(self._session.current))
            self.transport.play()

    def canvases(self) -> list[VideoCanvas]:
        """Return the canvases of all videos, that of the first dive first."""
        return [pane.canvas for pane in self.panes]

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
        self.timeline.thumbnails.close()
        self.divers.close_file()
        for pane in self.panes:
            pane.unload()

    def _on_current_changed(self) -> None:
        self.transport.pause()
        # A dive that was played to its end opens again where it opened first.
        span = self.transport.span or (0, 0)
        if self._loaded is not None and self.transport.frame not in (self._opened_at, span[1]):
            self._left_at[self._loaded] = self.transport.frame
        self.point(False)
        self._loaded = self._parse = None
        self._steps = ()
        self._refresh()

    def _on_dive_changed(self, key: str) -> None:
        if self._session.current is not None and self._session.current.key == key:
            self._refresh()
        elif self.compared.any:
            self.drawing.refresh()

    def _refresh(self) -> None:
        """Update the first video and the timeline from the session."""
        dive = self._session.current
        self.pane.canvas.set_point(dive.point if dive is not None else None)
        self.timeline.set_dive(dive, self._session.trimming.accepted(dive.key) if dive else frozenset())
        if dive is None or dive.state is DiveState.MISSING:
            self._loaded, self._steps = None, ()
            self.pane.unload()
            self.drawing.refresh()
            return
        if dive.info is not None and self._loaded != dive.key:
            self._loaded = dive.key
            self.pane.load(dive.path, self._title(dive))
            self._opened_at = self._left_at.get(dive.key, _first_picture(dive))
            self.transport.load(dive.info.pts_s, self._opened_at)
            self.transport.lead_in = None if dive.key in self._left_at else _cue(dive)
        if dive.info is not None:
            self.transport.span = (dive.first_frame, min(dive.last_frame, dive.info.n_frames - 1))
        self.drawing.refresh()
        parse = dive.analysis.parse if dive.analysis else None
        steps = parse.steps if parse and not dive.refused else ()
        if parse is not self._parse or steps != self._steps:
            in_use = self.pointing.active
            at_work = self.transport.playing or self.transport.loop or self.drawing.tool or in_use
            untouched = not at_work and self.transport.frame == self._opened_at
            if self._parse is None and dive.key not in self._left_at and untouched:
                self._opened_at = _first_picture(dive)
                self.transport.seek(self._opened_at)
                self.transport.lead_in = _cue(dive)
            self._parse, self._steps = parse, steps
            self.pane.set_analysis(parse, self._steps)
            self.compared.align()
        self.looping.refresh()

    def _title(self, dive: Dive) -> str:
        """Return the title of the session's dive: its file, or its name if it is compared."""
        return self._session.comparing.sides[0].name if self.compared.any else dive.title

    def _show_frame(self) -> None:
        frame, direction, moving = self.transport.frame, self.transport.direction, self.transport.playing
        self.pane.show_frame(frame, direction, moving=moving)
        self.timeline.set_frame(frame)
        self.proposals.set_frame(frame)
        self.compared.show_frame(frame, direction, moving=moving)

    def _on_comparison_changed(self) -> None:
        self.compared.refresh()
        if self._session.current is not None and self._loaded is not None:
            self.pane.set_title(self._title(self._session.current))
        self.drawing.refresh()
        self._place_measures()
        self.compared.arrange()

    def show_measures(self) -> None:
        """Show the measures beside compared pictures, or hide them."""
        self._measures_shown = self.measures.isHidden()
        self._place_measures()

    def _place_measures(self) -> None:
        fit = self.width() >= _MEASURES_FIT_PX if self._measures_shown is None else self._measures_shown
        self.measures.setVisible(fit and self.compared.any)
        for button in self._buttons:
            button.setVisible(not self.compared.any)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        looks = QApplication.focusWidget() in (*self.canvases(), self.timeline)
        if looks and self.divers.isVisible() and event.key() in ENTER:
            self.divers.take()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_measures()


def _first_picture(dive: Dive) -> int:
    """Return the frame of the take-off, or the first of the dive if the flight is not known."""
    steps = dive.analysis.parse.steps if dive.analysis is not None and not dive.refused else ()
    return min(steps[1].start_frame, dive.info.n_frames - 1) if steps and dive.info is not None else dive.first_frame


def _cue(dive: Dive) -> int:
    """Return the frame shortly before the flight, or the first of the dive if the flight is not known."""
    steps = dive.analysis.parse.steps if dive.analysis is not None and not dive.refused else ()
    if not steps or dive.info is None:
        return dive.first_frame
    cue_s = dive.info.pts_s[min(steps[1].start_frame, dive.info.n_frames - 1)] - _BEFORE_FLIGHT_S
    return max(dive.first_frame, int(np.searchsorted(dive.info.pts_s, cue_s)))
