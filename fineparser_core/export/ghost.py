"""Another dive's body laid over this dive: its place, its size and its pixels, in window and exports.

Both bodies' centers coincide at a moment; from there each goes its own way, in the scene in which its camera has stood
still. Where it is not known how a camera has moved, they coincide in every frame. The other body is scaled to the
length of this body.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.export.mask_overlay import mask_at, mask_opacity
from fineparser_core.export.palette import rgb
from fineparser_core.records import ComparedDive, MaskTrack

if TYPE_CHECKING:
    from fineparser_core.export.overlay import Overlay

#: #rrggbb of a body laid over another: unlike water, and unlike the mask of the body below, with any color vision.
GHOST_COLOR = "#FFE600"

_OPACITY, _TINT = 0.85, 0.75
_COVERED = 0.5  # least probability of a cell of the body
_SURE, _FEW = 0.3, 5  # least confidence of the joints that a body is measured by, and fewest samples with them
_JOINTS = ("head", *(f"{name}_{side}" for name in ("shoulder", "hip", "knee", "ankle") for side in "lr"))
_LENGTH_PERCENTILE = 80  # a bent body, or a body seen from the front, is shorter


@dataclass(frozen=True)
class Ghost:
    """Placement of another body over a frame.

    Attributes:
        here, there: this dive and the dive laid over it.
        anchor: frames of both in which their centers coincide.
        scale: of the other body.
    """

    here: ComparedDive
    there: ComparedDive
    anchor: tuple[int, int]
    scale: float

    @property
    def centered(self) -> bool:
        """Whether the centers coincide in every frame, as it is not known how a camera has moved."""
        return self.here.motion is None or self.there.motion is None

    def matrix(self, frame: int, other_frame: int) -> np.ndarray:
        """Return the matrix (3, 3) from source pixels of a frame of the other dive to those of a frame of this dive."""
        at, other_at = (frame, other_frame) if self.centered else self.anchor
        to, origin = _center(self.here, at), _center(self.there, other_at)
        assert to is not None
        assert origin is not None
        placed = np.diag([-self.scale if self.there.mirrored else self.scale, self.scale, 1.0])
        placed[:2, 2] = to - placed[:2, :2] @ origin
        return np.linalg.inv(_to_scene(self.here, frame)) @ placed @ _to_scene(self.there, other_frame)


def ghost_over(here: ComparedDive, there: ComparedDive, anchor: tuple[int, int]) -> Ghost | None:
    """Lay a dive's body over another dive; None where either has no known mask.

    Args:
        anchor: frames of both in which their centers coincide.
    """
    if any(_center(dive, frame) is None for dive, frame in zip((here, there), anchor, strict=True)):
        return None
    ours, theirs = _length_by_joints(here), _length_by_joints(there)
    if ours is None or theirs is None:  # both by the same ruler
        ours, theirs = _length_by_masks(here), _length_by_masks(there)
    return Ghost(here, there, anchor, ours / theirs)


def cut_out(
    image: np.ndarray, source_px: tuple[int, int], masks: MaskTrack, frame: int, color: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Cut out the tinted, half transparent body of a frame.

    Args:
        image: (h, w, 3 or more) uint8 of the frame, of any size.
        source_px: (width, height) of the file's frames.
        color: in the order of the image's channels.

    Returns:
        (h, w, 4) uint8, three channels in the image's order and the opacity, by which they are multiplied, and the
        rectangle that it covers, x0, y0, x1, y1 in source pixels; None where no body is visible.
    """
    probability, crop = mask_at(masks, frame)
    alpha = mask_opacity(probability)
    if not alpha.any():
        return None
    scale = np.array(image.shape[1::-1]) / source_px
    cell = (crop[2:] - crop[:2]) / alpha.shape[::-1]
    shares = []  # of each cell in each column and each row of pixels: interpolated linearly between cells' centers
    spans = []
    for axis in (0, 1):
        covered = np.flatnonzero(alpha.any(axis))
        low, high = (crop[axis] + cell[axis] * end for end in (covered[0] - 1, covered[-1] + 2))
        first, last = (int(np.clip(end * scale[axis], 0, image.shape[1 - axis])) for end in (low, high + 1))
        places = ((np.arange(first, last) + 0.5) / scale[axis] - crop[axis]) / cell[axis] - 0.5
        cells = np.arange(alpha.shape[1 - axis])
        shares.append(np.clip(1 - np.abs(places[:, None] - cells), 0, None).astype(np.float32))
        spans.append((first, last))
    (left, right), (top, bottom) = spans
    if right <= left or bottom <= top:
        return None
    opacity = (_OPACITY * (shares[1] @ alpha.astype(np.float32) @ shares[0].T))[..., None]
    part = image[top:bottom, left:right, :3]
    tinted = (part * np.float32(1 - _TINT) + np.float32(_TINT) * np.array(color, np.float32)) * opacity
    pixels = np.rint(np.concatenate([tinted, 255 * opacity], axis=2)).astype(np.uint8)
    return pixels, np.array([left, top, right, bottom]) / np.tile(scale, 2)


def ghost_overlay(
    ghost: Ghost, image: np.ndarray, frames: tuple[int, int], to_output: np.ndarray, size_px: tuple[int, int]
) -> "Overlay | None":
    """Return the body as it is laid over a picture; None where it does not show there.

    Args:
        image: (H, W, 3) uint8 RGB, the other dive's frame in full size.
        frames: of this dive and of the other dive.
        to_output: (3, 3) from source pixels of this dive to those of the output image.
        size_px: (width, height) of the output image.
    """
    import cv2

    from fineparser_core.export.overlay import Overlay  # loads the codecs, which the window's start has no time for

    masks = ghost.there.masks
    cut = cut_out(image, image.shape[1::-1], masks, frames[1], rgb(GHOST_COLOR)) if masks is not None else None
    if cut is None:
        return None
    pixels, (x0, y0, x1, y1) = cut
    matrix = to_output @ ghost.matrix(*frames)
    corners = np.array([[x, y, 1.0] for x in (x0, x1) for y in (y0, y1)]) @ matrix[:2].T
    left, top = (np.clip(corners.min(axis=0), 0, size_px).astype(int) // 2 * 2).tolist()
    right, bottom = (-(np.clip(-corners.max(axis=0), -np.array(size_px), 0).astype(int) // 2) * 2).tolist()
    if right <= left or bottom <= top:
        return None
    # Between centers of pixels, from the cut-out to the part of the output.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    placed = _shift(-left, -top) @ matrix @ _shift(x0, y0)
    warp = (np.linalg.inv(half) @ placed @ half)[:2]
    warped = cv2.warpAffine(pixels, warp, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    return Overlay(left, top, np.ascontiguousarray(warped[..., :3]), np.ascontiguousarray(warped[..., 3]))


def _shift(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def _to_scene(dive: ComparedDive, frame: int) -> np.ndarray:
    """Return the matrix (3, 3) from source pixels of a frame to where they lie as if the camera stood still."""
    if dive.motion is None or dive.masks is None:
        return np.eye(3)
    sampled = dive.masks.sampled_frames
    after = min(int(np.searchsorted(sampled, frame)), int(np.argmax(sampled)))
    before = after if sampled[after] <= frame else max(after - 1, 0)
    gap = int(sampled[after] - sampled[before])
    share = min(max((frame - int(sampled[before])) / gap, 0.0), 1.0) if gap else 0.0
    views = dive.motion.to_scene
    return np.asarray(views[before] + (views[after] - views[before]) * share)


def _placed(dive: ComparedDive, frame: int, points: np.ndarray) -> np.ndarray:
    """Map points (n, 2) of a frame to the scene."""
    matrix = _to_scene(dive, frame)
    return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2])


def _samples(dive: ComparedDive) -> list[int]:
    """Return the samples from the take-off on, none twice."""
    frames, found = np.unique(dive.masks.sampled_frames if dive.masks else [], return_index=True)
    return [int(at) for at, frame in zip(found, frames, strict=True) if frame >= dive.steps[1].start_frame]


def _cells(dive: ComparedDive, sample: int) -> np.ndarray:
    """Return the centers (n, 2) of the cells that the body covers in a sample, in the scene."""
    assert dive.masks is not None
    x0, y0, x1, y1 = dive.masks.crop_xyxy[sample].astype(np.float64)
    probability = dive.masks.mask_probability[sample]
    rows, columns = np.nonzero(probability >= np.float16(_COVERED))
    across, down = (x1 - x0) / probability.shape[1], (y1 - y0) / probability.shape[0]
    points = np.column_stack([x0 + (columns + 0.5) * across, y0 + (rows + 0.5) * down])
    return _placed(dive, int(dive.masks.sampled_frames[sample]), points)


def _center(dive: ComparedDive, frame: int) -> np.ndarray | None:
    """Return x, y in the scene of the body's center in a frame, or in the nearest sample that shows it."""
    frames = dive.masks.sampled_frames if dive.masks else np.zeros(0)
    for sample in np.argsort(np.abs(frames - frame), kind="stable").tolist():
        cells = _cells(dive, sample)
        if len(cells):
            return np.asarray(cells.mean(axis=0))
    return None


def _length_by_joints(dive: ComparedDive) -> float | None:
    """Measure from the head along back and legs to the ankles, in pixels of the scene; None with too few samples."""
    joints = dive.masks.joints if dive.masks else None
    if dive.masks is None or joints is None:
        return None
    used = [KEYPOINT_NAMES.index(name) for name in _JOINTS]
    sure = [at for at in _samples(dive) if joints[at, used, 2].min() >= _SURE]
    if len(sure) < _FEW:
        return None
    frames = dive.masks.sampled_frames
    points = np.stack([_placed(dive, int(frames[at]), joints[at, used, :2]) for at in sure])
    shoulders, hips, knees, ankles = (points[:, at : at + 2] for at in (1, 3, 5, 7))
    back = [points[:, 0] - shoulders.mean(axis=1), shoulders.mean(axis=1) - hips.mean(axis=1)]
    lengths = sum(np.linalg.norm(part, axis=-1) for part in back)
    lengths += sum(np.linalg.norm(part, axis=-1).mean(axis=1) for part in (hips - knees, knees - ankles))
    return float(np.percentile(lengths, _LENGTH_PERCENTILE))


def _length_by_masks(dive: ComparedDive) -> float:
    """Measure the mask of the stretched body, in pixels of the scene."""
    extents = [np.hypot(*np.ptp(cells, axis=0)) for at in _samples(dive) if len(cells := _cells(dive, at))]
    return max(float(np.percentile(extents or [1.0], _LENGTH_PERCENTILE)), 1.0)
