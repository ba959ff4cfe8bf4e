"""The measured stream R_M: measures of a dive against those of an exemplar, in awards of each phase.

Each term is an award as a function of a measure that is best in a range and never rises on the way out of it, as the
rules of judging have it; how fast it falls is in `resources/tables/measured_stream.json`. An uncertain measure counts
less, an unseen measure not at all. From platforms the slopes are fitted on judged dives, together with what features
and splash tell there, see `ReadAwards`; a rendered exemplar says nothing of awards. Numpy only.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2, STEP_NAMES
from fineparser_core.diving.difficulty import Difficulty
from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.exemplars.judged import judged_quantities
from fineparser_core.exemplars.records import rendered_facts
from fineparser_core.measures import measure_dive
from fineparser_core.records import (
    Analysis,
    AwardCheck,
    DiveParse,
    ExemplarVote,
    IntervalRule,
    Measure,
    Moment,
    Moments,
    Note,
    NoteCode,
    OwnAward,
    ProfileIdentity,
    ReadAwards,
    Scoring,
)
from fineparser_core.resources import resource
from fineparser_core.scoring.rescore import aggregate_votes
from fineparser_core.support.codec import from_json

#: Largest standard deviation that a moment is moved by, real seconds: where its sources contradict each other it may be
#: anywhere, and measures there mean nothing.
MOST_S = 0.1


def moved_parses(parse: DiveParse) -> list[DiveParse]:
    """Return parses whose means over a function are those over the uncertain moments, to the second order.

    Each of the n moments that are known is moved by the square root of n standard deviations to either side; the
    highest point moves with the take-off as far as the two go together.

    Source: the unscented transform, without a point in the middle (Julier and Uhlmann 1997).
    """
    moments, slowed = parse.moments, parse.motion.slowed if parse.motion is not None else 1.0
    known = [name for name in ("take_off", "come_out", "contact") if getattr(moments, name) is not None]
    found = []
    for name in known:
        moment: Moment = getattr(moments, name)
        by_s = float(np.sqrt(len(known))) * min(moment.deviation_s, MOST_S * slowed)
        for off_s in (-by_s, by_s):
            found.append(replace(parse, moments=_moved(moments, name, moment, off_s)))
    return found


def _moved(moments: Moments, name: str, moment: Moment, off_s: float) -> Moments:
    later = replace(moment, time_s=moment.time_s + off_s)
    if name == "come_out":
        return replace(moments, come_out=later)
    if name == "contact":
        return replace(moments, contact=later)
    if moments.top is None:
        return replace(moments, take_off=later)
    along_s = off_s * moments.covariance_s2 / moment.deviation_s**2
    return replace(moments, take_off=later, top=replace(moments.top, time_s=moments.top.time_s + along_s))


TABLE = ("tables", "measured_stream.json")

#: Names of the quantities of `ReadAwards`.
READ_PHASES, READ_SPLASH = ("features_take_off", "features_flight", "features_entry"), "splash_map"

#: Phases that must have been measured, so that there is an award by measures alone.
_LEAST_PHASES = 2

#: Values by name, each with its standard deviation.
Quantities = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Term:
    """An award as a function of a quantity.

    Attributes:
        low, high: the range in which it is best, and below, above: awards a unit that it falls outside.
        usual: the value of a usual dive.
        spread: standard deviation of the quantity over dives; uncertain quantities count less.
        most: awards that it takes off at most, against the best: an angle of joints that would take more is more likely
            misread.
        boards_m, positions: of which dives; empty for all.
        instead_of: another quantity, where that was not measured.
        stream: "measured", or "dynamic" for what the features of I3D tell.
    """

    measure: str
    step: str
    usual: float
    spread: float
    low: float = -np.inf
    high: float = np.inf
    below: float = 0.0
    above: float = 0.0
    most: float = np.inf
    boards_m: tuple[float, ...] = ()
    positions: str = ""
    instead_of: str = ""
    stream: str = "measured"

    def award(self, value: float) -> float:
        """Return awards against the best, never positive."""
        fall = self.below * max(self.low - value, 0.0) + self.above * max(value - self.high, 0.0)
        return -min(fall, self.most)

    def against_usual(self, value: float) -> float:
        """Return awards against a usual dive."""
        return self.award(value) - self.award(self.usual)

    def certainty(self, deviation: float) -> float:
        """Return the weight of a measure with that standard deviation, 0 to 1."""
        return self.spread**2 / (self.spread**2 + deviation**2)

    def applies(self, dive: DiveNumber, board_m: float | None) -> bool:
        """Return True if it is of dives of this number and board."""
        return (not self.boards_m or board_m in self.boards_m) and (
            not self.positions or dive.position in self.positions
        )


@dataclass(frozen=True, kw_only=True)
class MeasuredStream:
    """The stream with its terms.

    Attributes:
        network_share: weight of the network's own streams beside it.
        mean_award: of a usual dive, and `levels`: by board, "10", where judged dives tell it.
        half_widths: awards to either side of one that hold 80 % of left-out dives, by board, where these tell it.
        step_shares: of the phases in an award.
        interval, own_interval: of a score by this stream, and of a score without exemplars.
        checked: errors of the award by measures alone on real dives, and `checks`: by board, of left-out dives.
        offset, scale: of awards by the judges of a profile, about the mean award, and `numbers`: further offsets of
            dive numbers, by `number_key`; see `judged`.
        profile: profile that changed the bundled stream; None for the bundled stream itself.
    """

    terms: tuple[Term, ...]
    network_share: float
    mean_award: float
    step_shares: tuple[float, float, float]
    interval: IntervalRule
    own_interval: IntervalRule
    checked: AwardCheck
    offset: float = 0.0
    scale: float = 1.0
    numbers: Mapping[str, float] = field(default_factory=dict)
    profile: ProfileIdentity | None = None
    levels: Mapping[str, float] = field(default_factory=dict)
    half_widths: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, AwardCheck] = field(default_factory=dict)

    def level(self, board_m: float | None) -> float:
        """Return the award of a usual dive from a board."""
        return self.mean_award if board_m is None else self.levels.get(f"{board_m:g}", self.mean_award)

    def share(self, board_m: float | None) -> float:
        """Return the weight of the network's own streams: none where judged dives tell what its features are worth."""
        return 0.0 if board_m is not None and f"{board_m:g}" in self.half_widths else self.network_share

    def rule(self, rule: IntervalRule, board_m: float | None) -> IntervalRule:
        """Return a rule of intervals as dives from a board have it; a profile's own stands."""
        half = None if board_m is None or self.profile is not None else self.half_widths.get(f"{board_m:g}")
        return rule if half is None else replace(rule, per_difficulty=3 * half)

    def judged(self, award: float, dive: DiveNumber, board_m: float | None) -> float:
        """Return the award that the profile's judges would give an exemplar of this award."""
        offset, level = self.offset + self.numbers.get(number_key(dive, board_m), 0.0), self.level(board_m)
        return level + offset + self.scale * (award - level)

    def judged_score(self, score: float, dive: DiveNumber, difficulty: Difficulty) -> float:
        """Return the points of an exemplar by `judged`; its own points without a profile."""
        if self.profile is None:
            return score
        points_an_award = 3 * difficulty.value
        return points_an_award * self.judged(score / points_an_award, dive, difficulty.board_m)

    def difference(
        self, query: Quantities, exemplar: Quantities, dive: DiveNumber, board_m: float | None
    ) -> np.ndarray:
        """Return the awards (2, 3) by stream, dynamic and measured, of each phase of a dive against an exemplar.

        Either is taken against a usual dive first, so that what only one of the two shows counts as usual in the other.
        """
        of_query, of_exemplar = (_by_stream(self.parts(known, dive, board_m)) for known in (query, exemplar))
        difference: np.ndarray = of_query - of_exemplar
        return difference

    def parts(self, known: Quantities, dive: DiveNumber, board_m: float | None) -> Iterator[tuple[Term, float]]:
        """Yield terms with the awards that they add to a dive, against a usual dive."""
        for term in self._terms(known, dive, board_m):
            value, deviation = known[term.measure]
            yield term, term.certainty(deviation) * term.against_usual(value)

    def against_award(self, query: Quantities, award: float, dive: DiveNumber, board_m: float | None) -> np.ndarray:
        """Return the awards (2, 3) as `difference` does, against another dive of which only the award is known."""
        off = self.scale * (award - self.level(board_m)) * np.array(self.step_shares)
        return _by_stream(self.parts(query, dive, board_m)) - np.stack([np.zeros(len(off)), off])

    def own_award(self, query: Quantities, dive: DiveNumber, difficulty: Difficulty) -> OwnAward | None:
        """Return the award of a dive by its measures alone; None where fewer than two phases were."""
        board_m = difficulty.board_m
        if len({term.step for term in self._terms(query, dive, board_m)}) < _LEAST_PHASES:
            return None
        steps = _by_stream(self.parts(query, dive, board_m)).sum(axis=0)
        award = float(np.clip(self.judged(self.level(board_m), dive, board_m) + steps.sum(), 0.0, 10.0))
        take_off, flight, entry = steps.tolist()
        score = 3 * difficulty.value * award
        return OwnAward(
            dive_number=str(dive),
            board_m=known_board(difficulty),
            difficulty=difficulty.value,
            award=award,
            score=score,
            steps=(take_off, flight, entry),
            interval=self.rule(self.own_interval, board_m).around(score, 0.0, difficulty.value),
            checked=self._check(board_m),
            profile=self.profile,
        )

    def _check(self, board_m: float | None) -> AwardCheck:
        """Return the errors of awards of dives from a board; those of a profile stand."""
        if board_m is None or self.profile is not None:
            return self.checked
        return self.checks.get(f"{board_m:g}", self.checked)

    def _terms(self, query: Quantities, dive: DiveNumber, board_m: float | None) -> list[Term]:
        return [
            term
            for term in self.terms
            if term.measure in query and term.instead_of not in query and term.applies(dive, board_m)
        ]


def number_key(dive: DiveNumber, board_m: float | None) -> str:
    """Return a key of a number and its board, "103B 1"."""
    return str(dive) if board_m is None else f"{dive} {board_m:g}"


def _by_stream(parts: Iterator[tuple[Term, float]]) -> np.ndarray:
    """Return the sums (2, 3) of terms by stream, dynamic and measured, and phase."""
    awards = np.zeros((2, len(STEP_NAMES)))
    for term, award in parts:
        awards[int(term.stream == "measured"), STEP_NAMES.index(term.step)] += award
    return awards


def measured(
    parse: DiveParse, dive: DiveNumber, difficulty: Difficulty, stream: MeasuredStream | None = None
) -> Analysis:
    """Measure a dive of known number, with the award by measures alone; without a score yet.

    Moments that a person has placed and gravity contradicts are marked.

    Args:
        stream: that of a profile; None for the bundled stream.
    """
    found = measure_dive(parse, dive_number=str(dive), board_m=known_board(difficulty))
    parse = _marked(parse, found.contradicted)
    own = (stream or measured_stream()).own_award(quantities(found.readings, parse.read_awards), dive, difficulty)
    return Analysis(parse=parse, scoring=None, measures=found.measures, own_award=own, measured_notes=found.notes)


def _marked(parse: DiveParse, contradicted: frozenset[str]) -> DiveParse:
    """Return the parse with a mark on the moments that gravity contradicts."""
    marked = {name: replace(getattr(parse.moments, name), conflict=True) for name in contradicted}
    return replace(parse, moments=replace(parse.moments, **marked)) if marked else parse


def known_board(difficulty: Difficulty) -> float | None:
    """Return the board that a dive is from; None if it is only the commonest board of its number."""
    return difficulty.board_m if difficulty.source != "commonest board" else None


def with_measured_stream(
    scoring: Scoring, parse: DiveParse, dive: DiveNumber, difficulty: Difficulty, stream: MeasuredStream
) -> Scoring:
    """Add the measured stream to a score by the network's streams alone.

    It is the mean over the moments, as uncertain as they are; the interval counts that in. Where nothing was measured
    the network's streams count alone.
    """
    queries = moved_quantities(parse, dive, difficulty)
    if not any(queries):
        return scoring
    votes, deviation = with_measures(scoring.exemplars, queries, dive, difficulty, stream)
    return aggregate_votes(
        votes,
        str(dive),
        difficulty,
        seed=scoring.seed,
        notes=(*scoring.notes, *calibrated_notes(stream.profile)),
        rule=None if scoring.interval is None else stream.rule(stream.interval, difficulty.board_m),
        deviation=deviation,
        profile=stream.profile,
    )


def calibrated_notes(profile: ProfileIdentity | None) -> tuple[Note, ...]:
    """Return a note on whose scale a score is."""
    return () if profile is None else (Note(NoteCode.CALIBRATED, (profile.dives, profile.name)),)


def moved_quantities(
    parse: DiveParse, dive: DiveNumber, difficulty: Difficulty
) -> list[dict[str, tuple[float, float]]]:
    """Return `quantities` of a dive for slightly moved moments, equally likely each: see `moved_parses`."""
    number, board_m = str(dive), known_board(difficulty)
    return [
        quantities(measure_dive(moved, dive_number=number, board_m=board_m).readings, parse.read_awards)
        for moved in moved_parses(parse)
    ]


def with_measures(
    votes: Sequence[ExemplarVote],
    queries: Sequence[Quantities],
    dive: DiveNumber,
    difficulty: Difficulty,
    stream: MeasuredStream | None = None,
) -> tuple[tuple[ExemplarVote, ...], float]:
    """Add the measured stream to votes of the network, whose own streams count by their share.

    What judged dives taught to read from the features counts as the dynamic stream. Exemplars have the scores that the
    judges of a profile would give them.

    Args:
        queries: quantities of the dive, equally likely each: the stream is the mean over them.
        stream: that of a profile; None for the bundled stream.

    Returns:
        The votes, and the standard deviation of the score over the queries, points.
    """
    stream, added, points_an_award = stream or measured_stream(), [], 3 * difficulty.value
    awards, share = _awards(votes, queries, dive, difficulty, stream), stream.share(difficulty.board_m)
    for vote, of_vote in zip(votes, points_an_award * awards.mean(axis=1), strict=True):
        parts = []
        for part, read, measured in zip(vote.contributions, *of_vote.tolist(), strict=True):
            dynamic, static = (share * points for points in (part.dynamic, part.static))
            dynamic += read
            total = dynamic + static + measured
            parts.append(replace(part, points=total, dynamic=dynamic, static=static, measured=measured))
        score = stream.judged_score(vote.score, dive, difficulty)
        voted = score + sum(part.points for part in parts)
        added.append(replace(vote, score=score, vote=voted, contributions=tuple(parts)))
    of_each = points_an_award * awards.mean(axis=0).sum(axis=(1, 2))
    return tuple(added), float(np.std(of_each))


def _awards(
    votes: Sequence[ExemplarVote],
    queries: Sequence[Quantities],
    dive: DiveNumber,
    difficulty: Difficulty,
    stream: MeasuredStream,
) -> np.ndarray:
    """Return the awards (votes, queries, 2, 3) of the dive against each exemplar by each query, stream and phase."""
    known, found = judged_quantities(), []
    for vote in votes:
        # The exemplar was dived with some degree of difficulty of its board: its award follows from its score.
        award = vote.score / (3 * difficulty.value)
        found.append(
            [
                stream.difference(query, known[vote.id], dive, difficulty.board_m)
                if vote.id in known
                else stream.against_award(query, award, dive, difficulty.board_m)
                for query in queries
            ]
        )
    return np.array(found)


def quantities(found: Sequence[Measure], read: ReadAwards | None = None) -> dict[str, tuple[float, float]]:
    """Return the quantities of the terms.

    Measures, the take-off speed (m/s), the come-out as a share of the flight, and the awards that features and splash
    tell.
    """
    values = {one.name: (one.value, one.uncertainty) for one in found}
    if read is not None:
        phases = zip(READ_PHASES, read.phases, strict=True)
        values |= {name: (award, 0.0) for name, award in (*phases, (READ_SPLASH, read.splash)) if award is not None}
    return values | _derived(values)


def _derived(values: Quantities) -> dict[str, tuple[float, float]]:
    found = {}
    if "jump_height" in values and values["jump_height"][0] > 0:
        height, deviation = values["jump_height"]
        speed = float(np.sqrt(2 * GRAVITY_M_S2 * height))
        found["take_off_speed"] = (speed, GRAVITY_M_S2 * deviation / speed)
    if "come_out_lead" in values and values.get("flight_time", (0.0, 0.0))[0] > 0:
        (lead, deviation), (flight, _) = values["come_out_lead"], values["flight_time"]
        found["come_out_share"] = (lead / flight, deviation / flight)
    return found


@cache
def measured_stream() -> MeasuredStream:
    """Return the bundled stream."""
    table: dict[str, Any] = json.loads(resource(*TABLE).read_text(encoding="utf-8"))
    return from_json(table | {"checked": table["own_award_checked"]}, MeasuredStream)


@cache
def exemplar_measures() -> dict[str, dict[str, float]]:
    """Return the true measures of the bundled exemplars, by their ids, from the rendered motion."""
    return {dive["id"]: dive["measures"] for dive in rendered_facts()}
