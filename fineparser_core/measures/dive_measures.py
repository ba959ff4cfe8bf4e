"""All measures of a dive."""

from dataclasses import dataclass

import numpy as np

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.measures.ballistics import Ballistics, fit_ballistics
from fineparser_core.measures.context import InTheAir, moment_deviation
from fineparser_core.measures.moments_in_air import AirMoments, agree, fall_m
from fineparser_core.measures.records import RECORDS
from fineparser_core.measures.seen_dive import SeenDive
from fineparser_core.measures.words import implausible_note
from fineparser_core.types import DiveParse, Measure

#: A fall that differs more from the board's height, as a ratio, is not one from that board.
_LEAST_FALL = 0.4


@dataclass(frozen=True, kw_only=True)
class MeasuredDive:
    """What was measured of a dive.

    Attributes:
        measures: those that a body can show, in the order of `RECORDS`.
        notes: a sentence for each other one that was read.
    """

    measures: tuple[Measure, ...] = ()
    notes: tuple[str, ...] = ()


def measures(parse: DiveParse, *, dive_number: str | None = None, board_m: float | None = None) -> tuple[Measure, ...]:
    """What a body can show of what is read of a dive; see `measure_dive`."""
    return measure_dive(parse, dive_number=dive_number, board_m=board_m).measures


def measure_dive(parse: DiveParse, *, dive_number: str | None = None, board_m: float | None = None) -> MeasuredDive:
    """Measures a dive, in tenths of a second; what was not seen is absent, and what no body can show told of.

    Args:
        dive_number: tells how often the body turns, which checks what is seen of that; unknown numbers are ignored.
        board_m: height of the board, where it is known; it adds to the scale that gravity gives.
    """
    dive = in_the_air(parse, dive_number=dive_number, board_m=board_m)
    if dive is None:
        return MeasuredDive()
    found, notes = [], []
    for record in RECORDS.values():
        with np.errstate(invalid="ignore"):
            measure = record.take(dive)
        if measure is None:
            continue
        if record.is_plausible(measure.value, board_m):
            found.append(measure)
        else:
            notes.append(implausible_note(record, measure.value, board_m))
    return MeasuredDive(measures=tuple(found), notes=tuple(notes))


def in_the_air(parse: DiveParse, *, dive_number: str | None = None, board_m: float | None = None) -> InTheAir | None:
    """What all measures of a parse start from; None where the parse is too short for any."""
    dive = _in_the_air(SeenDive.of(parse), dive_number, board_m)
    if dive is None or dive.moments is None or parse.motion is None or parse.motion.slowed == 1 or board_m is None:
        return dive
    # A slowed recording is slowed by what makes the fall as high as the board.
    found = dive.moments_as_found
    assert found is not None
    fall = fall_m(found.leaves_s, found.top_s, found.touches_s)
    if not _LEAST_FALL < fall / board_m < 1 / _LEAST_FALL:
        return dive
    return _in_the_air(SeenDive.of(parse, parse.motion.slowed * float(np.sqrt(fall / board_m))), dive_number, board_m)


def _in_the_air(seen: SeenDive, dive_number: str | None, board_m: float | None) -> InTheAir | None:
    parse = seen.parse
    if len(seen.frames) < 2:
        return None
    leaves, opens = (
        seen.index_of(frame) for frame in (parse.transitions.first_flight_frame, parse.transitions.first_entry_frame)
    )
    contact = parse.first_water_contact_frame
    touches = None if contact is None else seen.index_of(contact)
    if touches is not None and touches <= leaves:
        touches = None
    path = fit_ballistics(seen, float(seen.times_s[leaves]), float(seen.times_s[opens if touches is None else touches]))
    try:
        number = parse_dive_number(dive_number) if dive_number else None
    except ConfigError:
        number = None
    found = None
    if path is not None and contact is not None and touches is not None:
        found = _moments(seen, path, seen.time_of(parse.transitions.first_flight_frame), seen.time_of(contact))
    return InTheAir(
        seen=seen,
        leaves=leaves,
        opens=max(opens, leaves),
        touches=touches,
        path=path,
        moments_as_found=found,
        moments=None if found is None else agree(found, board_m),
        number=number,
        board_m=board_m,
    )


def _moments(seen: SeenDive, path: Ballistics, leaves_s: float, touches_s: float) -> AirMoments | None:
    """The moments as found; None where the body is not highest between leaving and touching."""
    to_top, deviation = path.time_to_top(leaves_s)
    if not 0 < to_top < touches_s - leaves_s:
        return None
    moment = moment_deviation(seen)
    return AirMoments(
        leaves_s=leaves_s,
        top_s=leaves_s + to_top,
        touches_s=touches_s,
        covariance=np.diag([moment**2, deviation**2, moment**2]),
    )
