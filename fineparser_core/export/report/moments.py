"""The six moments of a dive that a report shows."""

from collections.abc import Sequence

import numpy as np

from fineparser_core.language import Phrase
from fineparser_core.records import DiveParse, Frame, Measure, StepSpan

COME_OUT = Phrase("come-out")
#: Before the take-off, and after the water is touched; seconds of the file.
_APPROACH_S, _AFTER_S = 0.6, 0.4
#: The hands are in the water so long after the come-out, where the contact was not seen.
_DOWN_S = 0.25


#: Measures by moment, in order of preference, whose frame is shown, as their angle is drawn there.
_SHOWN_AT = {"take-off": ("lean",), "flight": ("hip_angle", "knee_angle"), "entry": ("legs_line", "hip_line")}


def moments_of(
    steps: tuple[StepSpan, StepSpan, StepSpan], times_s: np.ndarray, contact_frame: int | None = None
) -> dict[str, Frame]:
    """Return the frames of approach, take-off, flight, come-out, entry and after it, by their names in English.

    Args:
        times_s: (n_frames,) presentation times of the file.
        contact_frame: first touch of the water; None where it was not seen.
    """
    first, last = steps[0].start_frame, min(steps[2].end_frame, len(times_s)) - 1
    leaves, comes_out = steps[1].start_frame, steps[2].start_frame

    def at(time_s: float) -> int:
        found = int(np.searchsorted(times_s, time_s + 1e-9, side="right")) - 1
        return min(max(found, first), last)

    entry = contact_frame if contact_frame is not None else at(times_s[comes_out] + _DOWN_S)
    return {
        Phrase("approach"): at(times_s[leaves] - _APPROACH_S),
        "take-off": leaves,
        "flight": at((times_s[leaves] + times_s[comes_out]) / 2),
        COME_OUT: comes_out,
        "entry": min(entry, last),
        Phrase("after"): at(times_s[min(entry, last)] + _AFTER_S),
    }


def moments_of_parse(parse: DiveParse, times_s: np.ndarray, found: Sequence[Measure]) -> dict[str, Frame]:
    """Return `moments_of` of a parsed dive; they are shown where their angles were measured."""
    moments = moments_of(parse.steps, times_s, parse.first_water_contact_frame)
    read_at = {measure.name: measure.frame for measure in found}
    return {
        moment: next((read_at[name] for name in _SHOWN_AT.get(moment, ()) if name in read_at), frame)
        for moment, frame in moments.items()
    }
