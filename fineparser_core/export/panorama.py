"""Background for the frames of a dive: they are registered to a common view and stitched, without the diver.

A still camera is a panorama of a single view. Overlays of the picture are left out where the camera moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fineparser_core.errors import ExportError
from fineparser_core.motion.boxes import CUT_SUPPORT, LONG_SIDE_PX, colors_change
from fineparser_core.motion.camera import camera_motion
from fineparser_core.motion.overlays import BroadcastOverlays
from fineparser_core.records import VideoInfo

#: Longer side of the images that are registered, pixels.
REGISTERED_PX = 640
#: A view that differs from the first by less, in registered pixels, is that of a still camera.
_STILL_PX = 0.35
#: Views that lie farther off the background, as a share of the picture's longer side, are not shown; and the least
#: share of a view's corners that are found in the background.
_MOST_OFF, _LEAST_FOUND = 0.006, 0.12
#: Images that a place of the background is the median of.
_MOST_IMAGES = 13
_BAND_PX = 192
#: A panorama of more pictures' areas than this was not followed but lost.
_MOST_AREAS = 30


@dataclass(frozen=True, kw_only=True)
class Registered:
    """Frames registered in the view of a chosen frame.

    Attributes:
        frames: (n,) int64, source frames, ascending.
        to_view: (n, 3, 3), takes source pixels of each frame to those of the view.
        overlays: (h, w) uint8, 1 where something is laid over the picture; of any size.
        still: whether the camera stands still.
        off_px: (n,) how far each frame lies off the background, pixels of the view; 0 for a still camera.
    """

    frames: np.ndarray = field(repr=False)
    to_view: np.ndarray = field(repr=False)
    overlays: np.ndarray = field(repr=False)
    still: bool
    off_px: np.ndarray = field(repr=False)

    def off(self) -> float:
        """Return the median distance of the frames off the background."""
        return float(np.nanmedian(self.off_px)) if np.isfinite(self.off_px).any() else 0.0

    def of(self, frame: int) -> np.ndarray:
        """Return the matrix (3, 3) of a source frame, interpolated between registered frames."""
        flat = self.to_view.reshape(-1, 9)
        return np.array([np.interp(frame, self.frames, column) for column in flat.T]).reshape(3, 3)


def register(
    info: VideoInfo,
    frames: Sequence[int],
    images: Sequence[np.ndarray],
    bodies: Sequence[np.ndarray],
    guesses: np.ndarray,
) -> Registered:
    """Register frames by the scene that they share; the view is that of the middle frame.

    Args:
        frames: (n) source frames, ascending.
        images: (n) of them, (h, w, 3) uint8 RGB, reduced alike.
        bodies: (n) masks (h, w) uint8 of where the diver may be, 1 there.
        guesses: (n, 3, 3) likely placement of each in a common scene, in source pixels.

    Raises:
        ExportError: the camera is cut within, or its motion cannot be followed.
    """
    import cv2

    height, width = images[0].shape[:2]
    grays = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    scale = np.diag([info.width_px / width, info.height_px / height, 1.0])  # reduced pixels to source pixels
    likely = np.linalg.inv(scale) @ guesses @ scale
    overlays, to_first = _chained(info, frames, images, grays, bodies, likely)
    middle = len(frames) // 2
    to_view = np.linalg.inv(to_first[middle]) @ to_first
    corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], float)
    placed = (to_view @ corners)[:, :2]
    off_px = np.zeros(len(frames))
    still = bool(np.abs(placed - corners[:2]).max() < _STILL_PX)
    if not still:
        extent = np.ptp(placed, axis=(0, 2))
        if not np.isfinite(extent).all() or extent.prod() > _MOST_AREAS * width * height:
            raise _lost(info)
        to_view, off_px = _refined(to_view, grays, [1 - body for body in bodies], overlays)
        sure = np.isfinite(off_px)
        if sure.mean() < 0.5 or np.median(off_px[sure]) > _MOST_OFF * max(width, height):
            raise _lost(info)
    to_view = scale @ to_view @ np.linalg.inv(scale)
    return Registered(
        frames=np.asarray(frames),
        to_view=np.tile(np.eye(3), (len(frames), 1, 1)) if still else to_view,
        overlays=np.zeros_like(overlays) if still else overlays,
        still=still,
        off_px=off_px * scale[0, 0],
    )


def _lost(info: VideoInfo) -> ExportError:
    return ExportError(
        "{0}: the camera moves too fast or shakes too much to put the diver's places in one picture: film with the "
        "camera on a tripod, or turn it slowly.",
        info.path,
    )


def _chained(
    info: VideoInfo,
    frames: Sequence[int],
    images: Sequence[np.ndarray],
    grays: Sequence[np.ndarray],
    bodies: Sequence[np.ndarray],
    likely: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the overlay of the picture (h, w), and (n, 3, 3) from reduced pixels of each frame to the first."""
    import cv2

    height, width = grays[0].shape
    small = LONG_SIDE_PX / max(height, width)
    shrink = np.diag([small, small, 1.0])
    overlays: BroadcastOverlays | None = None
    to_first = [np.eye(3)]
    for at, gray in enumerate(grays):
        tiny = cv2.resize(gray, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
        overlays = overlays or BroadcastOverlays(tiny.shape)
        if at:
            before = grays[at - 1]
            scene = cv2.resize(overlays.scene, (width, height), interpolation=cv2.INTER_NEAREST) * (1 - bodies[at - 1])
            guess = np.linalg.inv(likely[at - 1]) @ likely[at]
            matrix, support = camera_motion(before, gray, guess, scene)
            if support < CUT_SUPPORT:
                if colors_change(images[at - 1], images[at]):
                    raise ExportError(
                        "{0}: the picture changes to another camera at frame {1}, within the dive: choose the in and "
                        "the out point so that one camera shows all of it.",
                        info.path,
                        frames[at],
                    )
                raise _lost(info)
            to_first.append(to_first[-1] @ matrix)
        overlays.add(tiny, shrink @ to_first[-1] @ np.linalg.inv(shrink), float(info.pts_s[frames[at]]), lost=at == 0)
    assert overlays is not None
    return overlays.mask, np.array(to_first)


def _refined(
    to_view: np.ndarray, grays: Sequence[np.ndarray], scenes: Sequence[np.ndarray], overlays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Place each frame on the background of all, so that a chain does not drift; return the remaining errors, too.

    Returns:
        (n, 3, 3), and (n,) reduced pixels; NaN where a frame is not found in the background.
    """
    import cv2

    height, width = grays[0].shape
    shown = 1 - cv2.resize(overlays, (width, height), interpolation=cv2.INTER_NEAREST)
    masks = [255 * shown * scene for scene in scenes]
    off = np.full(len(grays), np.nan)
    for _ in range(2):
        (left, top), size = bounds(to_view, (width, height))
        shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
        background, covered = median_background([gray[..., None] for gray in grays], masks, shift @ to_view, size)
        refined = to_view.copy()
        for at, gray in enumerate(grays):
            view = np.linalg.inv(shift @ to_view[at])
            there, seen = (
                cv2.warpPerspective(each, view, (width, height), flags=cv2.INTER_LINEAR)
                for each in (background[..., 0], covered.astype(np.uint8))
            )
            matrix, support = camera_motion(there, gray, scene=cv2.erode(seen, np.ones((5, 5))) * (masks[at] // 255))
            moved = matrix[:2] @ [[0, width, 0, width], [0, 0, height, height], [1] * 4]
            moved -= [[0, width, 0, width], [0, 0, height, height]]
            off[at] = np.hypot(*moved).max() if support > _LEAST_FOUND else np.nan
            if support > _LEAST_FOUND:
                refined[at] = to_view[at] @ matrix
        to_view = refined
    return to_view, off


def bounds(matrices: np.ndarray, size_px: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (left, top) and (width, height) of the area that images of a size cover under matrices (n, 3, 3)."""
    width, height = size_px
    placed = (matrices @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]]))[:, :2]
    (left, top), (right, bottom) = np.floor(placed.min(axis=(0, 2))), np.ceil(placed.max(axis=(0, 2)))
    return (int(left), int(top)), (int(right - left), int(bottom - top))


def median_background(
    images: Sequence[np.ndarray], masks: Sequence[np.ndarray], matrices: np.ndarray, size_px: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the median of registered images over the pixels that their masks show.

    Args:
        images: (H, W, c) uint8.
        masks: (H, W) uint8, 255 where an image counts.
        matrices: (n, 3, 3), takes pixels of each image to the canvas.
        size_px: (width, height) of the canvas.

    Returns:
        (height, width, c) uint8, and (height, width) bool: where any image counts.
    """
    import cv2

    width, height = size_px
    channels = images[0].shape[2]
    canvas, covered = np.zeros((height, width, channels), np.uint8), np.zeros((height, width), bool)
    for top in range(0, height, _BAND_PX):
        rows = min(_BAND_PX, height - top)
        shift = np.array([[1, 0, 0], [0, 1, -top], [0, 0, 1.0]])
        touching = [at for at in range(len(images)) if _touches(shift @ matrices[at], images[at], (width, rows))]
        if len(touching) > _MOST_IMAGES:
            touching = [touching[at] for at in np.linspace(0, len(touching) - 1, _MOST_IMAGES).round().astype(int)]
        if not touching:
            continue
        warped, shown = [], []
        for at in touching:
            matrix = shift @ matrices[at]
            warped.append(cv2.warpPerspective(images[at], matrix, (width, rows)).reshape(rows, width, channels))
            shown.append(cv2.warpPerspective(masks[at], matrix, (width, rows)) == 255)
        band = slice(top, top + rows)
        canvas[band], covered[band] = _median(warped, np.array(shown)), np.any(shown, axis=0)
    return canvas, covered


def _touches(matrix: np.ndarray, image: np.ndarray, size_px: tuple[int, int]) -> bool:
    (left, top), (width, height) = bounds(matrix[None], (image.shape[1], image.shape[0]))
    return left < size_px[0] and top < size_px[1] and left + width > 0 and top + height > 0


def _median(images: list[np.ndarray], shown: np.ndarray) -> np.ndarray:
    """Return the median over images (H, W, c) of those that are shown, (n, H, W) bool.

    What is not shown is taken for black and white by turns, black first, so that it leaves the median where it is; then
    the images are sorted place by place, by comparing neighbors, many times faster than sorting each place's values.
    """
    planes, white = [], np.zeros(shown.shape[1:], bool)
    for image, there in zip(images, shown, strict=True):
        seen = np.where(there, np.uint8(255), np.uint8(0))[..., None]
        planes.append((image & seen) | (np.where(white, np.uint8(255), np.uint8(0))[..., None] & ~seen))
        white ^= ~there
    for turn in range(len(planes)):
        for low in range(turn % 2, len(planes) - 1, 2):
            a, b = planes[low], planes[low + 1]
            planes[low], planes[low + 1] = np.minimum(a, b), np.maximum(a, b)
    return planes[len(planes) // 2]
