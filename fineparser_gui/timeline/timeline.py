"""The timeline: thumbnails, phases, transitions, In and Out point, curves and playhead, with mouse and keyboard."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMargins, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from fineparser_core.types import ComparedDive, DiveParse, StepSpan, VideoInfo
from fineparser_gui.formatting import decimal
from fineparser_gui.model.dive import Dive, DiveState
from fineparser_gui.steps import duration_s, step_label
from fineparser_gui.theme import step_color
from fineparser_gui.timeline.handle_selection import HandleSelection
from fineparser_gui.timeline.range_handles import RangeHandles
from fineparser_gui.timeline.scroll_bar import TimelineScrollBar
from fineparser_gui.timeline.thumbnails import Thumbnails
from fineparser_gui.timeline.transition_handles import TransitionHandles
from fineparser_gui.widgets import ElidedLabel, label

if TYPE_CHECKING:
    from fineparser_gui.timeline.frame_line import FrameLine
    from fineparser_gui.timeline.time_plot import TimePlot

_ZOOM_STEP = 1.25
#: Seconds of the file shown before and after the dive.
_MARGIN_S = 0.6
_SHIFT_FRAMES = 10
#: Where a playhead that has left the view appears in it, as a share of its width.
_REVEALED_AT = 0.1


class Timeline(QWidget):
    """Shows a dive over time; click and drag seek or move a handle; the wheel zooms, with Shift it scrolls.

    With the focus, Tab selects playhead and handles in turn, and the arrow keys move the selected one. Its lanes are
    made with the first file, so that pyqtgraph is loaded after the window's first paint.

    Signals:
        seek_requested: (int) frame under the mouse.
        transition_dragged: (int, int, str) flight (0), entry (1) or water contact (2), frame, and a name shared by all
            moves of one drag.
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
        self._legend, self._whose = label(), ElidedLabel("muted")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._legend.setMinimumWidth(1)
        self._whose.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._whose.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._bar = TimelineScrollBar(self)
        self._bar.valueChanged.connect(self._on_scrolled)
        row = QHBoxLayout(spacing=12)
        row.addWidget(self._legend)
        row.addWidget(self._whose, 1)
        self._column = QVBoxLayout(self, contentsMargins=QMargins(10, 5, 10, 3), spacing=2)
        self._column.addLayout(row)
        self._column.addWidget(self._bar)
        self._handles = TransitionHandles()
        self._range = RangeHandles()
        self._selection = HandleSelection(self._handles, self._range)
        self._key: str | None = None
        self._info: VideoInfo | None = None
        self._parse: DiveParse | None = None
        self._stale: DiveParse | None = None
        self._steps: tuple[StepSpan, ...] = ()
        self._segments, self._accepted = (), frozenset()
        self._drawn: set[int] = set()
        self._frame = 0
        self._samples_shown = False
        self.setAccessibleName(self.tr("Timeline"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # not by click, which leaves the keyboard to the player
        self._n_drags = 0

    @property
    def pending(self) -> bool:
        """Whether the shown phases are those from before the dive was trimmed."""
        return self._stale is not None

    @property
    def shown(self) -> tuple[float, float]:
        """First and last place of the view, in frames."""
        return self._plot.shown if self._plot is not None else (0.0, 1.0)

    @property
    def frame_px(self) -> float:
        """Width of a frame in pixels."""
        return self._plot.frame_px if self._plot is not None else 1.0

    @property
    def whole(self) -> bool:
        """Whether the whole file is visible."""
        if self._plot is None:
            return True
        (left, right), (first, last) = self._plot.shown, self._plot.whole
        return right - left >= (last - first) * (1 - 1e-6)

    def set_dive(self, dive: Dive | None, accepted: frozenset[int] = frozenset()) -> None:
        """Show the present state of a dive.

        Args:
            accepted: indices of its proposals that were added to the list.
        """
        key, info = (dive.key, dive.info) if dive else (None, None)
        parse = dive.analysis.parse if dive and dive.analysis else None
        waits = dive is not None and dive.state in (DiveState.QUEUED, DiveState.ANALYSING)
        self._stale = (self._parse or self._stale) if waits and parse is None and key == self._key else None
        known = key == self._key and info is not None and self._info is not None
        self._key, self._info, self._parse = key, info, parse
        self._steps = parse.steps if parse else ()
        self._drawn = {drawing.frame for drawing in dive.drawings} if dive else set()
        self._segments, self._accepted = (dive.proposals if dive else ()), accepted
        if not known:
            self._show_file(dive.path if dive else None, info)
            if dive is not None and info is not None and dive.in_frame is not None and dive.out_frame is not None:
                self._show_between(dive.in_frame, dive.out_frame)
        if dive is not None and info is not None:
            self._range.set_range(dive.first_frame, dive.last_frame, info.n_frames)
        else:
            self._range.clear()
        self._handles.set_parses(parse, dive.model_analysis.parse if dive and dive.model_analysis else None)
        self._update_all()

    def set_library_dive(self, shown: ComparedDive, info: VideoInfo, drawn: set[int]) -> None:
        """Show the phases of a library dive, which cannot be moved here.

        Args:
            drawn: frames with drawings.
        """
        first, last = shown.steps[0].start_frame, shown.steps[-1].end_frame - 1
        known = info is self._info
        self._key, self._info, self._parse, self._stale = None, info, None, None
        self._steps, self._drawn = shown.steps, drawn
        self._segments, self._accepted = (), frozenset()
        if not known:
            self._show_file(shown.path, info)
            if last - first + 1 < info.n_frames:
                self._show_between(first, last)
        self._range.set_range(first, last, info.n_frames, fixed=True)
        self._handles.set_parses(None, None)
        self._update_all()

    def set_frame(self, frame: int) -> None:
        """Move the playhead and keep it visible."""
        self._frame = frame
        if self._plot is None:
            return
        self._plot.set_playhead(frame)
        left, right = self._plot.shown
        if not self.whole and not self._dragging and not left <= frame < right:
            width = right - left
            self._show_frames(frame - _REVEALED_AT * width, frame + (1 - _REVEALED_AT) * width)

    def set_samples_shown(self, shown: bool) -> None:
        """Show or hide ticks at the 96 sampled frames."""
        self._samples_shown = shown
        self._update_plot()

    def zoom(self, steps: float) -> None:
        """Zoom in (steps > 0) or out at the playhead, or at the centre where it is not visible."""
        if self._plot is not None:
            left, right = self._plot.shown
            at = self._frame + 0.5
            self._plot.zoom(_ZOOM_STEP**steps, at if left <= at <= right else (left + right) / 2)

    def show_all(self) -> None:
        """Show the whole file."""
        if self._plot is not None:
            self._plot.show_frames(*self._plot.whole)

    def show_dive(self) -> None:
        """Show the dive with a margin on both sides."""
        if self._range.frames:
            self._show_between(*self._range.frames)

    def close_file(self) -> None:
        """Stop decoding before the window closes."""
        self._thumbnails.close()

    def transition_point(self, place: int) -> QPointF:
        """Centre of the handle of flight (0), entry (1) or water contact (2)."""
        return self._point(self._plot.transitions[place])

    def range_point(self, place: int) -> QPointF:
        """Centre of the handle of In (0) or Out point (1)."""
        return self._point(self._plot.ends[place])

    def proposal_point(self, place: int) -> QPointF:
        """Centre of the box of a proposal."""
        return self._point(place)

    def _point(self, item: "FrameLine | int") -> QPointF:
        assert self._plot is not None
        return self._plot.mapTo(self, self._plot.place_of(item))

    @property
    def _dragging(self) -> bool:
        return self._handles.held is not None or self._range.held is not None

    def _show_file(self, path: Path | None, info: VideoInfo | None) -> None:
        """Show another file."""
        self._selection.clear()
        self._thumbnails.set_file(path if info else None)
        if info is None:
            return
        self.prepare()
        self._plot.set_file(info)

    def prepare(self) -> None:
        """Make the lanes, and load pyqtgraph for it, before there is a file."""
        if self._plot is not None:
            return
        from fineparser_gui.timeline.time_plot import TimePlot

        self._plot = plot = TimePlot(self._thumbnails, self)
        self._column.insertWidget(1, plot)
        plot.sought.connect(lambda at: self.seek_requested.emit(self._limited(int(at))))
        plot.pressed_line.connect(self._on_pressed)
        plot.proposals_double_clicked.connect(self._on_double_click)
        plot.view_changed.connect(self._on_view_changed)
        for place, line in enumerate(plot.transitions):
            line.grabbed.connect(lambda place=place: self._hold(self._handles, place))
            line.dragged.connect(lambda frame, place=place: self._on_transition_dragged(place, frame))
            line.released.connect(self._let_go)
        for place, line in enumerate(plot.ends):
            line.grabbed.connect(lambda place=place: self._hold(self._range, place))
            line.dragged.connect(self._on_end_dragged)
            line.released.connect(self._let_go)
        for line in (*plot.transitions, *plot.ends):
            line.hover_changed.connect(self._mark_active)
        self._update_plot()

    def _show_between(self, first: int, last: int) -> None:
        """Show the frames from first to last with a margin on both sides."""
        around = _MARGIN_S * self._info.fps if self._info is not None else 0.0
        self._show_frames(first - around, last + 1 + around)

    def _show_frames(self, left: float, right: float) -> None:
        """Set the view, moved so that it lies within the file."""
        assert self._plot is not None
        first, last = self._plot.whole
        width = min(right - left, last - first)
        left = min(max(left, first), last - width)
        self._plot.show_frames(left, left + width)

    @property
    def _last_frame(self) -> int:
        return self._info.n_frames - 1 if self._info is not None else 0

    def _limited(self, frame: int) -> int:
        return min(max(frame, 0), self._last_frame)

    def _update_all(self) -> None:
        self.setAccessibleDescription(self._accessible_text())
        self._update_plot()

    def _update_plot(self) -> None:
        """Give the plot everything but the view; the legend says whose phases they are."""
        self._fit_legend()
        plot = self._plot
        if plot is None:
            return
        plot.setVisible(self._info is not None)
        if self._info is not None:
            steps = self._stale.steps if self._stale is not None else self._steps
            plot.set_steps(steps, faded=self._stale is not None)
            plot.set_curves(self._parse)
            ticks = self._parse is not None and (self._samples_shown or self._handles.held is not None)
            plot.set_samples(self._parse.sampled_frames if self._parse is not None and ticks else None)
            plot.set_drawn(sorted(self._drawn))
            moved = [g if g != f else None for g, f in zip(self._handles.ghosts, self._handles.frames, strict=True)]
            plot.set_lines(plot.ghosts, moved)
            plot.set_lines(plot.transitions, self._handles.frames)
            plot.set_uncertain(self._handles.bands)
            plot.set_range(self._range.edges(), movable=bool(self._range.movable))
            plot.set_proposals(self._segments, self._accepted)
            self._mark_active()
        self._fit_height()

    def _mark_active(self) -> None:
        """Emphasise the handle that is dragged, under the mouse, or selected, and tell its frame."""
        plot = self._plot
        if plot is None:
            return
        for lines, handles in ((plot.transitions, self._handles), (plot.ends, self._range)):
            hovered = next((place for place, line in enumerate(lines) if line.mouseHovering and line.isVisible()), None)
            for place in (handles.held, hovered, handles.chosen):
                if place is not None and place < len(handles.frames):
                    plot.set_active(lines[place], handles.text(place))
                    return
        plot.set_active(None, "")

    def _fit_height(self) -> None:
        plot = self._plot
        self._bar.setVisible(not self.whole)
        if plot is not None:
            plot.setFixedHeight(plot.height_px)
            self._bar.follow(plot.shown, plot.whole)
        self.setFixedHeight(self._column.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        restyled = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)
        if event.type() in restyled and self._plot is not None:
            self._plot.restyle()
            self._update_plot()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_legend()

    def _fit_legend(self) -> None:
        self._legend.setText(self._legend_text())
        if self._legend.sizeHint().width() > self.width() - 20:
            self._legend.setText(self._legend_text(short=True))
        text = self._whose_text()
        room = self.width() - self._legend.sizeHint().width() - 40
        self._whose.set_text(text if self._whose.fontMetrics().horizontalAdvance(text) <= room else "")

    def _on_view_changed(self) -> None:
        self._fit_height()
        self._mark_active()

    def _on_scrolled(self, left: int) -> None:
        first, last = self.shown
        self._show_frames(left, left + last - first)

    def _hold(self, handles: TransitionHandles | RangeHandles, place: int) -> None:
        handles.held = place
        self._n_drags += 1
        self._update_plot()

    def _let_go(self) -> None:
        self._handles.held = None
        moved = self._range.release()
        if moved is not None:
            self.range_changed.emit(*moved)
        self._update_plot()

    def _on_pressed(self, line: "FrameLine") -> None:
        if line in self._plot.ends:
            self.seek_requested.emit(self._range.frames[self._plot.ends.index(line)])
        else:
            self.seek_requested.emit(self._limited(int(line.value())))

    def _on_transition_dragged(self, place: int, frame: int) -> None:
        if frame != self._handles.frames[place]:
            self.transition_dragged.emit(place, frame, f"drag {self._n_drags}")

    def _on_end_dragged(self, edge: int) -> None:
        self.seek_requested.emit(self._range.drag(edge))
        self._update_plot()

    def _on_double_click(self, at: float) -> None:
        inside = (n for n, one in enumerate(self._segments) if one.in_frame <= at <= one.out_frame + 1)
        place = next(inside, None)
        if place is not None:
            self.proposal_accepted.emit(place)

    def _accessible_text(self) -> str:
        if self._info is None:
            return ""
        text = self.tr("{0} from frame {1}, {2} s")
        parts = [self._selection.text] if self._selection.any else []
        parts += [
            text.format(step_label(s.name), s.start_frame, decimal(duration_s(s, self._info), 2)) for s in self._steps
        ]
        parts += [*self._handles.accessible_text(), self._range.accessible_text()]
        if self._segments:
            found = self.tr("{0} dives found, {1} of them in the list", None, len(self._segments))
            parts.append(found.format(len(self._segments), len(self._accepted)))
        if self.pending:
            parts.append(self._pending_text())
        return ", ".join(parts)

    def _pending_text(self) -> str:
        return self.tr("pending: the dive is being analysed again")

    def _legend_text(self, *, short: bool = False) -> str:
        """The curves with the height of their peaks, and what marks the water; `short`: without the heights."""
        if self._parse is None:
            return ""
        peaks = self._parse.probabilities.max(axis=0)
        texts = [
            f'<span style="color:{step_color(step).name()}">{line}</span>&nbsp;'
            + (text if short else self.tr("{0} (peak probability {1})").format(text, decimal(peak, 2)))
            for line, text, step, peak in (
                ("━━━", self.tr("flight begins"), self._steps[1].name, peaks[0]),
                ("╍╍╍", self.tr("entry begins"), self._steps[2].name, peaks[1]),
            )
        ]
        if self._parse.first_water_contact_frame is not None:
            dot = f'<span style="color:{self.palette().highlight().color().name()}">●</span>&nbsp;'
            texts.append(dot + self.tr("first water contact"))
        return "&nbsp;&nbsp;&nbsp; ".join(texts)

    def _whose_text(self) -> str:
        if self._parse is not None:
            return self.tr("phases and durations as divided by the model")
        if self.pending:
            return self._pending_text()
        return self.tr("phases and durations from the library") if self._steps else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab selects the handles in turn before it leaves the timeline."""
        if self._selection.step(1 if forward else -1):
            self._on_selected()
            return True
        return super().focusNextPrevChild(forward)

    def _on_selected(self) -> None:
        self._update_all()
        if self._selection.frame is not None:
            self.seek_requested.emit(self._selection.frame)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._selection.clear()
        self._update_all()

    def event(self, event: QEvent) -> bool:
        # Before shortcuts of the window with the same keys.
        override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._selection.any
        if override and (event.key() == Qt.Key.Key_Escape or _frames_of(event)):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        frames, ends = _frames_of(event), {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self._last_frame}
        if event.key() == Qt.Key.Key_Escape and self._selection.any:
            self._selection.clear()
            self._update_all()
        elif frames and self._selection.transition is not None:
            self.transition_nudged.emit(self._selection.transition, frames)
        elif frames and self._selection.end is not None:
            self.range_nudged.emit(self._selection.end, frames)
        elif frames:  # reached only where the arrow keys are shortcuts of other commands
            self.seek_requested.emit(self._frame + frames)
        elif event.key() in ends and not event.modifiers():
            self.seek_requested.emit(ends[event.key()])
        else:
            super().keyPressEvent(event)


def _frames_of(event: QKeyEvent) -> int:
    """Number of frames that an arrow key moves by; 0 for other keys."""
    direction = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if modifiers == Qt.KeyboardModifier.ShiftModifier:
        return _SHIFT_FRAMES * direction
    return direction if modifiers == Qt.KeyboardModifier.NoModifier else 0
