"""Words and numbers of an analyzed dive, made once for the window, clips, reports, tables and the phone's page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor

from fineparser_core.diving.judging import Judging, half_text, likely_text
from fineparser_core.export.analysis_json import measures_of
from fineparser_core.language import number, text
from fineparser_core.measures.explanation import Bands, bands_of, findings, praised, worst
from fineparser_core.measures.words import dive_text, fault_text, praise_text
from fineparser_core.records import Analysis, Contribution, DiveParse, Frame, OwnAward, Scoring

#: Digits behind the decimal point of points where people read them; tables and JSON have all.
DIGITS = 1


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A fault in a coach's words, and the source frame where it shows."""

    frame: Frame
    text: str


@dataclass(frozen=True, kw_only=True)
class AwardWords:
    """The award of a dive in words; a text is "" where nothing is known.

    Attributes:
        award: the judges' mean award, else the predicted one in halves; it comes first and is large.
        source: who gave it.
        points: of it, where the degree of difficulty is known.
        predicted: the predicted award in halves, also beside the judges'.
        likely: the range in which the predicted award lies.
    """

    award: str = ""
    source: str = ""
    points: str = ""
    predicted: str = ""
    likely: str = ""


@dataclass(frozen=True, kw_only=True)
class DiveWords:
    """What every view says of a dive.

    Attributes:
        name: of the athlete, or of the video's file.
        dive: number and board, or "".
        award: its award.
        remarks: the worst faults, the worst first.
        praise: what was best, or "".
    """

    name: str = ""
    dive: str = ""
    award: AwardWords = field(default_factory=AwardWords)
    remarks: tuple[Remark, ...] = ()
    praise: str = ""


def award_words(scored: Scoring | OwnAward | None, judging: Judging | None = None) -> AwardWords:
    """Return the words of a predicted award, of the judges' marks, or of both."""
    predicted = half_text(scored.award) if scored is not None else ""
    likely = likely_text(scored.award_range) if scored is not None and scored.award_range is not None else ""
    if judging is None:
        points = text("{0} points", number(scored.score, 1)) if scored is not None else ""
        source = text("estimate") if scored is not None else ""
        return AwardWords(award=predicted, source=source, points=points, predicted=predicted, likely=likely)
    points = text("{0} points", number(judging.score(scored.difficulty), 2)) if scored is not None else ""
    award = number(judging.award, 2)
    return AwardWords(award=award, source=text("judges"), points=points, predicted=predicted, likely=likely)


def trust_text() -> str:
    """Return the line on how far an award can be trusted."""
    return text(
        "Without judges the award is an estimate from one video: it may be off by a mark and more. Faults come from "
        "angles and times measured in the picture. Your coach knows more."
    )


def phase_times(parse: DiveParse) -> tuple[str, ...]:
    """Return the duration of each phase as the timeline writes it."""
    return tuple(text("{0} s", number(duration_s, 1)) for duration_s in parse.step_durations_s)


def step_points(parts: Sequence[Contribution], score: float, compared: float) -> tuple[float, ...]:
    """Return the points of the phases, rounded so that their sum is the difference of both scores as shown."""
    total = round(score, DIGITS) - round(compared, DIGITS)
    return tuple(rounded_to_sum([part.points for part in parts], total))


def scored_points(scoring: Scoring) -> tuple[float, ...]:
    """Return the `step_points` of a score against the mean of its exemplars."""
    mean = sum(vote.score for vote in scoring.exemplars) / len(scoring.exemplars)
    return step_points(scoring.contributions, scoring.score, mean)


def rounded_to_sum(values: Sequence[float], total: float) -> list[float]:
    """Return values rounded up or down so that their sum is the total as shown (largest remainders).

    Args:
        values: numbers whose sum is the total up to rounding; not empty.
    """
    units = [value * 10**DIGITS for value in values]
    lacking = round(total * 10**DIGITS) - sum(floor(unit) for unit in units)
    each, rest = divmod(lacking, len(units))
    by_remainder = sorted(range(len(units)), key=lambda place: floor(units[place]) - units[place])
    up = set(by_remainder[:rest])
    return [(floor(unit) + each + (place in up)) / 10**DIGITS for place, unit in enumerate(units)]


def dive_words(
    analysis: Analysis, *, name: str = "", dive: str = "", judging: Judging | None = None, bands: Bands | None = None
) -> DiveWords:
    """Return the words of a dive.

    Args:
        name: of the athlete; "": the video's file is named instead.
        dive: number and board; "": those of the award.
        judging: the judges' marks.
        bands: of good dives of the same number; None: those of the analysis.
    """
    scored, parse = analysis.scoring or analysis.own_award, analysis.parse
    measures, bands = measures_of(analysis), bands_of(analysis) if bands is None else bands
    told = findings(measures, bands)
    return DiveWords(
        name=name.strip() or parse.clip.path.stem,
        dive=dive or (dive_text(scored.dive_number, scored.board_m) if scored is not None else ""),
        award=award_words(scored, judging),
        remarks=tuple(Remark(frame=one.measure.frame, text=fault_text(one)) for one in worst(told)),
        praise=praise_text(praised(measures, bands)[:1]),
    )
