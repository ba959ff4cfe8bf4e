"""Measures of the session's dives beside those of good dives of the same number; computed once an analysis."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fineparser_core.export.analysis_json import measures_of
from fineparser_core.language import text
from fineparser_core.measures.explanation import Band, Finding, band_for, findings, lies_outside, praised, worst
from fineparser_core.measures.words import fault_text, praise_text
from fineparser_core.records import Analysis, Measure
from fineparser_gui.services.exporting import bands_for
from fineparser_gui.session.dive import Dive


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Measures of a dive and their comparison with good dives.

    Attributes:
        measures: measures in the order in which they are shown.
        bands: ranges of good dives of the same number, by the measures' names; empty where they are not known.
        findings: the worst deviations from good dives, by phase.
        doubtful: the video speaks against the dive's number.
        praised: what speaks for the dive.
    """

    measures: tuple[Measure, ...] = ()
    bands: Mapping[str, Band] = field(default_factory=dict)
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    doubtful: bool = False
    praised: tuple[Measure, ...] = ()


class Explanations:
    """Explanations of dives, kept until their analyses change."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Analysis, object, Explanation]] = {}

    def of(self, dive: Dive) -> Explanation:
        """Return the explanation of a dive, the same until it changes; it is empty before the analysis."""
        if dive.analysis is None:
            return Explanation()
        known, number = self._known.get(dive.key), (dive.dive_number, dive.known_board_m, dive.contradicted)
        if known is None or known[0] is not dive.analysis or known[1] != number:
            found, bands = measures_of(dive.analysis), bands_for(dive)
            against, for_it = findings(found, bands), praised(found, bands)
            explanation = Explanation(
                measures=found, bands=bands, findings=against, praised=for_it, doubtful=dive.contradicted
            )
            known = self._known[dive.key] = dive.analysis, number, explanation
        return known[2]


def verdict_text(explanation: Explanation) -> str:
    """Return what speaks for and against the dive in a coach's words, or what is said where nothing does."""
    against, for_it = worst(explanation.findings), praise_text(explanation.praised)
    return " · ".join(filter(None, (*map(fault_text, against), for_it))) or faultless_text(explanation)


def faultless_text(explanation: Explanation) -> str:
    """Return what is said where nothing speaks against the dive."""
    banded = ((one, band_for(one, explanation.bands)) for one in explanation.measures)
    telling = [(one, band) for one, band in banded if band is not None and band.tells_faults]
    if not telling or explanation.doubtful:
        return text("Not clear enough to say more.")
    if any(lies_outside(one, band) for one, band in telling):
        return text("Nothing clearly outside the good range.")
    return text("Within the range of good dives.")
