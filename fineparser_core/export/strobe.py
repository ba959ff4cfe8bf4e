"""Stroboscopic pictures and clips: the diver at equal times along the path, on a common background.

The camera may stand still or follow the dive: its frames are registered and stitched, see `panorama`. Each body is cut
out by its mask and by what differs from the background, later bodies over earlier bodies.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.errors import ExportError
from fineparser_core.export import panel
from fineparser_core.export.coach_marks import Point
from fineparser_core.export.drawing import Color, composite, draw_text, fit_text, text_width
from fineparser_core.export.images import write_image
from fineparser_core.export.label_places import Label, draw_labels, place_labels
from fineparser_core.export.mask_overlay import mask_at, mask_opacity
from fineparser_core.export.options import StrobeOptions
from fineparser_core.export.overlay import OUTLINE, WHITE, Overlay, OverlayCanvas, label_size
from fineparser_core.export.panorama import REGISTERED_PX, Registered, bounds, median_background, register
from fineparser_core.export.skeleton_overlay import PATH_COLOR
from fineparser_core.language import number, text
from fineparser_core.measures.center_path import CenterPath, path_of
from fineparser_core.measures.context import InTheAir, measured_dive
from fineparser_core.measures.flight import turning
from fineparser_core.printable import printable
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import Analysis, DiveParse
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

#: Maximum and minimum number of bodies, unless a number is requested.
_MOST_BODIES, _LEAST_BODIES = 14, 4
#: Visible share at which bodies stay apart: the mean over bodies, and that of the most hidden body.
_SHOWN_MEAN, _SHOWN_LEAST = 0.82, 0.45
#: A mask of fewer cells shows no diver.
_LEAST_CELLS = 25
#: Real seconds before the take-off and after the contact that the background, and the clip, are made of.
_BEFORE_S, _AFTER_S = 0.35, 0.05
_CLIP_BEFORE_S, _CLIP_AFTER_S = 0.6, 0.9
#: Seconds that a clip's last picture stays.
_HOLD_S = 1.5
#: Frames that are registered; in between they are where these are.
_MOST_REGISTERED = 80
#: Frames that the background is made of, and the longer side of what is kept of them.
_MOST_KEPT, _KEPT_PX = 30, 1920
#: Longer side of a picture, and of a clip: at least, for which small videos are enlarged, and at most.
_PICTURE_PX, _CLIP_PX = (1440, 4096), (960, 1920)
_MOST_ENLARGED = 4.0
#: Cells by which a mask may miss hands and feet.
_MISSED_CELLS = 6
#: Cells at the edge of a mask that are the body's only where they differ from the background.
_EDGE_CELLS = 4
#: Minimum difference from the background, of 255, of pixels near a mask that are the body: of a calm scene, and of a
#: scene that moves by itself or is registered badly.
_LEAST_DIFFERENCE = (14.0, 60.0)
#: Room around the bodies, as a share of the median body's longer side, that the picture has where there is so much.
_ROOM = 1.1
#: Minimum share of a side of the picture that frames show.
_COVERED = 0.98
_CAPTION_UNITS = 30
#: Minimum height of a center over the water, in meters: hands that touch are a meter below it, and it falls 0.15 m (1 m
#: board) to 0.5 m (10 m) in a frame of thirty a second, so the contact was read late.
_LEAST_HEIGHT_M = 0.3
#: Turns from which they are written.
_LEAST_TURN = 0.05


@dataclass(frozen=True)
class _Body:
    """A body cut out, on the canvas.

    Attributes:
        frame: source frame.
        left, top: place on the canvas.
        color: (h, w, 3) uint8 RGB, premultiplied by the opacity.
        opacity: (h, w) uint8.
    """

    frame: int
    left: int
    top: int
    color: np.ndarray = field(repr=False)
    opacity: np.ndarray = field(repr=False)

    def put(self, image: np.ndarray) -> None:
        """Put it on the canvas (H, W, 3) uint8, in place."""
        height, width = self.opacity.shape
        composite(image[self.top : self.top + height, self.left : self.left + width], self.color, self.opacity)


class Strobe:
    """The picture of a dive before its bodies are put on it: background, bodies, and where everything lies.

    Attributes:
        size_px: (width, height) of the picture, with the caption; both even.
        canvas_px: (width, height) of its part above the caption.
        frames: source frames of the bodies.
        still: whether the camera stands still.
        off_px: how far frames lie off the background, their median, pixels of the source.
    """

    def __init__(
        self,
        analysis: Analysis,
        options: StrobeOptions,
        reader: VideoReader,
        *,
        sides_px: tuple[int, int] = _PICTURE_PX,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> None:
        """Read, register and stitch the frames of a dive.

        Raises:
            ConfigError: the number of bodies or their distance is out of range.
            ExportError: the diver is not seen, or the camera cannot be followed.
            VideoError: the video cannot be read.
            Cancelled: `cancel` was set.
        """
        parse, self._options = analysis.parse, options
        scored = analysis.scoring or analysis.own_award
        number_ = scored.dive_number if scored is not None else None
        dive = measured_dive(parse, dive_number=number_, board_m=scored.board_m if scored is not None else None)
        options.check()
        info = reader.info
        if parse.motion is None and parse.refusal is not None:
            raise ExportError("{0}: {1}", parse.clip.path, parse.refusal)
        if dive is None:
            raise _unseen(parse, 0)
        samples = choose_bodies(dive, options)
        self.frames = [int(dive.seen.frames[at]) for at in samples]
        chain = _frames_to_read(dive, info.pts_s, self.frames)
        read = _Read(reader, parse, chain, self.frames, progress, cancel)
        self._registered = registered = register(info, chain, read.small, read.bodies, _guesses(parse, chain))
        self.still, self.off_px = registered.still, registered.off()
        self._parse, self._dive, self._pts_s = parse, dive, info.pts_s
        self._scale, self.reduced, self._picture = read.scale, read.reduced, read.picture
        touches = dive.seen.frames[-1] + 1 if dive.touches is None else dive.seen.frames[max(dive.touches - 1, 0)]
        self._splash_from = int(touches)
        self._stitch(read, self._place(read, sides_px))
        self._bodies = [self._cut_out(frame, read.kept[frame], outline=options.outline) for frame in self.frames]
        self._path = path_of(dive)
        self._line = np.zeros((0, 2)) if self._path is None else self._path_points(self._path)
        self._turned = turning(dive) if options.rotation else None
        self._labels = self._placed_labels()
        self._label_overlays: dict[int, Overlay | None] = {}
        caption = round(_CAPTION_UNITS * self.unit / 2) * 2
        self.size_px = (self.canvas_px[0], self.canvas_px[1] + caption)
        self._whole = self._captioned(
            self._background, parse.clip.path.stem if options.title is None else options.title
        )

    @property
    def unit(self) -> float:
        """Length unit of what is drawn, pixels."""
        return max(1.0, float(np.sqrt(self.canvas_px[0] * self.canvas_px[1])) / 900)

    @property
    def shown_frames(self) -> list[int]:
        """Source frames of a clip, from just before the take-off to what follows the contact."""
        clip, slowed, pts_s = self._parse.clip, self._dive.seen.slowed, self._pts_s
        first_s, last_s = (pts_s[self.frames[at]] for at in (0, -1))
        first = int(np.searchsorted(pts_s, first_s - _CLIP_BEFORE_S * slowed))
        last = int(np.searchsorted(pts_s, last_s + _CLIP_AFTER_S * slowed, side="right")) - 1
        return list(range(max(first, clip.in_frame), min(last, clip.out_frame) + 1))

    def picture(self, until: int | None = None, live: np.ndarray | None = None) -> np.ndarray:
        """Return the picture (H, W, 3) uint8 RGB.

        Args:
            until: with the bodies up to this source frame; None: with all, and what is written beside them.
            live: (h, w, 3) this frame of the video, which the bodies are put on; None: the background alone.
        """
        image = self._whole.copy()
        canvas = image[: self.canvas_px[1]]
        if live is not None and until is not None:
            self._put_live(canvas, live, until)
        last = self.frames[-1] if until is None else until
        for body in self._bodies:
            if body.frame <= last:
                body.put(canvas)
        if live is not None and self.frames[0] <= last <= self.frames[-1] and last not in self.frames:
            self._cut_out(last, live, outline=False).put(canvas)
        written = self._parse.clip.out_frame if until is None else until  # the contact may follow the last body
        for overlay in (self._path_overlay(written), self._label_overlay(sum(at <= written for at, _ in self._labels))):
            if overlay is not None:
                overlay.paint_image(canvas)
        return image

    def _place(self, read: "_Read", sides_px: tuple[int, int]) -> np.ndarray:
        """Choose the part of the scene that is shown, and its scale; returns the bodies' boxes (n, 4) in the view."""
        info, registered = read.info, self._registered
        size = (info.width_px, info.height_px)
        used = np.array([registered.of(frame) for frame in read.kept])
        (left, top), (width, height) = bounds(used, size)
        boxes = np.array([_box_in_view(self._parse, frame, registered) for frame in self.frames])
        room = _ROOM * float(np.median(np.max(boxes[:, 2:] - boxes[:, :2], axis=1)))
        if not registered.still:  # a still picture is shown as it is
            # Keep at least the view of the middle, so that the place is known.
            x0, y0 = np.maximum([left, top], boxes[:, :2].min(axis=0) - room)
            x1, y1 = np.minimum([left + width, top + height], boxes[:, 2:].max(axis=0) + room)
            wide = min(0.8 * info.width_px, width) - (x1 - x0)
            if wide > 0:
                x0 = float(np.clip(x0 - wide / 2, left, left + width - (x1 - x0) - wide))
                x1 = max(x1, x0 + min(0.8 * info.width_px, width))
            left, top, width, height = x0, y0, x1 - x0, y1 - y0
        scale = min(max(1.0, min(sides_px[0] / max(width, height), _MOST_ENLARGED)), sides_px[1] / max(width, height))
        self._enlarged = scale
        self.canvas_px = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
        self._from_view = np.array([[scale, 0, -left * scale], [0, scale, -top * scale], [0, 0, 1.0]])
        return boxes

    def _to_canvas(self, frame: int, *, kept: bool = False) -> np.ndarray:
        """Return the matrix (3, 3) from source pixels of a frame, or from those of the kept picture, to the canvas."""
        matrix = self._from_view @ self._registered.of(frame)
        return matrix @ np.diag([1 / self._scale, 1 / self._scale, 1.0]) if kept else matrix

    def _stitch(self, read: "_Read", boxes: np.ndarray) -> None:
        """Make the background, and cut off its sides that no frame shows."""
        import cv2

        images = list(read.kept.values())
        masks = [read.mask_of_background(frame, self._registered) for frame in read.kept]
        # Stitched at no more than the size of the video, then enlarged.
        across, down = (max(2, round(side / max(1.0, self._enlarged))) for side in self.canvas_px)
        reduce = np.diag([across / self.canvas_px[0], down / self.canvas_px[1], 1.0])
        matrices = np.array([reduce @ self._to_canvas(frame, kept=True) for frame in read.kept])
        background, covered = median_background(images, masks, matrices, (across, down))
        if (across, down) != self.canvas_px:
            background = cv2.resize(background, self.canvas_px, interpolation=cv2.INTER_CUBIC)
            covered = cv2.resize(covered.astype(np.uint8), self.canvas_px, interpolation=cv2.INTER_NEAREST) == 1
        x, y = (self._from_view @ np.column_stack([boxes.reshape(-1, 2), np.ones(2 * len(boxes))]).T)[:2]
        ends = (x.min(), y.min(), x.max(), y.max())
        left, top, right, bottom = _trimmed(covered, ends)
        part = np.s_[top:bottom, left:right]
        self._background = _filled(background[part], covered[part])
        self.canvas_px = (right - left, bottom - top)
        self._from_view = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]]) @ self._from_view

    def _cut_out(self, frame: int, image: np.ndarray, *, outline: bool) -> _Body:
        """Return a body on the canvas, from a kept picture of its frame."""
        import cv2

        probability, crop_xyxy = mask_at(self._parse, frame)
        matrix = self._to_canvas(frame)
        cell = (crop_xyxy[2:] - crop_xyxy[:2]) / MASK_SIZE
        from_cells = np.array(
            [[cell[0], 0, crop_xyxy[0] + cell[0] / 2], [0, cell[1], crop_xyxy[1] + cell[1] / 2], [0, 0, 1]]
        )
        # At the water what differs near the mask is splash.
        missed = _MISSED_CELLS if frame < self._splash_from else 1
        near = cv2.dilate((probability > 0.3).astype(np.uint8), _disc(missed))
        cells = np.argwhere(near)
        if not len(cells):
            return _Body(frame, 0, 0, np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8))
        ends = np.array([cells.min(axis=0)[::-1], cells.max(axis=0)[::-1]], float)
        corners = np.array([[ends[i][0], ends[j][1], 1] for i in (0, 1) for j in (0, 1)]).T
        placed = (matrix @ from_cells @ corners)[:2]
        low, high = np.floor(placed.min(axis=1)) - 2, np.ceil(placed.max(axis=1)) + 2
        left, top = np.clip(low, 0, np.array(self.canvas_px) - 2).astype(int)
        right, bottom = np.clip(high, (left + 2, top + 2), self.canvas_px).astype(int)
        shift, size = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]]), (int(right - left), int(bottom - top))
        flags = cv2.INTER_CUBIC
        color = cv2.warpPerspective(
            image, shift @ self._to_canvas(frame, kept=True), size, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        to_cells = shift @ matrix @ from_cells
        inner = cv2.erode((probability > 0.5).astype(np.float32), _disc(_EDGE_CELLS))
        inner, core, around = (
            cv2.warpPerspective(each, to_cells, size, flags=cv2.INTER_LINEAR)
            for each in (
                cv2.GaussianBlur(inner, (0, 0), 1.0),
                mask_opacity(probability).astype(np.float32),
                cv2.GaussianBlur(near.astype(np.float32), (0, 0), 1.5),
            )
        )
        cell_px = float(np.linalg.norm(matrix[:2, 0])) * float(cell[0])
        behind = self._background[top:bottom, left:right]
        differs = np.abs(color.astype(np.float32) - behind).max(axis=2)
        differs = cv2.GaussianBlur(differs, (0, 0), 0.4 * cell_px + 0.5)
        outside = differs[around < 0.1]  # places of the scene that differ for other reasons
        least = float(np.clip(np.percentile(outside, 85) if len(outside) else 0.0, *_LEAST_DIFFERENCE))
        least_here = least * np.where(core > 0.5, 0.5, 1.4)
        told = np.clip((differs - least_here) / least, 0, 1)
        opacity = np.maximum(inner, np.clip(2 * around - 0.6, 0, 1) * told)
        opacity = _connected(opacity, core, max(1, round(cell_px)))
        width = 0.9 * self.unit if outline else 0.0
        return _Body(frame, int(left), int(top), *_outlined(color, np.clip(opacity, 0, 1), width))

    def _put_live(self, image: np.ndarray, live: np.ndarray, frame: int) -> None:
        """Lay a frame of the video over the background, with soft edges where the camera moves."""
        import cv2

        matrix = self._to_canvas(frame, kept=True)
        shown = np.zeros(live.shape[:2], np.uint8)
        part = shown[self._picture]
        part[:] = 255 if self.still else _feathered(part.shape)
        if shown.min() < 255:
            live = cv2.multiply(live, cv2.merge([shown] * 3), scale=1 / 255)
        warped, opacity = (cv2.warpPerspective(each, matrix, self.canvas_px) for each in (live, shown))
        composite(image, warped, opacity)

    def _path_overlay(self, until: int) -> Overlay | None:
        """Return the path of the body's center up to a source frame."""
        if not self._options.path or self._path is None:
            return None
        points = [(float(x), float(y)) for x, y in self._line[self._path.frames <= until + 0.5]]
        if len(points) < 2:
            return None
        canvas = OverlayCanvas(self.canvas_px)
        for width, color, opacity in ((2.6, OUTLINE, 0.4), (1.3, PATH_COLOR, 0.9)):
            canvas.lines(points, width * self.unit, color, opacity)
        return canvas.to_overlay()

    def _label_overlay(self, n: int) -> Overlay | None:
        """Return the first labels in order of time, with lines to what they belong to."""
        if n not in self._label_overlays:
            canvas = OverlayCanvas(self.canvas_px)
            draw_labels(canvas, [label for _, label in self._labels[:n]], self.unit)
            self._label_overlays = {n: canvas.to_overlay()}
        return self._label_overlays[n]

    def _placed_labels(self) -> list[tuple[int, Label]]:
        """Place labels, each with its first source frame, where there is room: off the bodies and without overlap."""
        labels: list[tuple[Point, str, Color, int]] = []
        path, line = self._path, self._line
        if self._options.heights and path is not None and len(path.heights):
            for at in dict.fromkeys((0, int(path.heights.argmax()), len(path.heights) - 1)):
                if path.heights[at] < _LEAST_HEIGHT_M:
                    continue
                said = f"{number(float(path.heights[at]), 1)} m"
                labels.append(((float(line[at, 0]), float(line[at, 1])), said, PATH_COLOR, int(path.frames[at])))
        if self._turned is not None:
            for body in self._bodies:
                turns = abs(float(self._turned[int(np.searchsorted(self._dive.seen.frames, body.frame))]))
                if np.isfinite(turns) and turns >= _LEAST_TURN:
                    labels.append((self._center(body), number(turns, 1), WHITE, body.frame))
        width, height = self.canvas_px
        busy = np.zeros((height, width), bool)
        for body in self._bodies:
            rows, columns = body.opacity.shape
            busy[body.top : body.top + rows, body.left : body.left + columns] |= body.opacity > 96
        wanted = [(at, label_size([said], self.unit)) for at, said, _, _ in labels]
        boxes = place_labels(wanted, (2.0, 2.0, width - 2.0, height - 2.0), 14 * self.unit, busy)
        placed = zip(labels, boxes, strict=True)
        found = [(frame, Label(at, said, color, box)) for (at, said, color, frame), box in placed if box is not None]
        return sorted(found, key=lambda one: one[0])

    def _center(self, body: _Body) -> Point:
        """Return a body's place on its path; its middle where there is none."""
        path = self._path
        if path is not None and path.frames[0] <= body.frame <= path.frames[-1]:
            x, y = (float(np.interp(body.frame, path.frames, column)) for column in self._line.T)
            return x, y
        rows, columns = np.nonzero(body.opacity > 128)
        middle = (float(columns.mean()), float(rows.mean())) if len(rows) else (0.0, 0.0)
        return body.left + middle[0], body.top + middle[1]

    def _path_points(self, path: CenterPath) -> np.ndarray:
        """Return the points (n, 2) of the path on the canvas, each by the frame that it belongs to."""
        found = []
        for frame, point in zip(path.frames, path.points, strict=True):
            x, y = path.in_frame(round(frame), point[None])[0]
            nearest = int(path.sampled_frames[np.abs(path.sampled_frames - round(frame)).argmin()])
            found.append((self._to_canvas(nearest) @ [x, y, 1.0])[:2])
        return np.array(found)

    def _captioned(self, image: np.ndarray, title: str) -> np.ndarray:
        """Return the background over a line that says what the picture is."""
        width, height = self.size_px
        whole = np.full((height, width, 3), panel.BACKGROUND, np.uint8)
        whole[: len(image)] = image
        size, margin = 13 * self.unit, panel.MARGIN * self.unit / 2
        times = self._dive.seen.times_s[np.searchsorted(self._dive.seen.frames, self.frames)]
        said = text("every {0} s", number(float(np.median(np.diff(times))), 2))
        if self._turned is not None:
            said = "   ".join((text("white: somersaults so far"), said))
        left = width - margin - text_width(said, size)
        baseline = len(image) + 0.66 * (height - len(image))
        draw_text(whole, (left, baseline), said, size, panel.MUTED)
        title = fit_text(printable(title), size, left - 2 * margin)
        draw_text(whole, (margin, baseline), title, size, panel.TEXT)
        return whole


class _Read:
    """Frames of a dive, read once.

    Attributes:
        scale: kept pixels a source pixel.
        small: of each frame of the chain (h, w, 3), to be registered.
        bodies: (h, w) uint8 beside them, 1 where the diver may be.
        kept: larger pictures of some frames, by frame.
        picture: the part of them that is no border.
    """

    def __init__(
        self,
        reader: VideoReader,
        parse: DiveParse,
        chain: Sequence[int],
        wanted: Sequence[int],
        progress: ProgressCallback,
        cancel: CancelToken | None,
    ) -> None:
        import cv2

        self.info, self._parse = reader.info, parse
        longer = max(self.info.width_px, self.info.height_px)
        self.scale = min(1.0, _KEPT_PX / longer)
        spread = np.linspace(0, len(chain) - 1, min(_MOST_KEPT, len(chain))).round().astype(int)
        keep = {chain[at] for at in spread} | set(wanted)
        small = min(1.0, REGISTERED_PX / longer)
        self.small: list[np.ndarray] = []
        self.bodies: list[np.ndarray] = []
        self.kept: dict[int, np.ndarray] = {}
        with closing(reader.frames_ahead(chain)) as frames:
            for done, (frame, image) in enumerate(frames, start=1):
                if cancel is not None:
                    cancel.raise_if_cancelled()
                self.small.append(cv2.resize(image, None, fx=small, fy=small, interpolation=cv2.INTER_AREA))
                self.bodies.append(self.body(frame, self.small[-1].shape[:2], small))
                if frame in keep:
                    self.kept[frame] = self.reduced(image)
                progress(Progress("read", done, len(chain)))
        picture_xyxy = parse.motion.picture_xyxy if parse.motion is not None else None
        ends = self.scale * np.array(picture_xyxy or (0, 0, self.info.width_px, self.info.height_px))
        x0, y0, x1, y1 = np.r_[np.ceil(ends[:2]), np.floor(ends[2:])].clip(0).astype(int).tolist()
        self.picture = np.s_[y0:y1, x0:x1]

    def reduced(self, image: np.ndarray) -> np.ndarray:
        """Return a frame as it is kept."""
        import cv2

        if self.scale == 1:
            return image
        return np.asarray(cv2.resize(image, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA))

    def body(self, frame: int, shape: tuple[int, int], scale: float) -> np.ndarray:
        """Return a mask (h, w) uint8, 1 where the diver may be in a reduced frame."""
        import cv2

        probability, crop_xyxy = mask_at(self._parse, frame)
        near = cv2.dilate((probability > 0.2).astype(np.uint8), _disc(_MISSED_CELLS))
        cell = (crop_xyxy[2:] - crop_xyxy[:2]) * scale / MASK_SIZE
        x, y = crop_xyxy[:2] * scale
        matrix = np.array([[cell[0], 0, x + cell[0] / 2], [0, cell[1], y + cell[1] / 2]])
        return np.asarray(cv2.warpAffine(near, matrix, shape[::-1], flags=cv2.INTER_NEAREST))

    def mask_of_background(self, frame: int, registered: Registered) -> np.ndarray:
        """Return a mask (H, W) uint8 of a kept picture, 255 where it shows the scene: no diver, overlay or edge."""
        import cv2

        height, width = self.kept[frame].shape[:2]
        mask = np.zeros((height, width), np.uint8)
        mask[self.picture] = 255 * (1 - self.body(frame, (height, width), self.scale)[self.picture])
        if not registered.still:
            mask[cv2.resize(registered.overlays, (width, height), interpolation=cv2.INTER_NEAREST) == 1] = 0
            mask[:3] = mask[-3:] = mask[:, :3] = mask[:, -3:] = 0
        return np.asarray(mask)


def choose_bodies(dive: InTheAir, options: StrobeOptions) -> list[int]:
    """Return the indices of the samples with shown bodies, equally apart in time, from take-off to contact.

    Raises:
        ExportError: the diver shows at fewer than two of them.
    """
    seen = dive.seen
    first, last = dive.leaves, dive.opens if dive.touches is None else dive.touches
    shown = (seen.masks > 0.5).sum(axis=(1, 2)) >= _LEAST_CELLS
    if options.every_s is not None:
        samples = _each(dive, first, last, max(1, round(options.every_s / max(seen.sample_s, 1e-6))))
    elif options.bodies is not None:
        samples = np.linspace(first, last, options.bodies).round().astype(int).tolist()
    else:
        least = max(1, -(-(last - first) // (_MOST_BODIES - 1)))
        most = max(least, (last - first) // (_LEAST_BODIES - 1))
        boxes = _coarse(dive)
        for stride in range(least, most + 1):
            samples = _each(dive, first, last, stride)
            told = _visible_shares(dive, [at for at in samples if shown[at]], boxes)
            if len(told) and told.mean() >= _SHOWN_MEAN and told.min() >= _SHOWN_LEAST:
                break
    found = [at for at in dict.fromkeys(samples) if shown[at]]
    if len(found) < 2:
        raise _unseen(seen.parse, len(found))
    return found


def _each(dive: InTheAir, first: int, last: int, stride: int) -> list[int]:
    """Return every n-th sample from the first; a body just under water is included."""
    return list(range(first, min(last + stride // 3, len(dive.seen.frames) - 1) + 1, stride))


def _unseen(parse: DiveParse, n: int) -> ExportError:
    return ExportError(
        "{0}: the diver is seen at {1} moments of the flight only, too few for a strobe picture: check the moments of "
        "take-off and entry, or point at the diver.",
        parse.clip.path,
        n,
    )


def _coarse(dive: InTheAir) -> float:
    """Return the size of a coarse raster's cell in pixels of the scene: a body is 40 cells long."""
    masks, crops = dive.seen.masks, dive.seen.crops
    heights = [np.ptp(np.argwhere(mask > 0.5), axis=0).max() for mask in masks if (mask > 0.5).sum() >= _LEAST_CELLS]
    cell = float(np.median(crops[:, 2] - crops[:, 0])) / MASK_SIZE
    return float(np.median(heights)) * cell / 40 if heights else 1.0


def _visible_shares(dive: InTheAir, samples: Sequence[int], coarse: float) -> np.ndarray:
    """Return the share (n,) of each body that later bodies do not hide."""
    import cv2

    if not samples:
        return np.zeros(0)
    seen, placed = dive.seen, []
    guesses = _guesses(seen.parse, [int(seen.frames[at]) for at in samples])
    matrices = []
    for at, to_scene in zip(samples, guesses, strict=True):
        cell = (seen.crops[at, 2:] - seen.crops[at, :2]) / MASK_SIZE
        own = np.array([[cell[0], 0, seen.crops[at, 0]], [0, cell[1], seen.crops[at, 1]], [0, 0, 1]])
        matrices.append(np.diag([1 / coarse, 1 / coarse, 1]) @ to_scene @ own)
    (left, top), size = bounds(np.array(matrices), (MASK_SIZE, MASK_SIZE))
    size = (min(size[0], 4000), min(size[1], 4000))
    shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
    for at, matrix in zip(samples, matrices, strict=True):
        placed.append(cv2.warpPerspective((seen.masks[at] > 0.5).astype(np.uint8), shift @ matrix, size) > 0)
    hidden = np.zeros_like(placed[0])
    shares = []
    for body in reversed(placed):
        shares.append(1 - (body & hidden).sum() / max(body.sum(), 1))
        hidden |= body
    return np.array(shares[::-1])


def _guesses(parse: DiveParse, frames: Sequence[int]) -> np.ndarray:
    """Return the placement (n, 3, 3) of frames in the scene by the parse's motion, interpolated between samples."""
    if parse.motion is None:
        return np.tile(np.eye(3), (len(frames), 1, 1))
    sampled, first = np.unique(parse.sampled_frames, return_index=True)
    flat = parse.motion.to_scene[first].reshape(-1, 9)
    return np.stack([np.interp(frames, sampled, column) for column in flat.T], axis=1).reshape(-1, 3, 3)


def _frames_to_read(dive: InTheAir, pts_s: np.ndarray, bodies: Sequence[int]) -> list[int]:
    """Return the frames from before the take-off to after the contact, thirty a second, the bodies' among them."""
    clip, slowed = dive.seen.parse.clip, dive.seen.slowed
    first = int(np.searchsorted(pts_s, pts_s[bodies[0]] - _BEFORE_S * slowed))
    last = int(np.searchsorted(pts_s, pts_s[bodies[-1]] + _AFTER_S * slowed, side="right")) - 1
    first, last = max(first, clip.in_frame), min(last, clip.out_frame)
    info_frames = np.arange(first, last + 1)
    between_s = max(1 / 31, float(pts_s[last] - pts_s[first]) / _MOST_REGISTERED)
    kept = [first]
    for frame in info_frames[1:].tolist():
        if pts_s[frame] - pts_s[kept[-1]] >= between_s - 1e-3:
            kept.append(frame)
    return sorted({*kept, *bodies})


def _box_in_view(parse: DiveParse, frame: int, registered: Registered) -> np.ndarray:
    """Return the box (4,) x0, y0, x1, y1 of a body in the view."""
    probability, crop_xyxy = mask_at(parse, frame)
    cells = np.argwhere(probability > 0.5)
    cell = (crop_xyxy[2:] - crop_xyxy[:2]) / MASK_SIZE
    low, high = crop_xyxy[:2] + cells.min(axis=0)[::-1] * cell, crop_xyxy[:2] + (cells.max(axis=0)[::-1] + 1) * cell
    corners = np.array([[x, y, 1] for x in (low[0], high[0]) for y in (low[1], high[1])]).T
    placed = (registered.of(frame) @ corners)[:2]
    return np.concatenate([placed.min(axis=1), placed.max(axis=1)])


def _trimmed(covered: np.ndarray, inner: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """Return x0, y0, x1, y1, even apart, of the part of a picture whose sides are covered; the inner box stays."""
    x0, y0, x1, y1 = 0, 0, covered.shape[1], covered.shape[0]
    while True:
        sides = {
            "left": (x0 + 2 < inner[0], covered[y0:y1, x0].mean()),
            "right": (x1 - 2 > inner[2], covered[y0:y1, x1 - 1].mean()),
            "top": (y0 + 2 < inner[1], covered[y0, x0:x1].mean()),
            "bottom": (y1 - 2 > inner[3], covered[y1 - 1, x0:x1].mean()),
        }
        bare = {side: share for side, (free, share) in sides.items() if free and share < _COVERED}
        if not bare:
            return x0, y0, x1 - (x1 - x0) % 2, y1 - (y1 - y0) % 2
        side = min(bare, key=lambda one: bare[one])
        x0, y0, x1, y1 = x0 + (side == "left"), y0 + (side == "top"), x1 - (side == "right"), y1 - (side == "bottom")


def _filled(image: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Return an image (H, W, 3) whose bare places have the blurred colors of what is nearest to them."""
    import cv2

    if covered.all() or not covered.any():
        return image
    _, labels = cv2.distanceTransformWithLabels(
        (~covered).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colors = np.zeros((labels.max() + 1, 3), np.uint8)
    colors[labels[covered]] = image[covered]
    nearest = cv2.GaussianBlur(colors[labels], (0, 0), max(image.shape) / 100)
    return np.where(covered[..., None], image, nearest)


def _disc(radius: int) -> np.ndarray:
    import cv2

    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2))


def _connected(opacity: np.ndarray, core: np.ndarray, gap_px: int) -> np.ndarray:
    """Return an opacity (H, W) without parts that are not connected to the mask, and without small holes."""
    import cv2

    inside = cv2.morphologyEx((opacity > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, _disc(gap_px))
    _, labels = cv2.connectedComponents(inside)
    pixels, own = np.bincount(labels[inside > 0]), np.bincount(labels[(inside > 0) & (core > 0.5)])
    kept = np.zeros(labels.max() + 1, bool)
    kept[: len(own)] = own > 0.15 * pixels[: len(own)]
    body = (kept[labels] & (inside > 0)).astype(np.float32)
    soft = cv2.GaussianBlur(body, (0, 0), max(0.5 * gap_px, 0.7))
    return np.asarray(
        np.maximum(opacity * cv2.dilate(body, _disc(gap_px)), np.clip(2 * soft - 0.6, 0, 1)) * (soft > 0.02)
    )


def _feathered(shape: tuple[int, ...]) -> np.ndarray:
    """Return the opacity (H, W) uint8 that fades out over a twentieth of the picture at its sides."""
    height, width = shape
    x, y = (np.minimum(np.arange(n) + 0.5, n - 0.5 - np.arange(n)) / (0.05 * n) for n in (width, height))
    return np.asarray(np.rint(255 * np.clip(np.minimum(x[None], y[:, None]), 0, 1)).astype(np.uint8))


def _outlined(color: np.ndarray, opacity: np.ndarray, width_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Return premultiplied colors (h, w, 3) and opacity (h, w) of a body, 0 to 1, with a light line around it."""
    import cv2

    ring = np.zeros_like(opacity)
    if width_px > 0:
        inside = (opacity > 0.45).astype(np.uint8)
        ring = (cv2.dilate(inside, _disc(max(1, round(width_px)))) - inside).astype(np.float32)
        ring = 0.75 * cv2.GaussianBlur(ring, (0, 0), max(0.4 * width_px, 0.4)) * (1 - opacity)
    premultiplied = color * opacity[..., None] + 255 * ring[..., None]
    whole = 255 * (opacity + ring)
    return tuple(np.rint(np.clip(each, 0, 255)).astype(np.uint8) for each in (premultiplied, whole))


def strobe_picture(
    analysis: Analysis,
    options: StrobeOptions | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> np.ndarray:
    """Return the stroboscopic picture of a dive, (H, W, 3) uint8 RGB.

    Args:
        options: defaults to `StrobeOptions()`.
        progress: receives the stage "read", counted in frames.

    Raises:
        ConfigError: an option is out of range.
        ExportError: the diver is not seen, the camera is cut within the dive, or it cannot be followed.
        VideoError: the video cannot be read.
        Cancelled: `cancel` was set.
    """
    with VideoReader(analysis.parse.clip.path) as reader:
        return Strobe(analysis, options or StrobeOptions(), reader, progress=progress, cancel=cancel).picture()


def write_strobe_picture(
    analysis: Analysis,
    path: Path,
    options: StrobeOptions | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write `strobe_picture` as PNG or JPEG.

    Raises:
        ConfigError: the suffix of the path is not supported, or an option is out of range.
        ExportError: as `strobe_picture`, or the file cannot be written.
        VideoError, Cancelled: as `strobe_picture`; no file is left.
    """
    write_image(strobe_picture(analysis, options, progress=progress, cancel=cancel), path)


def write_strobe_clip(
    analysis: Analysis,
    path: Path,
    options: StrobeOptions | None = None,
    *,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> tuple[str, ...]:
    """Write a clip in which the stroboscopic picture builds up as the dive plays: the bodies stay.

    Args:
        progress: receives the stage "read" and then "write", counted in frames of both.

    Returns:
        Sentences to show to the user.

    Raises:
        ConfigError, VideoError, Cancelled: as `strobe_picture`; no file is left.
        ExportError: as `strobe_picture`, or the file cannot be written, or is the video itself.
    """
    options, clip = options or StrobeOptions(), analysis.parse.clip
    if path.resolve() == clip.path.resolve():
        raise ExportError("{0} is the clip itself: give the strobe clip another name.", path)
    with VideoReader(clip.path) as reader:
        strobe = Strobe(analysis, options, reader, sides_px=_CLIP_PX, progress=progress, cancel=cancel)
        pts_s, frames = reader.info.pts_s, strobe.shown_frames
        width_px, height_px = strobe.size_px
        fps = clip.fps * options.speed
        writer = VideoWriter(path, width_px=width_px, height_px=height_px, fps=fps)
        with writer, closing(reader.frames_ahead(frames, strobe.reduced)) as images:
            for done, (frame, image) in enumerate(images, start=1):
                if cancel is not None:
                    cancel.raise_if_cancelled()
                time_s = float(pts_s[frame] - pts_s[frames[0]]) / options.speed
                writer.write(strobe.picture(frame, image), time_s)
                progress(Progress("write", done, len(frames)))
            # The finished picture stays for a while.
            writer.write(strobe.picture(), float(pts_s[frame] - pts_s[frames[0]]) / options.speed + 1 / fps)
            writer.write(strobe.picture(), float(pts_s[frame] - pts_s[frames[0]]) / options.speed + _HOLD_S)
    return (writer.note,) if writer.note else ()
