"""Dives of a report: what was analyzed, and what the coach knows of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fineparser_core.diving.judging import Judging
from fineparser_core.diving.outcomes import DiveOutcome
from fineparser_core.export.coach_marks import Mark
from fineparser_core.export.options import StrobeOptions
from fineparser_core.export.report.page import TrendPoint
from fineparser_core.measures.explanation import Band
from fineparser_core.records import Analysis, ComparedDive

#: Files that a report can be.
REPORT_SUFFIXES = (".html", ".pdf")


@dataclass(frozen=True, kw_only=True)
class ReportedDive:
    """A dive of a report.

    Attributes:
        path: of the video.
        diver: name, or "".
        date: of the dive, as people write it, or "".
        club: of the diver, or "".
        outcome: "balk", "repeat", "failed" or "".
        note: of the coach, lines.
        judging: the judges' marks; None where there are none.
        marks: drawings and notes on frames.
        bands: of good dives of the same number, by the measures' names; empty where they are not known.
        trend: dives of this number by the same diver, this dive included, in order of time.
        comparison: a dive to show below; None for none.
        strobe: how its stroboscopic picture is made; None for none.
        analysis: with a score, or without.
    """

    path: Path
    analysis: Analysis
    diver: str = ""
    date: str = ""
    club: str = ""
    outcome: DiveOutcome = ""
    note: str = ""
    judging: Judging | None = None
    marks: tuple[Mark, ...] = ()
    bands: Mapping[str, Band] = field(default_factory=dict)
    trend: tuple[TrendPoint, ...] = ()
    comparison: ComparedDive | None = None
    strobe: StrobeOptions | None = None


@dataclass(frozen=True, kw_only=True)
class PracticeDive:
    """A dive as the page of its athlete lists it, analyzed or not.

    Attributes:
        athlete: name, or "".
        path: of the video; a `ReportedDive` of the same path brings pictures of its moments.
        heading: when it was and what.
        lines: what is said of it.
        thumbnail: (H, W, 4) uint8 BGRA, for a dive without other pictures; None for none.
    """

    athlete: str
    path: Path
    heading: str
    lines: tuple[str, ...]
    thumbnail: np.ndarray | None = field(repr=False)
