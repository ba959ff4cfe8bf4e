"""The steps of a dive as coaches read them: their phases' names, durations and points."""

from collections.abc import Sequence
from dataclasses import replace
from math import floor

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.language import text
from fineparser_core.records import Contribution, Scoring, StepSpan, VideoInfo

#: Time in which a body of 2.3 m with its arms goes under, in seconds: even from 1 m it falls at 5 m/s.
_UNDER_S = 0.5
#: Digits behind the decimal point of contributions.
DIGITS = 2


def step_points(parts: Sequence[Contribution], score: float, compared: float) -> tuple[float, ...]:
    """Return the points of the phases, rounded so that their sum is the difference of both scores as shown."""
    total = round(score, DIGITS) - round(compared, DIGITS)
    return tuple(rounded_to_sum([part.points for part in parts], total))


def scored_points(scoring: Scoring) -> tuple[float, ...]:
    """Return the `step_points` of a score against the mean of its exemplars."""
    mean = sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars)
    return step_points(scoring.contributions, scoring.score, mean)


def rounded_to_sum(values: Sequence[float], total: float) -> list[float]:
    """Return values rounded up or down so that their sum is the total as shown (largest remainders).

    Args:
        values: numbers whose sum is the total up to rounding; not empty.
    """
    units = [value * 10**DIGITS for value in values]
    lacking = round(total * 10**DIGITS) - sum(floor(unit) for unit in units)
    each, rest = divmod(lacking, len(units))
    by_remainder = sorted(range(len(units)), key=lambda place: floor(units[place]) - units[place])
    up = set(by_remainder[:rest])
    return [(floor(unit) + each + (place in up)) / 10**DIGITS for place, unit in enumerate(units)]


def step_text(step: str) -> str:
    """Return the translated short name of a step of `fineparser_core.constants.STEP_NAMES`."""
    texts = (text("take-off"), text("flight"), text("entry"))
    return dict(zip(STEP_NAMES, texts, strict=True))[step]


def step_texts() -> tuple[str, ...]:
    """Return the translated short names of all steps in their order."""
    return tuple(step_text(step) for step in STEP_NAMES)


def moment_texts() -> tuple[str, str, str]:
    """Return the translated names of the moments between the steps: leaving the board, opening, touching the water."""
    return text("take-off"), text("come-out"), text("water")


def steps_to_water(
    steps: Sequence[StepSpan], contact_frame: int | None, info: VideoInfo | None
) -> tuple[StepSpan, ...]:
    """Return steps of which the last ends shortly after the first contact with the water, where that was seen."""
    if not steps or contact_frame is None or info is None:
        return tuple(steps)
    under = int(np.searchsorted(info.pts_s, info.pts_s[min(contact_frame, info.n_frames - 1)] + _UNDER_S))
    return (*steps[:-1], replace(steps[-1], end_frame=min(steps[-1].end_frame, max(under, contact_frame + 1))))


def duration_s(step: StepSpan, info: VideoInfo) -> float:
    """Return the seconds from the first frame of a step to the first of the next step, or to the end of the file."""
    start = min(step.start_frame, info.n_frames - 1)
    if step.end_frame < info.n_frames:
        return float(info.pts_s[step.end_frame] - info.pts_s[start])
    return float(info.pts_s[-1] - info.pts_s[start] + 1 / max(info.fps, 1e-6))
