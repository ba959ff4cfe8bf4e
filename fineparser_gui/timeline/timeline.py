"""The timeline: thumbnails, phases, transitions, In and Out point, curves and playhead, with mouse and keyboard."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMargins, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from fineparser_core.records import DiveParse, DiveSegment, StepSpan, VideoInfo
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.session.drawings import marked_frames
from fineparser_gui.support.formatting import decimal
from fineparser_gui.support.steps import duration_s, moment_texts, step_text, steps_to_water
from fineparser_gui.support.theme import step_color
from fineparser_gui.support.widgets import ElidedLabel, label, lay_out
from fineparser_gui.timeline.handles import IN, Handles
from fineparser_gui.timeline.thumbnails import Thumbnails

if TYPE_CHECKING:
    from fineparser_gui.timeline.time_plot import TimePlot

#: Seconds of the file shown before and after the dive.
_MARGIN_S = 0.6
_SHIFT_FRAMES = 10


@dataclass(frozen=True, kw_only=True)
class TimelineContent:
    """Content of the timeline.

    Attributes:
        key: key that identifies the dive and its file.
        stale: whether the phases are those from before the dive was trimmed.
        accepted: indices of proposals that were added to the list.
    """

    key: Hashable = None
    info: VideoInfo | None = None
    parse: DiveParse | None = None
    steps: tuple[StepSpan, ...] = ()
    stale: bool = False
    drawn: frozenset[int] = frozenset()
    proposals: tuple[DiveSegment, ...] = ()
    accepted: frozenset[int] = frozenset()

    @property
    def last_frame(self) -> int:
        """Last frame of the file; 0 without a file."""
        return self.info.n_frames - 1 if self.info is not None else 0


class Legend(QWidget):
    """Two texts in a line, of which the second is elided."""

    def __init__(self) -> None:
        super().__init__()
        self._moments, self._more = label(), ElidedLabel("muted")
        self._moments.setTextFormat(Qt.TextFormat.RichText)
        self._more.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._more.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        lay_out(QHBoxLayout(self, contentsMargins=QMargins(), spacing=12), self._moments, (self._more, 1))

    def show_phases(self, content: TimelineContent, *, curves: bool) -> None:
        """Name the moments of a parse, or say where the phases are from; `curves`: the network's are shown."""
        self._moments.setText(self._moments_text(content.parse, content.steps))
        if content.parse is not None:
            self._more.set_text(
                self.tr("curves: how sure the network alone is of take-off and come-out") if curves else ""
            )
        else:
            self._more.set_text(self._pending_text(content))

    def description(self, content: TimelineContent, handles: Handles, span: str = "") -> str:
        """Return all that the timeline shows in words."""
        if content.info is None:
            return ""
        text = self.tr("{0} from frame {1}, {2} s")
        parts = [handles.text(handles.chosen)] if handles.chosen is not None else []
        parts += [
            text.format(step_text(s.name), s.start_frame, decimal(duration_s(s, content.info), 2))
            for s in (() if content.stale else content.steps)
        ]
        parts += [*handles.accessible_text(), self.tr("between the marks {0}").format(span) if span else ""]
        n_proposals = len(content.proposals)
        if n_proposals > 1:
            found = self.tr("Dives found: {0}, in the list: {1}.")
            parts.append(found.format(n_proposals, len(content.accepted)))
        elif n_proposals:
            parts.append(self.tr("One dive was found."))
        return ", ".join(filter(None, (*parts, self._pending_text(content))))

    def _pending_text(self, content: TimelineContent) -> str:
        return self.tr("pending: the dive is being analysed again") if content.stale else ""

    def _moments_text(self, parse: DiveParse | None, steps: Sequence[StepSpan]) -> str:
        if parse is None:
            return ""
        colors = *(step_color(step.name) for step in steps[1:]), self.palette().highlight().color()
        marks = zip("◆◆●", colors, moment_texts(), strict=True)
        shown = list(marks)[: 2 if parse.first_water_contact_frame is None else 3]
        texts = (f'<span style="color:{color.name()}">{mark}</span>&nbsp;{name}' for mark, color, name in shown)
        return "&nbsp;&nbsp;&nbsp; ".join(texts)


class Timeline(QWidget):
    """Timeline of a dive; click and drag seek or move a handle; the wheel zooms, with Shift it scrolls.

    With the focus, Tab selects playhead and handles in turn, and the arrow keys move the selection. Its lanes are made
    with the first file, so that pyqtgraph is loaded after the window's first paint.

    Attributes:
        content: what is shown of the dive.
        thumbnails: their decoder, which is closed before the window.
        span_text: time between two marks, "0.52 s", or "".

    Signals:
        seek_requested: (int) frame under the mouse.
        transition_dragged: (int, int, str) flight (0), entry (1) or water contact (2), frame, and a name shared by all
            moves of a drag.
        transition_nudged: (int, int) flight (0), entry (1) or water contact (2), and number of frames to move it by.
        range_nudged: (int, int) In (0) or Out point (1), and number of frames to move it by.
        range_changed: (int, int) first and last frame of the dive, at the end of a drag.
        proposal_accepted: (int) index of a proposed dive that was double-clicked.
    """

    seek_requested = Signal(int)
    transition_dragged = Signal(int, int, str)
    transition_nudged = Signal(int, int)
    range_nudged = Signal(int, int)
    range_changed = Signal(int, int)
    proposal_accepted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(300)
        self._plot: TimePlot | None = None
        self.thumbnails = Thumbnails(self)
        self._legend = Legend()
        self._column = QVBoxLayout(self, contentsMargins=QMargins(10, 5, 10, 3), spacing=2)
        self._column.addWidget(self._legend)
        self._handles = Handles()
        self.content = TimelineContent()
        self._frame = 0
        self._span: list[int] = []  # frames of the marks
        self.span_text = ""
        self._samples_shown = False
        self._n_drags = 0
        self.setAccessibleName(self.tr("Timeline"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # not by click, which leaves the keyboard to the player

    def set_dive(self, dive: Dive | None, accepted: frozenset[int] = frozenset()) -> None:
        """Show the present state of a dive.

        Args:
            accepted: indices of its proposals that were added to the list.
        """
        if dive is None:
            self._show(TimelineContent(), None, (0, 0))
            return
        # A clip without a dive has no phases, until the coach declares it a dive.
        parse, before = (dive.analysis.parse if dive.analysis and not dive.refused else None, self.content)
        waits = parse is None and dive.state in (DiveState.QUEUED, DiveState.ANALYSING)
        stale = waits and dive.key == before.key and bool(before.steps)
        steps = before.steps if stale else ()
        shown = TimelineContent(
            key=dive.key,
            info=dive.info,
            parse=parse,
            steps=steps if parse is None else steps_to_water(parse.steps, parse.first_water_contact_frame, dive.info),
            stale=stale,
            drawn=marked_frames(dive.drawings),
            proposals=dive.proposals,
            accepted=accepted,
        )
        by_model = dive.model_analysis.parse if parse and dive.model_analysis else None
        trimmed = None not in dive.trimmed_range
        self._show(shown, dive.path, (dive.first_frame, dive.last_frame), by_model, trimmed=trimmed)

    def _show(
        self,
        shown: TimelineContent,
        path: Path | None,
        dive_range: tuple[int, int],
        by_model: DiveParse | None = None,
        *,
        trimmed: bool = False,
    ) -> None:
        """Show a dive; of another file than before, and once its phases are found, the part that is `trimmed`."""
        before, self.content, info = self.content, shown, shown.info
        opened = info is None or before.info is None or shown.key != before.key
        whole = self._plot is None or self._plot.shows_whole
        found = shown.parse is not None and before.parse is None and not before.stale and whole
        if opened:
            self._handles.chosen = None
            self._span = []
            self._show_span()
            self.thumbnails.set_file(path if info is not None else None)
            if info is not None:
                self.prepare().set_file(info)
        n_frames = info.n_frames if info is not None else 0
        self._handles.show(shown.parse, by_model, dive_range if n_frames else None, n_frames)
        if info is not None and trimmed and (opened or found):
            self.show_dive()
        self._update_all()

    def set_frame(self, frame: int) -> None:
        """Move the playhead and keep it visible."""
        self._frame = frame
        if self._plot is not None:
            self._plot.set_playhead(frame, follow=self._handles.held is None)
            if len(self._span) == 1:
                self._show_span()

    def mark_span(self) -> None:
        """Set the first mark at the playhead, then the second; a third time, take both away."""
        if self.content.info is not None:
            self._span = [] if len(self._span) > 1 else [*self._span, self._frame]
            self._show_span()

    def _show_span(self) -> None:
        """Show the time between both marks, or between the first and the playhead."""
        if self._plot is not None:
            ends = sorted((*self._span, self._frame)[:2]) if self._span else None
            self.span_text = self._plot.set_span(ends)
            self.setAccessibleDescription(self._legend.description(self.content, self._handles, self.span_text))

    def set_samples_shown(self, shown: bool) -> None:
        """Show or hide what the network saw: its curves, and ticks at the 96 sampled frames."""
        self._samples_shown = shown
        self._update_plot()

    def zoom(self, steps: float) -> None:
        """Zoom in (steps > 0) or out at the playhead, or at the center if it is not visible."""
        if self._plot is not None:
            self._plot.zoom(steps)

    def show_all(self) -> None:
        """Show the whole file."""
        if self._plot is not None:
            self._plot.show_frames(*self._plot.whole)

    def show_dive(self) -> None:
        """Show the dive with a margin on both sides."""
        if self._handles.edges is not None:
            first, end = self._handles.edges
            around = _MARGIN_S * self.content.info.fps if self.content.info is not None else 0.0
            self.prepare().show_frames(first - around, end + around)

    def prepare(self) -> "TimePlot":
        """Return the lanes; the first call makes them and loads pyqtgraph."""
        if self._plot is not None:
            return self._plot
        from fineparser_gui.timeline.time_plot import TimePlot

        self._plot = plot = TimePlot(self.thumbnails, self)
        self._column.insertWidget(1, plot)
        plot.sought.connect(lambda at: self.seek_requested.emit(min(max(int(at), 0), self.content.last_frame)))
        plot.pressed_line.connect(lambda line: self.seek_requested.emit(self._handles.frames[plot.lines.index(line)]))
        plot.proposals_double_clicked.connect(self._on_double_click)
        plot.view_changed.connect(self._fit_height)
        plot.view_changed.connect(self._mark_active)
        for place, line in enumerate(plot.lines):
            line.grabbed.connect(partial(self._on_grabbed, place))
            line.dragged.connect(partial(self._on_dragged, place))
            line.released.connect(self._on_released)
            line.hover_changed.connect(self._mark_active)
        self._update_plot()
        return plot

    def _update_all(self) -> None:
        self.setAccessibleDescription(self._legend.description(self.content, self._handles, self.span_text))
        self._update_plot()

    def _update_plot(self) -> None:
        """Update everything of the plot but the view, and the legend."""
        shown, plot = self.content, self._plot
        curves = shown.parse is not None and self._samples_shown
        self._legend.show_phases(shown, curves=curves)
        if plot is None:
            return
        plot.setVisible(shown.info is not None)
        if shown.info is not None:
            plot.set_steps(shown.steps, faded=shown.stale)
            plot.set_curves(shown.parse if self._samples_shown else None)
            plot.set_drawn(sorted(shown.drawn))
            plot.set_handles(self._handles)
            plot.set_proposals(shown.proposals, shown.accepted)
            self._mark_active()
        self._fit_height()

    def _mark_active(self) -> None:
        """Emphasize the handle that is dragged, under the mouse, or selected, and show its frame."""
        if self._plot is not None:
            places = (self._handles.held, self._plot.hovered, self._handles.chosen)
            place = next((one for one in places if one is not None and self._handles.frames[one] is not None), None)
            self._plot.set_active(place, "" if place is None else self._handles.text(place))

    def _fit_height(self) -> None:
        if self._plot is not None:
            self._plot.setFixedHeight(self._plot.height_px)
        self.setFixedHeight(self._column.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        restyled = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)
        if event.type() in restyled and self._plot is not None:
            self._plot.restyle()
            self._update_plot()

    def _on_grabbed(self, place: int) -> None:
        self._handles.held = place
        self._n_drags += 1
        self._update_plot()

    def _on_dragged(self, place: int, edge: int) -> None:
        if place >= IN:
            self.seek_requested.emit(self._handles.drag(edge))
            self._update_plot()
        elif edge != self._handles.frames[place]:
            self.transition_dragged.emit(place, edge, f"drag {self._n_drags}")

    def _on_released(self) -> None:
        moved = self._handles.release()
        if moved is not None:
            self.range_changed.emit(*moved)
        self._update_plot()

    def _on_double_click(self, at: float) -> None:
        proposals = enumerate(self.content.proposals)
        place = next((n for n, one in proposals if one.in_frame <= at <= one.out_frame + 1), None)
        if place is not None:
            self.proposal_accepted.emit(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Select the handles in turn with Tab before it leaves the timeline."""
        if not self._handles.step(1 if forward else -1):
            return super().focusNextPrevChild(forward)
        self._update_all()
        if self._handles.chosen is not None:
            self.seek_requested.emit(self._handles.frames[self._handles.chosen])
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._select_playhead()

    def _select_playhead(self) -> None:
        self._handles.chosen = None
        self._update_all()

    def event(self, event: QEvent) -> bool:
        # Before shortcuts of the window with the same keys.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._handles.chosen is not None
            and (event.key() == Qt.Key.Key_Escape or _frames_of(event))
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        frames, chosen = _frames_of(event), self._handles.chosen
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.content.last_frame}
        if event.key() == Qt.Key.Key_Escape and chosen is not None:
            self._select_playhead()
        elif frames and chosen is None:  # reached only where the arrow keys are shortcuts of other commands
            self.seek_requested.emit(self._frame + frames)
        elif frames and chosen < IN:
            self.transition_nudged.emit(chosen, frames)
        elif frames:
            self.range_nudged.emit(chosen - IN, frames)
        elif event.key() in ends and not event.modifiers():
            self.seek_requested.emit(ends[event.key()])
        else:
            super().keyPressEvent(event)


def _frames_of(event: QKeyEvent) -> int:
    """Return the number of frames that an arrow key moves by; 0 for other keys."""
    direction = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if modifiers == Qt.KeyboardModifier.ShiftModifier:
        return _SHIFT_FRAMES * direction
    return direction if modifiers == Qt.KeyboardModifier.NoModifier else 0
