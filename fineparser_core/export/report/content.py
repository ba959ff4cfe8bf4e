"""Fills the page of a dive: frames, phases with what was measured and what the model attributes, trend and note."""

from collections.abc import Sequence

import numpy as np

from fineparser_core.export.analysis_json import measures_of
from fineparser_core.export.palette import STEP_COLOURS
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.report.moments import moments_of, moments_of_parse
from fineparser_core.export.report.page import Gauge, MeasuredRow, Page, Phase, Report, Strip
from fineparser_core.export.report.pictures import moment_pictures
from fineparser_core.export.report.words import (
    band_text,
    finding_text,
    good_dives_text,
    measure_name,
    measured_text,
    own_award_about,
    own_award_text,
)
from fineparser_core.measures.explanation import Band, Bands, Finding, band_for, findings
from fineparser_core.printable import printable
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import Analysis, Measure, OwnAward, Scoring, StepSpan
from fineparser_core.video.probe import probe

#: Rows of a phase: more do not fit on the page.
MOST_ROWS = 10
#: Letters of a note that fit on the page.
_MOST_NOTE = 700
#: Room beside band and value in a gauge, as a share of what both span.
_MARGIN = 0.15


def make_report(
    dives: Sequence[ReportedDive],
    *,
    title: str = "",
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Report:
    """A page for each dive.

    Args:
        progress: receives the stage "write", counted in dives.

    Raises:
        VideoError: a video cannot be read.
        Cancelled: `cancel` was set.
    """
    pages = []
    for done, dive in enumerate(dives, start=1):
        pages.append(make_page(dive, cancel=cancel))
        progress(Progress("write", done, len(dives)))
    return Report(title=printable(title) or pages[0].title, pages=tuple(pages))


def make_page(dive: ReportedDive, *, cancel: CancelToken | None = None) -> Page:
    """The page of a dive; raises as `make_report`."""
    analysis = dive.analysis
    info, found = probe(dive.path), measures_of(analysis)
    strips = [
        Strip(
            heading="",
            pictures=moment_pictures(
                dive.path,
                moments_of_parse(analysis.parse, info.pts_s, found),
                analysis.parse,
                dive.marks,
                found,
                cancel=cancel,
            ),
        )
    ]
    other = dive.comparison
    if other is not None:
        moments = moments_of(other.steps, probe(other.path).pts_s)
        pictures = moment_pictures(other.path, moments, other.masks, cancel=cancel)
        strips.append(Strip(heading=f"For comparison: {printable(other.title)}", pictures=pictures))
    return Page(
        title=_title(dive),
        headline=_headline(analysis),
        facts=_facts(dive),
        strips=tuple(strips),
        phases=_phases(dive, found, np.append(info.pts_s, info.duration_s)),
        trend_heading=_trend_heading(dive),
        trend=dive.trend if len(dive.trend) > 1 else (),
        note=_note(dive.note),
        about=_about(analysis, dive, measured=bool(found)),
        warning=analysis.parse.refusal or "",
    )


def _title(dive: ReportedDive) -> str:
    scored = dive.analysis.scoring or dive.analysis.own_award
    number = f"{scored.dive_number}{_board(scored)}" if scored is not None else ""
    known = [printable(text) for text in (dive.diver, number) if text]
    return "  ·  ".join(known) or printable(dive.path.stem)


def _board(scored: Scoring | OwnAward) -> str:
    return f" from {scored.board_m:g} m" if scored.board_m is not None else ""


def _headline(analysis: Analysis) -> tuple[str, str]:
    scoring, own = analysis.scoring, analysis.own_award
    if scoring is None and own is not None:
        return f"{own.score:.1f}", f"{own_award_text(own)}; there is no exemplar"
    if scoring is None:
        return "no score", "a score needs exemplars" if analysis.unscored else "a score needs the dive number"
    below = f"predicted score, implied award {scoring.award:.1f}"
    if scoring.interval is not None:
        low, high = scoring.interval.low, scoring.interval.high
        below += f"; {scoring.interval.level:.0%} interval {low:.0f} to {high:.0f}"
    return f"{scoring.score:.1f}", below


def _facts(dive: ReportedDive) -> tuple[tuple[str, str], ...]:
    scoring, own = dive.analysis.scoring, dive.analysis.own_award
    facts = [("date", printable(dive.date)), ("video", printable(dive.path.name))]
    if own is not None and scoring is None:
        facts.append(("difficulty", f"{own.difficulty:g}"))
    if scoring is not None:
        mean = sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars)
        of = f" of {', '.join(scoring.nearest_numbers)}" if scoring.nearest_numbers else ""
        facts += [
            ("difficulty", f"{scoring.difficulty:g}"),
            ("compared with", f"{len(scoring.exemplars)} exemplars{of}, mean score {mean:.1f}"),
        ]
    if own is not None and scoring is not None:
        facts.append(("without exemplars", own_award_text(own)))
    return tuple((name, text) for name, text in facts if text)


def _phases(dive: ReportedDive, found: Sequence[Measure], ends_s: np.ndarray) -> tuple[Phase, ...]:
    scoring, parse = dive.analysis.scoring, dive.analysis.parse
    points = {part.step: part.points for part in scoring.contributions} if scoring is not None else {}
    largest = max((abs(value) for value in points.values()), default=0.0) or 1.0
    told = findings(found, dive.bands)
    scored = scoring or dive.analysis.own_award
    good = good_dives_text(scored.dive_number, scored.board_m) if scored is not None else "good dives"
    return tuple(
        Phase(
            name=step.name,
            colour=STEP_COLOURS[step.name],
            times=_times(step, ends_s),
            points=_signed(points[step.name]) if step.name in points else None,
            points_share=points.get(step.name, 0.0) / largest,
            rows=_rows([measure for measure in found if measure.step == step.name], dive.bands, told[step.name]),
            sentences=tuple(finding_text(finding, good) for finding in told[step.name]),
        )
        for step in parse.steps
    )


def _times(step: StepSpan, ends_s: np.ndarray) -> str:
    start_s, end_s = ends_s[step.start_frame], ends_s[step.end_frame]
    return f"{end_s - start_s:.2f} s from frame {step.start_frame}"


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "\N{MINUS SIGN}")


def _rows(found: Sequence[Measure], bands: Bands, told: Sequence[Finding]) -> tuple[MeasuredRow, ...]:
    """What was measured in a phase: what speaks against the dive first, then the rest."""
    against = [finding.measure for finding in told]
    rest = [measure for measure in found if measure not in against]
    rows = []
    for measure in (*against, *rest):
        band = band_for(measure, bands)
        rows.append(
            MeasuredRow(
                name=measure_name(measure.name),
                value=measured_text(measure),
                good=band_text(measure.name, band) if band is not None else "",
                outside=measure in against,
                gauge=_gauge(measure, band) if band is not None else None,
            )
        )
    return tuple(rows[:MOST_ROWS])


def _gauge(measure: Measure, band: Band) -> Gauge:
    low = min(band.low, measure.value - measure.uncertainty)
    high = max(band.high, measure.value + measure.uncertainty)
    span = (high - low) or 1.0
    low, span = low - _MARGIN * span, span * (1 + 2 * _MARGIN)
    value, first, last = ((x - low) / span for x in (measure.value, band.low, band.high))
    return Gauge(value=value, deviation=measure.uncertainty / span, low=first, high=last)


def _trend_heading(dive: ReportedDive) -> str:
    scoring = dive.analysis.scoring
    number = scoring.dive_number if scoring is not None else ""
    return f"Implied award of {len(dive.trend)} dives {number}"


def _note(note: str) -> tuple[str, ...]:
    shown = printable(note, keep="\n").strip()
    if len(shown) > _MOST_NOTE:
        shown = f"{shown[:_MOST_NOTE].rstrip()}…"
    return tuple(shown.splitlines())


def _about(analysis: Analysis, dive: ReportedDive, *, measured: bool) -> tuple[str, ...]:
    """What the numbers are and are not."""
    model, scoring = analysis.parse.model, analysis.scoring
    sentences = []
    if scoring is not None:
        sentences.append(
            "Points are the model's attribution: what it adds to or takes from the exemplars' mean score by phase. "
            "They are not a judge's deductions."
        )
    if measured:
        sentences.append(
            "Seconds, metres and degrees were measured in the video, with one standard deviation; they do not "
            "depend on the exemplars."
        )
    if analysis.own_award is not None:
        sentences.append(own_award_about(analysis.own_award))
    if dive.bands:
        most = max(band.n_dives for band in dive.bands.values())
        sentences.append(f"Good dives: the middle 80 % of up to {most} good exemplars of the same number and board.")
    origin = f"Weights {model.id}, trained on {model.trained_on.rstrip('.')}."
    if model.synthetic:
        origin += " They have seen no judged dive: read the score as a demonstration."
    sentences.append(printable(origin))
    unscored = (analysis.unscored,) if analysis.unscored else ()
    return (*sentences, *(printable(note) for note in (*unscored, *analysis.notes)))
