"""The moments and the steps of a dive."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.records.clip import Frame


@dataclass(frozen=True, kw_only=True)
class Transitions:
    """First frame and time of the second and the third step, in the source file."""

    first_flight_frame: Frame
    first_entry_frame: Frame
    first_flight_s: float
    first_entry_s: float


@dataclass(frozen=True, kw_only=True)
class StepSpan:
    """One step of the dive: frames [start_frame, end_frame) of the source file."""

    name: str
    start_frame: int
    end_frame: int


def step_spans(*cuts: int) -> tuple[StepSpan, StepSpan, StepSpan]:
    """Return the steps of a dive, from the first frame of each and the first frame after the dive."""
    first, second, third = (
        StepSpan(name=name, start_frame=start, end_frame=end)
        for name, (start, end) in zip(STEP_NAMES, pairwise(cuts), strict=True)
    )
    return first, second, third


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Time of an event in a dive: the first frame that shows it.

    Attributes:
        time_s: seconds of the file.
        deviation_s: its standard deviation.
        sources: its sources: "network", "feet", "height" (of the board, by gravity), "opening", "hips", "contact",
            "path", or "hand" for a moment that a person has placed.
        conflict: whether these contradict each other, or gravity contradicts a person.
    """

    time_s: float
    deviation_s: float
    sources: tuple[str, ...]
    conflict: bool = False


@dataclass(frozen=True, kw_only=True)
class Moments:
    """The moments of a dive, estimated once from all sources; all measures and scores read these.

    Attributes:
        take_off: no part of the body touches the board any more.
        top: the body's center is highest; None where its path does not show.
        come_out: a closed body opens for the entry.
        contact: the water is touched; None where that does not show.
        covariance_s2: of take-off and top.
    """

    take_off: Moment
    come_out: Moment
    top: Moment | None = None
    contact: Moment | None = None
    covariance_s2: float = 0.0

    @property
    def rise_deviation_s(self) -> float:
        """Standard deviation of the time from take-off to top; of the take-off alone where no top is known."""
        if self.top is None:
            return self.take_off.deviation_s
        variance = self.take_off.deviation_s**2 + self.top.deviation_s**2 - 2 * self.covariance_s2
        return float(np.sqrt(max(variance, 0.0)))
