"""Measures of the take-off: how long and how high the dive is, and how far from the board."""

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2, STEP_NAMES
from fineparser_core.measures.ballistics import Ballistics
from fineparser_core.measures.seen_dive import SeenDive
from fineparser_core.types import Measure

_TAKE_OFF = STEP_NAMES[0]
#: Standard deviation of a moment that was found in a video, in seconds: the feet leave and the hands touch in the
#: blur of a frame or two.
MOMENT_S = 0.03


def moment_deviation(seen: SeenDive) -> float:
    """Standard deviation of a moment in real seconds: that of finding it, and of the frames' and samples' raster."""
    return float(np.sqrt(MOMENT_S**2 + (seen.frame_s**2 + seen.sample_s**2) / 12))


def flight_time(seen: SeenDive) -> Measure | None:
    """Real time from leaving the board to touching the water; None where the contact was not seen."""
    parse = seen.parse
    if parse.first_water_contact_frame is None:
        return None
    start, end = parse.transitions.first_flight_frame, parse.first_water_contact_frame
    value = seen.time_of(end) - seen.time_of(start)
    if value <= 0:
        return None
    return Measure(
        name="flight_time",
        value=value,
        unit="s",
        uncertainty=float(np.sqrt(2)) * moment_deviation(seen),
        frame=end,
        step=_TAKE_OFF,
    )


def jump_height(seen: SeenDive, path: Ballistics | None) -> Measure | None:
    """Rise of the body's centre after leaving the board, by the time to the highest point: that needs no scale."""
    if path is None:
        return None
    start_s = seen.time_of(seen.parse.transitions.first_flight_frame)
    to_top, deviation = path.time_to_top(start_s)
    if to_top <= 0:
        return None
    deviation = float(np.hypot(deviation, moment_deviation(seen)))
    top = int(np.abs(seen.times_s - start_s - to_top).argmin())
    return Measure(
        name="jump_height",
        value=GRAVITY_M_S2 * to_top**2 / 2,
        unit="m",
        uncertainty=GRAVITY_M_S2 * to_top * deviation,
        frame=int(seen.frames[top]),
        step=_TAKE_OFF,
    )
