"""All measures of a dive."""

from dataclasses import dataclass

import numpy as np

from fineparser_core.measures.context import measured_dive
from fineparser_core.measures.gravity_check import contradicted
from fineparser_core.measures.records import RECORDS
from fineparser_core.measures.words import unclear_note
from fineparser_core.types import DiveParse, Measure


@dataclass(frozen=True, kw_only=True)
class MeasuredDive:
    """Measures of a dive.

    Attributes:
        readings: plausible readings, in the order of `RECORDS`.
        notes: sentences about unclear readings.
        contradicted: moments that a person has placed and gravity contradicts; nothing is read by them.
    """

    readings: tuple[Measure, ...] = ()
    notes: tuple[str, ...] = ()
    contradicted: frozenset[str] = frozenset()

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Return the readings that are clear enough to be shown."""
        return tuple(one for one in self.readings if RECORDS[one.name].is_clear(one.uncertainty))


def measures(parse: DiveParse, *, dive_number: str | None = None, board_m: float | None = None) -> tuple[Measure, ...]:
    """Return the clear measures of a dive; see `measure_dive`."""
    return measure_dive(parse, dive_number=dive_number, board_m=board_m).measures


def measure_dive(parse: DiveParse, *, dive_number: str | None = None, board_m: float | None = None) -> MeasuredDive:
    """Measure a dive, in tenths of a second; unseen and implausible measures are absent.

    Args:
        dive_number: gives the number of turns, which checks the seen turns; unknown numbers are ignored.
        board_m: height of the board, where it is known; it adds to the scale that gravity gives.
    """
    dive = measured_dive(parse, dive_number=dive_number, board_m=board_m)
    if dive is None:
        return MeasuredDive()
    wrong = contradicted(dive)
    readings, unclear = [], []
    for record in RECORDS.values():
        with np.errstate(invalid="ignore"):
            read = record.take(dive)
        if read is None or not np.isfinite(read[:2]).all():
            continue
        value, uncertainty, frame = float(read.value), float(read.uncertainty), int(dive.seen.frames[read.at])
        plausible = record.is_plausible(value, board_m) and wrong.isdisjoint(record.moments)
        if plausible:
            known = {"name": record.name, "unit": record.unit, "step": record.step}
            readings.append(Measure(**known, value=value, uncertainty=uncertainty, frame=frame))
        if not (plausible and record.is_clear(uncertainty)):
            unclear.append(record)
    notes = (unclear_note(unclear),) if unclear else ()
    return MeasuredDive(readings=tuple(readings), notes=notes, contradicted=wrong)
