"""Findings: measures that speak against a dive, beside bands of good values.

Bands are those of the rules, of real dives, or else of good rendered dives.

A measure speaks against a dive where it lies outside of what the rules or real dives say, on the worse side, by more
than its own uncertainty. Ranges of rendered dives tell no fault. None says what a judge takes off.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.dive_number import known_number
from fineparser_core.language import Phrase
from fineparser_core.measures.record import Better, Source
from fineparser_core.measures.records import RECORDS
from fineparser_core.records import Analysis, Measure
from fineparser_core.resources import resource

#: Maximum number of findings shown for each phase.
MOST_FINDINGS = 3
#: Standard deviations of a measure by which it lies outside of a band to be a fault, or inside to be praised.
_CLEAR = 2.0
#: Space beside band and value in a gauge, as a share of what both span.
_MARGIN = 0.15
#: A band about more degrees is of a straight position, which is better straighter; of another, tighter is better.
_STRAIGHT_DEG = 150.0


@dataclass(frozen=True, kw_only=True)
class Band:
    """A range of good values of a measure.

    Attributes:
        low, high: in the measure's unit; infinite where every further value is as good.
        unit: as in `Measure`.
        source: where it comes from.
    """

    low: float
    high: float
    unit: str
    source: Source

    @property
    def tells_faults(self) -> bool:
        """Whether what lies outside speaks against a dive."""
        return self.source.kind != "rendered"


#: Bands by the names of measures.
Bands = Mapping[str, Band]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A measure that speaks against a dive.

    Attributes:
        weight: distance to the band in standard deviations, of the measure and of good dives together.
    """

    measure: Measure
    band: Band
    weight: float


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """Place of a value beside a band, as shares of the gauge's width.

    Attributes:
        value, low, high: of the value and the band's ends.
        deviation: standard deviation of the value.
    """

    value: float
    deviation: float
    low: float
    high: float


def band_for(measure: Measure, bands: Bands) -> Band | None:
    """Return the band that a measure may be held against: of its name, in its unit."""
    band = bands.get(measure.name)
    return band if band is not None and band.unit == measure.unit else None


def findings(found: Sequence[Measure], bands: Bands) -> dict[str, tuple[Finding, ...]]:
    """Return the findings against a dive by phase, the weightiest first."""
    against: dict[str, list[Finding]] = {step: [] for step in STEP_NAMES}
    for measure in found:
        band = band_for(measure, bands)
        if band is not None and band.tells_faults and (weight := _weight(measure, band)):
            against[measure.step].append(Finding(measure=measure, band=band, weight=weight))
    ranked = {step: sorted(those, key=lambda finding: -finding.weight) for step, those in against.items()}
    return {step: tuple(those[:MOST_FINDINGS]) for step, those in ranked.items()}


def worst(against: Mapping[str, Sequence[Finding]]) -> list[Finding]:
    """Return the weightiest findings of a whole dive, as many as are shown for a phase."""
    return sorted((one for those in against.values() for one in those), key=lambda one: -one.weight)[:MOST_FINDINGS]


def praised(found: Sequence[Measure], bands: Bands) -> tuple[Measure, ...]:
    """Return the measures that speak for a dive: clearly inside of what the rules or real dives say is good.

    A phase of which another measure lies outside of its range gets no praise.
    """
    return tuple(
        measure
        for measure in found
        if measure.name in RECORDS and RECORDS[measure.name].praise and _clearly_good(measure, band_for(measure, bands))
        if not any(one.step == measure.step and _speaks_against(one, bands) for one in found)
    )


def _clearly_good(measure: Measure, band: Band | None) -> bool:
    """Return True if a measure lies within its band by two standard deviations, or beyond where more is better."""
    if band is None or not band.tells_faults:
        return False
    clear = _CLEAR * measure.uncertainty
    if RECORDS[measure.name].better == "zero":
        return band.low + clear <= measure.value <= band.high - clear
    return measure.value >= band.high and measure.value - clear >= band.low


def _speaks_against(measure: Measure, bands: Bands) -> bool:
    band = band_for(measure, bands)
    return band is not None and band.tells_faults and _outside(measure, band) > measure.uncertainty


def worst_first(found: Sequence[Measure], bands: Bands) -> list[Measure]:
    """Sort measures by their distance outside of the ranges of rules or real dives; those within keep their order."""

    def distance(measure: Measure) -> float:
        band = band_for(measure, bands)
        return _outside(measure, band) / _scatter(measure, band) if band is not None and band.tells_faults else 0.0

    return sorted(found, key=lambda measure: -distance(measure))


def gauge(measure: Measure, band: Band) -> Gauge:
    """Return where a measure lies beside its band."""
    low = min(band.low, measure.value - measure.uncertainty)
    high = max(band.high if np.isfinite(band.high) else band.low, measure.value + measure.uncertainty)
    span = (high - low) or 1.0
    low, span = low - _MARGIN * span, span * (1 + 2 * _MARGIN)
    value, first, last = ((min(x, low + span) - low) / span for x in (measure.value, band.low, band.high))
    return Gauge(value=value, deviation=measure.uncertainty / span, low=first, high=last)


def _weight(measure: Measure, band: Band) -> float:
    """Return how far a measure lies clearly outside of a band, 0 for what may lie within."""
    outside = _outside(measure, band)
    return outside / _scatter(measure, band) if outside > _CLEAR * measure.uncertainty else 0.0


def _scatter(measure: Measure, band: Band) -> float:
    """Return the standard deviation of the measure and of good dives together."""
    # The middle 80 % of a normal distribution are 2.56 standard deviations wide.
    of_band = (band.high - band.low) / 2.56 if np.isfinite(band.high - band.low) else 0.0
    return max(float(np.hypot(measure.uncertainty, of_band)), 1e-9)


def _outside(measure: Measure, band: Band) -> float:
    """Return the distance of a measure outside of a band on the worse side, in its unit."""
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
    return max(below, above, 0.0)


#: The unit of each measure (see `packaging/docs/measures.md`), and by "207C 10" its low and high in their
#: order, with the number of dives where it is not `n_dives`, null for none: the middle 80 % of good rendered dives.
TABLE = ("exemplars", "good_dives.json")
#: Rendered dives of a number of which some hold their position straight and some bent say nothing of either, degrees.
_WIDEST_DEG = 60.0


def good_bands(dive_number: str | None, board_m: float | None) -> Mapping[str, Band]:
    """Return the bands of a number from a board, by the names of measures.

    Args:
        board_m: height of the board; None takes the rendered dives of the number's only board, and none where there are
            several.
    """
    boards, dive = _rendered().get(dive_number or "", {}), known_number(dive_number or "")
    if board_m is None:
        found = dict(next(iter(boards.values()))) if len(boards) == 1 else {}
    else:
        found = dict(boards.get(board_m, {}))
    for record in RECORDS.values():
        limits = record.good.of(dive, board_m) if record.good is not None else None
        if record.good is not None and limits is not None:
            found[record.name] = Band(low=limits[0], high=limits[1], unit=record.unit, source=record.good.source)
    return found


def bands_of(analysis: Analysis) -> Mapping[str, Band]:
    """Return the bands of an analyzed dive: of its number and board where it has an award, else those of all dives."""
    scored = analysis.scoring or analysis.own_award
    return good_bands(None, None) if scored is None else good_bands(scored.dive_number, scored.board_m)


@cache
def _rendered() -> dict[str, dict[float, dict[str, Band]]]:
    table: dict[str, Any] = json.loads(resource(*TABLE).read_text(encoding="utf-8"))
    found: dict[str, dict[float, dict[str, Band]]] = {}
    for group, bands in table["bands"].items():
        number, board = group.split()
        of_group = found.setdefault(number, {})[float(board)] = {}
        for (name, unit), band in zip(table["units"].items(), bands, strict=True):
            if band is None or not RECORDS[name].as_rendered or (unit == "deg" and band[1] - band[0] > _WIDEST_DEG):
                continue
            low, high, n_dives = (*band, table["n_dives"])[:3]
            about = Phrase(
                "The middle 80 % of {0} rendered dives of this number from this board, drawn by this program: no fault "
                "is told by them.",
                n_dives,
            )
            of_group[name] = Band(low=low, high=high, unit=unit, source=Source(kind="rendered", about=about))
    return found
