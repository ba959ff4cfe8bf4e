"""The dive over time: pictures, steps, transitions and ends to drag, how sure the model is, the playhead."""

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QScrollBar, QSizePolicy, QWidget

from fineparser_core.types import DiveParse, VideoInfo
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.timeline import tracks
from fineparser_gui.timeline.lanes import SCROLLBAR_H, Lanes, height_px, lay_out
from fineparser_gui.timeline.parts import duration_s
from fineparser_gui.timeline.proposals import ProposalBoxes
from fineparser_gui.timeline.range_handles import RangeHandles
from fineparser_gui.timeline.scale import TimeScale
from fineparser_gui.timeline.thumbnails import Thumbnails
from fineparser_gui.timeline.transition_handles import TransitionHandles

_SIDE_PX = 12
_ZOOM_STEP = 1.25
#: Seconds of the file beside a dive that is shown.
_AROUND_S = 0.6
#: Thin and without arrows: the wheel and the keys scroll as well.
_BAR_STYLE = """
QScrollBar:horizontal { background: palette(alternate-base); border: none; border-radius: 3px; margin: 0; }
QScrollBar::handle:horizontal { background: palette(mid); border-radius: 3px; min-width: 24px; }
QScrollBar::add-line:horizontal, QScrollBar::sub-line:horizontal { width: 0; border: none; }
QScrollBar::add-page:horizontal, QScrollBar::sub-page:horizontal { background: none; }
"""


class Timeline(QWidget):
    """A click or drag seeks, or moves the handle under it; the wheel zooms, with Shift it scrolls.

    Signals:
        seek_requested: (int) frame under the mouse.
        transition_dragged: (int, int, str) flight (0) or entry (1), frame, and a name that all moves of one drag share.
        range_changed: (int, int) first and last frame of the dive, once the handle is let go.
        proposal_accepted: (int) a proposed dive was double-clicked.

    Attributes:
        scale: which frames lie where.
    """

    seek_requested = Signal(int)
    transition_dragged = Signal(int, int, str)
    range_changed = Signal(int, int)
    proposal_accepted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(300)
        self.setAccessibleName(self.tr("Timeline"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self.scale = TimeScale(_SIDE_PX)
        self._thumbnails = Thumbnails(self)
        self._thumbnails.changed.connect(self._on_picture)
        self._bar = QScrollBar(Qt.Orientation.Horizontal, self)
        self._bar.setAccessibleName(self.tr("Part of the video that the timeline shows"))
        self._bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._bar.setStyleSheet(_BAR_STYLE)
        self._bar.hide()
        self._bar.valueChanged.connect(self._on_scrolled)
        self._handles = TransitionHandles()
        self._range = RangeHandles()
        self._boxes = ProposalBoxes()
        self._key: str | None = None
        self._info: VideoInfo | None = None
        self._parse: DiveParse | None = None
        self._stale: DiveParse | None = None
        self._drawn: set[int] = set()
        self._n_drags = 0
        self._frame = 0
        self._samples_shown = False
        self._panned_from: float | None = None
        self._still: QPixmap | None = None  # all but the playhead, until something of it changes
        self._fit_height()

    @property
    def pending(self) -> bool:
        """Whether the steps shown are those from before the dive was cut anew."""
        return self._stale is not None

    def set_dive(self, dive: Dive | None, taken: frozenset[int] = frozenset()) -> None:
        """Take a dive as it is now.

        Args:
            taken: places of its proposals that are dives of the list.
        """
        key, info = (dive.key, dive.info) if dive else (None, None)
        parse = dive.analysis.parse if dive and dive.analysis else None
        waits = dive is not None and dive.state in (DiveState.QUEUED, DiveState.ANALYSING)
        self._stale = (self._parse or self._stale) if waits and parse is None and key == self._key else None
        known = key == self._key and info is not None and self._info is not None
        self._key, self._info, self._parse = key, info, parse
        self._drawn = {drawing.frame for drawing in dive.drawings} if dive else set()
        self._boxes.segments, self._boxes.taken = (dive.segments or () if dive else ()), taken
        if not known:
            self._show_file(dive)
        if dive is not None and info is not None:
            self._range.set_range(dive.first_frame, dive.last_frame, info.n_frames)
        else:
            self._range.clear()
        self._handles.set_parses(parse, dive.by_model.parse if dive and dive.by_model else None)
        self.setAccessibleDescription(self._spoken())
        self._fit_height()
        self._redraw()

    def set_frame(self, frame: int) -> None:
        """Move the playhead, and the view with it where it leaves it."""
        before, self._frame = self._frame, frame
        if not self.scale.whole and self._held is None and self.scale.reveal(frame):
            self._view_changed()
        else:
            for moved in (before, frame):
                self.update(self._playhead_rect(moved))

    def set_samples_shown(self, shown: bool) -> None:
        """Mark the 96 frames that the network was given."""
        self._samples_shown = shown
        self._redraw()

    def zoom(self, steps: float) -> None:
        """Look closer (over 0) or from farther at the playhead, or at the middle where that is out of view."""
        x = self.scale.x(self._frame + 0.5)
        inside = _SIDE_PX <= x <= self.width() - _SIDE_PX
        self._zoom(steps, x if inside else self.width() / 2)

    def show_all(self) -> None:
        """Show all of the file."""
        self.scale.show_all()
        self._view_changed()

    def show_dive(self) -> None:
        """Show the dive, with a little of the file on both sides."""
        if self._range.frames and self._info is not None:
            around = _AROUND_S * self._info.fps
            self.scale.show(self._range.frames[0] - around, self._range.frames[1] + 1 + around)
            self._view_changed()

    def close_file(self) -> None:
        """Stop decoding; the window is closing."""
        self._thumbnails.close()

    def transition_point(self, place: int) -> QPointF:
        """Where the handle of flight (0) or entry (1) is taken hold of."""
        return QPointF(self.scale.x(self._handles.frames[place]), self._lanes().band.center().y())

    def range_point(self, place: int) -> QPointF:
        """Where the handle of the beginning (0) or the end (1) is taken hold of."""
        return QPointF(self.scale.x(self._range.edges()[place]), self._lanes().thumbnails.center().y())

    def proposal_point(self, place: int) -> QPointF:
        """The middle of the box of a proposal."""
        segment = self._boxes.segments[place]
        x = self.scale.x((segment.in_frame + segment.out_frame + 1) / 2)
        return QPointF(x, self._lanes().proposals.center().y())

    @property
    def _held(self) -> int | None:
        return self._handles.held if self._handles.held is not None else self._range.held

    def _show_file(self, dive: Dive | None) -> None:
        """Another file: all of it, or the dive where it is a cut of a long one."""
        info = dive.info if dive else None
        self.scale.set_file(info.n_frames if info else 1)
        self._thumbnails.set_file(dive.path if dive and info else None)
        if dive is not None and info is not None and dive.in_frame is not None and dive.out_frame is not None:
            around = _AROUND_S * info.fps
            self.scale.show(dive.in_frame - around, dive.out_frame + 1 + around)

    def _lanes(self) -> Lanes:
        return lay_out(_SIDE_PX, self.width() - 2 * _SIDE_PX, proposals=bool(self._boxes.segments))

    def _fit_height(self) -> None:
        zoomed = not self.scale.whole
        self.setFixedHeight(height_px(proposals=bool(self._boxes.segments), scrollbar=zoomed))
        self._bar.setVisible(zoomed)
        self._bar.setGeometry(_SIDE_PX, self.height() - SCROLLBAR_H - 4, self.width() - 2 * _SIDE_PX, SCROLLBAR_H)
        self._bar.blockSignals(True)
        self._bar.setRange(0, round(self.scale.n_frames - self.scale.shown))
        self._bar.setPageStep(round(self.scale.shown))
        self._bar.setSingleStep(max(round(self.scale.shown / 20), 1))
        self._bar.setValue(round(self.scale.left))
        self._bar.blockSignals(False)

    def _redraw(self) -> None:
        self._still = None
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

    def _spoken(self) -> str:
        if self._info is None:
            return ""
        steps = self._parse.steps if self._parse else ()
        parts = [f"{tracks.step_label(s.name)} {duration_s(s, self._info):.2f} s" for s in steps]
        parts += [*self._handles.spoken(), self._range.spoken(), *self._boxes.spoken()]
        if self.pending:
            parts.append(self._pending_text())
        return ", ".join(parts)

    def _pending_text(self) -> str:
        return self.tr("pending: the dive was cut anew and is being analysed")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scale.set_width(self.width())
        self._fit_height()

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
        """Whether a place belongs to the handles of the dive's ends: they lie on the pictures, the others below."""
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

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._still is None or self._still.size() != self.size() * ratio:
            self._still = QPixmap(self.size() * ratio)
            self._still.setDevicePixelRatio(ratio)
            self._still.fill(Qt.GlobalColor.transparent)
            self._draw_still(self._still)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._still)
        if self._info is not None:
            inner, lanes = self._inner(), self._lanes()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setClipRect(inner.intersected(QRectF(lanes.inner.adjusted(0, -9, 0, 4))))
            tracks.draw_playhead(painter, lanes.inner, self.scale.x(self._frame + 0.5), self.palette())

    def _inner(self) -> QRectF:
        return QRectF(_SIDE_PX - 8, 0, self.width() - 2 * _SIDE_PX + 16, self.height())

    def _draw_still(self, onto: QPixmap) -> None:
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
        if self._parse is not None:
            tracks.draw_steps(painter, lanes.band, to_x, self._parse, info)
            if self._samples_shown or self._handles.held is not None:
                tracks.draw_samples(painter, lanes.curves, to_x, self._parse, palette)
            tracks.draw_curves(painter, lanes.curves, to_x, self._parse)
        elif self._stale is not None:
            painter.setOpacity(0.35)
            tracks.draw_steps(painter, lanes.band, to_x, self._stale, info)
            painter.setOpacity(1.0)
        self._range.draw(painter, lanes.inner, lanes.thumbnails, to_x, palette)

    def _draw_legend(self, painter: QPainter, lanes: Lanes) -> None:
        if self._parse is not None:
            tracks.draw_legend(painter, lanes.legend, self._parse, self.palette())
        elif self.pending:
            painter.setPen(self.palette().text().color())
            painter.drawText(lanes.legend, Qt.AlignmentFlag.AlignVCenter, self._pending_text())
