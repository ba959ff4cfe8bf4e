"""Maps frames of one dive to another so that the three steps start together."""

import numpy as np


class StepAlignment:
    """Piecewise linear in frames: in point, first flight frame, first entry frame and out point coincide.

    Args:
        cuts: the four frames of the leading dive, ascending.
        other_cuts: those of the dive that follows.
    """

    def __init__(self, cuts: tuple[int, int, int, int], other_cuts: tuple[int, int, int, int]) -> None:
        self._cuts = cuts
        self._other_cuts = other_cuts

    def map_frame(self, frame: int) -> int:
        """Frame of the following dive to show beside a frame of the leading one; the ends hold still."""
        other = np.interp(frame, self._cuts, self._other_cuts)
        # Never show the last frame of a step beside the first one of the next: round down within a step.
        return int(np.floor(other + 1e-9))
