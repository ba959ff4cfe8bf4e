"""Cut-outs of a strobe picture: the frames of the dive, read once, and each body by its mask and by what differs."""

from collections.abc import Sequence
from contextlib import closing

import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.export.mask_overlay import mask_at, mask_opacity
from fineparser_core.export.overlay import Overlay
from fineparser_core.export.panorama import REGISTERED_PX, Registered
from fineparser_core.progress import CancelToken, Progress, ProgressCallback
from fineparser_core.records import DiveParse
from fineparser_core.video.reader import VideoReader

#: Frames that the background is made of, and the longer side of what is kept of them.
_MOST_KEPT, _KEPT_PX = 30, 1920
#: Cells by which a mask may miss hands and feet.
_MISSED_CELLS = 6
#: Cells at the edge of a mask that are the body's only where they differ from the background.
_EDGE_CELLS = 4
#: Minimum difference from the background, of 255, of pixels near a mask that are the body: of a calm scene, and of a
#: scene that moves by itself or is registered badly.
_LEAST_DIFFERENCE = (14.0, 60.0)


class FramesRead:
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


def cut_out(
    parse: DiveParse,
    frame: int,
    image: np.ndarray,
    background: np.ndarray,
    *,
    to_canvas: tuple[np.ndarray, np.ndarray],
    in_water: bool,
    outline_px: float,
) -> Overlay:
    """Cut a body out of a kept picture of its frame and return it on the canvas.

    Args:
        image: (h, w, 3) uint8 RGB, as `FramesRead.reduced` gives it.
        background: (H, W, 3) uint8 RGB, the canvas without bodies.
        to_canvas: matrices (3, 3) from source pixels of the frame, and from those of `image`, to the canvas.
        in_water: at the water what differs near the mask is splash.
        outline_px: width of the light line around it.
    """
    import cv2

    probability, crop_xyxy = mask_at(parse, frame)
    (matrix, from_image), canvas_px = to_canvas, background.shape[1::-1]
    cell = (crop_xyxy[2:] - crop_xyxy[:2]) / MASK_SIZE
    from_cells = np.array(
        [[cell[0], 0, crop_xyxy[0] + cell[0] / 2], [0, cell[1], crop_xyxy[1] + cell[1] / 2], [0, 0, 1]]
    )
    near = cv2.dilate((probability > 0.3).astype(np.uint8), _disc(1 if in_water else _MISSED_CELLS))
    cells = np.argwhere(near)
    if not len(cells):
        return Overlay(0, 0, np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8))
    ends = np.array([cells.min(axis=0)[::-1], cells.max(axis=0)[::-1]], float)
    corners = np.array([[ends[i][0], ends[j][1], 1] for i in (0, 1) for j in (0, 1)]).T
    placed = (matrix @ from_cells @ corners)[:2]
    low, high = np.floor(placed.min(axis=1)) - 2, np.ceil(placed.max(axis=1)) + 2
    left, top = np.clip(low, 0, np.array(canvas_px) - 2).astype(int)
    right, bottom = np.clip(high, (left + 2, top + 2), canvas_px).astype(int)
    shift, size = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]]), (int(right - left), int(bottom - top))
    color = cv2.warpPerspective(image, shift @ from_image, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
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
    behind = background[top:bottom, left:right]
    differs = np.abs(color.astype(np.float32) - behind).max(axis=2)
    differs = cv2.GaussianBlur(differs, (0, 0), 0.4 * cell_px + 0.5)
    outside = differs[around < 0.1]  # places of the scene that differ for other reasons
    least = float(np.clip(np.percentile(outside, 85) if len(outside) else 0.0, *_LEAST_DIFFERENCE))
    least_here = least * np.where(core > 0.5, 0.5, 1.4)
    told = np.clip((differs - least_here) / least, 0, 1)
    opacity = np.maximum(inner, np.clip(2 * around - 0.6, 0, 1) * told)
    opacity = _connected(opacity, core, max(1, round(cell_px)))
    return Overlay(int(left), int(top), *_outlined(color, np.clip(opacity, 0, 1), outline_px))


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


def _outlined(color: np.ndarray, opacity: np.ndarray, width_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Return premultiplied colors (h, w, 3) and opacity (h, w) of a body, 0 to 1, with a light line around it."""
    import cv2

    inside = (opacity > 0.45).astype(np.uint8)
    ring = (cv2.dilate(inside, _disc(max(1, round(width_px)))) - inside).astype(np.float32)
    ring = 0.75 * cv2.GaussianBlur(ring, (0, 0), max(0.4 * width_px, 0.4)) * (1 - opacity)
    premultiplied = color * opacity[..., None] + 255 * ring[..., None]
    whole = 255 * (opacity + ring)
    return tuple(np.rint(np.clip(each, 0, 255)).astype(np.uint8) for each in (premultiplied, whole))
