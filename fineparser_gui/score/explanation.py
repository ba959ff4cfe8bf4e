"""Measures of the session's dives beside those of good dives of the same number; computed once an analysis."""

from fineparser_core.export.analysis_json import measures_of
from fineparser_core.language import text
from fineparser_core.measures.explanation import band_for, findings, praised, worst
from fineparser_core.measures.words import fault_text, praise_text
from fineparser_core.records import Analysis, VerdictCode
from fineparser_gui.services.exporting import bands_for
from fineparser_gui.session.dive import Dive


class Explanation:
    """Measures of a dive and their comparison with good dives; empty before the analysis.

    Attributes:
        measures: measures in the order in which they are shown.
        bands: ranges of good dives of the same number, by the measures' names; empty where they are not known.
        findings: the worst deviations from good dives, by phase.
        worst: the worst of all.
        praise: what speaks for the dive in a coach's words, or "".
    """

    def __init__(self, dive: Dive) -> None:
        self.measures = measures_of(dive.analysis) if dive.analysis is not None else ()
        self.bands = bands_for(dive)
        self.findings = findings(self.measures, self.bands)
        self.worst = worst(self.findings)
        self.praise = praise_text(praised(self.measures, self.bands))
        self._doubtful = dive.verdict.code is VerdictCode.OTHER_DIVE

    @property
    def verdict(self) -> str:
        """What speaks for and against the dive in a coach's words, or what is said where nothing does."""
        return " · ".join(filter(None, (*map(fault_text, self.worst), self.praise))) or self.faultless

    @property
    def faultless(self) -> str:
        """What is said where nothing speaks against the dive; "" where too little is seen."""
        bands = (band_for(one, self.bands) for one in self.measures)
        telling = not self._doubtful and any(band is not None and band.tells_faults for band in bands)
        return text("Nothing to fault that the picture shows clearly.") if telling else ""


class Explanations:
    """Explanations of dives, kept until their analyses change."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Analysis | None, object, Explanation]] = {}

    def of(self, dive: Dive) -> Explanation:
        """Return the explanation of a dive, the same until it changes."""
        known, number = self._known.get(dive.key), (dive.known_number, dive.known_board_m, dive.verdict.code)
        if known is None or known[0] is not dive.analysis or known[1] != number:
            known = self._known[dive.key] = dive.analysis, number, Explanation(dive)
        return known[2]
