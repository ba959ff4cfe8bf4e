"""Stroboscopic pictures: the diver at equal times along the path, on a common background.

The camera may stand still or follow the dive: its frames are registered and stitched, see `panorama`. This is the
layout; `strobe_selection` chooses the bodies, and `strobe_cutouts` cuts them out. Later bodies lie over earlier bodies.
"""

from pathlib import Path

import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.errors import ExportError
from fineparser_core.export import panel
from fineparser_core.export.coach_marks import Point
from fineparser_core.export.drawing import Color, draw_text, fit_text, text_width
from fineparser_core.export.images import write_image
from fineparser_core.export.label_places import Label, draw_labels, place_labels
from fineparser_core.export.mask_overlay import mask_at
from fineparser_core.export.overlay import OUTLINE, WHITE, Overlay, OverlayCanvas, label_size
from fineparser_core.export.panorama import Registered, bounds, median_background, register
from fineparser_core.export.skeleton_overlay import PATH_COLOR
from fineparser_core.export.strobe_cutouts import FramesRead, cut_out
from fineparser_core.export.strobe_selection import choose_bodies, frames_to_read, scene_matrices, unseen
from fineparser_core.language import length_text, number, text
from fineparser_core.measures.center_path import CenterPath, path_of
from fineparser_core.measures.context import measured_dive
from fineparser_core.measures.flight import turning
from fineparser_core.printable import printable
from fineparser_core.progress import CancelToken, ProgressCallback, ignore_progress
from fineparser_core.records import Analysis, DiveParse
from fineparser_core.video.reader import VideoReader

#: Longer side of a picture: at least, for which small videos are enlarged, and at most.
_PICTURE_PX = (1440, 4096)
_MOST_ENLARGED = 4.0
#: Space around the bodies, as a share of the median body's longer side, that the picture has where there is so much.
_ROOM = 1.1
#: Minimum share of a side of the picture that frames show.
_COVERED = 0.98
_CAPTION_UNITS = 30
#: Minimum height of a center over the water, in meters: hands that touch are a meter below it, and it falls 0.15 m (1 m
#: board) to 0.5 m (10 m) in a frame of thirty a second, so the contact was read late.
_LEAST_HEIGHT_M = 0.3
#: Turns from which they are written.
_LEAST_TURN = 0.05


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
        reader: VideoReader,
        *,
        title: str | None = None,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> None:
        """Read, register and stitch the frames of a dive.

        Args:
            title: of the picture; None uses the file name.

        Raises:
            ExportError: the diver is not seen, or the camera cannot be followed.
            VideoError: the video cannot be read.
            Cancelled: `cancel` was set.
        """
        parse, scored = analysis.parse, analysis.scoring or analysis.own_award
        number_ = scored.dive_number if scored is not None else None
        dive = measured_dive(parse, dive_number=number_, board_m=scored.board_m if scored is not None else None)
        info = reader.info
        if parse.motion is None and parse.refusal is not None:
            raise ExportError("{0}: {1}", parse.clip.path, parse.refusal)
        if dive is None:
            raise unseen(parse, 0)
        samples = choose_bodies(dive)
        self.frames = [int(dive.seen.frames[at]) for at in samples]
        chain = frames_to_read(dive, info.pts_s, self.frames)
        read = FramesRead(reader, parse, chain, self.frames, progress, cancel)
        self._registered = registered = register(info, chain, read.small, read.bodies, scene_matrices(parse, chain))
        self.still, self.off_px = registered.still, registered.off()
        self._parse, self._dive = parse, dive
        self._scale = read.scale
        touches = dive.seen.frames[-1] + 1 if dive.touches is None else dive.seen.frames[max(dive.touches - 1, 0)]
        self._splash_from = int(touches)
        self._stitch(read, self._place(read))
        self._bodies = [self._cut_out(frame, read.kept[frame]) for frame in self.frames]
        self._path = path_of(dive)
        self._line = np.zeros((0, 2)) if self._path is None else self._path_points(self._path)
        self._turned = turning(dive)
        self._labels = self._placed_labels()
        caption = round(_CAPTION_UNITS * self.unit / 2) * 2
        self.size_px = (self.canvas_px[0], self.canvas_px[1] + caption)
        self._whole = self._captioned(self._background, parse.clip.path.stem if title is None else title)

    @property
    def unit(self) -> float:
        """Length unit of what is drawn, pixels."""
        return max(1.0, float(np.sqrt(self.canvas_px[0] * self.canvas_px[1])) / 900)

    def picture(self) -> np.ndarray:
        """Return the picture (H, W, 3) uint8 RGB."""
        image = self._whole.copy()
        canvas = image[: self.canvas_px[1]]
        for body in self._bodies:
            body.paint_image(canvas)
        for overlay in (self._path_overlay(), self._label_overlay()):
            if overlay is not None:
                overlay.paint_image(canvas)
        return image

    def _place(self, read: FramesRead) -> np.ndarray:
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
        least, most = (side / max(width, height) for side in _PICTURE_PX)
        scale = min(max(1.0, min(least, _MOST_ENLARGED)), most)
        self._enlarged = scale
        self.canvas_px = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
        self._from_view = np.array([[scale, 0, -left * scale], [0, scale, -top * scale], [0, 0, 1.0]])
        return boxes

    def _to_canvas(self, frame: int, *, kept: bool = False) -> np.ndarray:
        """Return the matrix (3, 3) from source pixels of a frame, or from those of the kept picture, to the canvas."""
        matrix: np.ndarray = self._from_view @ self._registered.of(frame)
        return matrix @ np.diag([1 / self._scale, 1 / self._scale, 1.0]) if kept else matrix

    def _stitch(self, read: FramesRead, boxes: np.ndarray) -> None:
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

    def _cut_out(self, frame: int, image: np.ndarray) -> Overlay:
        """Return a body on the canvas, from a kept picture of its frame."""
        return cut_out(
            self._parse,
            frame,
            image,
            self._background,
            to_canvas=(self._to_canvas(frame), self._to_canvas(frame, kept=True)),
            in_water=frame >= self._splash_from,
            outline_px=0.9 * self.unit,
        )

    def _path_overlay(self) -> Overlay | None:
        """Return the path of the body's center."""
        if self._path is None:
            return None
        points = [(float(x), float(y)) for x, y in self._line[self._path.frames <= self._parse.clip.out_frame + 0.5]]
        if len(points) < 2:
            return None
        canvas = OverlayCanvas(self.canvas_px)
        for width, color, opacity in ((2.6, OUTLINE, 0.4), (1.3, PATH_COLOR, 0.9)):
            canvas.lines(points, width * self.unit, color, opacity)
        return canvas.to_overlay()

    def _label_overlay(self) -> Overlay | None:
        """Return the labels, with lines to what they belong to."""
        canvas = OverlayCanvas(self.canvas_px)
        draw_labels(canvas, self._labels, self.unit)
        return canvas.to_overlay()

    def _placed_labels(self) -> list[Label]:
        """Place labels in order of time, where there is space: off the bodies and without overlap."""
        labels: list[tuple[Point, str, Color, int]] = []
        path, line = self._path, self._line
        if path is not None and len(path.heights):
            for at in dict.fromkeys((0, int(path.heights.argmax()), len(path.heights) - 1)):
                if path.heights[at] < _LEAST_HEIGHT_M:
                    continue
                said = length_text(float(path.heights[at]))
                labels.append(((float(line[at, 0]), float(line[at, 1])), said, PATH_COLOR, int(path.frames[at])))
        if self._turned is not None:
            for frame, body in zip(self.frames, self._bodies, strict=True):
                turns = abs(float(self._turned[int(np.searchsorted(self._dive.seen.frames, frame))]))
                if np.isfinite(turns) and turns >= _LEAST_TURN:
                    labels.append((self._center(frame, body), number(turns, 1), WHITE, frame))
        width, height = self.canvas_px
        busy = np.zeros((height, width), bool)
        for body in self._bodies:
            rows, columns = body.opacity.shape
            busy[body.top : body.top + rows, body.left : body.left + columns] |= body.opacity > 96
        wanted = [(at, label_size([said], self.unit)) for at, said, _, _ in labels]
        boxes = place_labels(wanted, (2.0, 2.0, width - 2.0, height - 2.0), 14 * self.unit, busy)
        placed = zip(labels, boxes, strict=True)
        found = [(frame, Label(at, said, color, box)) for (at, said, color, frame), box in placed if box is not None]
        return [label for _, label in sorted(found, key=lambda one: one[0])]

    def _center(self, frame: int, body: Overlay) -> Point:
        """Return the place on its path of a body in a frame; its middle where there is none."""
        path = self._path
        if path is not None and path.frames[0] <= frame <= path.frames[-1]:
            x, y = (float(np.interp(frame, path.frames, column)) for column in self._line.T)
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


def strobe_picture(
    analysis: Analysis,
    *,
    title: str | None = None,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> np.ndarray:
    """Return the stroboscopic picture of a dive, (H, W, 3) uint8 RGB.

    Args:
        title: of the picture; None uses the file name.
        progress: receives the stage "read", counted in frames.

    Raises:
        ExportError: the diver is not seen, the camera is cut within the dive, or it cannot be followed.
        VideoError: the video cannot be read.
        Cancelled: `cancel` was set.
    """
    with VideoReader(analysis.parse.clip.path) as reader:
        return Strobe(analysis, reader, title=title, progress=progress, cancel=cancel).picture()


def write_strobe_picture(
    analysis: Analysis,
    path: Path,
    *,
    title: str | None = None,
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write `strobe_picture` as PNG or JPEG.

    Raises:
        ConfigError: the suffix of the path is not supported.
        ExportError: as `strobe_picture`, or the file cannot be written.
        VideoError, Cancelled: as `strobe_picture`; no file is left.
    """
    write_image(strobe_picture(analysis, title=title, progress=progress, cancel=cancel), path)
