"""The results as one HTML page that needs nothing beside it."""

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np

from fineparser_core.errors import ExportError
from fineparser_core.evaluation.charts import histogram, scatter
from fineparser_core.evaluation.results import DiveResult
from fineparser_core.evaluation.summary import Summary
from fineparser_core.video.atomic import atomic_file

_N_WORST = 5

_STYLE = """
:root { color-scheme: light dark; --back: #fff; --ink: #1b1f24; --faint: #626b76; --rule: #d8dde3; --mark: #0b66c3; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171b; --ink: #e4e8ec; --faint: #98a2ad; --rule: #343b43; --mark: #6bb2ff; }
}
body { margin: 2rem auto; max-width: 64rem; padding: 0 1rem; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, dl, .faint { color: var(--faint); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .5rem 0; font-size: .87rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th:first-child, td:first-child, table.metrics th:last-child, table.metrics td:last-child { text-align: left; }
table.metrics td:last-child { white-space: normal; color: var(--faint); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--faint); font: 12px system-ui, sans-serif; }
svg .grid { stroke: var(--rule); } svg .guide { stroke: var(--ink); stroke-dasharray: 5 4; }
svg .point { fill: var(--mark); fill-opacity: .55; } svg .bar { fill: var(--mark); }
figure { margin: .8rem 0; } figcaption { font-size: .87rem; }
.strip { display: flex; flex-wrap: wrap; gap: 4px; margin-top: .3rem; }
.strip img { width: 112px; height: auto; border-radius: 3px; }
"""


def write_report(
    path: Path,
    summary: Summary,
    results: Sequence[DiveResult],
    *,
    title: str,
    provenance: Mapping[str, str],
    thumbnails: Mapping[str, Sequence[np.ndarray]],
) -> None:
    """Writes the page: metrics with intervals and baselines, charts, steps, dive numbers and the worst dives.

    Args:
        path: the HTML file.
        summary: of the results.
        results: of all dives.
        title: of the page.
        provenance: what made the results (weights, data set, seed), names to values.
        thumbnails: by the id of a dive, images (H, W, 3) uint8 RGB; `worst_dives` says which are shown.

    Raises:
        ExportError: the file cannot be written.
    """
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in provenance.items())
    fewer = summary.n_fewer_exemplars
    counted = f"{summary.n_dives} dives, {summary.n_scored} with a predicted score."
    counted += f" {fewer} had fewer exemplars than asked for." if fewer else ""
    by_score, by_iou = worst_dives(results)
    sections = [
        f"<h1>{escape(title)}</h1><p>{counted}</p><dl>{facts}</dl>",
        _section("Metrics and their baselines", _table(*summary.metric_table(), kind="metrics") + _METRICS_NOTE),
        _charts(results),
        _section("Steps", _table(*summary.step_table())) if summary.by_step else "",
        _section("Dive numbers", _table(*summary.number_table())),
        _worst("Largest score errors", by_score, thumbnails),
        _worst("Lowest interval IoU", by_iou, thumbnails),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    page = f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>'
    with atomic_file(path) as temporary:
        temporary.write_text(page + "\n".join(sections) + "</body></html>\n", encoding="utf-8")


def worst_dives(results: Sequence[DiveResult]) -> tuple[list[DiveResult], list[DiveResult]]:
    """The five dives with the largest score errors and the five with the lowest interval IoU, worst first."""
    scored = [result for result in results if math.isfinite(_error(result))]
    parsed = [result for result in results if result.interval_iou is not None]
    by_iou = sorted(parsed, key=lambda result: 0.0 if result.interval_iou is None else result.interval_iou)
    return sorted(scored, key=_error, reverse=True)[:_N_WORST], by_iou[:_N_WORST]


_METRICS_NOTE = (
    '<p class="faint">Intervals: percentile bootstrap over dives. A naive baseline uses no video: judge a value by '
    "what it adds to its baselines. Masks are measured where there is an athlete; "
    "false-positive area where there is none.</p>"
)


def _error(result: DiveResult) -> float:
    return math.nan if result.predicted is None else abs(result.predicted - result.score)


def _section(heading: str, body: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>{body}</section>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, kind: str = "") -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    table = f'<table class="{kind}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _charts(results: Sequence[DiveResult]) -> str:
    scored = [(r.predicted, r.score, r.id) for r in results if r.predicted is not None and math.isfinite(r.predicted)]
    ious = [result.interval_iou for result in results if result.interval_iou is not None]
    charts = []
    if scored:
        predicted, true, ids = zip(*scored, strict=True)
        charts.append(_section("Predicted against true scores", scatter(predicted, true, ids)))
    if ious:
        charts.append(_section("Interval IoU, lines at 0.5 and 0.75", histogram(ious, (0.5, 0.75))))
    return f'<div class="charts">{"".join(charts)}</div>' if charts else ""


def _worst(heading: str, results: Sequence[DiveResult], thumbnails: Mapping[str, Sequence[np.ndarray]]) -> str:
    figures = []
    for result in results:
        images = "".join(f'<img alt="" src="{_data_uri(image)}">' for image in thumbnails.get(result.id, ()))
        figures.append(
            f'<figure><figcaption>{escape(_caption(result))}</figcaption><div class="strip">{images}</div></figure>'
        )
    return _section(heading, "".join(figures)) if figures else ""


def _caption(result: DiveResult) -> str:
    parts = [f"{result.id}, {result.dive_number}", f"true score {result.score:.2f}"]
    if result.predicted is not None:
        parts.append(f"predicted {result.predicted:.2f}")
    if result.interval_iou is not None:
        parts.append(f"IoU {result.interval_iou:.2f}, transitions {result.transitions} for {result.true_transitions}")
    return "; ".join(parts)


def _data_uri(image: np.ndarray) -> str:
    import cv2  # a second that reading a summary need not wait

    fine, png = cv2.imencode(".png", np.ascontiguousarray(image[:, :, ::-1]))
    if not fine:
        raise ExportError(f"A thumbnail of shape {image.shape} cannot be written as PNG: give (H, W, 3) uint8.")
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode("ascii")
