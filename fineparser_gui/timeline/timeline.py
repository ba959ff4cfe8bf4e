"""The timeline: thumbnails, steps, transitions, In and Out point, curves and playhead, with mouse and keyboard."""

from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from fineparser_core.types import ComparedDive, DiveParse, StepSpan, VideoInfo
from fineparser_gui.model.dive import Dive, DiveState
from fineparser_gui.steps import duration_s, step_label
from fineparser_gui.timeline import tracks
from fineparser_gui.timeline.handle_selection import HandleSelection
from fineparser_gui.timeline.lanes import SCROLLBAR_H, Lanes, height_px, lay_out
from fineparser_gui.timeline.proposal_boxes import ProposalBoxes
from fineparser_gui.timeline.range_handles import RangeHandles
from fineparser_gui.timeline.scroll_bar import TimelineScrollBar
from fineparser_gui.timeline.thumbnails import Thumbnails
from fineparser_gui.timeline.time_scale import TimeScale
from fineparser_gui.timeline.transition_handles import TransitionHandles

SIDE_PX = 12
_ZOOM_STEP = 1.25
#: Seconds of the file shown before and after the dive.
_MARGIN_S = 0.6
_SHIFT_FRAMES = 10


class Timeline(QWidget):
    """Draws a dive over time; click and drag seek or move a handle; the wheel zooms, with Shift it scrolls.

    With the focus, Tab selects playhead and handles in turn, and the arrow keys move the selected one.

    Signals:
        seek_requested: (int) frame under the mouse.
        transition_dragged: (int, int, str) flight (0) or entry (1), frame, and a name shared by all moves of one drag.
        transition_nudged: (int, int) flight (0) or entry (1), and number of frames to move it by.
        range_nudged: (int, int) In (0) or Out point (1), and number of frames to move it by.
        range_changed: (int, int) first and last frame of the dive, at the end of a drag.
        proposal_accepted: (int) index of a proposed dive that was double-clicked.

    Attributes:
        scale: mapping between frames and pixels.
    """

    seek_requested = Signal(int)
    transition_dragged = Signal(int, int, str)
    transition_nudged = Signal(int, int)
    range_nudged = Signal(int, int)
    range_changed = Signal(int, int)
    proposal_accepted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(300)
        self.scale = TimeScale(SIDE_PX)
        self._thumbnails = Thumbnails(self)
        self._thumbnails.changed.connect(self._on_picture)
        self._bar = TimelineScrollBar(self)
        self._bar.valueChanged.connect(self._on_scrolled)
        self._handles = TransitionHandles()
        self._range = RangeHandles()
        self._selection = HandleSelection(self._handles, self._range)
        self._boxes = ProposalBoxes()
        self._key: str | None = None
        self._info: VideoInfo | None = None
        self._parse: DiveParse | None = None
        self._stale: DiveParse | None = None
        self._steps: tuple[StepSpan, ...] = ()
        self._drawn: set[int] = set()
        self._frame = 0
        self._samples_shown = False
        self._static_layer: QPixmap | None = None  # everything but the playhead, until something changes
        self.setAccessibleName(self.tr("Timeline"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # not by click, which leaves the keyboard to the player
        self._n_drags = 0
        self._panned_from: float | None = None
        self._fit_height()

    @property
    def pending(self) -> bool:
        """Whether the shown steps are those from before the dive was trimmed."""
        return self._stale is not None

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
        self._boxes.segments, self._boxes.accepted = (dive.proposals if dive else ()), accepted
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
        """Show the steps of a library dive, which cannot be moved here.

        Args:
            drawn: frames with drawings.
        """
        first, last = shown.steps[0].start_frame, shown.steps[-1].end_frame - 1
        known = info is self._info
        self._key, self._info, self._parse, self._stale = None, info, None, None
        self._steps, self._drawn = shown.steps, drawn
        self._boxes.segments, self._boxes.accepted = (), frozenset()
        if not known:
            self._show_file(shown.path, info)
            if last - first + 1 < info.n_frames:
                self._show_between(first, last)
        self._range.set_range(first, last, info.n_frames, fixed=True)
        self._handles.set_parses(None, None)
        self._update_all()

    def _update_all(self) -> None:
        self.setAccessibleDescription(self._accessible_text())
        self._fit_height()
        self._redraw()

    def set_frame(self, frame: int) -> None:
        """Move the playhead and keep it visible."""
        before, self._frame = self._frame, frame
        if not self.scale.whole and self._held is None and self.scale.reveal(frame):
            self._view_changed()
        else:
            for moved in (before, frame):
                self.update(self._playhead_rect(moved))

    def set_samples_shown(self, shown: bool) -> None:
        """Show or hide ticks at the 96 sampled frames."""
        self._samples_shown = shown
        self._redraw()

    def zoom(self, steps: float) -> None:
        """Zoom in (steps > 0) or out at the playhead, or at the centre where it is not visible."""
        x = self.scale.x(self._frame + 0.5)
        inside = SIDE_PX <= x <= self.width() - SIDE_PX
        self._zoom(steps, x if inside else self.width() / 2)

    def show_all(self) -> None:
        """Show the whole file."""
        self.scale.show_all()
        self._view_changed()

    def show_dive(self) -> None:
        """Show the dive with a margin on both sides."""
        if self._range.frames:
            self._show_between(*self._range.frames)
            self._view_changed()

    def close_file(self) -> None:
        """Stop decoding before the window closes."""
        self._thumbnails.close()

    def transition_point(self, place: int) -> QPointF:
        """Centre of the handle of flight (0) or entry (1)."""
        return QPointF(self.scale.x(self._handles.frames[place]), self._lanes().band.center().y())

    def range_point(self, place: int) -> QPointF:
        """Centre of the handle of In (0) or Out point (1)."""
        return QPointF(self.scale.x(self._range.edges()[place]), self._lanes().thumbnails.center().y())

    def proposal_point(self, place: int) -> QPointF:
        """Centre of the box of a proposal."""
        segment = self._boxes.segments[place]
        x = self.scale.x((segment.in_frame + segment.out_frame + 1) / 2)
        return QPointF(x, self._lanes().proposals.center().y())

    @property
    def _held(self) -> int | None:
        return self._handles.held if self._handles.held is not None else self._range.held

    def _show_file(self, path: Path | None, info: VideoInfo | None) -> None:
        """Show another file."""
        self._selection.clear()
        self.scale.set_file(info.n_frames if info else 1)
        self._thumbnails.set_file(path if info else None)

    def _show_between(self, first: int, last: int) -> None:
        """Show the frames from first to last with a margin on both sides."""
        around = _MARGIN_S * self._info.fps if self._info is not None else 0.0
        self.scale.show(first - around, last + 1 + around)

    def _lanes(self) -> Lanes:
        return lay_out(SIDE_PX, self.width() - 2 * SIDE_PX, proposals=bool(self._boxes.segments))

    def _fit_height(self) -> None:
        zoomed = not self.scale.whole
        self.setFixedHeight(height_px(proposals=bool(self._boxes.segments), scrollbar=zoomed))
        place = QRect(SIDE_PX, self.height() - SCROLLBAR_H - 4, self.width() - 2 * SIDE_PX, SCROLLBAR_H)
        self._bar.follow(self.scale, place)

    def _redraw(self) -> None:
        self._static_layer = None
        self.update()

    def _playhead_rect(self, frame: int) -> QRect:
        x = self.scale.x(frame + 0.5)
        return QRectF(x - tracks.PLAYHEAD_PX, 0, 2 * tracks.PLAYHEAD_PX, self.height()).toAlignedRect()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self._redraw()  # font, colours, language

    def _view_changed(self) -> None:
        self._fit_height()
        self._redraw()

    @Slot()
    def _on_picture(self) -> None:
        self._redraw()

    def _on_scrolled(self, left: int) -> None:
        self.scale.go_to(left)
        self._redraw()

    def _zoom(self, steps: float, x: float) -> None:
        self.scale.zoom(_ZOOM_STEP**steps, x)
        self._view_changed()

    def _accessible_text(self) -> str:
        if self._info is None:
            return ""
        text = self.tr("{0} from frame {1}, {2:.2f} s")
        parts = [self._selection.text] if self._selection.any else []
        parts += [text.format(step_label(s.name), s.start_frame, duration_s(s, self._info)) for s in self._steps]
        parts += [*self._handles.accessible_text(), self._range.accessible_text(), *self._boxes.accessible_text()]
        if self.pending:
            parts.append(self._pending_text())
        return ", ".join(parts)

    def _pending_text(self) -> str:
        return self.tr("pending: the dive was trimmed and is being analysed again")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scale.set_width(self.width())
        self._fit_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._static_layer is None or self._static_layer.size() != self.size() * ratio:
            self._static_layer = QPixmap(self.size() * ratio)
            self._static_layer.setDevicePixelRatio(ratio)
            self._static_layer.fill(Qt.GlobalColor.transparent)
            self._draw_static_layer(self._static_layer)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._static_layer)
        if self._info is not None:
            inner, lanes = self._inner(), self._lanes()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setClipRect(inner.intersected(QRectF(lanes.inner.adjusted(0, -9, 0, 4))))
            tracks.draw_playhead(painter, lanes.inner, self.scale.x(self._frame + 0.5), self.palette())
            painter.setClipping(False)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _inner(self) -> QRectF:
        return QRectF(SIDE_PX - 8, 0, self.width() - 2 * SIDE_PX + 16, self.height())

    def _draw_static_layer(self, onto: QPixmap) -> None:
        painter = QPainter(onto)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.88)
        painter.setFont(font)
        lanes, palette = self._lanes(), self.palette()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.alternateBase())
        for lane in (lanes.thumbnails, lanes.curves, lanes.band):
            painter.drawRoundedRect(lane, 4, 4)
        if self._info is None:
            return
        inner = self._inner()
        painter.setClipRect(inner)
        tracks.draw_axis(painter, lanes.axis, self.scale, self._info, palette)
        tracks.draw_drawn_frames(painter, lanes.axis, self.scale.x, self._drawn, palette)
        painter.setClipRect(inner.intersected(QRectF(lanes.inner.adjusted(0, -9, 0, 4))))
        self._draw_tracks(painter, lanes, self._info)
        painter.setClipRect(inner)
        self._handles.draw(painter, lanes.tracks, self.scale.x, palette)
        self._draw_legend(painter, lanes)

    def _draw_tracks(self, painter: QPainter, lanes: Lanes, info: VideoInfo) -> None:
        to_x, palette = self.scale.x, self.palette()
        self._thumbnails.draw(painter, lanes.thumbnails, self.scale, info, self.devicePixelRatioF())
        self._boxes.draw(painter, lanes.proposals, to_x, palette)
        if self._steps:
            tracks.draw_steps(painter, lanes.band, to_x, self._steps, info)
        if self._parse is not None:
            if self._samples_shown or self._handles.held is not None:
                tracks.draw_samples(painter, lanes.curves, to_x, self._parse, palette)
            tracks.draw_curves(painter, lanes.curves, to_x, self._parse)
        elif self._stale is not None:
            painter.setOpacity(0.35)
            tracks.draw_steps(painter, lanes.band, to_x, self._stale.steps, info)
            painter.setOpacity(1.0)
        self._range.draw(painter, lanes.inner, lanes.thumbnails, to_x, palette)

    def _draw_legend(self, painter: QPainter, lanes: Lanes) -> None:
        if self._parse is not None:
            tracks.draw_legend(painter, lanes.legend, self._parse, self.palette())
        elif self.pending:
            painter.setPen(self.palette().text().color())
            painter.drawText(lanes.legend, Qt.AlignmentFlag.AlignVCenter, self._pending_text())
        elif self._steps:
            painter.setPen(self.palette().placeholderText().color())
            text = self.tr("phases and durations from the library")
            painter.drawText(lanes.legend, Qt.AlignmentFlag.AlignVCenter, text)

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
        self._redraw()

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
        frames, ends = _frames_of(event), {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.scale.n_frames - 1}
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

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, shift = event.angleDelta(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if self._info is None:
            return
        if turned.x() or shift:
            self.scale.pan(-(turned.x() or turned.y()))
            self._view_changed()
        else:
            self._zoom(turned.y() / 120, event.position().x())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._info is None:
            return
        x = event.position().x()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panned_from = x
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._on_range(event.position()):
            frames, held = self._range.frames, self._range.grab(x, self.scale.x)
        else:
            frames, held = self._handles.frames, self._handles.grab(x, self.scale.x)
        if held is None:
            self.seek_requested.emit(self.scale.frame_at(x))
        else:
            self._n_drags += 1
            self.seek_requested.emit(frames[held])
            self._redraw()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._info is None:
            return
        x = event.position().x()
        if event.buttons() & Qt.MouseButton.MiddleButton and self._panned_from is not None:
            self.scale.pan(self._panned_from - x)
            self._panned_from = x
            self._view_changed()
        elif not event.buttons() & Qt.MouseButton.LeftButton:
            self._hover(event.position())
        elif self._range.held is not None:
            self.seek_requested.emit(self._range.drag(x, self.scale.edge_at))
            self._redraw()
        elif self._handles.held is not None:
            frame = self.scale.edge_at(x - self._handles.offset)
            if frame != self._handles.frames[self._handles.held]:
                self.transition_dragged.emit(self._handles.held, frame, f"drag {self._n_drags}")
        else:
            self.seek_requested.emit(self.scale.frame_at(x))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._panned_from = None
        self._handles.release()
        moved = self._range.release()
        if moved is not None:
            self.range_changed.emit(*moved)
        self._redraw()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self._boxes.at(event.position().x(), self.scale.x) if self._info else None
        if place is not None and self._lanes().proposals.contains(event.position()):
            self.proposal_accepted.emit(place)
        else:
            super().mouseDoubleClickEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def _on_range(self, at: QPointF) -> bool:
        """Whether a point is in the lanes of In and Out point, which are above those of the transitions."""
        return at.y() < self._lanes().curves.top()

    def _hover(self, at: QPointF | None) -> None:
        on_range = at is not None and self._on_range(at)
        x = at.x() if at is not None else None
        changed = self._range.hover(x if on_range else None, self.scale.x)
        changed = self._handles.hover(None if on_range else x, self.scale.x) or changed
        if changed:
            over = self._range.hovered is not None or self._handles.hovered is not None
            self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.PointingHandCursor)
            self._redraw()


def _frames_of(event: QKeyEvent) -> int:
    """Number of frames that an arrow key moves by; 0 for other keys."""
    direction = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if modifiers == Qt.KeyboardModifier.ShiftModifier:
        return _SHIFT_FRAMES * direction
    return direction if modifiers == Qt.KeyboardModifier.NoModifier else 0
