"""The athlete crop: a square that tracks the athlete through a clip, found from the masks of the coarse pass.

The athlete covers 1 to 4 % of a frame, so the network gains resolution from a crop.

Deviation: the network of the paper receives the whole frame, resized to 112 x 112.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fineparser_core.constants import N_SAMPLES

#: Side of the square relative to the length of the stretched athlete, with a margin for board, splash and errors.
_SIDE_FACTOR = 1.6
#: Minimum side as a share of the frame's height: a smaller square shows only a few blurred pixels.
_MIN_SIDE_SHARE = 0.1
#: Connected components considered in every frame, and their least size in cells of the mask.
_MAX_CANDIDATES, _MIN_CELLS = 4, 2
#: Extent of a body's mask relative to that of its joints.
_MASK_TO_JOINTS = 1.12
#: Minimum number of visible joints in a frame, and of frames with so many in a clip.
_MIN_JOINTS, _MIN_FRAMES = 10, 10
# Samples of a clip of 96: longest gap in a track, half window of the side's percentile filter, and standard
# deviations of the smoothing of side and center.
_MAX_GAP = 12
_SIDE_WINDOW, _SIDE_SIGMA, _CENTER_SIGMA = 20, 6.0, 1.2
#: The same half window for the extents of joints, a flight from 1 m: at the entry those of stretched bodies that go
#: under often do not show. A longer window made tucked bodies small in their crops, and labeled joints worse.
_JOINTS_SIDE_WINDOW = 25
# Costs of a track relative to the gain of a frame that shows an athlete of typical size.
_JUMP_COST, _GAP_COST = 0.35, 0.1


def track_athlete(masks: np.ndarray, width_px: int, height_px: int, *, threshold: float = 0.5) -> np.ndarray:
    """Return squares that track the athlete through a clip.

    The largest connected components of every mask are candidates. Dynamic programming selects the track through them
    that maximizes the visible area minus costs for jumps and gaps. Frames without a candidate are interpolated.

    Args:
        masks: (T, h, w) share or probability of athlete per cell, of the resized whole frames.
        width_px, height_px: size of the frames before the resize.
        threshold: least value of a cell that belongs to an athlete.

    Returns:
        (T, 3) float64: center x, center y and side in pixels of the frame. A square may extend beyond the frame. If no
        mask has a candidate, the square is centered on the frame.
    """
    length = len(masks)
    candidates = [_find_candidates(mask, width_px, height_px, threshold) for mask in masks]
    track = _best_track(candidates, height_px)
    if not track:
        side = min(width_px, height_px)
        return np.tile(np.array([width_px / 2, height_px / 2, side], np.float64), (length, 1))
    visible = np.array(sorted(track))
    chosen = np.array([candidates[t][track[t]] for t in visible])
    return limit_sides(smooth_track(visible, chosen[:, :2], chosen[:, 2], length), width_px, height_px)


def squares_around_joints(
    joints: np.ndarray, visible: np.ndarray, every: int, width_px: int, height_px: int
) -> np.ndarray | None:
    """Return squares as `track_athlete`, around joints, which give the body's extent more precisely than masks.

    Args:
        joints: (n, J, 2) pixels of the frame, in the first of every so many frames.
        visible: (n, J) bool, whether a joint was detected.

    Returns:
        (n * every, 3) float64; None if too few frames show a body.
    """
    frames = np.flatnonzero(visible.sum(axis=1) >= _MIN_JOINTS)
    if len(frames) * every < _MIN_FRAMES:
        return None
    bodies = [joints[t, visible[t]] for t in frames]
    centers = np.array([body.mean(axis=0) for body in bodies])
    extents = np.array([_MASK_TO_JOINTS * np.ptp(body, axis=0).max() for body in bodies])
    squares = smooth_track(frames * every, centers, extents, len(joints) * every, side_window=_JOINTS_SIDE_WINDOW)
    return limit_sides(squares, width_px, height_px)


def limit_sides(squares: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """Return squares (n, 3) with sides that are neither a few blurred pixels nor more than the picture."""
    side = np.clip(squares[:, 2:], _MIN_SIDE_SHARE * height_px, max(width_px, height_px))
    return np.concatenate([squares[:, :2], side], axis=1)


def smooth_track(
    frames: np.ndarray,
    centers: np.ndarray,
    extents: np.ndarray,
    length: int,
    unit: float | None = None,
    side_window: int = _SIDE_WINDOW,
) -> np.ndarray:
    """Interpolate and smooth the athlete's boxes to squares for all frames of a clip.

    Args:
        frames: (n,) ascending, frames in which the athlete is visible.
        centers: (n, 2) centers of the boxes.
        extents: (n,) longer sides of the boxes.
        length: number of frames of the clip.
        unit: frames between samples; by default those of a clip of 96 samples.
        side_window: half window of the side's percentile filter, in samples.

    Returns:
        (length, 3) float64: center x, center y and side, in the unit of the centers.
    """
    each = np.arange(length)
    center = np.stack([np.interp(each, frames, centers[:, axis]) for axis in (0, 1)], axis=1)
    extent = np.interp(each, frames, extents)
    unit = length / N_SAMPLES if unit is None else unit
    window = 2 * max(1, round(side_window * unit)) + 1
    around = sliding_window_view(np.pad(extent, window // 2, "edge"), window)
    stretched = np.sort(around, axis=1)[:, int(0.9 * window)]
    side = _SIDE_FACTOR * _smoothed(stretched[:, None], _SIDE_SIGMA * unit)
    return np.concatenate([_smoothed(center, _CENTER_SIGMA * unit), side], axis=1)


def _smoothed(values: np.ndarray, sigma: float) -> np.ndarray:
    """Blur values (n, k) along their first axis, the ends repeated."""
    reach = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), "edge")
    return np.asarray(sliding_window_view(padded, 2 * reach + 1, axis=0) @ (weights / weights.sum()))


def square_to_xyxy(square: np.ndarray, scale: float = 1.0) -> tuple[int, int, int, int]:
    """Round a square (center x, center y, side), enlarged by `scale`, to pixels x0, y0, x1, y1."""
    x, y, side = (float(value) for value in square)
    size = max(8, round(side * scale))
    left, top = round(x - size / 2), round(y - size / 2)
    return left, top, left + size, top + size


def crop_image(image: np.ndarray, xyxy: tuple[int, int, int, int], size_px: int) -> np.ndarray:
    """Crop a square and resize it to (size_px, size_px, ...); edge pixels are replicated outside the image.

    Args:
        image: (H, W, 3) or (H, W), uint8 or float32.
        xyxy: pixels x0, y0, x1, y1, half-open.
    """
    import cv2  # slow to import

    height, width = image.shape[:2]
    x0, y0, x1, y1 = xyxy
    if min(x0, y0) >= 0 and x1 <= width and y1 <= height:
        cut = image[y0:y1, x0:x1]
    else:
        rows, columns = np.clip(np.arange(y0, y1), 0, height - 1), np.clip(np.arange(x0, x1), 0, width - 1)
        cut = image[rows[:, None], columns[None, :]]
    shrinks = x1 - x0 > size_px
    return cv2.resize(cut, (size_px, size_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def crop_mask(mask: np.ndarray, xyxy: tuple[int, int, int, int], size_px: int) -> np.ndarray:
    """Crop a mask (H, W), bool or float32 in [0, 1], as `crop_image` does; (size_px, size_px) float32, 0 outside."""
    height, width = mask.shape
    x0, y0, x1, y1 = xyxy
    padding = (max(0, -y0), max(0, y1 - height)), (max(0, -x0), max(0, x1 - width))
    padded = np.pad(mask.astype(np.float32), padding)
    (above, _), (before, _) = padding
    return crop_image(padded, (x0 + before, y0 + above, x1 + before, y1 + above), size_px)


def uncrop_mask(mask: np.ndarray, xyxy: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Expand a mask float32 of a rectangle (x0, y0, x1, y1) of a frame to the whole frame, 0 outside the rectangle.

    Args:
        size: (H, W) of the frame.
    """
    import cv2

    left, top, right, bottom = (round(value) for value in xyxy.astype(float).tolist())
    seen = cv2.resize(mask, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    full = np.zeros(size, np.float32)
    inside = full[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    inside[:] = seen[max(-top, 0) :, max(-left, 0) :][: inside.shape[0], : inside.shape[1]]
    return full


def _find_candidates(mask: np.ndarray, width_px: int, height_px: int, threshold: float) -> np.ndarray:
    """Return connected components of a mask, the largest first: (n, 4) center x and y, longer side in pixels, area."""
    import cv2

    athlete = (mask >= threshold).astype(np.uint8)
    # Closing reconnects limbs that are separated in a coarse mask.
    joined = cv2.morphologyEx(athlete, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    sx, sy = width_px / mask.shape[1], height_px / mask.shape[0]
    found = []
    for label in range(1, count):
        weight = np.where(labels == label, mask, 0.0).astype(np.float64)
        cells = float(weight.sum())
        if cells < _MIN_CELLS:
            continue
        _, _, columns, rows, _ = boxes[label]
        x = (weight.sum(axis=0) @ (np.arange(mask.shape[1]) + 0.5)) / cells
        y = (weight.sum(axis=1) @ (np.arange(mask.shape[0]) + 0.5)) / cells
        found.append((x * sx, y * sy, max(columns * sx, rows * sy), cells))
    found.sort(key=lambda candidate: -candidate[3])
    return np.array(found[:_MAX_CANDIDATES], np.float64).reshape(-1, 4)


def _best_track(candidates: list[np.ndarray], height_px: int) -> dict[int, int]:
    """Return the best track by dynamic programming, as a mapping from frames to indices of their candidates."""
    largest = [float(c[0, 3]) for c in candidates if len(c)]
    if not largest:
        return {}
    typical = float(np.percentile(largest, 75))
    gap = max(1, round(_MAX_GAP * len(candidates) / N_SAMPLES))
    values: list[np.ndarray] = []
    came_from: list[list[tuple[int, int] | None]] = []
    for t, here in enumerate(candidates):
        best = np.minimum(here[:, 3] / typical, 1.0)
        gain = best.copy()
        origin: list[tuple[int, int] | None] = [None] * len(here)
        for earlier in range(max(0, t - gap), t):
            before = candidates[earlier]
            if not len(before) or not len(here):
                continue
            jump = np.hypot(here[:, None, 0] - before[None, :, 0], here[:, None, 1] - before[None, :, 1])
            # The cost saturates at a jump of two body lengths, for a body of a fifth of the frame's height.
            cost = _JUMP_COST * np.minimum(jump / (0.05 * height_px * np.sqrt(t - earlier)), 8.0)
            total = values[earlier][None, :] - cost - _GAP_COST * (t - earlier - 1)
            j = total.argmax(axis=1)
            for i in range(len(here)):
                if gain[i] + total[i, j[i]] > best[i]:
                    best[i], origin[i] = gain[i] + total[i, j[i]], (earlier, int(j[i]))
        values.append(best)
        came_from.append(origin)
    t = max((t for t in range(len(candidates)) if len(candidates[t])), key=lambda t: float(values[t].max()))
    node: tuple[int, int] | None = (t, int(values[t].argmax()))
    track = {}
    while node is not None:
        track[node[0]] = node[1]
        node = came_from[node[0]][node[1]]
    return track
