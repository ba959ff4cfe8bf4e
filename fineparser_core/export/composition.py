"""Composes the frames of an export: words, videos side by side, and the phases below them.

The constant parts are drawn once. For every frame only the videos, the masks, a line of text and the playhead are
drawn. On the videos themselves only masks, skeletons and the coach's marks are drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fineparser_core.export import panel
from fineparser_core.export.brief_cut import brief_frames, upright_span
from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.coach_marks_overlay import MarkPainter, PointTransform
from fineparser_core.export.dive_words import DiveWords, Remark
from fineparser_core.export.drawing import draw_text, fit_text
from fineparser_core.export.ghost import GHOST_STYLE, Ghost
from fineparser_core.export.mask_overlay import draw_mask, mask_at
from fineparser_core.export.options import RenderOptions
from fineparser_core.export.palette import rgb
from fineparser_core.export.skeleton_overlay import PathPainter, skeleton_overlay
from fineparser_core.language import text
from fineparser_core.measures.center_path import center_path
from fineparser_core.records import Analysis, DiveParse, MaskTrack, StepSpan, VideoInfo, compared_dive
from fineparser_core.video.alignment import aligned
from fineparser_core.video.planes import ColorMatrix, Planes, PlaneScaler, frame_color_matrix
from fineparser_core.video.reader import VideoReader

# The text needs a minimum width; the maximum limits the file size.
MIN_WIDTH_PX = 640
MAX_SIDE_PX = 1920
#: Least height of an upright picture, so that its words are sharp.
_UPRIGHT_PX = 960

_GAP_UNITS = 8
#: Time after the water at which the praise of a brief clip comes, in seconds.
_PRAISED_AFTER_S = 0.45
_CAPTION_UNITS = 28


@dataclass(frozen=True)
class Box:
    """A rectangle of the canvas in pixels; all values are even."""

    x: int
    y: int
    width: int
    height: int

    def of(self, planes: Planes) -> Planes:
        """Return the part of planes in the box, as views."""
        return Planes(
            *(
                plane[self.y // by : (self.y + self.height) // by, self.x // by : (self.x + self.width) // by]
                for plane, by in zip(planes, (1, 2, 2), strict=True)
            )
        )


class Pane:
    """A video with mask, skeleton and marks in a box of the canvas."""

    def __init__(
        self,
        reader: VideoReader,
        steps: tuple[StepSpan, ...],
        masks: MaskTrack | None,
        options: RenderOptions,
        marks: Sequence[Mark],
        *,
        board_m: float | None = None,
        mirrored: bool = False,
    ) -> None:
        self.reader, self._mirrored = reader, mirrored
        self.box = Box(0, 0, 0, 0)
        self._masks, self._marks = masks, marks
        self._mask_style = options.mask_style if options.mask else None
        self._skeleton = options.skeleton
        # The path of a dive beside it is not known: its masks and joints are all that there is.
        self._path = center_path(masks, board_m) if self._skeleton and isinstance(masks, DiveParse) else None
        self._path_painter: PathPainter | None = None
        self._painter: MarkPainter | None = None
        self._unit = 1.0
        self.ghost: Callable[[int], tuple[np.ndarray, np.ndarray] | None] = lambda frame: None
        #: Left and right edge of what is shown of the picture, from 0 to 1, and the picture that it is cut from.
        self._span = 0.0, 1.0
        self._whole: Planes | None = None
        self._cut = self.box
        self._to_box: PointTransform = lambda point: point
        self._scaler = PlaneScaler(reader.geometry)
        self._dive_frames = range(steps[0].start_frame, steps[-1].end_frame) if steps else range(0)

    @property
    def aspect(self) -> float:
        left, right = self._span
        return (right - left) * self.reader.info.width_px / self.reader.info.height_px

    def crop(self) -> None:
        """Show an upright part of the picture that holds the diver during the dive and all marks, if there is one."""
        info = self.reader.info
        span, marked = (
            upright_span(self._masks, info, self._dive_frames),
            [x for one in self._marks for x, _ in one.points],
        )
        if span is not None and all(span[0] <= x / info.width_px <= span[1] for x in marked):
            self._span = (1 - span[1], 1 - span[0]) if self._mirrored else span

    def place(self, box: Box, unit: float) -> None:
        """Set the box of the pane."""
        info, (left, right) = self.reader.info, self._span
        self.box, whole_px = box, even(box.width / (right - left))
        self._cut = Box(min(round(left * whole_px / 2) * 2, whole_px - box.width), 0, box.width, box.height)
        if whole_px > box.width:
            shapes = ((box.height, whole_px), (box.height // 2, whole_px // 2), (box.height // 2, whole_px // 2))
            self._whole = Planes(*(np.empty(shape, np.uint8) for shape in shapes))
        box = Box(0, 0, whole_px, box.height)
        unit = self._unit = max(unit, min(self.box.width, box.height) / 450)  # portrait: large at a small `unit`
        across, down = box.width / info.width_px, box.height / info.height_px
        size_px = (box.width, box.height)
        left, across = (box.width, -across) if self._mirrored else (0, across)
        self._to_box = lambda point: (left + point[0] * across, point[1] * down)
        self._painter = MarkPainter(self._marks, info.pts_s, size_px, unit, self._to_box, self._masks)
        if self._path is not None:
            self._path_painter = PathPainter(self._path, size_px, unit, self._to_box)

    def draw(self, canvas: Planes, frame: int, matrix: ColorMatrix) -> None:
        """Draw a frame with mask, skeleton and marks on the canvas."""
        target = self.box.of(canvas)
        if self._whole is None:
            self._draw_whole(target, frame, matrix)
            return
        self._draw_whole(self._whole, frame, matrix)
        for destination, plane in zip(target, self._cut.of(self._whole), strict=True):
            destination[:] = plane

    def _draw_whole(self, target: Planes, frame: int, matrix: ColorMatrix) -> None:
        """Draw the whole picture of a frame with mask, skeleton and marks."""
        info, box = self.reader.info, Box(0, 0, target[0].shape[1], target[0].shape[0])
        planes = self._scaler.planes(self.reader.decoded(frame), (box.width, box.height), matrix)
        for destination, plane in zip(target, planes, strict=True):
            destination[:] = plane
        masks = [] if (placed := self.ghost(frame)) is None else [(GHOST_STYLE, *placed)]
        if self._mask_style is not None and self._masks is not None and frame in self._dive_frames:
            masks.insert(0, (self._mask_style, *mask_at(self._masks, frame)))
        for style, probability, crop_xyxy in masks:
            scale = np.array([box.width / info.width_px, box.height / info.height_px] * 2)
            colors = matrix.color(rgb(style.color))
            layers = [(plane, (color,), by) for plane, color, by in zip(target, colors, (1.0, 0.5, 0.5), strict=True)]
            draw_mask(layers, probability, crop_xyxy * scale, style)
        if self._mirrored:
            for plane in target:
                plane[:] = plane[:, ::-1].copy()
        if self._skeleton and self._masks is not None:
            size_px, marks = (box.width, box.height), self._painter.overlay(frame) if self._painter else None
            overlay = skeleton_overlay(self._masks, frame, size_px, self._unit, self._to_box, self._path_painter, marks)
            if overlay is not None:
                overlay.paint_planes(target, matrix)
        if self._painter is not None:
            self._painter.paint_planes(target, frame, matrix)


class Composition:
    """Composes the frames of a dive's file. The caller opens and closes the readers.

    Attributes:
        matrix: color matrix of the planes.
        size_px: (width, height), both even.
    """

    def __init__(
        self, analysis: Analysis, options: RenderOptions, reader: VideoReader, other: VideoReader | None = None
    ) -> None:
        """Lay out the composition.

        Args:
            reader: of the dive's file.
            other: of the file of `options.comparison`.

        Raises:
            VideoError: the first frame cannot be decoded.
        """
        other_dive = options.comparison
        assert (other is None) == (other_dive is None)
        parse = analysis.parse
        self._options, self._steps = options, parse.steps
        self._words = _with_praise(options, parse, reader.info)
        self.matrix = frame_color_matrix(reader.decoded(parse.clip.in_frame))
        scored = analysis.scoring or analysis.own_award
        board_m = scored.board_m if scored is not None else None
        self._main = Pane(reader, parse.steps, parse, options, options.marks, board_m=board_m)
        self._other: Pane | None = None
        if other_dive is not None and other is not None:
            here = compared_dive(parse, "")
            self._alignment = aligned(
                options.alignment, here, other_dive, reader.info.pts_s, other.info.pts_s, options.together
            )
            masks, marks = other_dive.masks, options.comparison_marks
            self._other = Pane(other, other_dive.steps, masks, options, marks, mirrored=other_dive.mirrored)
            for pane in (self._main, self._other):
                pane.crop()
            if options.ghost and other_dive.masks is not None:
                ghost = Ghost(parse, other_dive)
                self._main.ghost = lambda frame: ghost.at(frame, self._alignment.map_frame(frame))
        self._lay_out(analysis)

    def compose(self, frame: int) -> Planes:
        """Compose a frame of the file; the next call overwrites the returned planes.

        Raises:
            VideoError: the frame, or that of the other dive, cannot be decoded.
        """
        self._main.draw(self._canvas, frame, self.matrix)
        if self._other is not None:
            self._other.draw(self._canvas, self._alignment.map_frame(frame), self.matrix)
        if self._words is not None:
            self._draw_caption(self._words, frame)
        return self._window.of(self._canvas)

    def _lay_out(self, analysis: Analysis) -> None:
        """Compute the layout and draw the constant parts."""
        panes = [pane for pane in (self._main, self._other) if pane is not None]
        info = self._main.reader.info
        aspect = sum(pane.aspect for pane in panes)
        words, span = self._words, None
        least = MIN_WIDTH_PX if words is not None else 2
        width = max(least, info.height_px * aspect * min(1.0, MAX_SIDE_PX / (info.height_px * max(aspect, 1.0))))
        if words is not None and self._options.brief and len(panes) == 1:
            frames, _ = brief_frames(analysis.parse, words, info.pts_s, self._options.marks)
            span = upright_span(analysis.parse, info, frames)
        if span is not None:
            width = max(width, _UPRIGHT_PX * aspect)
        seen = width * (span[1] - span[0]) if span is not None else width
        self._unit = unit = max(1.0, min(seen, width / aspect) / 480)
        gap = even(_GAP_UNITS * unit)
        width = max(2, width - gap * (len(panes) - 1))
        picture_height = even(width / aspect)
        heights = (panel.HEADER_UNITS, panel.REMARK_UNITS, panel.PHASES_UNITS)
        above, remark, phases = (even(units * unit) if words is not None else 0 for units in heights)
        captions = words is not None and self._options.comparison is not None
        top = above + (even(_CAPTION_UNITS * unit) if captions else 0)
        x = 0
        for pane in panes:
            pane.place(Box(x, top, even(width * pane.aspect / aspect), picture_height), unit)
            x += pane.box.width + gap
        total_width, bottom = x - gap, top + picture_height
        left, wide = 0, total_width
        if span is not None:
            left = round(span[0] * total_width / 2) * 2
            wide = min(even((span[1] - span[0]) * total_width), total_width - left)
        height = bottom + remark + phases
        self._window, self.size_px = Box(left, 0, wide, height), (wide, height)
        self._canvas = self.matrix.planes(np.full((height, total_width, 3), panel.BACKGROUND, np.uint8))
        if captions:
            self._draw_captions(analysis, above)
        if words is not None:
            self._paste(panel.draw_header(words, wide, above, unit), Box(left, 0, wide, above))
        self._remark_box = Box(left, bottom, wide, remark)
        self._phases_box = Box(left, bottom + remark, wide, phases)
        self._shown_remark: Remark | None = None

    def _draw_caption(self, words: DiveWords, frame: int) -> None:
        """Draw the fault of a frame and its place in the dive."""
        pts_s, box = self._main.reader.info.pts_s, self._phases_box
        remark = panel.remark_at(words, frame, lambda at: float(pts_s[at]))
        if remark != self._shown_remark:
            of = self._remark_box
            self._paste(panel.draw_remark(remark, of.width, of.height, self._unit), of)
            self._shown_remark = remark
        line = panel.draw_phases(self._steps, frame, (box.width, box.height), self._unit)
        self._paste(line, box)

    def _paste(self, image: np.ndarray, box: Box) -> None:
        for destination, plane in zip(box.of(self._canvas), self.matrix.planes(image), strict=True):
            destination[:] = plane

    def _draw_captions(self, analysis: Analysis, above: int) -> None:
        """Draw the names of compared dives above their pictures, `above` pixels from the top."""
        title, other = self._options.title or analysis.parse.clip.path.stem, self._options.comparison
        captions = [(self._main, title)]
        if other is not None and self._other is not None:
            captions.append((self._other, other.title))
        height = self._main.box.y - above
        for pane, title in captions:
            image = np.full((height, pane.box.width, 3), panel.BACKGROUND, np.uint8)
            said = fit_text(title, 14 * self._unit, pane.box.width - 2 * panel.MARGIN * self._unit)
            draw_text(image, (panel.MARGIN * self._unit, height - 9 * self._unit), said, 14 * self._unit, panel.TEXT)
            self._paste(image, Box(pane.box.x, above, pane.box.width, height))


def _with_praise(options: RenderOptions, parse: DiveParse, info: VideoInfo) -> DiveWords | None:
    """Return the words of a clip, the praise of a brief one as its last remark."""
    words, contact = options.words, parse.first_water_contact_frame
    if words is None or not (options.brief and words.praise):
        return words
    down = parse.steps[-1].start_frame if contact is None else contact
    frame = min(int(np.searchsorted(info.pts_s, info.pts_s[down] + _PRAISED_AFTER_S)), info.n_frames - 1)
    return replace(words, remarks=(*words.remarks, Remark(frame=frame, text=text("Good: {0}", words.praise))))


def even(length: float) -> int:
    """Return the nearest even number of pixels, at least two."""
    return max(2, round(length / 2) * 2)
