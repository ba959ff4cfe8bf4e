"""The lanes of the timeline as linked pyqtgraph views. Imported after the window's first paint."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.records import DiveParse, DiveSegment, StepSpan, VideoInfo
from fineparser_gui.support.formatting import decimal, time_text
from fineparser_gui.support.steps import duration_s, phase_text, step_text
from fineparser_gui.support.theme import step_color, text_on
from fineparser_gui.timeline.bands import ZOOM_STEP, FrameBand, FrameLine, ThumbnailsItem, TimeBox
from fineparser_gui.timeline.handles import IN, Handles
from fineparser_gui.timeline.thumbnails import Thumbnails

# Each movement of the mouse counts: a handle that is dragged shows its frame at once.
pg.setConfigOptions(mouseRateLimit=0, imageAxisOrder="row-major")

#: Heights of the lanes in lines of text; the last lane but one has the phases, and the curves where they are shown.
_PROPOSALS, _FILM, _TRACKS, _CURVES, _AXIS = 1.2, 2.4, 2.8, 4.8, 1.15
#: Share of the height of their lane that the phases take, alone and below the curves.
_PHASES, _BELOW_CURVES = 0.62, 0.36
#: Opacity of the band in which a transition may lie, over the phase under it, of 255.
_UNCERTAIN_ALPHA = 120
_LOWEST_SCALE = 0.2
#: Frames shown beside the file, as a share of it, so that handles at its ends are whole.
_BESIDE = 0.012
#: Fewest frames that zooming in leaves.
_MIN_SHOWN = 12
#: Grips of the lines of take-off, come-out and water.
_SHAPES = ("<|>", "<|>", "o")
_DRAWN = QColor("#ffd84d")
_SMALL = 0.88
_VEIL_ALPHA, _SPAN_ALPHA = 170, 70
#: Place in the view at which a playhead that has left it appears again, as a share of its width.
_REVEALED_AT = 0.1
#: Half the width of the area that the playhead covers, in pixels.
_PLAYHEAD_PX = 8


class FrameAxis(pg.AxisItem):
    """Axis with ticks at whole frames."""

    def tickSpacing(self, lowest: float, highest: float, size: float) -> list[tuple[float, float]]:
        return [(spacing, offset) for spacing, offset in super().tickSpacing(lowest, highest, size) if spacing >= 1]


class TimeAxis(pg.AxisItem):
    """Axis with ticks at round times of a file whose frames may have any distance."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._times_s = np.zeros(1)

    def set_times(self, times_s: np.ndarray) -> None:
        """Set the presentation time of every frame, seconds."""
        self._times_s = times_s
        self.picture = None
        self.update()

    def tickValues(self, lowest: float, highest: float, size: float) -> list[tuple[float, list[float]]]:
        first_s, last_s = np.interp([lowest, highest], np.arange(len(self._times_s)), self._times_s)
        return [
            (spacing, np.interp(times_s, self._times_s, np.arange(len(self._times_s))).tolist())
            for spacing, times_s in super().tickValues(first_s, last_s, size)
        ]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        digits = max(int(np.ceil(-np.log10(spacing) - 1e-9)), 0) if spacing > 0 else 0
        times_s = np.interp(values, np.arange(len(self._times_s)), self._times_s)
        return [_time_text(float(time_s), digits) for time_s in times_s]


def _time_text(time_s: float, digits: int) -> str:
    if round(time_s, digits) < 60:
        return f"{decimal(time_s, digits)} s"
    return time_text(time_s, digits)


class TimePlot(pg.GraphicsView):
    """Plot of thumbnails with In and Out point, curves with phases and transitions, found dives, and both axes.

    It only draws, and emits signals of the mouse.

    Signals:
        sought: (float) place under the mouse, in frames.
        pressed_line: (object) line that is about to be dragged.
        proposals_double_clicked: (float) place in frames.
        view_changed: zoomed or panned.

    Attributes:
        lines: the draggable lines of flight, entry, water contact, In and Out point.
        ghosts: the model's own lines of the first three.
    """

    sought = Signal(float)
    pressed_line = Signal(object)
    proposals_double_clicked = Signal(float)
    view_changed = Signal()

    def __init__(self, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent, background=None)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.setCacheMode(self.CacheModeFlag.CacheNone)
        self.setAntialiasing(True)
        self.scene().setMoveDistance(0)
        self._info: VideoInfo | None = None
        self._probabilities: np.ndarray | None = None
        self._playhead = 0
        self._picture: QPixmap | None = None
        self.scene().changed.connect(self._forget_picture)
        self._proposals, self._film, self._tracks = TimeBox(), TimeBox(from_top=True), TimeBox()
        self._boxes = (self._proposals, self._film, self._tracks)
        self._frame_axis, self._time_axis = FrameAxis("top"), TimeAxis("bottom")
        self._probability_axis = pg.AxisItem("left")
        self._axes = (self._frame_axis, self._time_axis, self._probability_axis)
        self._layout = pg.GraphicsLayout()
        self._layout.layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self.setCentralItem(self._layout)
        column = (self._frame_axis, *self._boxes, self._time_axis)
        for row, item in enumerate(column):
            self._layout.addItem(item, row, 1)
        self._layout.addItem(self._probability_axis, column.index(self._tracks), 0)
        for box in self._boxes:
            box.setYRange(0, 1, padding=0)
            box.sought.connect(self.sought)
            box.pressed_line.connect(self.pressed_line)
        for box in self._boxes[:2]:
            box.setXLink(self._tracks)
        self._proposals.double_clicked.connect(self.proposals_double_clicked)
        self._tracks.sigXRangeChanged.connect(lambda *_: self.view_changed.emit())
        for axis in (self._frame_axis, self._time_axis, self._probability_axis):
            axis.enableAutoSIPrefix(False)
            axis.linkToView(self._tracks)
        self._probability_axis.setToolTip(self.tr("probability that the phase begins at a frame"))
        self._add_items(thumbnails)
        self._curves_shown = False
        for item in (*self._curves, self._samples, self._probability_axis):
            item.hide()
        self._restyled: dict[FrameLine, tuple[QColor, QColor]] = {}
        self._active: FrameLine | None = None
        self.restyle()

    def _add_items(self, thumbnails: Thumbnails) -> None:
        self._pictures = ThumbnailsItem(thumbnails)
        self._film.addItem(self._pictures, ignoreBounds=True)
        self._phases = [FrameBand((0, _PHASES)) for _ in STEP_NAMES]
        self._curves = [pg.PlotCurveItem(antialias=True) for _ in STEP_NAMES[1:]]
        self._samples = pg.VTickGroup(yrange=[_BELOW_CURVES, _BELOW_CURVES + 0.1])
        self._drawn = pg.ScatterPlotItem(symbol="t", size=9, pxMode=True)
        self._found: list[FrameBand] = []
        self._veils = [(FrameBand(), FrameBand()) for _ in (self._film, self._tracks)]
        self._uncertain = [FrameBand((0, _PHASES)) for _ in range(3)]
        self.ghosts = [FrameLine(movable=False, dashed=True) for _ in range(3)]
        transitions = [FrameLine(movable=True, marker=(shape, _PHASES / 2)) for shape in _SHAPES]
        ends = [FrameLine(movable=True, marker=(shape, 0.5)) for shape in ("|>", "<|")]
        self.lines = [*transitions, *ends]
        self._hint = pg.TextItem("", anchor=(0, 0))
        self._span, self._span_text = FrameBand(), pg.TextItem("", anchor=(0.5, 0))
        for item in (self._span, self._span_text):
            item.hide()
        for level, items in enumerate(
            (
                (*self._phases, self._samples),
                (*self._curves, *self._uncertain),
                self._veils[1],
                (*self.ghosts, self._drawn),
                transitions,
                (self._hint,),
            )
        ):
            for item in items:
                item.setZValue(level)
                self._tracks.addItem(item, ignoreBounds=True)
        for level, items in enumerate((self._veils[0], ends, (self._span,), (self._span_text,))):
            for item in items:
                item.setZValue(level + 1)
                self._film.addItem(item, ignoreBounds=True)

    @property
    def height_px(self) -> int:
        """Height of all lanes."""
        tracks = _CURVES if self._curves_shown else _TRACKS
        lanes = _FILM + tracks + 2 * _AXIS + (_PROPOSALS if self._found else 0)
        return round(lanes * QFontMetricsF(self.font()).height()) + 5 * 2

    @property
    def shown(self) -> tuple[float, float]:
        """First and last place of the view, in frames."""
        left, right = self._tracks.viewRange()[0]
        return float(left), float(right)

    @property
    def whole(self) -> tuple[float, float]:
        """The view that shows the whole file."""
        n_frames = self._info.n_frames if self._info is not None else 1
        return -_BESIDE * n_frames, (1 + _BESIDE) * n_frames

    @property
    def shows_whole(self) -> bool:
        """True if the whole file is visible."""
        (left, right), (first, last) = self.shown, self.whole
        return right - left >= (last - first) * (1 - 1e-6)

    @property
    def hovered(self) -> int | None:
        """Place of the line under the mouse."""
        return next((n for n, line in enumerate(self.lines) if line.mouseHovering and line.isVisible()), None)

    def set_file(self, info: VideoInfo) -> None:
        """Show another file, the whole of it."""
        self._info = info
        left, right = self.whole
        for box in self._boxes:
            box.setLimits(xMin=left, xMax=right, minXRange=min(_MIN_SHOWN, info.n_frames))
        self._time_axis.set_times(info.pts_s)
        self._pictures.set_file(info)
        self.show_frames(left, right)

    def show_frames(self, left: float, right: float) -> None:
        """Set the view, within the limits of the file."""
        self._tracks.setXRange(left, right, padding=0)

    def zoom(self, steps: float) -> None:
        """Zoom in (steps > 0) or out at the playhead, or at the center if it is not visible."""
        (left, right), at = self.shown, self._playhead + 0.5
        at = at if left <= at <= right else (left + right) / 2
        self._tracks.scaleBy(x=ZOOM_STEP**-steps, center=pg.Point(at, 0))

    def set_playhead(self, frame: int, *, follow: bool) -> None:
        """Move the playhead to the middle of a frame; `follow`: and the view, where the frame is not in it."""
        left, right = self.shown
        if follow and not self.shows_whole and not left <= frame < right:
            left, width = frame - _REVEALED_AT * (right - left), right - left
            self.show_frames(left, left + width)
        before, self._playhead = self._playhead, frame
        for moved in (before, frame):
            x = round(self._playhead_x(moved))
            self.viewport().update(x - _PLAYHEAD_PX, 0, 2 * _PLAYHEAD_PX, self.height())

    def _playhead_x(self, frame: int) -> float:
        return self.viewportTransform().map(self._tracks.mapViewToScene(pg.Point(frame + 0.5, 0))).x()

    def set_steps(self, steps: Sequence[StepSpan], *, faded: bool) -> None:
        """Show the phases with their durations where there is space; `faded`: they are those of an earlier trim."""
        for band in self._phases:
            band.setVisible(bool(steps))
        for band, step in zip(self._phases, steps, strict=False):
            assert self._info is not None
            color, duration = step_color(step.name), f"{decimal(duration_s(step, self._info))} s"
            names = f"{phase_text(step.name)}  {duration}", f"{step_text(step.name)}  {duration}", step_text(step.name)
            band.setRegion((step.start_frame, step.end_frame))
            band.set_look(color, QPen(self.palette().base().color(), 1))
            band.set_texts(names, self._font(), text_on(color))
            band.setOpacity(0.35 if faded else 1)

    def set_curves(self, parse: DiveParse | None) -> None:
        """Show the probabilities of both transitions at each sample, with ticks; None: the phases alone."""
        share = _PHASES if parse is None else _BELOW_CURVES
        if (parse is not None) != self._curves_shown:
            self._curves_shown = parse is not None
            for item in (*self._curves, self._samples, self._probability_axis):
                item.setVisible(self._curves_shown)
            for band in (*self._phases, *self._uncertain):
                band.setSpan(0, share)
            for line, shape in zip(self.lines, _SHAPES, strict=False):
                line.set_grip(shape, share / 2)
            self._fit_rows()
        if parse is None or parse.probabilities is self._probabilities:
            return
        self._samples.setXVals((parse.sampled_frames + 0.5).tolist())
        self._probabilities = parse.probabilities
        peak = max(float(parse.probabilities.max()), _LOWEST_SCALE)
        self._tracks.setYRange(-peak * _BELOW_CURVES / (1 - _BELOW_CURVES) * 1.15, peak * 1.15, padding=0)
        self._probability_axis.setTicks([[(0, "0"), (peak, decimal(peak, 2))]])
        for curve, column in zip(self._curves, parse.probabilities.T, strict=True):
            curve.setData(parse.sampled_frames + 0.5, column.astype(float))

    def set_drawn(self, frames: Iterable[int]) -> None:
        """Mark frames with drawings."""
        top = self._tracks.viewRange()[1][1]
        self._drawn.setData([frame + 0.5 for frame in frames], [top * 0.93 for _ in frames])

    def set_handles(self, handles: Handles) -> None:
        """Show handles, those of the model, and the uncertainty of each transition, and dim frames outside the dive."""
        edges = handles.edges or (None, None)
        frames = *handles.frames[:IN], *edges, *handles.ghosts
        for line, frame in zip_longest((*self.lines, *self.ghosts), frames):
            line.setVisible(frame is not None)
            if frame is not None:
                line.setValue(frame)
        for band in self._phases:
            band.keep_free(handles.frames[2])  # the dot of the water contact
        for line in self.lines[IN:]:
            line.setMovable(handles.ends_movable)
        fill = QColor(self.palette().base().color())
        fill.setAlpha(_UNCERTAIN_ALPHA)
        left, right = self.whole
        for band, region in zip_longest(self._uncertain, handles.bands):
            band.setVisible(region is not None)
            if region is not None:
                band.setRegion(region)
                band.set_look(fill)
        for before, after in self._veils:
            before.setVisible(handles.edges is not None)
            after.setVisible(handles.edges is not None)
            if handles.edges is not None:
                before.setRegion((left, handles.edges[0]))
                after.setRegion((handles.edges[1], right))

    def set_proposals(self, segments: Sequence[DiveSegment], accepted: frozenset[int]) -> None:
        """Show found dives above the thumbnails: dashed, or with a tick where they are in the list."""
        while len(self._found) > len(segments):
            self._proposals.removeItem(self._found.pop())
        while len(self._found) < len(segments):
            self._found.append(FrameBand())
            self._proposals.addItem(self._found[-1], ignoreBounds=True)
        palette = self.palette()
        for place, (band, one) in enumerate(zip(self._found, segments, strict=True)):
            fill = QColor(palette.highlight().color())
            fill.setAlpha(110 if place in accepted else 40)
            line = Qt.PenStyle.SolidLine if place in accepted else Qt.PenStyle.DashLine
            band.setRegion((one.in_frame, one.out_frame + 1))
            band.set_look(fill, QPen(palette.highlight().color(), 1.2, line))
            texts = self.tr("dive {0}").format(place + 1), str(place + 1)
            band.set_texts(texts, self._font(), palette.text().color(), ticked=place in accepted)
        self._fit_rows()

    def set_span(self, frames: Sequence[int] | None) -> str:
        """Show the time between two frames over the thumbnails, and return it; None: show none."""
        for item in (self._span, self._span_text):
            item.setVisible(frames is not None)
        self._forget_picture()
        if frames is None or self._info is None:
            return ""
        first, last = frames
        text = f"{decimal(float(self._info.pts_s[last] - self._info.pts_s[first]), 2)} s"
        color = QColor(self.palette().highlight().color())
        self._span_text.setText(text, color=self.palette().text().color())
        self._span_text.setPos((first + last + 1) / 2, 0)
        self._span.setRegion((first + 0.5, max(last, first + 0.1) + 0.5))
        fill = QColor(color)
        fill.setAlpha(_SPAN_ALPHA)
        self._span.set_look(fill, QPen(color, 2))
        return text

    def set_active(self, place: int | None, text: str) -> None:
        """Draw a line wider, with a text beside it; None: no line."""
        line = None if place is None else self.lines[place]
        before, self._active = self._active, line
        for one in {before, line} - {None}:
            one.set_colors(*self._restyled[one], active=one is line)
        self._hint.setVisible(line is not None)
        self._forget_picture()
        if line is not None:
            left, right = self.shown
            self._hint.setText(text, color=self.palette().text().color())
            self._hint.setAnchor((0, 0) if line.value() < (left + right) / 2 else (1, 0))
            self._hint.setPos(line.value(), self._tracks.viewRange()[1][1])

    def restyle(self) -> None:
        """Take fonts and colors from the palette; elements set before keep theirs until they are set again."""
        palette, font = self.palette(), self._font()
        text, muted, halo = palette.text().color(), palette.placeholderText().color(), palette.base().color()
        line_px = QFontMetricsF(font).height()
        for axis in self._axes:
            axis.setStyle(tickFont=font, tickLength=4, tickTextOffset=1)
            axis.setPen(pg.mkPen(muted, width=1))
            axis.setTextPen(muted)
        self._probability_axis.setWidth(round(QFontMetricsF(font).horizontalAdvance("0.00")) + 8)
        for axis in self._axes[:2]:
            axis.setHeight(round(line_px) + 5)
        veil = palette.window().color()
        veil.setAlpha(_VEIL_ALPHA)
        for band in (*self._veils[0], *self._veils[1]):
            band.set_look(veil)
        for box in self._boxes:
            box.setBackgroundColor(palette.alternateBase().color())
        for place, step in enumerate(STEP_NAMES[1:]):
            fill = QColor(step_color(step))
            fill.setAlpha(60)
            self._curves[place].setPen(curve_pen(step))
            self._curves[place].setFillLevel(0)
            self._curves[place].setBrush(fill)
            self._restyled[self.lines[place]] = step_color(step), halo
        self._samples.setPen(pg.mkPen(muted, width=1))
        self._drawn.setPen(pg.mkPen(text, width=1))
        self._drawn.setBrush(_DRAWN)
        for line in self.lines[IN:]:
            self._restyled[line] = text, halo
        for line in self.ghosts:
            self._restyled[line] = muted, halo
        self._restyled[self.lines[2]] = palette.highlight().color(), halo
        for line, colors in self._restyled.items():
            line.set_colors(*colors, active=line is self._active)
        for hint in (self._hint, self._span_text):
            hint.fill, hint.border = pg.mkBrush(halo), pg.mkPen(muted)
            hint.setFont(font)
        self._fit_rows()
        self._forget_picture()

    def paintEvent(self, event: QPaintEvent) -> None:
        # The scene is kept as a picture until something in it changes: the playhead moves with every frame.
        area = QRectF(self.viewport().rect())
        if self._picture is None:
            ratio = self.devicePixelRatioF()
            self._picture = QPixmap(self.viewport().size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.render(painter, area, area.toRect())
            painter.end()
        painter = QPainter(self.viewport())
        painter.drawPixmap(0, 0, self._picture)
        lanes = self._film.sceneBoundingRect().united(self._tracks.sceneBoundingRect())
        if self._info is not None and lanes.left() <= (x := self._playhead_x(self._playhead)) <= lanes.right():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            text, halo = self.palette().text().color(), self.palette().base().color()
            for color, width in ((halo, 5), (text, 2)):
                painter.setPen(QPen(color, width))
                painter.drawLine(QPointF(x, lanes.top()), QPointF(x, lanes.bottom()))
            painter.setBrush(text)
            painter.setPen(QPen(halo, 1))
            half, top = _PLAYHEAD_PX - 2, lanes.top() - 3
            corners = [QPointF(x - half, top), QPointF(x + half, top), QPointF(x, top + 1.3 * half)]
            painter.drawPolygon(corners)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget_picture()

    def _forget_picture(self) -> None:
        """Drop the cached picture at once; the scene reports changes only with the next turn of the event loop."""
        self._picture = None

    def _fit_rows(self) -> None:
        line_px = QFontMetricsF(self.font()).height()
        for row, lines in enumerate((None, _PROPOSALS if self._found else 0, _FILM, None, None)):
            if lines is not None:
                self._layout.layout.setRowFixedHeight(row, lines * line_px)
        self._proposals.setVisible(bool(self._found))

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * _SMALL)
        return font


def curve_pen(step: str) -> QPen:
    """Return the pen of a curve; the dashes distinguish both curves without color."""
    style = Qt.PenStyle.SolidLine if step == STEP_NAMES[1] else Qt.PenStyle.DashLine
    return pg.mkPen(step_color(step), width=2, style=style)
