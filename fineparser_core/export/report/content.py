"""Fills the pages of a report: of a dive its frames, phases, trend and note; of a season its overview."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import hypot

import numpy as np

from fineparser_core.diving.judging import dive_outcome_text, half_text
from fineparser_core.errors import ExportError
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.export.coach_marks import NOTE
from fineparser_core.export.dive_words import (
    DIGITS,
    DiveWords,
    award_words,
    dive_words,
    phase_times,
    scored_points,
    trust_text,
)
from fineparser_core.export.notes import notes_of, own_award_text
from fineparser_core.export.palette import STEP_COLORS
from fineparser_core.export.report.dives import ReportedDive
from fineparser_core.export.report.moments import COME_OUT, moments_of, moments_of_parse
from fineparser_core.export.report.page import (
    FrontPage,
    MeasuredRow,
    NumberOverview,
    Overview,
    Page,
    Phase,
    PictureRow,
    Report,
    ReportedTrend,
)
from fineparser_core.export.report.pictures import moment_pictures
from fineparser_core.export.strobe import strobe_picture
from fineparser_core.language import number, short_number, text, translated
from fineparser_core.measures.explanation import Bands, Finding, band_for, findings, gauge
from fineparser_core.measures.words import dive_text, finding_text, good_text, measure_name, measured_text, rounded_text
from fineparser_core.printable import printable, without_home
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.records import Analysis, Frame, Measure, Verdict, VerdictCode
from fineparser_core.video.probe import probe

#: Pictures of the front page.
_N_FRONT = 3
#: Rows of a phase: more do not fit on the page.
MOST_ROWS = 10
#: Letters of a note that fit on the page.
_MOST_NOTE = 700
#: Standard deviations of a difference that is told as a change, and how many changes are.
_CLEAR, _MOST_CHANGED = 2.0, 6


def make_report(
    dives: Sequence[ReportedDive],
    *,
    title: str = "",
    progress: ProgressCallback = ignore_progress,
    cancel: CancelToken | None = None,
) -> Report:
    """Make a page for each dive; a dive whose video is missing has no pictures, and a note.

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
    """Return the page of a dive; raises as `make_report`."""
    analysis, found = dive.analysis, measures_of(dive.analysis)
    strips, other = [], dive.comparison
    words = dive_words(analysis, judging=dive.details.judging, bands=dive.bands)
    front = FrontPage(sentences=_sentences(dive, words))
    if dive.path.is_file():
        info = probe(dive.path)
        moments = moments_of_parse(analysis.parse, info.pts_s, found)
        masks = analysis.parse if len(analysis.parse.mask_probability) else None  # they are not kept for ever
        shown = _front_frames(dive, words, moments)
        pictures = moment_pictures(dive.path, moments, masks, dive.marks, found, others=shown, cancel=cancel)
        strips.append(PictureRow(heading="", pictures=pictures[: len(moments)]))
        front = replace(front, pictures=pictures[len(moments) :])
    if other is not None and other.path and other.path.is_file():
        moments = moments_of(other.steps, probe(other.path).pts_s)
        pictures = moment_pictures(other.path, moments, other.masks, cancel=cancel)
        strips.append(PictureRow(heading=text("For comparison: {0}", printable(other.title)), pictures=pictures))
    strobe, without = _strobe(dive, cancel)
    return Page(
        title=_title(dive),
        front=front,
        headline=_headline(dive),
        facts=_facts(dive),
        strips=tuple(strips),
        phases=_phases(dive, found),
        trend_heading=_trend_heading(dive),
        trend=dive.trend if len(dive.trend) > 1 else (),
        note=_note(dive.details.note),
        about=(*_about(analysis, dive, found), *without),
        warning=translated(analysis.parse.refusal or ""),
        strobe=strobe,
    )


def _front_frames(dive: ReportedDive, words: DiveWords, moments: Mapping[str, Frame]) -> list[tuple[str, Frame]]:
    """Return captions and frames of the front page: the coach's drawings, the faults, then moments."""
    drawn = [(printable(mark.text) if mark.kind == NOTE else "", mark.frame) for mark in dive.marks]
    faults = [(remark.text, remark.frame) for remark in words.remarks]
    usual = [(text(name), moments[name]) for name in (COME_OUT, "entry", "take-off")]
    shown: dict[Frame, str] = {}
    for caption, frame in (*drawn, *faults, *usual):
        shown[frame] = shown.get(frame) or caption
    return [(caption, frame) for frame, caption in sorted([*shown.items()][:_N_FRONT])]


def _sentences(dive: ReportedDive, words: DiveWords) -> tuple[str, ...]:
    """Return what was good, what to work on, and what changed since the last dive of the number."""
    faults = ", ".join(remark.text for remark in words.remarks)
    nothing = text("Nothing to fault that the picture shows clearly.")
    good = text("Good: {0}.", words.praise) if words.praise else ""
    now = next((at for at, point in enumerate(dive.trend) if point.is_this), 0)
    awards = [one.award if one.judged is None else one.judged for one in dive.trend[: now + 1]]
    changed = ""
    if len(awards) > 1 and None not in awards[-2:]:
        before, this = (half_text(award or 0.0) for award in awards[-2:])
        changed = text("The award is as before: {0}.", this)
        changed = (
            changed if before == this else text("The last dive of this number was {0}, this one is {1}.", before, this)
        )
    return tuple(filter(None, (good, text("To work on: {0}.", faults) if faults else nothing, changed)))


def _strobe(dive: ReportedDive, cancel: CancelToken | None) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the stroboscopic picture, or a sentence that says why there is none."""
    if not dive.strobe or not dive.path.is_file():
        return None, ()
    try:
        return strobe_picture(dive.analysis, title=_title(dive), cancel=cancel), ()
    except ExportError as error:
        return None, (without_home(printable(translated(error))),)


def _title(dive: ReportedDive) -> str:
    scored = dive.analysis.scoring or dive.analysis.own_award
    number_and_board = dive_text(scored.dive_number, scored.board_m) if scored is not None else ""
    known = [printable(one) for one in (dive.details.athlete, number_and_board) if one]
    return "  ·  ".join(known) or printable(dive.path.stem)


def _headline(dive: ReportedDive) -> tuple[str, str]:
    """Return the mark and the line below it: the judges' award first, where there is one."""
    analysis, judging = dive.analysis, dive.details.judging
    scored = analysis.scoring or analysis.own_award
    words = award_words(scored, judging)
    if not words.award:
        return text("no score"), _unscored(analysis.verdict)
    said = [words.source, words.points, words.likely]
    if judging is not None:
        if len(judging.awards) > 1:
            said[0] += f" ({' '.join(map(short_number, judging.awards))})"
        said[2:2] = [text("predicted {0}", words.predicted)] if words.predicted else []
    elif analysis.scoring is None:
        said.append(text("from measures alone"))
    return words.award, ", ".join(filter(None, said))


def _facts(dive: ReportedDive) -> tuple[tuple[str, str], ...]:
    scoring, own = dive.analysis.scoring, dive.analysis.own_award
    file = printable(dive.path.name)
    if not dive.path.is_file():
        file = text("{0} (not found, so there are no pictures)", file)
    facts = [
        (text("date"), printable(dive.date)),
        (text("club"), printable(dive.club)),
        (text("outcome"), dive_outcome_text(dive.details.outcome)),
        (text("video // file"), file),
    ]
    if own is not None and scoring is None:
        facts.append((text("difficulty"), short_number(own.difficulty)))
    if scoring is not None:
        mean = sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars)
        n, nearest = len(scoring.exemplars), ", ".join(scoring.nearest_numbers)
        if nearest:
            compared = text("dives: {0} of {1}, mean score {2}", n, nearest, number(mean, 1))
        else:
            compared = text("dives: {0}, mean score {1}", n, number(mean, 1))
        facts += [(text("difficulty"), short_number(scoring.difficulty)), (text("compared with"), compared)]
    scored = scoring or own
    if scored is not None and scored.profile is not None:
        profile = scored.profile
        facts.append((text("calibrated"), text("on {0} of your dives, profile {1}", profile.dives, profile.name)))
    if own is not None and scoring is not None:
        facts.append((text("by measures alone"), own_award_text(own)))
    return tuple((name, said) for name, said in facts if said)


def _phases(dive: ReportedDive, found: Sequence[Measure]) -> tuple[Phase, ...]:
    scoring, parse = dive.analysis.scoring, dive.analysis.parse
    points = dict(zip((step.name for step in parse.steps), scored_points(scoring) if scoring else (), strict=False))
    largest = max((abs(value) for value in points.values()), default=0.0) or 1.0
    told = findings(found, dive.bands)
    return tuple(
        Phase(
            name=text(step.name),
            color=STEP_COLORS[step.name],
            times=text("{0} from frame {1}", duration, step.start_frame),
            points=number(points[step.name], DIGITS, signed=True) if step.name in points else None,
            points_share=points.get(step.name, 0.0) / largest,
            rows=_rows([measure for measure in found if measure.step == step.name], dive.bands, told[step.name]),
            sentences=tuple(finding_text(finding) for finding in told[step.name]),
        )
        for step, duration in zip(parse.steps, phase_times(parse), strict=True)
    )


def _rows(found: Sequence[Measure], bands: Bands, told: Sequence[Finding]) -> tuple[MeasuredRow, ...]:
    """Return the measures of a phase: those that speak against the dive first, then the rest."""
    against = [finding.measure for finding in told]
    rest = [measure for measure in found if measure not in against]
    rows = []
    for measure in (*against, *rest):
        band = band_for(measure, bands)
        rows.append(
            MeasuredRow(
                name=measure_name(measure.name),
                value=measured_text(measure),
                good=good_text(measure.name, band) if band is not None else "",
                outside=measure in against,
                gauge=gauge(measure, band) if band is not None else None,
            )
        )
    return tuple(rows[:MOST_ROWS])


def _trend_heading(dive: ReportedDive) -> str:
    scored = dive.analysis.scoring or dive.analysis.own_award
    dive_number = scored.dive_number if scored is not None else ""
    if any(point.judged is not None for point in dive.trend):
        return text("Awards of {0} dives {1}: line judges, grey predicted", len(dive.trend), dive_number)
    return text("Estimated awards of {0} dives {1}", len(dive.trend), dive_number)


def _unscored(verdict: Verdict) -> str:
    """Return why there is no score, for the line below the mark."""
    if verdict.code in (VerdictCode.NO_EVIDENCE, VerdictCode.OTHER_DIVE):
        return translated(verdict.reason)
    if verdict.code in (VerdictCode.NO_EXEMPLARS, VerdictCode.NO_DIFFICULTY):
        return text("a score needs dives to compare with")
    return text("a score needs the dive number")


def _note(note: str) -> tuple[str, ...]:
    shown = printable(note, keep="\n").strip()
    if len(shown) > _MOST_NOTE:
        shown = f"{shown[:_MOST_NOTE].rstrip()}…"
    return tuple(shown.splitlines())


def _about(analysis: Analysis, dive: ReportedDive, found: Sequence[Measure]) -> tuple[str, ...]:
    """Return how far the award can be trusted, where the good ranges come from, and notes."""
    compared = (band_for(measure, dive.bands) for measure in found)
    sources = {band.source.kind: band.source for band in compared if band is not None}
    sentences = [trust_text(), *(translated(source.about) for source in sources.values())]
    unscored = analysis.verdict.code in (VerdictCode.NO_EXEMPLARS, VerdictCode.NO_DIFFICULTY)
    notes = (*((analysis.verdict.reason,) if unscored else ()), *notes_of(analysis))
    return (*sentences, *(without_home(printable(translated(note))) for note in notes))


def make_overview(dives: Sequence[ReportedDive], title: str, note: str, pages: Sequence[Page] = ()) -> Overview:
    """Return the overview of dives, in order of time; `pages` are theirs, in the same order, for pictures."""
    days = [dive.date for dive in dives if dive.date]
    facts = [(text("dives"), str(len(dives)))]
    if days:
        facts.append((text("days"), days[0] if days[0] == days[-1] else text("{0} to {1}", days[0], days[-1])))
    groups: dict[str, list[ReportedDive]] = {}
    for dive in dives:
        groups.setdefault(_number_and_board(dive), []).append(dive)
    most = sorted(groups.items(), key=lambda group: (not group[0], -len(group[1])))
    rows = [_overview_row(name, of) for name, of in most]
    # The first whose course is drawn; dives of unknown numbers are not compared.
    first = next((name for (name, _), row in zip(most, rows, strict=True) if row.trend), "")
    best = [pair for pair in zip(dives, pages, strict=False) if first and _number_and_board(pair[0]) == first]
    return Overview(
        title=printable(title),
        facts=tuple(facts),
        rows=tuple(rows),
        best=_best(best),
        note=tuple(printable(note, keep="\n").strip().splitlines()),
        about=(
            text(
                "Lines join the judges' mean awards; grey points are implied by predicted scores (score ÷ (3 × DD)). "
                "Without marks the line is of predictions. Dives of different numbers or boards cannot be compared."
            ),
        ),
    )


def _number_and_board(dive: ReportedDive) -> str:
    """Return the dive number and the board, "" if they are unknown."""
    scored = dive.analysis.scoring or dive.analysis.own_award
    return "" if scored is None else dive_text(scored.dive_number, scored.board_m)


def _overview_row(name: str, dives: Sequence[ReportedDive]) -> NumberOverview:
    trend = tuple(
        ReportedTrend(label=printable(dive.date or dive.path.stem), award=predicted, is_this=False, judged=judged)
        for dive in dives
        for predicted, judged in (_awards(dive),)
        if (predicted, judged) != (None, None)
    )
    awards = [point.judged for point in trend if point.judged is not None]
    awards = awards or [point.award for point in trend if point.award is not None]
    told = (number(awards[0], 1), number(awards[-1], 1), number(max(awards), 1)) if awards else ("", "", "")
    shown = trend if len(trend) > 1 else ()
    changed = _changed(dives) if name else ()  # else they may be of any number
    return NumberOverview(
        number=name or text("no score"), n_dives=len(dives), awards=told, trend=shown, changed=changed
    )


def _changed(dives: Sequence[ReportedDive]) -> tuple[str, ...]:
    """Return the measures that differ most, beyond their uncertainties, between the first dive and the latest."""
    before = {one.name: one for one in measures_of(dives[0].analysis)}
    clear = []
    for last in measures_of(dives[-1].analysis):
        first = before.get(last.name, last)
        told = [rounded_text(one.value, one.name, one.unit) for one in (first, last)]
        how_clear = abs(last.value - first.value) / (hypot(first.uncertainty, last.uncertainty) or 1.0)
        if how_clear >= _CLEAR and told[0] != told[1]:
            clear.append((how_clear, f"{measure_name(last.name)}: {' → '.join(told)}"))
    return tuple(line for _, line in sorted(clear, reverse=True)[:_MOST_CHANGED])


def _best(dives: Sequence[tuple[ReportedDive, Page]]) -> PictureRow | None:
    """Return the pictures of the dive with the best award, its judges' or else the predicted; None without any."""
    awarded = []
    for dive, page in dives:
        predicted, judged = _awards(dive)
        award = predicted if judged is None else judged
        if award is not None and page.strips and dive.path.is_file():
            awarded.append((award, dive, page))
    if not awarded:
        return None
    award, dive, page = max(awarded, key=lambda one: one[0])
    said = " · ".join(filter(None, (_number_and_board(dive), printable(dive.date), number(award, 1))))
    return replace(page.strips[0], heading=text("Best: {0}", said))


def _awards(dive: ReportedDive) -> tuple[float | None, float | None]:
    """Return the award implied by a dive's score, and the mean award of its judges."""
    scored = dive.analysis.scoring or dive.analysis.own_award
    return (
        scored.award if scored is not None else None,
        dive.details.judging.award if dive.details.judging is not None else None,
    )
