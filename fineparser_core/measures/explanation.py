"""What the measures of a dive say against it, beside those of good dives of the same number.

A measure speaks against a dive where it lies outside of what good dives show, on the worse side, by more than its own
uncertainty. It says nothing of what a judge takes off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.measures.record import Better
from fineparser_core.measures.records import RECORDS
from fineparser_core.types import Measure

#: Findings that are told for each phase.
MOST_FINDINGS = 3
#: A band about more degrees is of a straight position, which is better straighter; of another, tighter is better.
_STRAIGHT_DEG = 150.0


@dataclass(frozen=True, kw_only=True)
class Band:
    """Where a measure of good dives of the same number lies.

    Attributes:
        low, high: bounds of the middle 80 %, in the measure's unit, within what judging and safety allow.
        unit: as in `Measure`.
        n_dives: how many dives it is of; 0 where judging and safety alone set it.
    """

    low: float
    high: float
    unit: str
    n_dives: int


#: Bands by the names of measures.
Bands = Mapping[str, Band]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A measure that speaks against a dive.

    Attributes:
        weight: distance to the band in standard deviations, of the measure and of good dives together; above 1.
    """

    measure: Measure
    band: Band
    weight: float


def allowed_band(name: str, band: Band, board_m: float | None) -> Band | None:
    """A band of rendered dives, or what judging and safety allow of good dives where it reaches beyond that.

    Returns:
        None where it is too wide to say anything.
    """
    record = RECORDS.get(name)
    if record is None:
        return band
    if band.high - band.low > record.widest_good:
        return None
    low, high = (band.low, band.high) if record.good is None else record.good.of(board_m)
    return band if low <= band.low and band.high <= high else replace(band, low=low, high=high, n_dives=0)


def band_for(measure: Measure, bands: Bands) -> Band | None:
    """The band that a measure may be held against: of its name, in its unit."""
    band = bands.get(measure.name)
    return band if band is not None and band.unit == measure.unit else None


def findings(found: Sequence[Measure], bands: Bands) -> dict[str, tuple[Finding, ...]]:
    """By phase, what speaks most against a dive, the weightiest first; empty where nothing does."""
    against: dict[str, list[Finding]] = {step: [] for step in STEP_NAMES}
    for measure in found:
        band = band_for(measure, bands)
        if band is not None and (weight := _weight(measure, band)) > 1:
            against[measure.step].append(Finding(measure=measure, band=band, weight=weight))
    ranked = {step: sorted(those, key=lambda finding: -finding.weight) for step, those in against.items()}
    return {step: tuple(those[:MOST_FINDINGS]) for step, those in ranked.items()}


def worst_first(found: Sequence[Measure], bands: Bands, board_m: float | None) -> list[Measure]:
    """Measures by how far they lie outside of good dives, or of what judging and safety allow where there are none;
    those within stay in their order."""

    def distance(measure: Measure) -> float:
        band, record = band_for(measure, bands), RECORDS.get(measure.name)
        if band is None and record is not None and record.good is not None:
            low, high = record.good.of(board_m)
            band = Band(low=low, high=high, unit=measure.unit, n_dives=0)
        return 0.0 if band is None else _outside(measure, band) / _scatter(measure, band)

    return sorted(found, key=lambda measure: -distance(measure))


def _weight(measure: Measure, band: Band) -> float:
    outside = _outside(measure, band)
    return outside / _scatter(measure, band) if outside > measure.uncertainty else 0.0


def _scatter(measure: Measure, band: Band) -> float:
    """Standard deviation of the measure and of good dives together."""
    # The middle 80 % of a normal distribution are 2.56 standard deviations wide.
    return max(float(np.hypot(measure.uncertainty, (band.high - band.low) / 2.56)), 1e-9)


def _outside(measure: Measure, band: Band) -> float:
    """How far a measure lies outside of a band on the worse side, in its unit."""
    record = RECORDS.get(measure.name)
    better: Better = "within" if record is None else record.better
    below, above = band.low - measure.value, measure.value - band.high
    if better == "position":
        better = "more" if (band.low + band.high) / 2 > _STRAIGHT_DEG else "less"
    if better == "zero":
        below, above = min(band.low, 0.0) - measure.value, measure.value - max(band.high, 0.0)
    elif better == "more":
        above = 0.0
    elif better == "less":
        below = 0.0
    if record is not None and record.safe_from is not None:
        below = min(band.low, record.safe_from) - measure.value
    return max(below, above, 0.0)
