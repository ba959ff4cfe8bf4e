"""The analysis of a dive: its parse, what was measured of it, and its score."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from math import hypot
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any

from msgspec import Meta

from fineparser_core.methods import load_reference
from fineparser_core.records.parse import DiveParse, Note


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """Points that a step adds to the score relative to an exemplar, or to the mean of several.

    points = dynamic + static + measured, the outputs of the streams: R_V (motion), R_S (appearance), and R_M, what was
    measured. Without measures R_M is 0 and the other two count in full, as in the paper; beside it they count by
    `MeasuredStream.network_share`.

    Source: Eq. 6. Deviation: R_M is not in the paper.
    """

    step: str
    points: float
    dynamic: float
    static: float
    measured: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ExemplarVote:
    """The score predicted from an exemplar: vote = the exemplar's score + the sum of the contributions' points."""

    id: str
    dive_number: str
    board_m: float | None
    score: float
    vote: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, kw_only=True)
class IntervalRule:
    """A prediction interval calibrated on held-out dives with known scores.

    Attributes:
        level: share of those dives whose score lies within the interval, e.g. 0.8.
        base, per_spread, per_difficulty: half width = base + per_spread * spread + per_difficulty * DD, in points.
    """

    level: float
    base: float
    per_spread: float
    per_difficulty: float

    def around(self, score: float, spread: float, difficulty: float, deviation: float = 0.0) -> "ScoreInterval":
        """Return the interval around a score, clipped to the possible scores, 0 to 30 * difficulty.

        Args:
            deviation: standard deviation of the score by how uncertain the dive's moments are, points.
        """
        half = self.base + self.per_spread * spread + self.per_difficulty * difficulty
        half = hypot(half, NormalDist().inv_cdf((1 + min(self.level, 0.999)) / 2) * deviation)
        most = 30 * difficulty
        low, high = (min(max(end, 0.0), most) for end in (score - half, score + half))
        return ScoreInterval(**asdict(self) | {"low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class ScoreInterval(IntervalRule):
    """The bounds of a prediction interval in points, and the rule that gave them."""

    low: float
    high: float

    def awards(self, difficulty: float) -> tuple[float, float]:
        """Return the bounds as awards of a dive of a DD."""
        return self.low / (3 * difficulty), self.high / (3 * difficulty)


@dataclass(frozen=True, kw_only=True)
class ProfileIdentity:
    """The judges' profile that a score was made by, see `fineparser_core.scoring.profile`.

    Attributes:
        id: of its content.
        name: that the coach gave it.
        dives: number of judged dives that it was learned from.
    """

    id: Annotated[str, Meta(max_length=64)]
    name: Annotated[str, Meta(max_length=200)]
    dives: Annotated[int, Meta(ge=1, lt=2**31)]


@dataclass(frozen=True, kw_only=True)
class PredictedAward:
    """A predicted award, and the dive and DD that it is a prediction for.

    Attributes:
        board_m: None where it was not given.
        score: 3 * difficulty * award, points.
        award: mean award, 0 to 10.
        profile: profile of the judges whose scale it is on, that of the exemplars' scores as well; None: as shipped.
    """

    dive_number: str
    board_m: float | None
    difficulty: float
    score: float
    award: float
    profile: ProfileIdentity | None = None


@dataclass(frozen=True, kw_only=True)
class Scoring(PredictedAward):
    """The score of a dive against its exemplars (paper Eq. 6 and 12).

    Attributes:
        difficulty_source: as of `Difficulty.source`.
        spread: population standard deviation of the votes, in points: agreement, not accuracy.
        contributions: mean over the exemplars; their points sum to score - mean exemplar score.
        notes: about the exemplars and the scale, e.g. fewer exemplars than requested, exemplars from other boards.
        interval: prediction interval; None for weights without a calibration.
        deviation: standard deviation of the score by how uncertain the dive's moments are, points.
    """

    difficulty_source: str
    spread: float
    contributions: tuple[Contribution, ...]
    exemplars: tuple[ExemplarVote, ...]
    seed: int
    notes: tuple[Note, ...] = ()
    interval: ScoreInterval | None = None
    deviation: float = 0.0

    @property
    def award_range(self) -> tuple[float, float] | None:
        """The ends of the interval as awards; None without an interval."""
        return self.interval.awards(self.difficulty) if self.interval is not None else None

    @property
    def uses_measures(self) -> bool:
        """Whether the measured stream has a part in the score, and with it the interval is of that."""
        return any(part.measured for part in self.contributions)

    @property
    def nearest_numbers(self) -> tuple[str, ...]:
        """The exemplars' dive numbers, sorted; empty if all exemplars have the number of the dive itself."""
        numbers = sorted({vote.dive_number for vote in self.exemplars})
        return () if numbers == [self.dive_number] else tuple(numbers)


@dataclass(frozen=True, kw_only=True)
class AwardCheck:
    """Errors of awards by measures alone, against the marks of real dives.

    Attributes:
        dives: how many.
        rank_correlation: Spearman's.
        mean_error: mean distance, awards.
    """

    dives: int
    rank_correlation: float
    mean_error: float


@dataclass(frozen=True, kw_only=True)
class OwnAward(PredictedAward):
    """The award of a dive by measures alone, without exemplars.

    Attributes:
        steps: awards of each phase against a usual dive; without the ends of the scale they sum to the award less that
            of a usual dive.
        interval: of the score.
        checked: errors of these awards on real dives.
    """

    steps: tuple[float, float, float]
    interval: ScoreInterval
    checked: AwardCheck

    @property
    def award_range(self) -> tuple[float, float]:
        """The ends of the interval as awards."""
        return self.interval.awards(self.difficulty)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Measure of a dive; unseen measures do not exist.

    Attributes:
        name: a name in `fineparser_core.measures.NAMES`, e.g. "flight_time".
        value: in the unit; angles are signed where there are two ways: short −, over +.
        unit: "s" of real time, "m", "deg" or "turns/s", or "" for a ratio.
        uncertainty: standard deviation, in the unit.
        frame: source frame at which it was read.
        step: its phase of the dive, a name in `STEP_NAMES`.
        direction: of the measured line in that frame, degrees clockwise off the vertical; None for what is no line.
    """

    name: str
    value: float
    unit: str
    uncertainty: float
    frame: int
    step: str
    direction: float | None = None


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """A part of a typed dive that contradicts the video.

    Attributes:
        part: "direction", "armstand", "half_somersaults", "position", "twists" or "board".
        typed, seen: values of the part, as in `Recognition`.
        probability: that the typed value is wrong, 0 to 1.
        certain: beyond reasonable doubt: the score waits until a person confirms the typed value.
    """

    part: str
    typed: str
    seen: str
    probability: float
    certain: bool


class VerdictCode(StrEnum):
    """Whether a dive is scored: "scored", or the first reason why it is not, in this order."""

    NO_DIVE = "no_dive"  # the clip does not show a whole dive
    DIVER_UNSURE = "diver_unsure"  # several people may be the diver
    NO_NUMBER = "no_number"  # no score was asked for
    NO_DIFFICULTY = "no_difficulty"  # no board is known, on which the DD depends
    NO_EVIDENCE = "no_evidence"  # a moment that the score rests on does not show clearly
    OTHER_DIVE = "other_dive"  # the video surely shows another dive
    NO_EXEMPLARS = "no_exemplars"  # there is nothing to compare with
    SCORED = "scored"


#: What changes each verdict: "force" scores the dive all the same, "confirm" its number and board.
_WAYS_OUT = {
    VerdictCode.NO_DIVE: ("force",),
    VerdictCode.DIVER_UNSURE: ("diver",),
    VerdictCode.NO_NUMBER: ("dive_number",),
    VerdictCode.NO_DIFFICULTY: ("board", "difficulty"),
    VerdictCode.NO_EVIDENCE: ("force",),
    VerdictCode.OTHER_DIVE: ("dive_number", "confirm", "force"),
    VerdictCode.NO_EXEMPLARS: ("allow_nearest",),
    VerdictCode.SCORED: (),
}
#: Verdicts that a program overrules which cannot ask for the diver, and those that a request to score anyway overrules.
NOT_ASKED = frozenset({VerdictCode.DIVER_UNSURE})
FORCED = NOT_ASKED | {VerdictCode.NO_DIVE, VerdictCode.NO_EVIDENCE, VerdictCode.OTHER_DIVE}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a dive is scored, and why not; decided by `fineparser_core.scoring.verdict` alone.

    Attributes:
        reason: a sentence that says why there is no score, or what speaks against a score that a person has asked for
            all the same; "" where the code says everything.
    """

    code: VerdictCode = VerdictCode.NO_NUMBER
    reason: str = ""

    @property
    def ways_out(self) -> tuple[str, ...]:
        """What changes the verdict: "force", "confirm", "diver", "dive_number", "board", "difficulty", ..."""
        return _WAYS_OUT[self.code]

    @property
    def shows_dive(self) -> bool:
        """True if the clip shows a dive of a known diver, whose measures count."""
        return self.code not in (VerdictCode.NO_DIVE, VerdictCode.DIVER_UNSURE)


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """The parse of a dive and, if the dive number is known, its score.

    Attributes:
        measures: measures of the dive; None if not measured yet.
        own_award: by the measures alone; None without a dive number, or where too little was measured.
        verdict: whether the dive is scored, and why not.
        measured_notes: about the measures.
        contradictions: parts of the given dive number and board that the video speaks against, the surest first.
    """

    parse: DiveParse
    scoring: Scoring | None
    measures: tuple[Measure, ...] | None = None
    own_award: OwnAward | None = None
    verdict: Verdict = Verdict()
    measured_notes: tuple[Note, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes about the file, then about the score, then about what was measured."""
        return (*self.parse.notes, *(self.scoring.notes if self.scoring else ()), *self.measured_notes)

    # Imported by name, as records lie below what writes them.
    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as packaging/docs/json.md describes it, of plain JSON types.

        Raises:
            ExportError: a number in it is not finite.
        """
        data: dict[str, Any] = load_reference("fineparser_core.export.analysis_json:analysis_to_dict")(self)
        return data

    def save(self, path: str | Path) -> None:
        """Write the analysis as JSON, as packaging/docs/json.md describes it, and its masks beside it as .npz.

        Raises:
            ExportError: a file cannot be written, or a number is not finite.

        Example:
            >>> analysis.save("dive.json")
            >>> Analysis.load("dive.json").parse.transitions == analysis.parse.transitions
            True
        """
        load_reference("fineparser_core.export.analysis_json:save_analysis")(self, path)

    @staticmethod
    def load(path: str | Path) -> "Analysis":
        """Read what `save` wrote; without the .npz the analysis has no masks.

        Raises:
            ExportError: a file is missing, damaged or something else.
        """
        found: Analysis = load_reference("fineparser_core.export.analysis_json:load_analysis")(path)
        return found

    def tables(self) -> dict[str, dict[str, list[Any]]]:
        """Return "phases", "moments", "measures", "exemplars", "numbers" and "samples", each as its columns.

        `pandas.DataFrame(analysis.tables()["measures"])` makes a data frame of one. A table without rows has no
        columns.
        """
        tables: dict[str, dict[str, list[Any]]] = load_reference("fineparser_core.export.tables:analysis_tables")(self)
        return tables
