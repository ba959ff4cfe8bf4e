"""The steps of a dive as coaches read them: their phases' names and durations."""

from fineparser_core.constants import STEP_NAMES
from fineparser_core.language import text
from fineparser_core.records import StepSpan, VideoInfo


def step_text(step: str) -> str:
    """Return the translated short name of a step of `fineparser_core.constants.STEP_NAMES`."""
    texts = (text("take-off"), text("flight"), text("entry"))
    return dict(zip(STEP_NAMES, texts, strict=True))[step]


def step_texts() -> tuple[str, ...]:
    """Return the translated short names of all steps in their order."""
    return tuple(step_text(step) for step in STEP_NAMES)


def step_label(step: str) -> str:
    """Return the long name of a step: the model's flight ends at the come-out, not at the water."""
    labels = (text("approach + take-off"), text("flight"), text("come-out + entry"))
    return dict(zip(STEP_NAMES, labels, strict=True))[step]


def duration_s(step: StepSpan, info: VideoInfo) -> float:
    """Return the seconds from the first frame of a step to the first of the next step, or to the end of the file."""
    start = min(step.start_frame, info.n_frames - 1)
    if step.end_frame < info.n_frames:
        return float(info.pts_s[step.end_frame] - info.pts_s[start])
    return float(info.pts_s[-1] - info.pts_s[start] + 1 / max(info.fps, 1e-6))
