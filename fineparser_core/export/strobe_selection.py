"""Selection of a strobe picture's bodies: samples equally apart in time that do not hide each other."""

from collections.abc import Sequence

import numpy as np

from fineparser_core.constants import MASK_SIZE
from fineparser_core.errors import ExportError
from fineparser_core.export.panorama import bounds
from fineparser_core.measures.context import InTheAir
from fineparser_core.records import DiveParse

#: Maximum and minimum number of bodies.
_MOST_BODIES, _LEAST_BODIES = 14, 4
#: Visible share at which bodies stay apart: the mean over bodies, and that of the most hidden body.
_SHOWN_MEAN, _SHOWN_LEAST = 0.82, 0.45
#: A mask of fewer cells shows no diver.
_LEAST_CELLS = 25
#: Real seconds before the take-off and after the contact that the background is made of.
_BEFORE_S, _AFTER_S = 0.35, 0.05
#: Frames that are registered; in between they are where these are.
_MOST_REGISTERED = 80


def choose_bodies(dive: InTheAir) -> list[int]:
    """Return the indices of the samples with shown bodies, equally apart in time, from take-off to contact.

    Raises:
        ExportError: the diver shows at fewer than two of them.
    """
    seen = dive.seen
    first, last = dive.leaves, dive.opens if dive.touches is None else dive.touches
    shown = (seen.masks > 0.5).sum(axis=(1, 2)) >= _LEAST_CELLS
    least = max(1, -(-(last - first) // (_MOST_BODIES - 1)))
    most = max(least, (last - first) // (_LEAST_BODIES - 1))
    coarse, end = _coarse(dive), len(seen.frames)
    for stride in range(least, most + 1):
        # A body just under water is included.
        samples = range(first, min(last + stride // 3 + 1, end), stride)
        found = [at for at in samples if shown[at]]
        told = _visible_shares(dive, found, coarse)
        if len(told) and told.mean() >= _SHOWN_MEAN and told.min() >= _SHOWN_LEAST:
            break
    if len(found) < 2:
        raise unseen(seen.parse, len(found))
    return found


def unseen(parse: DiveParse, n: int) -> ExportError:
    """Return the error for a diver who is seen at too few moments."""
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
    guesses = scene_matrices(seen.parse, [int(seen.frames[at]) for at in samples])
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


def scene_matrices(parse: DiveParse, frames: Sequence[int]) -> np.ndarray:
    """Return the placement (n, 3, 3) of frames in the scene by the parse's motion, interpolated between samples."""
    if parse.motion is None:
        return np.tile(np.eye(3), (len(frames), 1, 1))
    sampled, first = np.unique(parse.sampled_frames, return_index=True)
    flat = parse.motion.to_scene[first].reshape(-1, 9)
    return np.stack([np.interp(frames, sampled, column) for column in flat.T], axis=1).reshape(-1, 3, 3)


def frames_to_read(dive: InTheAir, pts_s: np.ndarray, bodies: Sequence[int]) -> list[int]:
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
