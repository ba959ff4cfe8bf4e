"""How far a camera moved between two pictures: blocks of one are looked for in the other, and most of them decide.

One correlation of the whole pictures would find first what does not move in them: graphics laid over a broadcast, and
the athlete whom the camera follows.
"""

import numpy as np

#: Side of a block, a quarter of the pictures that are compared here.
_BLOCK = 28
#: Standard deviation of grey values below which a block shows nothing to be found by; above the other it counts fully.
_FLAT, _RICH = 3.0, 20.0
#: Least normalised correlation with the place where a block is found.
_ALIKE = 0.5
#: Blocks whose shifts differ by no more than this, in pixels, show the same scene; near things move more than far ones.
_SAME_PX = 3.0


def scene_shift(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """How far down the scene has moved from one picture to the next, and how far that can be trusted.

    Args:
        before, after: (H, W) grey values of one size, at least 28 pixels each way.

    Returns:
        Pixels, to a fraction of one; and the share of the blocks with something in them, by how clearly each is found,
        that moved so: 0 where there is none.
    """
    votes = np.array(_votes(before, after)).reshape(-1, 3)
    if len(votes) == 0:
        return 0.0, 0.0
    shifts, weights = votes[:, :2], votes[:, 2]
    agree = np.abs(shifts[:, None] - shifts[None]).max(axis=2) <= _SAME_PX
    support = agree @ weights
    best = int(support.argmax())
    moved = agree[best]
    return float(np.average(shifts[moved, 1], weights=weights[moved])), float(support[best] / weights.sum())


def _votes(before: np.ndarray, after: np.ndarray) -> list[tuple[float, float, float]]:
    """(x, y, weight) of every block that is found again."""
    import cv2  # slow to load

    height, width = before.shape
    before, after = before.astype(np.float32), after.astype(np.float32)
    votes: list[tuple[float, float, float]] = []
    for y in range(0, height - _BLOCK + 1, _BLOCK):
        for x in range(0, width - _BLOCK + 1, _BLOCK):
            block = before[y : y + _BLOCK, x : x + _BLOCK]
            contrast = float(block.std())
            if contrast < _FLAT:
                continue
            likeness = cv2.matchTemplate(after, block, cv2.TM_CCOEFF_NORMED)
            _, best, _, (found_x, found_y) = cv2.minMaxLoc(likeness)
            if best >= _ALIKE:
                row = found_y + _beside(likeness[:, found_x], found_y)
                votes.append((found_x - x, row - y, best * min(contrast, _RICH) / _RICH))
    return votes


def _beside(values: np.ndarray, peak: int) -> float:
    """How far beside the highest value the top of a parabola through it and its neighbours lies, at most by a half."""
    if not 0 < peak < len(values) - 1:
        return 0.0
    left, middle, right = (float(value) for value in values[peak - 1 : peak + 2])
    bend = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
