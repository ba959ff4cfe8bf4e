"""What the timeline shows: pictures, steps, transitions and ends, how sure the model is, the playhead."""

from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fineparser_core.types import ComparedDive, DiveParse, StepSpan, VideoInfo
from fineparser_gui.model.dive import Dive, DiveState
from fineparser_gui.steps import duration_s, step_label
from fineparser_gui.timeline import tracks
from fineparser_gui.timeline.handle_selection import HandleChoice
from fineparser_gui.timeline.lanes import SCROLLBAR_H, Lanes, height_px, lay_out
from fineparser_gui.timeline.proposal_boxes import ProposalBoxes
from fineparser_gui.timeline.range_handles import RangeHandles
from fineparser_gui.timeline.scroll_bar import TimelineBar
from fineparser_gui.timeline.thumbnails import Thumbnails
from fineparser_gui.timeline.time_scale import TimeScale
from fineparser_gui.timeline.transition_handles import TransitionHandles

SIDE_PX = 12
_ZOOM_STEP = 1.25
#: Seconds of the file beside a dive that is shown.
_AROUND_S = 0.6


class TimelineView(QWidget):
    """Takes a dive and draws it; what the user does with it is for the timeline that is made of this.

    Attributes:
        scale: which frames lie where.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(300)
        self.scale = TimeScale(SIDE_PX)
        self._thumbnails = Thumbnails(self)
        self._thumbnails.changed.connect(self._on_picture)
        self._bar = TimelineBar(self)
        self._bar.valueChanged.connect(self._on_scrolled)
        self._handles = TransitionHandles()
        self._range = RangeHandles()
        self._choice = HandleChoice(self._handles, self._range)
        self._boxes = ProposalBoxes()
        self._key: str | None = None
        self._info: VideoInfo | None = None
        self._parse: DiveParse | None = None
        self._stale: DiveParse | None = None
        self._steps: tuple[StepSpan, ...] = ()
        self._drawn: set[int] = set()
        self._frame = 0
        self._samples_shown = False
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
        self._steps = parse.steps if parse else ()
        self._drawn = {drawing.frame for drawing in dive.drawings} if dive else set()
        self._boxes.segments, self._boxes.accepted = (dive.proposals if dive else ()), taken
        if not known:
            self._show_file(dive.path if dive else None, info)
            if dive is not None and info is not None and dive.in_frame is not None and dive.out_frame is not None:
                self._show_between(dive.in_frame, dive.out_frame)
        if dive is not None and info is not None:
            self._range.set_range(dive.first_frame, dive.last_frame, info.n_frames)
        else:
            self._range.clear()
        self._handles.set_parses(parse, dive.model_analysis.parse if dive and dive.model_analysis else None)
        self._show_taken()

    def set_library_dive(self, shown: ComparedDive, info: VideoInfo, drawn: set[int]) -> None:
        """Take a dive of the library: its steps are shown, and nothing of it is moved here.

        Args:
            drawn: frames that something is drawn on.
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
        self._show_taken()

    def _show_taken(self) -> None:
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
        inside = SIDE_PX <= x <= self.width() - SIDE_PX
        self._zoom(steps, x if inside else self.width() / 2)

    def show_all(self) -> None:
        """Show all of the file."""
        self.scale.show_all()
        self._view_changed()

    def show_dive(self) -> None:
        """Show the dive, with a little of the file on both sides."""
        if self._range.frames:
            self._show_between(*self._range.frames)
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

    def _show_file(self, path: Path | None, info: VideoInfo | None) -> None:
        """All of another file."""
        self._choice.clear()
        self.scale.set_file(info.n_frames if info else 1)
        self._thumbnails.set_file(path if info else None)

    def _show_between(self, first: int, last: int) -> None:
        """Two frames, with a little of the file on both sides."""
        around = _AROUND_S * self._info.fps if self._info is not None else 0.0
        self.scale.show(first - around, last + 1 + around)

    def _lanes(self) -> Lanes:
        return lay_out(SIDE_PX, self.width() - 2 * SIDE_PX, proposals=bool(self._boxes.segments))

    def _fit_height(self) -> None:
        zoomed = not self.scale.whole
        self.setFixedHeight(height_px(proposals=bool(self._boxes.segments), scrollbar=zoomed))
        place = QRect(SIDE_PX, self.height() - SCROLLBAR_H - 4, self.width() - 2 * SIDE_PX, SCROLLBAR_H)
        self._bar.follow(self.scale, place)

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
        text = self.tr("{0} from frame {1}, {2:.2f} s")
        parts = [self._choice.text] if self._choice.made else []
        parts += [text.format(step_label(s.name), s.start_frame, duration_s(s, self._info)) for s in self._steps]
        parts += [*self._handles.spoken(), self._range.spoken(), *self._boxes.spoken()]
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
            painter.setClipping(False)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _inner(self) -> QRectF:
        return QRectF(SIDE_PX - 8, 0, self.width() - 2 * SIDE_PX + 16, self.height())

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
