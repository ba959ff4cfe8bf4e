"""Another score for a dive that is encoded already: transitions corrected, exemplars left out. No video, no torch."""

from collections.abc import Sequence, Set
from dataclasses import replace

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.difficulty import Difficulty
from fineparser_core.errors import ConfigError, ExemplarError
from fineparser_core.types import (
    ClipEncoding,
    Contribution,
    DiveParse,
    ExemplarVote,
    IntervalRule,
    Scoring,
    Transitions,
)

#: An outlier's vote lies further from the median than this many robust standard deviations (1.4826 MAD) …
_OUTLIER_DEVIATIONS = 3.0
#: … where these are at least this many points: votes that all but agree make none of them an outlier.
_LEAST_DEVIATION_POINTS = 1.0
_FEWEST_FOR_OUTLIERS = 4


def sample_of(parse: DiveParse, frame: int) -> int:
    """The first sample at or after a source frame: what a transition at that frame means to the network."""
    return min(int(np.searchsorted(parse.sampled_frames, frame)), len(parse.sampled_frames) - 1)


def transition_range(parse: DiveParse, place: int) -> tuple[int, int]:
    """First and last frame where a transition can lie while the other one stays.

    Every step keeps a frame, and the two transitions keep different samples.

    Args:
        place: 0 for the first frame of the flight, 1 for that of the entry.
    """
    flight, entry = parse.transitions.first_flight_frame, parse.transitions.first_entry_frame
    if place == 0:
        return parse.clip.in_frame + 1, int(parse.sampled_frames[max(sample_of(parse, entry) - 1, 0)])
    return int(parse.sampled_frames[sample_of(parse, flight)]) + 1, parse.clip.out_frame


def correct_transitions(
    parse: DiveParse, encoding: ClipEncoding, transitions: Transitions
) -> tuple[DiveParse, ClipEncoding]:
    """Parse and encoding of a dive as if the network had found other transitions.

    A transition that stays where the network put it keeps its sample: in a short clip several samples share a frame.

    Args:
        parse, encoding: as the network made them.

    Raises:
        ConfigError: for transitions that leave a step without a frame, or without a sample.
    """
    own = (parse.transitions.first_flight_frame, parse.transitions.first_entry_frame)
    frames = (transitions.first_flight_frame, transitions.first_entry_frame)
    st, ed = (
        sample if frame == before else sample_of(parse, frame)
        for frame, before, sample in zip(frames, own, encoding.transition_samples, strict=True)
    )
    if not (parse.clip.in_frame < frames[0] < frames[1] <= parse.clip.out_frame and st < ed):
        raise ConfigError(
            f"Transitions at frames {frames[0]} and {frames[1]} leave a step of the dive in frames "
            f"{parse.clip.in_frame} to {parse.clip.out_frame} empty: move them apart, or into the dive."
        )
    return replace(parse, transitions=transitions), replace(encoding, transition_samples=(st, ed))


def gather_votes(
    votes: Sequence[ExemplarVote],
    dive_number: str,
    difficulty: Difficulty,
    *,
    seed: int,
    notes: tuple[str, ...] = (),
    rule: IntervalRule | None = None,
) -> Scoring:
    """The score that votes make together: their mean (Eq. 12), with the mean of their contributions.

    Args:
        rule: of the stated interval; None for weights without a calibration.

    Deviation: Eq. 12 as written adds y_Z twice; the score is the mean of exemplar score plus difference.
    """
    score, spread, contributions = _means(votes)
    return Scoring(
        dive_number=dive_number,
        board_m=difficulty.board_m if difficulty.source != "commonest board" else None,
        difficulty=difficulty.value,
        difficulty_source=difficulty.source,
        score=score,
        spread=spread,
        award=score / (3 * difficulty.value),
        contributions=contributions,
        exemplars=tuple(votes),
        seed=seed,
        notes=notes,
        interval=rule.around(score, spread, difficulty.value) if rule else None,
    )


def leave_out(scoring: Scoring, ids: Set[str]) -> Scoring:
    """The score without the votes of some exemplars; no other exemplar takes their place.

    Raises:
        ExemplarError: where no vote remains.
    """
    kept = tuple(vote for vote in scoring.exemplars if vote.id not in ids)
    n_out = len(scoring.exemplars) - len(kept)
    if not n_out:
        return scoring
    if not kept:
        raise ExemplarError(f"Every exemplar of {scoring.dive_number} is left out: take one back in.")
    score, spread, contributions = _means(kept)
    return replace(
        scoring,
        score=score,
        spread=spread,
        award=score / (3 * scoring.difficulty),
        contributions=contributions,
        exemplars=kept,
        interval=scoring.interval.rule.around(score, spread, scoring.difficulty) if scoring.interval else None,
        notes=(*scoring.notes, f"{n_out} of {len(scoring.exemplars)} exemplars left out by hand."),
    )


def outliers(votes: Sequence[ExemplarVote]) -> frozenset[str]:
    """Ids of the exemplars whose vote disagrees strongly with the rest; none among fewer than four.

    Measured from the median by the median absolute deviation, so that two outliers do not hide one another.
    """
    if len(votes) < _FEWEST_FOR_OUTLIERS:
        return frozenset()
    distance = np.abs(np.array([v.vote for v in votes]) - np.median([v.vote for v in votes]))
    deviation = max(1.4826 * float(np.median(distance)), _LEAST_DEVIATION_POINTS)
    return frozenset(v.id for v, d in zip(votes, distance, strict=True) if d > _OUTLIER_DEVIATIONS * deviation)


def _means(votes: Sequence[ExemplarVote]) -> tuple[float, float, tuple[Contribution, ...]]:
    """Score, spread and mean contributions of votes."""
    means = []
    for step, parts in zip(STEP_NAMES, zip(*(v.contributions for v in votes), strict=True), strict=True):
        dynamic = float(np.mean([p.dynamic for p in parts]))
        static = float(np.mean([p.static for p in parts]))
        means.append(Contribution(step=step, points=dynamic + static, dynamic=dynamic, static=static))
    points = [v.vote for v in votes]
    return float(np.mean(points)), float(np.std(points)), tuple(means)
