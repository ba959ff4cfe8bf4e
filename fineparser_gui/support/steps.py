"""The steps of a dive as coaches read them: their phases' names, durations and points."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.language import text
from fineparser_core.records import StepSpan, VideoInfo

#: Time in which a body of 2.3 m with its arms goes under, in seconds: even from 1 m it falls at 5 m/s.
_UNDER_S = 0.5


def step_text(step: str) -> str:
    """Return the translated short name of a step of `fineparser_core.constants.STEP_NAMES`."""
    texts = (text("take-off"), text("flight"), text("entry"))
    return dict(zip(STEP_NAMES, texts, strict=True))[step]


def phase_text(step: str) -> str:
    """Return the translated name of the whole phase, where its duration stands beside it."""
    return text("approach and take-off") if step == STEP_NAMES[0] else step_text(step)


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
