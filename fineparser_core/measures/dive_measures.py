"""All measures of a dive, and the check of its moments against the body's free fall."""

from dataclasses import dataclass

import numpy as np

from fineparser_core.constants import BOARDS_M, GRAVITY_M_S2
from fineparser_core.measures.context import InTheAir, measured_dive
from fineparser_core.measures.records import RECORDS
from fineparser_core.motion.moments import POSTURE_M, POSTURE_SCATTER_M, height_m
from fineparser_core.records import DiveParse, Measure, Note, NoteCode

#: A moment that is contradicted by more standard deviations is not measured by.
MOST_DEVIATIONS = 3.0
#: Time before leaving in which a board already yields, and a body on it nearly falls freely, seconds.
_YIELDS_S = 0.1
#: Time before a take-off in which the body is looked at, seconds.
_BEFORE_S = 0.5


def contradicted(dive: InTheAir) -> frozenset[str]:
    """Return the names of the moments that a person has placed and gravity contradicts: "take_off", "contact"."""
    moments, fall = dive.moments, _fall_deviations(dive)
    found = set()
    if "hand" in moments.take_off.sources and np.hypot(_leaving_deviations(dive), fall) > MOST_DEVIATIONS:
        found.add("take_off")
    if moments.contact is not None and "hand" in moments.contact.sources and fall > MOST_DEVIATIONS:
        found.add("contact")
    return frozenset(found)


def _leaving_deviations(dive: InTheAir) -> float:
    """Return the standard deviations between the take-off and the body's path; 0 where no path is known.

    A body in the air is on its parabola, and a body on a board is off it by half of g times the time squared.
    """
    if dive.path is None:
        return 0.0
    leaves_s, _ = dive.real(dive.moments.take_off)
    before_s = leaves_s - dive.seen.times_s
    off, deviation = _off_path(dive)
    seen = np.isfinite(off) & (before_s < _BEFORE_S)
    in_air = seen & (before_s < dive.seen.frame_s)
    first = np.flatnonzero(in_air)[:1]
    early = float((np.abs(off) / deviation)[first].max(initial=0.0))
    carried_s = np.where(seen, before_s - _YIELDS_S, 0.0).clip(0.0)
    least = dive.path.px_per_m * GRAVITY_M_S2 * carried_s**2 / 2
    late = float(((least - np.abs(off)) / deviation)[seen].max(initial=0.0))
    return max(early, late)


def _off_path(dive: InTheAir) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels (n,) of the body's center below its path in each sample, and their standard deviations."""
    assert dive.path is not None
    t = dive.seen.times_s - dive.path.at_s
    basis = np.stack([np.ones_like(t), t, t**2 / 2], axis=1)
    variance = np.einsum("ni,ij,nj->n", basis, dive.path.covariance, basis) + dive.joint_px**2
    return dive.seen.center_of_mass()[:, 1] - basis @ dive.path.coefficients[:, 1], np.sqrt(variance)


def _fall_deviations(dive: InTheAir) -> float:
    """Return the standard deviations between the height by the times of the fall and that of the nearest board.

    0 where they say none, or the recording is slowed.
    """
    moments = dive.moments
    if moments.top is None or moments.contact is None or dive.seen.slowed != 1:
        return 0.0
    (leaves_s, _), (top_s, _), (touches_s, of_touching) = map(
        dive.real, (moments.take_off, moments.top, moments.contact)
    )
    rise_s, fall_s = top_s - leaves_s, touches_s - top_s
    if rise_s <= 0:
        return 0.0
    off_m = min(abs(height_m(rise_s, fall_s) - board_m - POSTURE_M) for board_m in BOARDS_M)
    of_rise = dive.moments.rise_deviation_s
    deviations_m = GRAVITY_M_S2 * np.array([rise_s * of_rise, fall_s * of_touching, fall_s * moments.top.deviation_s])
    return off_m / float(np.hypot(np.linalg.norm(deviations_m), POSTURE_SCATTER_M))


@dataclass(frozen=True, kw_only=True)
class MeasuredDive:
    """Measures of a dive.

    Attributes:
        readings: plausible readings, in the order of `RECORDS`.
        notes: about unclear readings.
        contradicted: moments that a person has placed and gravity contradicts; nothing is read by them.
    """

    readings: tuple[Measure, ...] = ()
    notes: tuple[Note, ...] = ()
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
            found = Measure(**known, value=value, uncertainty=uncertainty, frame=frame, direction=read.direction)
            readings.append(found)
        if not (plausible and record.is_clear(uncertainty)):
            unclear.append(record.name)
    notes = (Note(NoteCode.MEASURES_UNCLEAR, tuple(unclear)),) if unclear else ()
    return MeasuredDive(readings=tuple(readings), notes=notes, contradicted=wrong)
