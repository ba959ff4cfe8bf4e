"""The timeline: thumbnails, phases, transitions, In and Out point, curves and playhead, with mouse and keyboard."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMargins, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from fineparser_core.records import ComparedDive, DiveParse, DiveSegment, StepSpan, VideoInfo
from fineparser_gui.dives.dive import Dive, DiveState
from fineparser_gui.player.drawings import marked_frames
from fineparser_gui.support.formatting import decimal
from fineparser_gui.support.steps import duration_s, step_text, steps_to_water
from fineparser_gui.timeline.handles import IN, Handles
from fineparser_gui.timeline.legend import Legend
from fineparser_gui.timeline.scroll_bar import TimelineScrollBar
from fineparser_gui.timeline.thumbnails import Thumbnails

if TYPE_CHECKING:
    from fineparser_gui.timeline.time_plot import TimePlot

#: Seconds of the file shown before and after the dive.
_MARGIN_S = 0.6
_SHIFT_FRAMES = 10


@dataclass(frozen=True, kw_only=True)
class _Shown:
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


class Timeline(QWidget):
    """Timeline of a dive; click and drag seek or move a handle; the wheel zooms, with Shift it scrolls.

    With the focus, Tab selects playhead and handles in turn, and the arrow keys move the selection. Its lanes are made
    with the first file, so that pyqtgraph is loaded after the window's first paint.

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
        self._thumbnails = Thumbnails(self)
        self._legend = Legend()
        self._bar = TimelineScrollBar(self)
        self._bar.valueChanged.connect(self._on_scrolled)
        self._column = QVBoxLayout(self, contentsMargins=QMargins(10, 5, 10, 3), spacing=2)
        self._column.addWidget(self._legend)
        self._column.addWidget(self._bar)
        self._handles = Handles()
        self._shown = _Shown()
        self._frame = 0
        self._samples_shown = False
        self._n_drags = 0
        self.setAccessibleName(self.tr("Timeline"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # not by click, which leaves the keyboard to the player

    @property
    def pending(self) -> bool:
        """True if the shown phases are those from before the dive was trimmed."""
        return self._shown.stale

    @property
    def shown(self) -> tuple[float, float]:
        """First and last place of the view, in frames."""
        return self._plot.shown if self._plot is not None else (0.0, 1.0)

    @property
    def whole(self) -> bool:
        """True if the whole file is visible."""
        return self._plot is None or self._plot.shows_whole

    def set_dive(self, dive: Dive | None, accepted: frozenset[int] = frozenset()) -> None:
        """Show the present state of a dive.

        Args:
            accepted: indices of its proposals that were added to the list.
        """
        if dive is None:
            self._show(_Shown(), None, (0, 0))
            return
        # A clip without a dive has no phases, until the coach declares it a dive.
        parse, before = dive.analysis.parse if dive.analysis and not dive.refused else None, self._shown
        waits = parse is None and dive.state in (DiveState.QUEUED, DiveState.ANALYSING)
        stale = waits and dive.key == before.key and bool(before.steps)
        shown = _Shown(
            key=dive.key,
            info=dive.info,
            parse=parse,
            steps=_steps_of(parse, dive.info) if parse else before.steps if stale else (),
            stale=stale,
            drawn=marked_frames(dive.drawings),
            proposals=dive.proposals,
            accepted=accepted,
        )
        by_model = dive.model_analysis.parse if parse and dive.model_analysis else None
        trimmed = None not in dive.trimmed_range
        self._show(shown, dive.path, (dive.first_frame, dive.last_frame), by_model, trimmed=trimmed)

    def set_library_dive(self, shown: ComparedDive, info: VideoInfo, drawn: set[int]) -> None:
        """Show the phases of a library dive, which cannot be moved here.

        Args:
            drawn: frames on which a drawing begins or ends to be shown.
        """
        first, last = shown.steps[0].start_frame, shown.steps[-1].end_frame - 1
        key = (shown.path, first, last)
        content = _Shown(key=key, info=info, steps=shown.steps, drawn=frozenset(drawn))
        self._show(content, shown.path, (first, last), trimmed=last - first + 1 < info.n_frames, fixed=True)

    def _show(
        self,
        shown: _Shown,
        path: Path | None,
        dive_range: tuple[int, int],
        by_model: DiveParse | None = None,
        *,
        trimmed: bool = False,
        fixed: bool = False,
    ) -> None:
        """Show a dive; of another file than before, and once its phases are found, the part that is `trimmed`."""
        before, self._shown, info = self._shown, shown, shown.info
        opened = info is None or before.info is None or shown.key != before.key
        found = shown.parse is not None and before.parse is None and not before.stale and self.whole
        if opened:
            self._handles.chosen = None
            self._thumbnails.set_file(path if info is not None else None)
            if info is not None:
                self.prepare().set_file(info)
        if info is not None and trimmed and (opened or found):
            self._show_between(*dive_range)
        n_frames = info.n_frames if info is not None else 0
        self._handles.show(shown.parse, by_model, dive_range if n_frames else None, n_frames, fixed=fixed)
        self._update_all()

    def set_frame(self, frame: int) -> None:
        """Move the playhead and keep it visible."""
        self._frame = frame
        if self._plot is not None:
            self._plot.set_playhead(frame, follow=self._handles.held is None)

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
        if self._handles.range is not None:
            self._show_between(*self._handles.range)

    def close_file(self) -> None:
        """Stop decoding before the window closes."""
        self._thumbnails.close()

    def prepare(self) -> "TimePlot":
        """Return the lanes; the first call makes them and loads pyqtgraph."""
        if self._plot is not None:
            return self._plot
        from fineparser_gui.timeline.time_plot import TimePlot

        self._plot = plot = TimePlot(self._thumbnails, self)
        self._column.insertWidget(1, plot)
        plot.sought.connect(lambda at: self.seek_requested.emit(min(max(int(at), 0), self._last_frame)))
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

    def _show_between(self, first: int, last: int) -> None:
        """Show the frames from first to last with a margin on both sides."""
        around = _MARGIN_S * self._shown.info.fps if self._shown.info is not None else 0.0
        self.prepare().show_frames(first - around, last + 1 + around)

    @property
    def _last_frame(self) -> int:
        return self._shown.info.n_frames - 1 if self._shown.info is not None else 0

    def _update_all(self) -> None:
        self.setAccessibleDescription(self._accessible_text())
        self._update_plot()

    def _update_plot(self) -> None:
        """Update everything of the plot but the view, and the legend."""
        shown, plot = self._shown, self._plot
        curves = shown.parse is not None and self._samples_shown
        self._legend.show_phases(shown.parse, shown.steps, self._pending_text(), curves=curves)
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
        self._bar.setVisible(not self.whole)
        if self._plot is not None:
            self._plot.setFixedHeight(self._plot.height_px)
            self._bar.follow(self._plot.shown, self._plot.whole)
        self.setFixedHeight(self._column.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        restyled = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)
        if event.type() in restyled and self._plot is not None:
            self._plot.restyle()
            self._update_plot()

    def _on_scrolled(self, left: int) -> None:
        first, last = self.shown
        self.prepare().show_frames(left, left + last - first)

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
        proposals = enumerate(self._shown.proposals)
        place = next((n for n, one in proposals if one.in_frame <= at <= one.out_frame + 1), None)
        if place is not None:
            self.proposal_accepted.emit(place)

    def _accessible_text(self) -> str:
        shown, chosen = self._shown, self._handles.chosen
        if shown.info is None:
            return ""
        text = self.tr("{0} from frame {1}, {2} s")
        parts = [self._handles.text(chosen)] if chosen is not None else []
        parts += [
            text.format(step_text(s.name), s.start_frame, decimal(duration_s(s, shown.info), 2))
            for s in (() if shown.stale else shown.steps)
        ]
        parts += self._handles.accessible_text()
        if shown.proposals:
            found = self.tr("{0} dives found, {1} of them in the list", None, len(shown.proposals))
            several = len(shown.proposals) > 1
            parts.append(
                found.format(len(shown.proposals), len(shown.accepted)) if several else self.tr("One dive was found.")
            )
        return ", ".join(filter(None, (*parts, self._pending_text())))

    def _pending_text(self) -> str:
        return self.tr("pending: the dive is being analysed again") if self.pending else ""

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
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self._last_frame}
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


def _steps_of(parse: DiveParse, info: VideoInfo | None) -> tuple[StepSpan, ...]:
    return steps_to_water(parse.steps, parse.first_water_contact_frame, info)


def _frames_of(event: QKeyEvent) -> int:
    """Return the number of frames that an arrow key moves by; 0 for other keys."""
    direction = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if modifiers == Qt.KeyboardModifier.ShiftModifier:
        return _SHIFT_FRAMES * direction
    return direction if modifiers == Qt.KeyboardModifier.NoModifier else 0
