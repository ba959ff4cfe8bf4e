"""The first page of a season: how the implied awards of each dive number went, and the coach's note."""

from collections.abc import Sequence

from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.report.page import NumberOverview, Overview, TrendPoint
from fineparser_core.language import number, text
from fineparser_core.measures.words import dive_text
from fineparser_core.printable import printable


def make_overview(dives: Sequence[ReportedDive], title: str, note: str) -> Overview:
    """Return the overview of dives, in order of time."""
    days = sorted(dive.date for dive in dives if dive.date)
    facts = [(text("dives"), str(len(dives)))]
    if days:
        facts.append((text("days"), days[0] if days[0] == days[-1] else text("{0} to {1}", days[0], days[-1])))
    groups: dict[str, list[ReportedDive]] = {}
    for dive in dives:
        groups.setdefault(_number(dive), []).append(dive)
    return Overview(
        title=printable(title),
        facts=tuple(facts),
        rows=tuple(_row(name, of) for name, of in groups.items()),
        note=tuple(printable(note, keep="\n").strip().splitlines()),
        about=(
            text(
                "Awards are implied by the predicted scores (score ÷ (3 × DD)): they are the model's, not a judge's. "
                "Dives of different numbers or boards cannot be compared."
            ),
        ),
    )


def _number(dive: ReportedDive) -> str:
    scoring = dive.analysis.scoring
    return text("no score") if scoring is None else dive_text(scoring.dive_number, scoring.board_m)


def _row(name: str, dives: Sequence[ReportedDive]) -> NumberOverview:
    trend = tuple(
        TrendPoint(label=printable(dive.date or dive.path.stem), award=dive.analysis.scoring.award, is_this=False)
        for dive in dives
        if dive.analysis.scoring is not None
    )
    awards = [point.award for point in trend]
    told = (number(awards[0], 1), number(awards[-1], 1), number(max(awards), 1)) if awards else ("", "", "")
    return NumberOverview(number=name, n_dives=len(dives), awards=told, trend=trend if len(trend) > 1 else ())
