"""The measured stream R_M: what was measured of a dive against what an exemplar shows, in awards of each phase.

Each term is an award as a function of one measure that is best in a range and never rises on the way out of it, as the
rules of judging have it; how fast it falls is in `resources/tables/measured_stream.json`. A measure that is uncertain
counts less, one that was not seen not at all. Numpy only.
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
from fineparser_core.exemplars.rendered import rendered_facts
from fineparser_core.language import Phrase
from fineparser_core.measures import measure_dive, measures
from fineparser_core.measures.position import position_shown
from fineparser_core.motion.moments import height_m
from fineparser_core.resources import resource
from fineparser_core.scoring.moved_moments import moved_parses
from fineparser_core.scoring.rescore import aggregate_votes
from fineparser_core.support.codec import from_json
from fineparser_core.types import (
    Analysis,
    AwardCheck,
    DiveMotion,
    DiveParse,
    ExemplarVote,
    IntervalRule,
    Measure,
    Moments,
    OwnAward,
    ProfileIdentity,
    Scoring,
)

TABLE = ("tables", "measured_stream.json")

#: Phases that must have been measured, so that there is an award by measures alone.
_LEAST_PHASES = 2

#: A fall that is more than so many times as high as the board, or low, is from another one.
_SAME_BOARD = 1.9

#: Measures of rendered dives that a real one does not have like that.
NOT_AS_REAL = frozenset({"legs_line"})

#: Values by name, each with its standard deviation.
Quantities = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Term:
    """An award as a function of one quantity.

    Attributes:
        low, high: the range in which it is best, and below, above: awards a unit that it falls outside.
        usual: the value of a usual dive.
        spread: standard deviation of the quantity over dives: what is more uncertain counts less.
        most: awards that it takes off at most, against the best: an angle of joints that would take more is more likely
            misread than dived.
        boards_m, positions: of which dives; empty for all.
        instead_of: another quantity, where that was not measured.
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

    def award(self, value: float) -> float:
        """Awards against the best, never positive."""
        fall = self.below * max(self.low - value, 0.0) + self.above * max(value - self.high, 0.0)
        return -min(fall, self.most)

    def against_usual(self, value: float) -> float:
        """Awards against a usual dive."""
        return self.award(value) - self.award(self.usual)

    def certainty(self, deviation: float) -> float:
        """By how much a measure with that standard deviation counts, 0 to 1."""
        return self.spread**2 / (self.spread**2 + deviation**2)

    def applies(self, dive: DiveNumber, board_m: float | None) -> bool:
        """Whether it is of dives of this number and board."""
        return (not self.boards_m or board_m in self.boards_m) and (
            not self.positions or dive.position in self.positions
        )


@dataclass(frozen=True, kw_only=True)
class MeasuredStream:
    """The stream with its terms.

    Attributes:
        network_share: by how much the network's own streams count beside it.
        mean_award: of a usual dive.
        step_shares: of the phases in an award.
        interval, own_interval: of a score by this stream, and of one without exemplars.
        checked: how the award of its own came out.
        offset, scale: of awards by the judges of a profile, about the mean award, and `numbers`: what dives of a number
            have beyond, by `number_key`; see `judged`.
        profile: what made it of the bundled stream; None for that itself.
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

    def judged(self, award: float, dive: DiveNumber, board_m: float | None) -> float:
        """What the judges of the profile would give an exemplar of this award."""
        offset = self.offset + self.numbers.get(number_key(dive, board_m), 0.0)
        return self.mean_award + offset + self.scale * (award - self.mean_award)

    def judged_score(self, score: float, dive: DiveNumber, difficulty: Difficulty) -> float:
        """Points of an exemplar as `judged`; those that it has where there is no profile."""
        if self.profile is None:
            return score
        points_an_award = 3 * difficulty.value
        return points_an_award * self.judged(score / points_an_award, dive, difficulty.board_m)

    def difference(
        self, query: Quantities, exemplar: Quantities, dive: DiveNumber, board_m: float | None
    ) -> np.ndarray:
        """(3,) awards of each phase of a dive against an exemplar, by what is known of both."""
        return _by_step(self.parts(query, exemplar, dive, board_m))

    def parts(
        self, query: Quantities, exemplar: Quantities | None, dive: DiveNumber, board_m: float | None
    ) -> Iterator[tuple[Term, float]]:
        """Terms with the awards that they add, of a dive against an exemplar; without one, against a usual dive.

        Where the exemplar has not been measured as the dive was, what stands for that measure is taken, each against
        that of a usual dive.
        """
        for term in self._terms(query, dive, board_m):
            if exemplar is None:
                value, deviation = query[term.measure]
                yield term, term.certainty(deviation) * term.against_usual(value)
                continue
            for other in self.terms:
                stands_for = other is term or other.instead_of == term.measure
                if stands_for and other.measure in exemplar and other.applies(dive, board_m):
                    (value, deviation), (known, of_known) = query[term.measure], exemplar[other.measure]
                    certainty = term.certainty(float(np.hypot(deviation, of_known)))
                    yield term, certainty * term.against_usual(value)
                    yield other, -certainty * other.against_usual(known)
                    break

    def against_award(self, query: Quantities, award: float, dive: DiveNumber, board_m: float | None) -> np.ndarray:
        """(3,) awards of each phase of a dive against another one of which nothing but its award is known."""
        off = self.scale * (award - self.mean_award) * np.array(self.step_shares)
        return _by_step(self.parts(query, None, dive, board_m)) - off

    def own_award(self, query: Quantities, dive: DiveNumber, difficulty: Difficulty) -> OwnAward | None:
        """The award of a dive by what was measured alone; None where fewer than two phases were."""
        board_m = difficulty.board_m
        if len({term.step for term in self._terms(query, dive, board_m)}) < _LEAST_PHASES:
            return None
        steps = _by_step(self.parts(query, None, dive, board_m))
        award = float(np.clip(self.judged(self.mean_award, dive, board_m) + steps.sum(), 0.0, 10.0))
        take_off, flight, entry = steps.tolist()
        score = 3 * difficulty.value * award
        return OwnAward(
            dive_number=str(dive),
            board_m=known_board(difficulty),
            difficulty=difficulty.value,
            award=award,
            score=score,
            steps=(take_off, flight, entry),
            interval=self.own_interval.around(score, 0.0, difficulty.value),
            checked=self.checked,
            profile=self.profile,
        )

    def _terms(self, query: Quantities, dive: DiveNumber, board_m: float | None) -> list[Term]:
        return [
            term
            for term in self.terms
            if term.measure in query and term.instead_of not in query and term.applies(dive, board_m)
        ]


def number_key(dive: DiveNumber, board_m: float | None) -> str:
    """A number and its board, such as "103B 1"."""
    return str(dive) if board_m is None else f"{dive} {board_m:g}"


def _by_step(parts: Iterator[tuple[Term, float]]) -> np.ndarray:
    awards = np.zeros(len(STEP_NAMES))
    for term, award in parts:
        awards[STEP_NAMES.index(term.step)] += award
    return awards


def measured(
    parse: DiveParse, dive: DiveNumber, difficulty: Difficulty, stream: MeasuredStream | None = None
) -> Analysis:
    """What was measured of a dive of known number, and the award by that alone; without a score yet.

    Args:
        stream: that of a profile; None for the bundled one.
    """
    found = measure_dive(parse, dive_number=str(dive), board_m=known_board(difficulty))
    own = (stream or measured_stream()).own_award(quantities(found.measures), dive, difficulty)
    told = position_note(found.measures, dive), board_note(parse.moments, parse.motion, known_board(difficulty))
    notes = (*(note for note in told if note is not None), *found.notes)
    return Analysis(parse=parse, scoring=None, measures=found.measures, own_award=own, measured_notes=notes)


def known_board(difficulty: Difficulty) -> float | None:
    """The board that a dive is from; the commonest one of its number is not known to be it."""
    return difficulty.board_m if difficulty.source != "commonest board" else None


def add_measures(
    scoring: Scoring, parse: DiveParse, dive: DiveNumber, difficulty: Difficulty, stream: MeasuredStream | None = None
) -> Scoring:
    """A score of the network's streams with the measured one added; the same where nothing was measured.

    The measured stream is the mean over the moments, as uncertain as they are; the interval counts that in.

    Args:
        stream: that of a profile; None for the bundled one.
    """
    stream = stream or measured_stream()
    queries = moved_quantities(parse, dive, difficulty)
    if not any(queries):
        return scoring
    votes = with_measures(scoring.exemplars, queries, dive, difficulty, stream)
    awards = _awards(scoring.exemplars, queries, dive, difficulty, stream)
    of_each = 3 * difficulty.value * awards.mean(axis=0).sum(axis=1)
    rule = stream.interval if scoring.interval is not None else None
    added = aggregate_votes(
        votes,
        scoring.dive_number,
        difficulty,
        seed=scoring.seed,
        notes=scoring.notes,
        rule=rule,
        deviation=float(np.std(of_each)),
    )
    return replace(added, profile=stream.profile, notes=(*scoring.notes, *calibrated_notes(stream.profile)))


def calibrated_notes(profile: ProfileIdentity | None) -> tuple[str, ...]:
    """A sentence on whose scale a score is."""
    if profile is None:
        return ()
    return (Phrase("Calibrated on {0} of your dives: profile {1}.", profile.dives, profile.name),)


def moved_quantities(
    parse: DiveParse, dive: DiveNumber, difficulty: Difficulty
) -> list[dict[str, tuple[float, float]]]:
    """`quantities` of a dive were its moments a little otherwise, equally likely each: see `moved_parses`."""
    number, board_m = str(dive), known_board(difficulty)
    return [quantities(measures(moved, dive_number=number, board_m=board_m)) for moved in moved_parses(parse)]


def with_measures(
    votes: Sequence[ExemplarVote],
    queries: Sequence[Quantities],
    dive: DiveNumber,
    difficulty: Difficulty,
    stream: MeasuredStream | None = None,
) -> tuple[ExemplarVote, ...]:
    """Votes of the network with the measured stream added, and the network's own streams by their share.

    Exemplars have the scores that the judges of a profile would give them.

    Args:
        queries: what was measured of the dive, equally likely each: the stream is the mean over them.
        stream: that of a profile; None for the bundled one.
    """
    stream, added, points_an_award = stream or measured_stream(), [], 3 * difficulty.value
    mean_awards = _awards(votes, queries, dive, difficulty, stream).mean(axis=1)
    for vote, awards in zip(votes, mean_awards, strict=True):
        parts = []
        for part, points in zip(vote.contributions, points_an_award * awards, strict=True):
            dynamic, static = (stream.network_share * points for points in (part.dynamic, part.static))
            measured = float(points)
            total = dynamic + static + measured
            parts.append(replace(part, points=total, dynamic=dynamic, static=static, measured=measured))
        score = stream.judged_score(vote.score, dive, difficulty)
        voted = score + sum(part.points for part in parts)
        added.append(replace(vote, score=score, vote=voted, contributions=tuple(parts)))
    return tuple(added)


def _awards(
    votes: Sequence[ExemplarVote],
    queries: Sequence[Quantities],
    dive: DiveNumber,
    difficulty: Difficulty,
    stream: MeasuredStream,
) -> np.ndarray:
    """(votes, queries, 3) awards of each phase of the dive against each exemplar, by each of the queries."""
    known, found = exemplar_quantities(), []
    for vote in votes:
        # The exemplar was dived with some degree of difficulty of its own board: its award is what its score says.
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


def position_note(found: Sequence[Measure], dive: DiveNumber) -> str | None:
    """A sentence where a dive shows another position than its number names; None where it does not, or may not.

    Twisting, flying and armstand dives hold their position for a part of the flight alone: nothing is said of them.
    """
    shown = position_shown(found)
    if shown is None or dive.position == "D" or shown == dive.position:
        return None
    if dive.half_twists or dive.flying or dive.armstand:
        return None
    hips, knees = (next(one.value for one in found if one.name == name) for name in ("hip_angle", "knee_angle"))
    values = (hips, knees, shown, dive, dive.position)
    return Phrase(
        "Hips at {0:.0f}° and knees at {1:.0f}° show position {2}, and {3} names {4}: check the dive number.", *values
    )


def board_note(moments: Moments, motion: DiveMotion | None, board_m: float | None) -> str | None:
    """A sentence where a fall in real time is not one from the board that was named; None where it may be."""
    if board_m is None or motion is None or motion.slowed != 1 or moments.top is None or moments.contact is None:
        return None
    rise_s, fall_s = moments.top.time_s - moments.take_off.time_s, moments.contact.time_s - moments.top.time_s
    fall_m = height_m(rise_s, fall_s)
    if 1 / _SAME_BOARD < max(fall_m, 0.1) / board_m < _SAME_BOARD:
        return None
    return Phrase(
        "The body falls about {0:.1f} m as its times say, which is not from {1:g} m: check the "
        "board, and whether the video plays in real time.",
        max(fall_m, 0.0),
        board_m,
    )


def quantities(found: Sequence[Measure]) -> dict[str, tuple[float, float]]:
    """What the terms are functions of: measures, the take-off speed (m/s), the come-out as a share of the flight."""
    values = {one.name: (one.value, one.uncertainty) for one in found}
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
    """The bundled stream."""
    table: dict[str, Any] = json.loads(resource(*TABLE).read_text(encoding="utf-8"))
    return from_json(table | {"checked": table["own_award_checked"]}, MeasuredStream)


@cache
def exemplar_measures() -> dict[str, dict[str, float]]:
    """What is truly measured of the bundled exemplars, by their ids: from the motion that was rendered."""
    return {dive["id"]: dive["measures"] for dive in rendered_facts()}


@cache
def exemplar_quantities() -> dict[str, dict[str, tuple[float, float]]]:
    """What is known of the bundled exemplars, by their ids.

    Not the line of their legs: a rendered body turns on under water, which a diver stops.
    """
    found = {}
    for exemplar, row in exemplar_measures().items():
        values = {name: (value, 0.0) for name, value in row.items() if name not in NOT_AS_REAL}
        found[exemplar] = values | _derived(values)
    return found
