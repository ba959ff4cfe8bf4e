"""Maps the frames of a dive to those of another: aligned by step, or in real time from a pair of frames."""

from enum import Enum, auto

import numpy as np

from fineparser_core.records import ComparedDive, StepSpan

#: Boundaries of a dive, ascending: in point, first flight frame, first entry frame and out point.
Boundaries = tuple[int, int, int, int]


class Alignment(Enum):
    """Which moments of two dives are shown together."""

    CONTACT = auto()  # the water is touched together; both run in real time, as in all but STEPS
    TAKE_OFF = auto()  # the flight starts together
    COME_OUT = auto()  # the entry starts together
    STEPS = auto()  # take-off, flight and entry start together; each step is stretched
    MANUAL = auto()  # two frames that the user chose


class StepAlignment:
    """An alignment that is piecewise linear in time, with knots at the step boundaries of both dives.

    Args:
        boundaries: of the reference dive.
        other_boundaries: of the other dive.
        times_s: (n_frames,) presentation times of the reference file; None assumes a constant frame rate.
        other_times_s: the same of the other file.
    """

    def __init__(
        self,
        boundaries: Boundaries,
        other_boundaries: Boundaries,
        times_s: np.ndarray | None = None,
        other_times_s: np.ndarray | None = None,
    ) -> None:
        self._times_s = np.arange(boundaries[-1] + 1.0) if times_s is None else times_s
        self._other_times_s = np.arange(other_boundaries[-1] + 1.0) if other_times_s is None else other_times_s
        self._boundaries_s = self._times_s[list(boundaries)]
        self._other_boundaries_s = self._other_times_s[list(other_boundaries)]

    def map_frame(self, frame: int) -> int:
        """Return the frame of the other dive that belongs to a frame of the reference dive.

        Clamped to the other dive.
        """
        time_s = self._times_s[min(max(frame, 0), len(self._times_s) - 1)]
        other_s = np.interp(time_s, self._boundaries_s, self._other_boundaries_s)
        # The frame at or before that time, so that both dives are always in the same step. The tolerance absorbs
        # rounding.
        return int(np.searchsorted(self._other_times_s, other_s + 1e-9, side="right")) - 1


class OffsetAlignment:
    """An alignment in real time, in which a frame of each dive coincide.

    Args:
        frame, other_frame: the frames that coincide.
        times_s: (n_frames,) presentation times of the reference file.
        other_times_s: the same of the other file.
    """

    def __init__(self, frame: int, other_frame: int, times_s: np.ndarray, other_times_s: np.ndarray) -> None:
        self._times_s, self._other_times_s = times_s, other_times_s
        self._offset_s = other_times_s[other_frame] - times_s[frame]

    def map_frame(self, frame: int) -> int:
        """Return the frame of the other dive that belongs to a frame of the reference dive.

        Clamped to the other file.
        """
        time_s = self._times_s[min(max(frame, 0), len(self._times_s) - 1)] + self._offset_s
        return max(int(np.searchsorted(self._other_times_s, time_s + 1e-6, side="right")) - 1, 0)


def aligned(
    way: Alignment,
    one: ComparedDive,
    other: ComparedDive,
    times_s: np.ndarray,
    other_times_s: np.ndarray,
    together: tuple[int, int] | None = None,
) -> StepAlignment | OffsetAlignment:
    """Align two dives; by the come-out where the water's contact, or what MANUAL needs, is not known of both.

    Args:
        together: frames of both that coincide, for MANUAL.
        times_s: (n_frames,) presentation times of the first dive's file.
        other_times_s: the same of the other dive's.
    """
    if way is Alignment.STEPS:
        return StepAlignment(step_boundaries(one.steps), step_boundaries(other.steps), times_s, other_times_s)
    frames = [dive.steps[1 if way is Alignment.TAKE_OFF else 2].start_frame for dive in (one, other)]
    if way is Alignment.CONTACT and one.contact_frame is not None and other.contact_frame is not None:
        frames = [one.contact_frame, other.contact_frame]
    if way is Alignment.MANUAL and together is not None:
        frames = [*together]
    return OffsetAlignment(frames[0], frames[1], times_s, other_times_s)


def step_boundaries(steps: tuple[StepSpan, StepSpan, StepSpan]) -> Boundaries:
    """Return the first frame of each step and the last frame of the dive."""
    first, second, third = steps
    return first.start_frame, second.start_frame, third.start_frame, third.end_frame - 1
