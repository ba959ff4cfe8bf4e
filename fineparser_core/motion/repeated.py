"""Pictures that a recording shows again: 25 or 24 a second in a file of 30, or slow motion by repetition.

A repeated picture differs from the picture before by the noise of its encoding alone, and repeats come evenly: of so
many frames so many are new. Frames keep their numbers; repeated pictures are left out, and the new pictures lie evenly
in time.
"""

from typing import NamedTuple

import numpy as np

#: Side of the blocks that are compared, pixels of the reduced picture, and the share of them that changes most: a diver
#: who is a twentieth of the picture high fills two of 1,300.
_BLOCK_PX, _MOST_CHANGED = 8, 0.005
#: A repeated picture changes by less than this share of what those around it change by, of which so many on either side
#: are looked at; and these by more than so many gray values, or nothing moves.
_REPEATED, _AROUND, _MOVES = 0.3, 4, 5.0
#: Minimum and maximum share of new pictures among all: each is shown twice, or a tenth of them. With fewer a falling
#: body is not found; a replay that shows each three times is ordinary slow motion.
_SHARES = (0.45, 0.92)
#: Error of a pattern at the end, in pictures, and the places that it may begin at.
_STEP, _PHASES = 0.25, np.arange(0.0, 1.0, 0.05)
#: Repeats that are needed, and the share of them and of the new pictures that must be as the pattern says.
_LEAST_REPEATS, _AS_PATTERN = 5, 0.9


class Repeats(NamedTuple):
    """The pattern of repeated pictures.

    Attributes:
        share: of new pictures among all.
        new: (n,) bool.
        places: (k,) float, places of the new pictures when spread evenly, in pictures.
    """

    share: float
    new: np.ndarray
    places: np.ndarray


class PictureChanges:
    """Differences of the pictures from those before, where they differ most."""

    def __init__(self) -> None:
        self._changes: list[float] = []
        self._before: np.ndarray | None = None

    def add(self, image: np.ndarray) -> None:
        """Add the next picture, (H, W, 3) uint8 RGB, reduced."""
        import cv2

        change = 0.0
        if self._before is not None:
            height, width = (max(1, side // _BLOCK_PX) for side in image.shape[:2])
            difference = cv2.absdiff(image, self._before)
            blocks = cv2.resize(difference, (width, height), interpolation=cv2.INTER_AREA).max(axis=2)
            n_most = max(1, round(_MOST_CHANGED * blocks.size))
            change = float(np.partition(blocks, -n_most, axis=None)[-n_most:].mean())
        self._changes.append(change)
        self._before = image

    def repeats(self) -> Repeats | None:
        """Return the pattern in which pictures are repeated; None where there is none."""
        return find_repeats(np.array(self._changes))


def find_repeats(changes: np.ndarray) -> Repeats | None:
    """Return the pattern in which pictures are repeated; None where there is none.

    Args:
        changes: (n,) of each picture from the picture before; the first value is ignored.
    """
    n = len(changes)
    if n < 2 * _AROUND:
        return None
    padded = np.pad(changes.astype(np.float64), _AROUND)
    padded[_AROUND] = 0.0
    before = np.max([padded[_AROUND - k : _AROUND - k + n] for k in range(1, _AROUND + 1)], axis=0)
    after = np.max([padded[_AROUND + k : _AROUND + k + n] for k in range(1, _AROUND + 1)], axis=0)
    around = np.minimum(before, after)
    moves = around > _MOVES
    moves[0] = False
    small = moves & (changes < _REPEATED * around)
    if small.sum() < _LEAST_REPEATS:
        return None
    shares = np.arange(*_SHARES, _STEP / n)
    agree = np.array([((_patterns(share, n) == small) & moves).sum(axis=1) for share in shares])
    alike = np.flatnonzero(agree.max(axis=1) == agree.max())
    at = alike[len(alike) // 2]  # the middle of those that fit alike
    repeated = _patterns(shares[at], n)[agree[at].argmax()]
    as_repeated = small[repeated & moves].mean() if (repeated & moves).any() else 0.0
    as_new = (~small[~repeated & moves]).mean() if (~repeated & moves).any() else 0.0
    if min(as_repeated, as_new) < _AS_PATTERN or (repeated & small).sum() < _LEAST_REPEATS:
        return None
    places = np.flatnonzero(~repeated)
    apart, first = np.polyfit(np.arange(len(places)), places, 1)
    return Repeats(share=1 / float(apart), new=~repeated, places=first + apart * np.arange(len(places)))


def _patterns(share: float, n: int) -> np.ndarray:
    """Return masks (phases, n) of the repeated pictures among n, of which the given share is new."""
    counts = np.floor(np.arange(n) * share + _PHASES[:, None])
    return np.asarray(np.diff(counts, axis=1, prepend=counts[:, :1] - 1) == 0)
