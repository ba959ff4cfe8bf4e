"""All measures of a dive."""

import numpy as np

from fineparser_core.measures import entry, flight, take_off
from fineparser_core.measures.context import measured_dive
from fineparser_core.types import DiveParse, Measure

#: Every measure by its name, in the order in which they are shown.
_MEASURES = {
    "flight_time": take_off.flight_time,
    "jump_height": take_off.jump_height,
    "board_distance": take_off.board_distance,
    "closest_approach": take_off.closest_approach,
    "lean": take_off.lean,
    "recoil_time": take_off.recoil_time,
    "arm_asymmetry": take_off.arm_asymmetry,
    "rotation_speed": flight.rotation_speed,
    "rotation_hold": flight.rotation_hold,
    "hip_angle": flight.hip_angle,
    "knee_angle": flight.knee_angle,
    "legs_apart": flight.legs_apart,
    "toe_angle": flight.toe_angle,
    "come_out_lead": entry.come_out_lead,
    "come_out_height": entry.come_out_height,
    "opening_time": entry.opening_time,
    "entry_angle": entry.entry_angle,
    "legs_line": entry.legs_line,
    "hip_line": entry.hip_line,
    "elbow_angle": entry.arm_line,
    "entry_distance": take_off.entry_distance,
}
NAMES = tuple(_MEASURES)


def measures(parse: DiveParse, *, dive_number: str | None = None, board_m: float | None = None) -> tuple[Measure, ...]:
    """Measures a dive, in tenths of a second; what was not seen is absent.

    Args:
        dive_number: tells how often the body turns, which checks what is seen of that; unknown numbers are ignored.
        board_m: height of the board, where it is known; it adds to the scale that gravity gives.
    """
    dive = measured_dive(parse, dive_number=dive_number, board_m=board_m)
    if dive is None:
        return ()
    with np.errstate(invalid="ignore"):
        found = [measure(dive) for measure in _MEASURES.values()]
    return tuple(measure for measure in found if measure is not None)
