"""Maps frames of one dive to another: so that the three steps start together, or in real time from two frames on."""

import numpy as np

from fineparser_core.types import StepSpan

Cuts = tuple[int, int, int, int]


class StepAlignment:
    """Piecewise linear in time: in point, first flight frame, first entry frame and out point coincide.

    Args:
        cuts: the four frames of the leading dive, ascending.
        other_cuts: those of the dive that follows.
        times_s: (n_frames,) of the leading dive's file; without them frames stand for times, as at a constant rate.
        other_times_s: those of the other file.
    """

    def __init__(
        self, cuts: Cuts, other_cuts: Cuts, times_s: np.ndarray | None = None, other_times_s: np.ndarray | None = None
    ) -> None:
        self._times_s = np.arange(cuts[-1] + 1.0) if times_s is None else times_s
        self._other_times_s = np.arange(other_cuts[-1] + 1.0) if other_times_s is None else other_times_s
        self._cuts_s = self._times_s[list(cuts)]
        self._other_cuts_s = self._other_times_s[list(other_cuts)]

    def map_frame(self, frame: int) -> int:
        """Frame of the following dive to show beside a frame of the leading one; the ends hold still."""
        time_s = self._times_s[min(max(frame, 0), len(self._times_s) - 1)]
        other_s = np.interp(time_s, self._cuts_s, self._other_cuts_s)
        # Never show the last frame of a step beside the first one of the next: the frame at or before that time.
        return int(np.searchsorted(self._other_times_s, other_s + 1e-9, side="right")) - 1


class OffsetAlignment:
    """Both dives run in real time, and two of their frames coincide.

    Args:
        frame, other_frame: the two.
        times_s: (n_frames,) of the leading dive's file.
        other_times_s: those of the other file.
    """

    def __init__(self, frame: int, other_frame: int, times_s: np.ndarray, other_times_s: np.ndarray) -> None:
        self._times_s, self._other_times_s = times_s, other_times_s
        self._later_s = other_times_s[other_frame] - times_s[frame]

    def map_frame(self, frame: int) -> int:
        """Frame of the following dive to show beside a frame of the leading one; the ends hold still."""
        time_s = self._times_s[min(max(frame, 0), len(self._times_s) - 1)] + self._later_s
        return max(int(np.searchsorted(self._other_times_s, time_s + 1e-6, side="right")) - 1, 0)


def cuts_of(steps: tuple[StepSpan, StepSpan, StepSpan]) -> Cuts:
    """First frames of the three steps and the last frame of the dive."""
    first, second, third = steps
    return first.start_frame, second.start_frame, third.start_frame, third.end_frame - 1
