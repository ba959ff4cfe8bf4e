"""Output of `fineparser score`: an analysis as aligned text, and names that contradict what counts."""

from collections.abc import Iterator, Sequence

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.difficulty import is_by_formula
from fineparser_core.diving.dive_number import known_number, parse_dive_number
from fineparser_core.diving.name_parsing import parse_file_name
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.export.notes import notes_of, own_award_about, own_award_text
from fineparser_core.export.results import AskedClip
from fineparser_core.measures.explanation import band_for, bands_of, findings, praised
from fineparser_core.measures.words import finding_text, good_text, measure_name, measured_text, praise_text
from fineparser_core.printable import printable
from fineparser_core.recognition.numbers import seen_text
from fineparser_core.records import (
    Analysis,
    Clip,
    Contribution,
    DiveParse,
    ExemplarVote,
    OwnAward,
    Scoring,
    Verdict,
    VerdictCode,
)
from fineparser_core.scoring.measured_stream import measured_stream
from fineparser_core.support.tables import text_table

#: Origin of the DD by `Scoring.difficulty_source`.
_DIFFICULTY_OF = {
    "board": "of that board",
    "seen": "of the board that the fall shows",
    "commonest board": "of its commonest board",
    "typed": "as given",
}
#: Words for a candidate and against it, by name in `DiverCandidate.reasons`.
_DIVER_REASONS = {
    "fall": ("falls as a body does", "hardly falls as a body does"),
    "size": ("", "smaller than another"),
    "water": ("water moves where the fall ends", "no splash"),
    "last": ("", "another falls later"),
    "body": ("a body is seen", "no body is seen"),
}


def report(analysis: Analysis) -> str:
    """Return the whole report: clip, phases and, where there is a score, how it came about."""
    blocks = [_heading(analysis.parse)]
    if analysis.parse.clip.diver_is_unsure:
        blocks.append(_divers(analysis.parse.clip))
    blocks.append(_steps(analysis.parse))
    seen = analysis.parse.recognition
    if seen is not None and (words := seen_text(seen)):
        blocks.append(f"seen: {words}")
    if (measured := _measured(analysis)) is not None:
        blocks.append(measured)
    if analysis.own_award is not None:
        blocks.append(_own_award(analysis.own_award))
    if analysis.scoring is None:
        blocks.append(_unscored(analysis.verdict))
    else:
        blocks += [_score(analysis.scoring), _contributions(analysis.scoring), _votes(analysis.scoring)]
        if (refusal := analysis.parse.refusal) is not None:
            blocks.append(f"Note: scored as you asked, though: {refusal[0].lower()}{refusal[1:]}")
    blocks += [f"Note: {note}" for note in notes_of(analysis)]
    if analysis.parse.model.synthetic:
        blocks.append(
            f"Note: these weights were trained on rendered dives only ({analysis.parse.model.trained_on}): "
            "read scores and contributions as a demonstration, not as judging."
        )
        if analysis.parse.read_awards is not None:
            blocks.append(
                "Note: from platforms, what features, splash and measures are worth was fitted on judged dives of "
                "London 2012, men, 10 m (UNLV-Dive): of other divers, events and cameras it tells less."
            )
    return "\n\n".join(blocks) + "\n"


def _unscored(verdict: Verdict) -> str:
    """Return why there is no score, and the way out."""
    reason = verdict.reason
    if verdict.code is VerdictCode.NO_DIVE:
        return f"No score: {reason[0].lower()}{reason[1:]}\nIf it is a whole dive, --force scores it."
    if "force" in verdict.ways_out:
        return f"{reason}\n--force scores it all the same."
    unknown = "the video does not surely show the dive number, so add --dive-number, e.g. 207C."
    return f"No score: {reason or unknown}"


def _heading(parse: DiveParse) -> str:
    clip, model = parse.clip, parse.model
    return (
        f"{printable(clip.path)}, frames {clip.in_frame} to {clip.out_frame} at {clip.fps:.5g} fps\n"
        f"weights {model.id} (preprocessing {model.preprocessing}, decoding {model.decoding}), "
        f"{model.precision} on {model.device}"
    )


def _divers(clip: Clip) -> str:
    """List who may be the diver, and how to choose."""
    rows = []
    for number, one in enumerate(clip.divers, start=1):
        known = ((name, log_odds) for name, log_odds in one.reasons.items() if name in _DIVER_REASONS)
        reasons = (_DIVER_REASONS[name][log_odds < 0] for name, log_odds in known)
        place = f"{one.point.x:.0f}, {one.point.y:.0f}"
        frames = f"{one.in_frame} to {one.out_frame}"
        said = ", ".join(filter(None, reasons)) + (" (analysed)" if one.chosen else "")
        rows.append((str(number), str(one.frame), place, f"{one.probability:.0%}", frames, said))
    header = ("diver", "in frame", "at x, y", "probability", "clip", "because")
    table = text_table(header, rows, indent="  ", left=(2, 4, 5))
    return f"{len(rows)} may be the diver. Choose one with --diver, e.g. --diver 2:\n{table}"


def _steps(parse: DiveParse) -> str:
    rows = [
        (step.name, str(step.start_frame), str(step.end_frame - 1), f"{start_s:.3f}", f"{duration_s:.2f}")
        for step, start_s, duration_s in zip(parse.steps, parse.step_ends_s, parse.step_durations_s, strict=False)
    ]
    table = text_table(("phase", "first frame", "last frame", "starts at, s", "takes, s"), rows, indent="  ")
    if parse.first_water_contact_frame is None:
        return table
    return f"{table}\n  The water is touched first in frame {parse.first_water_contact_frame}"


def _measured(analysis: Analysis) -> str | None:
    """Return the measures beside those of good dives and the worst findings; None where nothing was measured."""
    found = measures_of(analysis)
    if not found:
        return None
    bands, rows = bands_of(analysis), []
    for measure in found:
        band = band_for(measure, bands)
        good = good_text(measure.name, band) if band is not None else ""
        rows.append((measure.step, measure_name(measure.name), measured_text(measure), good, str(measure.frame)))
    table = text_table(("phase", "measured", "value", "good", "frame"), rows, indent="  ")
    text = f"Measured in the video, with one standard deviation\n{table}"
    against = [finding for told in findings(found, bands).values() for finding in told]
    told = "".join(f"\n  {finding.measure.step}: {finding_text(finding)}" for finding in against)
    text += f"\n\nWhat speaks most against it, measured:{told}" if told else ""
    praise = praise_text(praised(found, bands))
    return f"{text}\n\nWhat speaks for it, measured: {praise}" if praise else text


def _own_award(own: OwnAward) -> str:
    steps = ", ".join(f"{step} {award:+.2f}" for step, award in zip(STEP_NAMES, own.steps, strict=True))
    text = own_award_text(own)
    return (
        f"{text[0].upper()}{text[1:]}, no exemplar: {own.score:.2f} points\n"
        f"  against a usual dive: {steps}\n"
        f"  {own_award_about(own)}"
    )


def _score(scoring: Scoring) -> str:
    board = f" from {scoring.board_m:g} m" if scoring.board_m is not None else ""
    against = f", against exemplars of {', '.join(scoring.nearest_numbers)}" if scoring.nearest_numbers else ""
    interval = ""
    if scoring.interval is not None:
        low, high, level = scoring.interval.low, scoring.interval.high, scoring.interval.level
        of = "held-out dives fall within one so made"
        if scoring.profile is not None:
            of = (
                "judged dives of yours should, as those did that were left out in learning, and with few of them others"
            )
        elif scoring.uses_measures:
            of = "dives should, as far as awards of real dives scatter; judged dives have not shown it yet"
            if scoring.board_m is not None and f"{scoring.board_m:g}" in measured_stream().half_widths:
                of = "judged dives of an event that was left out of the fit lay within such an interval"
        interval = f"\nInterval {low:.2f} to {high:.2f}: {level:.0%} of {of}"
    origin = _DIFFICULTY_OF[scoring.difficulty_source]
    if scoring.difficulty_source != "typed" and is_by_formula(parse_dive_number(scoring.dive_number), scoring.board_m):
        origin += ", by the formula"
    return (
        f"Score {scoring.score:.2f} for {scoring.dive_number}{board}{against}: "
        f"DD {scoring.difficulty:g} ({origin}), mean award {scoring.award:.2f}\n"
        f"Spread {scoring.spread:.2f} (agreement of the exemplars, not accuracy)"
        f"{interval}"
    )


def _contributions(scoring: Scoring) -> str:
    mean_exemplar = sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars)
    rows = [
        (part.step, f"{part.points:+.2f}", f"{part.dynamic:+.2f}", f"{part.static:+.2f}", f"{part.measured:+.2f}")
        for part in (*scoring.contributions, _sum(scoring.contributions))
    ]
    return (
        f"Contributions: points relative to the exemplars' mean score, {mean_exemplar:.2f}\n"
        f"{text_table(('phase', 'points', 'dynamic', 'static', 'measured'), rows, indent='  ')}"
    )


def _sum(parts: Sequence[Contribution]) -> Contribution:
    return Contribution(
        step="sum",
        points=sum(part.points for part in parts),
        dynamic=sum(part.dynamic for part in parts),
        static=sum(part.static for part in parts),
        measured=sum(part.measured for part in parts),
    )


def _votes(scoring: Scoring) -> str:
    steps = tuple(part.step for part in scoring.contributions)
    table = text_table(
        ("exemplar", "number", "board", "score", *steps, "vote"),
        [_vote_row(vote) for vote in scoring.exemplars],
        indent="  ",
    )
    return f"Exemplars: vote = score + the three phases\n{table}"


def _vote_row(vote: ExemplarVote) -> tuple[str, ...]:
    board = f"{vote.board_m:g} m" if vote.board_m is not None else "?"
    points = (f"{part.points:+.2f}" for part in vote.contributions)
    return vote.id, vote.dive_number, board, f"{vote.score:.2f}", *points, f"{vote.vote:.2f}"


def named_otherwise(asked: AskedClip, typed: str | None = None, board_m: float | None = None) -> Iterator[str]:
    """Yield a sentence for each number and board that counts for a clip, and that another place contradicts.

    Args:
        asked: what counts for the clip: of a list, or as it was typed.
        typed, board_m: what was typed for all clips of a list.
    """
    named = parse_file_name(asked.path.stem)
    for place, number, height_m in (("its name", named.dive_number, named.board_m), ("the command", typed, board_m)):
        for counts, other in (
            (_number_text(asked.dive_number), _number_text(number)),
            (_board_text(asked.board_m), _board_text(height_m)),
        ):
            if counts and other and counts != other:
                yield f"{asked.path.name}: {place} says {other}, and {counts} counts."


def _number_text(text: str | None) -> str:
    number = known_number(text or "")
    return "" if number is None else str(number)


def _board_text(board_m: float | None) -> str:
    return "" if board_m is None else f"{board_m:g} m"
