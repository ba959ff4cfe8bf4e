"""One picture of an export: banner, video with mask (or two videos side by side), timeline, score, contributions.

Everything that stays the same is drawn once; a frame costs its pictures, its mask, a line of text and the playhead.
Nothing but the mask and what the coach drew is drawn on the video itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fineparser_core.export import panel
from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.coach_marks_overlay import MarkPainter
from fineparser_core.export.drawing import draw_text, fill_box, fit_text, text_width
from fineparser_core.export.mask_overlay import Layer, draw_mask, mask_at
from fineparser_core.export.options import Look, MaskStyle
from fineparser_core.export.palette import rgb
from fineparser_core.types import Analysis, DiveParse, MaskTrack, StepSpan
from fineparser_core.video.alignment import StepAlignment, step_boundaries
from fineparser_core.video.planes import ColorMatrix, Planes, PlaneScaler, frame_color_matrix
from fineparser_core.video.reader import VideoReader

# Text under small pictures needs room; larger ones than this make files nobody can send.
MIN_WIDTH_PX = 640
MAX_SIDE_PX = 1920

_GAP_UNITS = 8
_CAPTION_UNITS = 28


@dataclass(frozen=True)
class _Box:
    """Pixels of the canvas; all even."""

    x: int
    y: int
    width: int
    height: int

    def of(self, planes: Planes) -> Planes:
        """The box of planes, as views."""
        return Planes(
            *(
                plane[self.y // by : (self.y + self.height) // by, self.x // by : (self.x + self.width) // by]
                for plane, by in zip(planes, (1, 2, 2), strict=True)
            )
        )


class _Pane:
    """A video with its masks and the coach's marks in a box of the canvas.

    Args:
        mask_style: None draws no masks.
    """

    def __init__(
        self,
        reader: VideoReader,
        steps: tuple[StepSpan, ...],
        masks: DiveParse | MaskTrack | None,
        mask_style: MaskStyle | None,
        marks: Sequence[Mark],
    ) -> None:
        self.reader = reader
        self.box = _Box(0, 0, 0, 0)
        self._masks, self._mask_style, self._marks = masks, mask_style, marks
        self._painter: MarkPainter | None = None
        self._scaler = PlaneScaler(reader.geometry)
        self._masked = range(steps[0].start_frame, steps[-1].end_frame)

    @property
    def aspect(self) -> float:
        return self.reader.info.width_px / self.reader.info.height_px

    def put(self, box: _Box, unit: float) -> None:
        """Take its box of the canvas."""
        self.box = box
        info = self.reader.info
        unit = max(unit, min(box.width, box.height) / 450)  # upright pictures are large and their text is not
        across, down = box.width / info.width_px, box.height / info.height_px
        size_px = (box.width, box.height)
        self._painter = MarkPainter(
            self._marks, info.pts_s, size_px, unit, lambda point: (point[0] * across, point[1] * down)
        )

    def draw(self, canvas: Planes, frame: int, matrix: ColorMatrix) -> None:
        """Put a frame on the canvas, with what lies over it."""
        info, box = self.reader.info, self.box
        planes = self._scaler.planes(self.reader.decoded(frame), (box.width, box.height), matrix)
        target = box.of(canvas)
        for place, plane in zip(target, planes, strict=True):
            place[:] = plane
        if self._mask_style is not None and self._masks is not None and frame in self._masked:
            probability, crop_xyxy = mask_at(self._masks, frame)
            scale = np.array([box.width / info.width_px, box.height / info.height_px] * 2)
            colours = matrix.colour(rgb(self._mask_style.color))
            layers = [
                Layer(plane, (colour,), by) for plane, colour, by in zip(target, colours, (1.0, 0.5, 0.5), strict=True)
            ]
            draw_mask(layers, probability, crop_xyxy * scale, self._mask_style)
        if self._painter is not None:
            self._painter.paint_planes(target, frame, matrix)


class Composition:
    """Composes frames of a dive's file; its readers stay the caller's.

    Attributes:
        matrix: of the colours.
        size_px: (width, height), both even.
    """

    def __init__(self, analysis: Analysis, look: Look, reader: VideoReader, other: VideoReader | None = None) -> None:
        """Args: other: of `look.beside`.

        Raises: VideoError, where the first frame cannot be decoded.
        """
        assert (other is None) == (look.beside is None)
        parse = analysis.parse
        self._look, self._steps = look, parse.steps
        self._colours = panel.step_colours(look.step_colours)
        self.matrix = frame_color_matrix(reader.decoded(parse.clip.in_frame))
        mask_style = look.mask_style if look.mask else None
        self._lead = _Pane(reader, parse.steps, parse, mask_style, look.marks)
        self._other: _Pane | None = None
        if look.beside is not None and other is not None:
            self._other = _Pane(other, look.beside.steps, look.beside.masks, mask_style, look.beside_marks)
            self._alignment = StepAlignment(
                step_boundaries(parse.steps), step_boundaries(look.beside.steps), reader.info.pts_s, other.info.pts_s
            )
        self._lit: int | None = None
        self._lay_out(analysis)

    def compose(self, frame: int) -> Planes:
        """A frame of the file; the planes are overwritten by the next one.

        Raises:
            VideoError: the frame, or that of the other dive, cannot be decoded.
        """
        self._lead.draw(self._canvas, frame, self.matrix)
        if self._other is not None:
            self._other.draw(self._canvas, self._alignment.map_frame(frame), self.matrix)
        if self._look.panels:
            self._draw_banner(frame)
            self._draw_playhead(frame)
        return self._canvas

    def _lay_out(self, analysis: Analysis) -> None:
        """Sizes, and everything that does not change from frame to frame."""
        panes = [pane for pane in (self._lead, self._other) if pane is not None]
        info = self._lead.reader.info
        aspect = sum(pane.aspect for pane in panes)
        least = MIN_WIDTH_PX if self._look.panels else 2
        width = max(least, info.height_px * aspect * min(1.0, MAX_SIDE_PX / (info.height_px * max(aspect, 1.0))))
        self._unit = unit = max(1.0, min(width / 800, width / aspect / 450))
        gap = _even(_GAP_UNITS * unit)
        width = max(2, width - gap * (len(panes) - 1))
        picture_height = _even(width / aspect)
        captions = self._other is not None and self._look.panels
        banner_height = _even(panel.BANNER_UNITS * unit) if self._look.panels else 0
        top = banner_height + (_even(_CAPTION_UNITS * unit) if captions else 0)
        x = 0
        for pane in panes:
            pane.put(_Box(x, top, _even(width * pane.aspect / aspect), picture_height), unit)
            x += pane.box.width + gap
        total_width = x - gap
        below = None
        if self._look.panels:
            below = panel.draw_panel(analysis, info, self._colours, total_width, unit)
        height = top + picture_height + (len(below) if below is not None else 0)
        self.size_px = (total_width, height)
        self._canvas = self.matrix.planes(np.full((height, total_width, 3), panel.BACKGROUND, np.uint8))
        self._banner = _Box(0, 0, total_width, banner_height)
        if captions:
            self._draw_captions(analysis)
        if below is not None:
            self._paste(below, _Box(0, top + picture_height, total_width, len(below)))
            first, last = (_even(edge * unit) for edge in panel.PLAYHEAD_UNITS)
            self._strip = _Box(0, top + picture_height + first, total_width, last - first)
            self._clean_strip = Planes(*(plane.copy() for plane in self._strip.of(self._canvas)))
            self._draw_steps(None)

    def _paste(self, image: np.ndarray, box: _Box) -> None:
        for place, plane in zip(box.of(self._canvas), self.matrix.planes(image), strict=True):
            place[:] = plane

    def _draw_captions(self, analysis: Analysis) -> None:
        assert self._other is not None
        assert self._look.beside is not None
        titles = (self._look.title or analysis.parse.clip.path.stem, self._look.beside.title)
        height = self._lead.box.y - self._banner.height
        for pane, title in zip((self._lead, self._other), titles, strict=True):
            image = np.full((height, pane.box.width, 3), panel.BACKGROUND, np.uint8)
            text = fit_text(title, 14 * self._unit, pane.box.width - 2 * panel.MARGIN * self._unit)
            draw_text(image, (panel.MARGIN * self._unit, height - 9 * self._unit), text, 14 * self._unit, panel.TEXT)
            self._paste(image, _Box(pane.box.x, self._banner.height, pane.box.width, height))

    def _draw_steps(self, lit: int | None) -> None:
        self._lit = lit
        size = (self._banner.width, self._banner.height)
        self._paste(panel.draw_banner(self._steps, lit, self._colours, size, self._unit), self._banner)
        self._clean_banner = self._banner.of(self._canvas).y.copy()

    def _draw_banner(self, frame: int) -> None:
        lit = next((at for at, s in enumerate(self._steps) if s.start_frame <= frame < s.end_frame), None)
        if lit != self._lit:
            self._draw_steps(lit)
        luma = self._banner.of(self._canvas).y
        luma[:] = self._clean_banner
        slowed = f"{self._look.speed:g}× speed    " if self._look.speed != 1 else ""
        text = f"{slowed}frame {frame}   {self._lead.reader.info.pts_s[frame]:.2f} s"
        # Grey: luma alone.
        x = self._banner.width - panel.MARGIN * self._unit - text_width(text, 14 * self._unit)
        grey = self.matrix.colour(panel.MUTED)[:1]
        draw_text(luma, (x, panel.BANNER_BASELINE * self._unit), text, 14 * self._unit, grey)

    def _draw_playhead(self, frame: int) -> None:
        for place, plane in zip(self._strip.of(self._canvas), self._clean_strip, strict=True):
            place[:] = plane
        if self._lit is None:  # outside of the dive
            return
        x = panel.playhead_x(self._steps, frame, self._strip.width, self._unit)
        for size_units, colour in ((2.5, panel.BACKGROUND), (1.25, (255, 255, 255))):
            half = size_units * self._unit
            values = self.matrix.colour(colour)
            for value, plane, by in zip(values, self._strip.of(self._canvas), (1, 2, 2), strict=True):
                box = ((x - half) / by, 0.0, (x + half) / by, float(len(plane)))
                fill_box(plane, box, (value,), radius_px=half / by)


def _even(length: float) -> int:
    """The nearest even number of pixels, at least two."""
    return max(2, round(length / 2) * 2)
