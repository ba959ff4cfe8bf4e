"""A closer look: the square of the frame that follows the athlete, from coarse masks of the whole frame.

The athlete covers 1 to 4 % of a frame, so resolution is the scarce good. Not in the paper: its network sees the frame
squeezed to 112 x 112.
"""

import numpy as np

from fineparser_core.constants import N_SAMPLES

#: A square's side, in lengths of the stretched athlete: the body with board, splash and some room for mistakes.
_SIDE = 1.6
_SMALLEST_SHARE = 0.1  # of the frame's height; a smaller square would show a few blurred pixels
_CANDIDATES = 4
# A body's mask reaches so far beyond its joints. Fewer joints than these are no body, fewer frames no clip of it.
_BEYOND_JOINTS, _LEAST_JOINTS, _LEAST_FRAMES = 1.12, 10, 10
_SMALLEST_CELLS = 2
# In samples of a clip of 96: how long the athlete may be hidden, and how far the smoothing reaches.
_LONGEST_GAP = 12
_SIDE_REACH, _SIDE_SMOOTHING, _CENTRE_SMOOTHING = 20, 6.0, 1.2
# Costs of a track, in athletes of the usual size seen in a frame.
_JUMP_COST, _GAP_COST = 0.35, 0.1


def follow_squares(masks: np.ndarray, width_px: int, height_px: int, *, likely: float = 0.5) -> np.ndarray:
    """Squares that follow the athlete through a clip.

    In every frame the largest spots are candidates; the track through them that sees most of an athlete and jumps
    least is the athlete's. Frames without one get the place between their neighbours.

    Args:
        masks: (T, h, w) share or probability of athlete of the squeezed whole frames.
        width_px, height_px: of the frames before they were squeezed.
        likely: the least of it that counts as athlete.

    Returns:
        (T, 3) float64: centre x, centre y and side in pixels of the frame; a square may reach over its edges. The
        middle of the frame where nothing is seen at all.
    """
    length = len(masks)
    spots = [_spots(mask, width_px, height_px, likely) for mask in masks]
    track = _best_track(spots, height_px)
    if not track:
        side = min(width_px, height_px)
        return np.tile(np.array([width_px / 2, height_px / 2, side], np.float64), (length, 1))
    seen = np.array(sorted(track))
    chosen = np.array([spots[t][track[t]] for t in seen])
    return _sensible(follow_boxes(seen, chosen[:, :2], chosen[:, 2], length), width_px, height_px)


def follow_joints(joints: np.ndarray, shown: np.ndarray, width_px: int, height_px: int) -> np.ndarray | None:
    """Squares as of `follow_squares`, around the joints of a body, which tell its extent better than coarse masks do.

    Args:
        joints: (T, J, 2) in pixels of the frame; shown: (T, J) bool, which of them are seen.

    Returns:
        (T, 3) float64; None where a body is seen in hardly any frame.
    """
    seen = np.flatnonzero(shown.sum(axis=1) >= _LEAST_JOINTS)
    if len(seen) < _LEAST_FRAMES:
        return None
    bodies = [joints[t, shown[t]] for t in seen]
    centres = np.array([body.mean(axis=0) for body in bodies])
    extents = np.array([_BEYOND_JOINTS * np.ptp(body, axis=0).max() for body in bodies])
    return _sensible(follow_boxes(seen, centres, extents, len(joints)), width_px, height_px)


def _sensible(squares: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    side = np.clip(squares[:, 2:], _SMALLEST_SHARE * height_px, max(width_px, height_px))
    return np.concatenate([squares[:, :2], side], axis=1)


def follow_boxes(seen: np.ndarray, centres: np.ndarray, extents: np.ndarray, length: int) -> np.ndarray:
    """Squares through a clip of `length` frames, from the frames in which the athlete is seen.

    Args:
        seen: (n,) frames, ascending.
        centres: (n, 2) of the athlete there; extents: (n,) longer side of the box around the athlete.

    Returns:
        (length, 3) float64: centre x, centre y and side, in the unit of the centres.
    """
    from scipy import ndimage  # a third of a second that whoever only opens videos need not wait

    each = np.arange(length)
    centre = np.stack([np.interp(each, seen, centres[:, axis]) for axis in (0, 1)], axis=1)
    extent = np.interp(each, seen, extents)
    unit = length / N_SAMPLES
    reach = 2 * max(1, round(_SIDE_REACH * unit)) + 1
    stretched = ndimage.percentile_filter(extent, 90, size=reach, mode="nearest")
    side = _SIDE * ndimage.gaussian_filter1d(stretched, _SIDE_SMOOTHING * unit, mode="nearest")
    centre = ndimage.gaussian_filter1d(centre, _CENTRE_SMOOTHING * unit, axis=0, mode="nearest")
    return np.concatenate([centre, side[:, None]], axis=1)


def square_xyxy(square: np.ndarray, scale: float = 1.0) -> tuple[int, int, int, int]:
    """Whole pixels (x0, y0, x1, y1) of a square (centre x, centre y, side), its side `scale` times as long."""
    x, y, side = (float(value) for value in square)
    size = max(8, round(side * scale))
    left, top = round(x - size / 2), round(y - size / 2)
    return left, top, left + size, top + size


def cut_square(image: np.ndarray, xyxy: tuple[int, int, int, int], size_px: int) -> np.ndarray:
    """What a square shows, resized to (size_px, size_px, ...); the frame's edge goes on where it reaches over.

    Args:
        image: (H, W, 3) or (H, W), uint8 or float32.
    """
    import cv2  # as slow to load

    height, width = image.shape[:2]
    x0, y0, x1, y1 = xyxy
    if min(x0, y0) >= 0 and x1 <= width and y1 <= height:
        cut = image[y0:y1, x0:x1]
    else:
        rows, columns = np.clip(np.arange(y0, y1), 0, height - 1), np.clip(np.arange(x0, x1), 0, width - 1)
        cut = image[rows[:, None], columns[None, :]]
    shrinks = x1 - x0 > size_px
    return cv2.resize(cut, (size_px, size_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def cut_mask(mask: np.ndarray, xyxy: tuple[int, int, int, int], size_px: int) -> np.ndarray:
    """As `cut_square` of a mask (H, W), bool or float32 in [0, 1]: (size_px, size_px) float32; none over the edges."""
    height, width = mask.shape
    x0, y0, x1, y1 = xyxy
    padding = (max(0, -y0), max(0, y1 - height)), (max(0, -x0), max(0, x1 - width))
    padded = np.pad(mask.astype(np.float32), padding)
    (above, _), (before, _) = padding
    return cut_square(padded, (x0 + before, y0 + above, x1 + before, y1 + above), size_px)


def _spots(mask: np.ndarray, width_px: int, height_px: int, likely: float) -> np.ndarray:
    """(n, 4) candidates of a frame: centre x, centre y, longer side of its box, all in pixels, and cells of athlete."""
    import cv2

    athlete = (mask >= likely).astype(np.uint8)
    # Limbs that a coarse mask has cut off still belong to the body.
    joined = cv2.morphologyEx(athlete, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    sx, sy = width_px / mask.shape[1], height_px / mask.shape[0]
    found = []
    for label in range(1, count):
        weight = np.where(labels == label, mask, 0.0).astype(np.float64)
        cells = float(weight.sum())
        if cells < _SMALLEST_CELLS:
            continue
        _, _, columns, rows, _ = boxes[label]
        x = (weight.sum(axis=0) @ (np.arange(mask.shape[1]) + 0.5)) / cells
        y = (weight.sum(axis=1) @ (np.arange(mask.shape[0]) + 0.5)) / cells
        found.append((x * sx, y * sy, max(columns * sx, rows * sy), cells))
    found.sort(key=lambda spot: -spot[3])
    return np.array(found[:_CANDIDATES], np.float64).reshape(-1, 4)


def _best_track(spots: list[np.ndarray], height_px: int) -> dict[int, int]:
    """Frame to index of its spot, for the frames in which the best track sees the athlete."""
    largest = [float(s[0, 3]) for s in spots if len(s)]
    if not largest:
        return {}
    usual = float(np.percentile(largest, 75))
    gap = max(1, round(_LONGEST_GAP * len(spots) / N_SAMPLES))
    values: list[np.ndarray] = []
    came_from: list[list[tuple[int, int] | None]] = []
    for t, here in enumerate(spots):
        best = np.minimum(here[:, 3] / usual, 1.0)
        gain = best.copy()
        origin: list[tuple[int, int] | None] = [None] * len(here)
        for earlier in range(max(0, t - gap), t):
            before = spots[earlier]
            if not len(before) or not len(here):
                continue
            jump = np.hypot(here[:, None, 0] - before[None, :, 0], here[:, None, 1] - before[None, :, 1])
            # Two bodies' lengths at once, of a body a fifth of the frame, are as good as any other place.
            cost = _JUMP_COST * np.minimum(jump / (0.05 * height_px * np.sqrt(t - earlier)), 8.0)
            total = values[earlier][None, :] - cost - _GAP_COST * (t - earlier - 1)
            j = total.argmax(axis=1)
            for i in range(len(here)):
                if gain[i] + total[i, j[i]] > best[i]:
                    best[i], origin[i] = gain[i] + total[i, j[i]], (earlier, int(j[i]))
        values.append(best)
        came_from.append(origin)
    t = max((t for t in range(len(spots)) if len(spots[t])), key=lambda t: float(values[t].max()))
    place: tuple[int, int] | None = (t, int(values[t].argmax()))
    track = {}
    while place is not None:
        track[place[0]] = place[1]
        place = came_from[place[0]][place[1]]
    return track
