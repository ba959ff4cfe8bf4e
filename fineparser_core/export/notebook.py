"""An analysis in a notebook: tables by columns, and a small table with a picture of the phases."""

import math
from dataclasses import asdict
from html import escape
from itertools import pairwise

from fineparser_core.constants import STEP_NAMES
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.export.palette import STEP_COLORS
from fineparser_core.language import number
from fineparser_core.records import Analysis, DiveParse, Moment
from fineparser_core.support.tables import Columns, columns_of, html_table

_WIDTH, _HEIGHT, _MARGIN = 640, 76, 28
#: Width of a time below the bars, pixels.
_LABEL = 52
_TEXT = 'font-family="sans-serif" font-size="12" text-anchor="middle" fill="#333"'


def analysis_tables(analysis: Analysis) -> dict[str, Columns]:
    """Return the tables of an analysis by name, see `Analysis.tables`."""
    parse, scoring = analysis.parse, analysis.scoring
    parts = [{} for _ in STEP_NAMES] if scoring is None else [asdict(part) for part in scoring.contributions]
    votes = () if scoring is None else scoring.exemplars
    numbers = () if parse.recognition is None else parse.recognition.numbers
    phases = [
        {**asdict(step), "start_s": start_s, "end_s": end_s}
        | {name: value for name, value in part.items() if name != "step"}
        for step, (start_s, end_s), part in zip(parse.steps, pairwise(parse.step_ends_s), parts, strict=True)
    ]
    samples = {
        "frame": parse.sampled_frames.tolist(),
        "time_s": parse.sampled_times_s.tolist(),
        "flight_begins": parse.probabilities[:, 0].tolist(),
        "entry_begins": parse.probabilities[:, 1].tolist(),
        "athlete_share": (parse.mask_probability >= 0.5).mean(axis=(1, 2)).tolist(),
    }
    return {
        "phases": columns_of(phases),
        "moments": columns_of([{"moment": name, **asdict(moment)} for name, moment in _moments(parse).items()]),
        "measures": columns_of([asdict(measure) for measure in measures_of(analysis)]),
        "exemplars": columns_of(
            [{name: value for name, value in asdict(vote).items() if name != "contributions"} for vote in votes]
        ),
        "numbers": columns_of([asdict(seen) for seen in numbers]),
        "samples": samples,
    }


def analysis_html(analysis: Analysis) -> str:
    """Return an analysis as HTML: what it came to, the phases as a table, and their picture."""
    parse, scoring, phases = analysis.parse, analysis.scoring, analysis.tables()["phases"]
    if scoring is not None:
        title = f"{scoring.dive_number}: score {number(scoring.score, 2)}, spread {number(scoring.spread, 2)}"
    else:
        title = str(parse.refusal or analysis.withheld or analysis.unscored or "no score: no dive number was given")
    points = phases.get("points", [None] * len(STEP_NAMES))
    rows = [
        [name, start, end - 1, number(end_s - start_s, 2), "" if part is None else number(part, 2, signed=True)]
        for name, start, end, start_s, end_s, part in zip(
            *(phases[key] for key in ("name", "start_frame", "end_frame", "start_s", "end_s")), points, strict=True
        )
    ]
    table = html_table(["phase", "first frame", "last frame", "seconds", "points"], rows)
    return f"<p><b>{escape(parse.clip.path.name)}</b>, {escape(title)}</p>{table}{_phases_svg(parse)}"


def _moments(parse: DiveParse) -> dict[str, Moment]:
    found = ((name, getattr(parse.moments, name)) for name in ("take_off", "top", "come_out", "contact"))
    return {name: moment for name, moment in found if moment is not None}


def _phases_svg(parse: DiveParse) -> str:
    """Draw the phases as bars over the seconds of the file, a line a moment, as wide a band as its deviation."""
    ends_s = parse.step_ends_s
    scale = (_WIDTH - 2 * _MARGIN) / max(ends_s[-1] - ends_s[0], 1e-3)

    def x(time_s: float) -> float:
        return round(_MARGIN + (time_s - ends_s[0]) * scale, 1)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}">']
    parts.append(f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>')
    for name, (start_s, end_s) in zip(STEP_NAMES, pairwise(ends_s), strict=True):
        width = round(max(x(end_s) - x(start_s), 0), 1)
        parts.append(
            f'<rect x="{x(start_s)}" y="24" width="{width}" height="28" fill="{STEP_COLORS[name]}"/>'
            f'<text x="{x((start_s + end_s) / 2)}" y="16" {_TEXT}>{name}</text>'
        )
    for name, moment in _moments(parse).items():
        left, wide = x(moment.time_s - moment.deviation_s), round(2 * moment.deviation_s * scale, 1)
        title = f"{name}: {number(moment.time_s, 2)} s, deviation {number(moment.deviation_s, 2)} s"
        parts.append(
            f'<g><title>{title}</title><rect x="{left}" y="20" width="{wide}" height="36" fill="#000" '
            f'fill-opacity=".15"/><rect x="{x(moment.time_s)}" y="20" width="1.5" height="36"/></g>'
        )
    for time_s, before_s in zip(ends_s, (-math.inf, *ends_s), strict=False):
        if (time_s - before_s) * scale >= _LABEL:
            parts.append(f'<text x="{x(time_s)}" y="70" {_TEXT}>{number(time_s, 2)} s</text>')
    return "".join(parts) + "</svg>"
