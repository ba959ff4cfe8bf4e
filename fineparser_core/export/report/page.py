"""The page of a dive's report as data; `html` and `pdf` draw it. All texts are plain and may be untrusted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fineparser_core.measures.explanation import Gauge

#: Awards that a trend spans at least.
_LEAST_SPAN = 2


@dataclass(frozen=True, kw_only=True)
class CaptionedImage:
    """A picture with a line below it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        angles: names and values of what is drawn in it, "" for none.
    """

    image: np.ndarray = field(repr=False)
    caption: str
    angles: str = ""


@dataclass(frozen=True, kw_only=True)
class PictureRow:
    """A row of pictures under a heading."""

    heading: str
    pictures: tuple[CaptionedImage, ...]


@dataclass(frozen=True, kw_only=True)
class MeasuredRow:
    """A line of a phase's table.

    Attributes:
        outside: whether the value lies outside of the band by more than its uncertainty, on the worse side.
        gauge: None where there is no band.
    """

    name: str
    value: str
    good: str
    outside: bool
    gauge: Gauge | None


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A phase of the dive.

    Attributes:
        color: #rrggbb.
        points: that the model attributes to it, relative to the exemplars; None without a score.
        points_share: their share of the largest of the dive's, -1 to 1, for a bar.
        rows: what was measured.
        sentences: what speaks most against the dive, measured.
    """

    name: str
    color: str
    times: str
    points: str | None
    points_share: float
    rows: tuple[MeasuredRow, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReportedTrend:
    """A dive of the same number.

    Attributes:
        label: when it was.
        award: implied by its predicted score; None without a score.
        is_this: whether it is the dive of the page.
        judged: mean award of the judges; None without marks.
    """

    label: str
    award: float | None
    is_this: bool
    judged: float | None = None


@dataclass(frozen=True, kw_only=True)
class FrontPage:
    """What athlete and parents read of a dive; the numbers for the coach follow on a page of their own.

    Attributes:
        sentences: what was good, what to work on, and what changed since the last dive of the number.
        pictures: drawings and faults, and moments where there are fewer; three, or none without the video.
    """

    sentences: tuple[str, ...]
    pictures: tuple[CaptionedImage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """A dive on a page.

    Attributes:
        front: the page before it.
        headline: the score and what it is; (text, line below it).
        facts: (name, value), a line each.
        strips: frames of the dive and, below, those of the dive it is compared with.
        trend: dives of this number by the same diver in order of time, this dive included; empty for a single dive.
        note: of the coach, lines.
        about: what the numbers are and are not, sentences.
        warning: why the score should not be trusted, or "".
        strobe: (H, W, 3) uint8 RGB, its stroboscopic picture; None for none.
    """

    title: str
    front: FrontPage
    headline: tuple[str, str]
    facts: tuple[tuple[str, str], ...]
    strips: tuple[PictureRow, ...]
    phases: tuple[Phase, ...]
    trend_heading: str
    trend: tuple[ReportedTrend, ...]
    note: tuple[str, ...]
    about: tuple[str, ...]
    warning: str
    strobe: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class NumberOverview:
    """The dives of a number and board.

    Attributes:
        awards: the first, the latest and the best of the judges, or else implied by scores; "" without either.
        trend: in order of time; empty for a single dive.
        changed: measures of which the latest dive differs clearly from the first, lines.
    """

    number: str
    n_dives: int
    awards: tuple[str, str, str]
    trend: tuple[ReportedTrend, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Several dives on a page.

    Attributes:
        facts: (name, value), a line each.
        rows: those of most dives first.
        best: pictures of the best dive of the first number; None where there are none.
        note: of the coach, lines.
        about: what the numbers are and are not, sentences.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    rows: tuple[NumberOverview, ...]
    best: PictureRow | None
    note: tuple[str, ...]
    about: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """All pages, a dive each, after the overview if there is any."""

    title: str
    pages: tuple[Page, ...]
    overview: Overview | None = None


#: Points of a chart: shares of its width and height, from its lower left corner, and the dives.
ChartPoints = tuple[tuple[float, float, ReportedTrend], ...]


def trend_chart(trend: Sequence[ReportedTrend]) -> tuple[list[tuple[float, int]], ChartPoints, ChartPoints]:
    """Make the chart of a dive or more, at least one of them with an award.

    Returns:
        Ticks, each a share of the height and an award; points of the judges' awards, or without any of the predicted;
        and those of the predicted awards behind them where the judges' are shown.
    """
    awards = [award for point in trend for award in (point.judged, point.award) if award is not None]
    low, high = math.floor(min(awards)), math.ceil(max(awards))
    while high - low < _LEAST_SPAN:
        low, high = max(low - 1, 0), min(high + 1, 10)
    step = max(1, (high - low) // 4)

    def placed(name: str) -> ChartPoints:
        shown = [(at, getattr(point, name), point) for at, point in enumerate(trend)]
        return tuple(
            ((at + 0.5) / len(trend), (award - low) / (high - low), point)
            for at, award, point in shown
            if award is not None
        )

    judged, predicted = placed("judged"), placed("award")
    ticks = [((tick - low) / (high - low), tick) for tick in range(low, high + 1, step)]
    return ticks, judged or predicted, predicted if judged else ()
