"""All measures of a dive."""

from fineparser_core.measures.ballistics import fit_ballistics
from fineparser_core.measures.seen_dive import SeenDive
from fineparser_core.measures.take_off import flight_time, jump_height
from fineparser_core.types import DiveParse, Measure

#: Names of all measures, in the order in which they are shown.
NAMES = ("flight_time", "jump_height")


def measures(parse: DiveParse, *, dive_number: str | None = None, board_m: float | None = None) -> tuple[Measure, ...]:
    """Measures a dive, in tenths of a second; what was not seen is absent.

    Args:
        dive_number: which way the diver turns and how often, where it is known.
        board_m: height of the board, where it is known; it checks the scale that gravity gives.
    """
    seen = SeenDive.of(parse)
    start_s = seen.time_of(parse.transitions.first_flight_frame)
    end_frame = parse.first_water_contact_frame or parse.transitions.first_entry_frame
    path = fit_ballistics(seen, start_s, seen.time_of(end_frame))
    found = [flight_time(seen), jump_height(seen, path)]
    return tuple(measure for measure in found if measure is not None)
