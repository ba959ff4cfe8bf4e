"""Measures of the session's dives beside those of good dives of the same number; computed once an analysis."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fineparser_core.export.analysis_json import measures_of
from fineparser_core.language import text
from fineparser_core.measures.explanation import Band, Finding, band_for, findings, good_bands, lies_outside, worst
from fineparser_core.measures.words import fault_text
from fineparser_core.records import Analysis, Measure
from fineparser_gui.dives.dive import Dive


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Measures of a dive and their comparison with good dives.

    Attributes:
        measures: measures in the order in which they are shown.
        bands: ranges of good dives of the same number, by the measures' names; empty where they are not known.
        findings: the worst deviations from good dives, by phase.
    """

    measures: tuple[Measure, ...] = ()
    bands: Mapping[str, Band] = field(default_factory=dict)
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)


class Explanations:
    """Explanations of dives, kept until their analyses change."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Analysis, Explanation]] = {}

    def of(self, dive: Dive) -> Explanation:
        """Return the explanation of a dive; it is empty before the analysis."""
        if dive.analysis is None:
            return Explanation()
        known = self._known.get(dive.key)
        if known is None or known[0] is not dive.analysis:
            found, bands = measures_of(dive.analysis), self.bands_for(dive)
            explanation = Explanation(measures=found, bands=bands, findings=findings(found, bands))
            known = self._known[dive.key] = dive.analysis, explanation
        return known[1]

    def bands_for(self, dive: Dive) -> Mapping[str, Band]:
        """Return the bands of good dives of a dive's number and board."""
        return good_bands(dive.dive_number, dive.known_board_m)


def verdict_text(explanation: Explanation) -> str:
    """Return the worst findings in a coach's words, or what is said where nothing speaks against the dive."""
    return " · ".join(map(fault_text, worst(explanation.findings))) or faultless_text(explanation)


def faultless_text(explanation: Explanation) -> str:
    """Return what is said where nothing speaks against the dive."""
    banded = ((one, band_for(one, explanation.bands)) for one in explanation.measures)
    telling = [(one, band) for one, band in banded if band is not None and band.tells_faults]
    if not telling:
        return text("Not clear enough to say more.")
    if any(lies_outside(one, band) for one, band in telling):
        return text("Nothing clearly outside the good range.")
    return text("Within the range of good dives.")
