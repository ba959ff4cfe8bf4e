"""Dives of a report: what was analyzed, and what the coach knows of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fineparser_core.diving.details import DiveDetails
from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.report.page import ReportedTrend
from fineparser_core.measures.explanation import Band
from fineparser_core.records import Analysis, ComparedDive

#: Files that a report can be.
REPORT_SUFFIXES = (".html", ".pdf")


@dataclass(frozen=True, kw_only=True)
class ReportedDive:
    """A dive of a report.

    Attributes:
        path: of the video.
        date: of the dive, as people write it, or "".
        club: of the athlete, or "".
        marks: drawings and notes on frames.
        bands: of good dives of the same number, by the measures' names; empty where they are not known.
        trend: dives of this number by the same diver, this dive included, in order of time.
        comparison: a dive to show below; None for none.
        strobe: whether its stroboscopic picture is on a page behind it.
        analysis: with a score, or without.
    """

    path: Path
    analysis: Analysis
    details: DiveDetails = field(default_factory=DiveDetails)
    date: str = ""
    club: str = ""
    marks: tuple[Mark, ...] = ()
    bands: Mapping[str, Band] = field(default_factory=dict)
    trend: tuple[ReportedTrend, ...] = ()
    comparison: ComparedDive | None = None
    strobe: bool = False
