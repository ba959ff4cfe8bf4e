"""The results as a self-contained HTML page."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader

from fineparser_core.evaluation.charts import Chart, histogram, paired, scatter
from fineparser_core.evaluation.results import DiveResult
from fineparser_core.evaluation.summary import Summary
from fineparser_core.printable import printable
from fineparser_core.support.atomic import write_whole

_N_WORST = 5


#: Header and cells.
Table = tuple[list[str], list[list[str]]]


def write_report(
    path: Path,
    summary: Summary,
    results: Sequence[DiveResult],
    *,
    title: str,
    provenance: Mapping[str, str],
    tables: Mapping[str, Table] | None = None,
    charts: Sequence[Chart] | None = None,
) -> None:
    """Write the page: metrics with intervals and baselines, charts, steps, dive numbers, events and the worst dives.

    Args:
        path: the HTML file.
        summary: of the results.
        results: of all dives.
        title: of the page.
        provenance: what made the results (weights, data set, seed), names to values.
        tables: further ones by their titles, such as differences to another method.
        charts: titles and charts; by default `charts_of` the results.

    Raises:
        ExportError: the file cannot be written.
    """
    worst = [
        (heading, list(map(_caption, dives)))
        for heading, dives in zip(("Largest score errors", "Lowest interval IoU"), worst_dives(results), strict=True)
    ]
    pages = Environment(loader=PackageLoader(__package__, "."), autoescape=True, trim_blocks=True)
    page = pages.get_template("report.html.j2").render(
        title=title,
        summary=summary,
        provenance=provenance,
        charts=charts_of(results) if charts is None else charts,
        worst=worst,
        tables=tables or {},
    )
    write_whole(path, printable(page, keep="\n\t"))


def charts_of(results: Sequence[DiveResult]) -> list[Chart]:
    """Return the charts of a method: predicted against true scores, and the interval IoUs; those that there are."""
    scored = [(r.predicted, r.score, r.id) for r in results if r.predicted is not None and math.isfinite(r.predicted)]
    ious = [result.interval_iou for result in results if result.interval_iou is not None]
    charts = []
    if scored:
        charts.append(("Predicted against true scores", scatter(*zip(*scored, strict=True))))
    if ious:
        charts.append(("Interval IoU, lines at 0.5 and 0.75", histogram(ious, (0.5, 0.75))))
    return charts


def paired_charts(names: tuple[str, str], first: Sequence[DiveResult], second: Sequence[DiveResult]) -> list[Chart]:
    """Return the charts of two methods on the same dives: score errors and interval IoUs; those that both have."""
    by_id = {result.id: result for result in second}
    pairs = [(result, by_id[result.id]) for result in first if result.id in by_id]
    numbers: tuple[tuple[str, Callable[[DiveResult], float]], ...] = (
        ("score error, points", _error),
        ("interval IoU", lambda result: math.nan if result.interval_iou is None else result.interval_iou),
    )
    charts = []
    for what, number in numbers:
        known = [
            (number(a), number(b), a.id) for a, b in pairs if math.isfinite(number(a)) and math.isfinite(number(b))
        ]
        if known:
            across, up, ids = zip(*known, strict=True)
            charts.append((f"Dive by dive: {what}", paired(across, up, ids, what, names)))
    return charts


def worst_dives(results: Sequence[DiveResult]) -> tuple[list[DiveResult], list[DiveResult]]:
    """Return the five dives with the largest score errors and the five with the lowest interval IoU, worst first."""
    scored = [result for result in results if math.isfinite(_error(result))]
    parsed = [result for result in results if result.interval_iou is not None]
    by_iou = sorted(parsed, key=lambda result: 0.0 if result.interval_iou is None else result.interval_iou)
    return sorted(scored, key=_error, reverse=True)[:_N_WORST], by_iou[:_N_WORST]


def _error(result: DiveResult) -> float:
    return math.nan if result.predicted is None else abs(result.predicted - result.score)


def _caption(result: DiveResult) -> str:
    parts = [f"{result.id}, {result.dive_number}", f"true score {result.score:.2f}"]
    if result.predicted is not None:
        parts.append(f"predicted {result.predicted:.2f}")
    if result.interval_iou is not None:
        parts.append(f"IoU {result.interval_iou:.2f}, transitions {result.transitions} for {result.true_transitions}")
    return "; ".join(parts)
