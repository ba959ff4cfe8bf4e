"""Pictures that a recording shows again: 25 or 24 a second in a file of 30, or slow motion by repetition.

A repeated picture differs from the one before by the noise of its encoding alone, and repeats come evenly: of so many
frames so many are new. Frames keep their numbers; the repeated ones are left out, and the new ones lie evenly in time.
"""

from typing import NamedTuple

import numpy as np

from fineparser_core.language import Phrase

#: Side of the blocks that are compared, pixels of the reduced picture, and the share of them that changes most: a diver
#: who is a twentieth of the picture high fills two of 1,300.
_BLOCK_PX, _MOST_CHANGED = 8, 0.005
#: A repeated picture changes by less than this share of what those around it change by, of which so many on either side
#: are looked at; and these by more than so many grey values, or nothing moves.
_REPEATED, _AROUND, _MOVES = 0.3, 4, 6.0
#: Least and largest share of the new pictures among all: a picture is shown four times at most, and one of ten twice.
_SHARES = (0.22, 0.92)
#: By how much of a picture a pattern may be off at the end, and the places that it may begin at.
_STEP, _PHASES = 0.25, np.arange(0.0, 1.0, 0.05)
#: Repeats that are needed, and the share of them and of the new pictures that must be as the pattern says.
_LEAST_REPEATS, _AS_PATTERN = 6, 0.9


class Repeats(NamedTuple):
    """The pattern of repeated pictures.

    Attributes:
        share: of new pictures among all.
        new: (n,) bool.
        places: (k,) float, where the new ones lie when they are spread evenly, in pictures.
    """

    share: float
    new: np.ndarray
    places: np.ndarray


def repeated_note(share_new: float, fps: float) -> Phrase:
    """A sentence for the user: that pictures are repeated, of so many a second."""
    return Phrase(
        "Pictures are repeated: of {0:.0f} a second {1:.0f} are new. The others are left out, and the new ones are "
        "taken to lie evenly in time.",
        fps,
        share_new * fps,
    )


class PictureChanges:
    """How much each picture differs from the one before, where it differs most."""

    def __init__(self) -> None:
        self._changes: list[float] = []
        self._before: np.ndarray | None = None

    def add(self, image: np.ndarray) -> None:
        """Add the next picture, (H, W, 3) uint8 RGB, reduced."""
        import cv2

        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        change = 0.0
        if self._before is not None:
            height, width = (max(1, side // _BLOCK_PX) for side in grey.shape)
            difference = cv2.absdiff(grey, self._before).astype(np.float32)
            blocks = np.sort(cv2.resize(difference, (width, height), interpolation=cv2.INTER_AREA), axis=None)
            change = float(blocks[-max(1, round(_MOST_CHANGED * blocks.size)) :].mean())
        self._changes.append(change)
        self._before = grey

    def repeats(self) -> Repeats | None:
        """The pattern in which pictures are repeated; None where there is none."""
        return find_repeats(np.array(self._changes))


def find_repeats(changes: np.ndarray) -> Repeats | None:
    """The pattern in which pictures are repeated; None where there is none.

    Args:
        changes: (n,) of each picture from the one before; that of the first counts for nothing.
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
    best, found = -1, small
    frames = np.arange(n)
    for share in np.arange(*_SHARES, _STEP / n):
        counts = np.floor(frames * share + _PHASES[:, None])
        repeated = np.diff(counts, axis=1, prepend=counts[:, :1] - 1) == 0
        agree = ((repeated == small) & moves).sum(axis=1)
        at = int(agree.argmax())
        if agree[at] > best:
            best, found = int(agree[at]), repeated[at]
    repeated = found
    as_repeated = small[repeated & moves].mean() if (repeated & moves).any() else 0.0
    as_new = (~small[~repeated & moves]).mean() if (~repeated & moves).any() else 0.0
    if min(as_repeated, as_new) < _AS_PATTERN or (repeated & small).sum() < _LEAST_REPEATS:
        return None
    places = np.flatnonzero(~repeated)
    apart, first = np.polyfit(np.arange(len(places)), places, 1)
    return Repeats(share=1 / float(apart), new=~repeated, places=first + apart * np.arange(len(places)))
