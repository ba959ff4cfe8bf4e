"""Rescores a dive that is already encoded, with corrected moments or without some exemplars. Numpy only."""

from collections.abc import Sequence, Set
from dataclasses import replace
from math import sqrt

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.difficulty import Difficulty
from fineparser_core.errors import ConfigError, ExemplarError
from fineparser_core.motion.splash import CONTACT_S
from fineparser_core.records import (
    ClipEncoding,
    Contribution,
    DiveMotion,
    DiveParse,
    ExemplarVote,
    IntervalRule,
    Moment,
    Note,
    NoteCode,
    ProfileIdentity,
    Scoring,
    Transitions,
)
from fineparser_core.video.clips import frame_to_sample

#: Distance of an outlier from the median, in robust standard deviations (1.4826 * MAD).
_OUTLIER_DEVIATIONS = 3.0
#: Minimum robust standard deviation in points, so that votes that almost agree have no outliers.
_MIN_DEVIATION_POINTS = 1.0
_MIN_VOTES_FOR_OUTLIERS = 4
#: Notes that doubt a moment, until a person has placed it.
_TAKE_OFF_DOUBTS = {NoteCode.TAKE_OFF_UNSURE, NoteCode.TAKE_OFF_NEAR_START}
_ENTRY_DOUBTS = {NoteCode.ENTRY_UNSURE, NoteCode.ENTRY_NEAR_END}


def transition_range(parse: DiveParse, place: int) -> tuple[int, int]:
    """Return the first and last possible frame of a moment if the moments beside it stay.

    Every step keeps at least a frame, and the two transitions keep different samples. The entry begins by the contact
    with the water, where there is one.

    Args:
        place: 0 for the first frame of the flight, 1 for that of the entry, 2 for the first contact with the water.
    """
    if place == 2:
        return parse.transitions.first_entry_frame, parse.clip.out_frame
    sampled = parse.sampled_frames
    if place == 0:
        entry = frame_to_sample(sampled, parse.transitions.first_entry_frame)
        return parse.clip.in_frame + 1, int(sampled[max(entry - 1, 0)])
    flight = frame_to_sample(sampled, parse.transitions.first_flight_frame)
    contact = parse.first_water_contact_frame
    return int(sampled[flight]) + 1, parse.clip.out_frame if contact is None else contact


def correct_transitions(
    parse: DiveParse, encoding: ClipEncoding, transitions: Transitions
) -> tuple[DiveParse, ClipEncoding]:
    """Replace the transitions in the parse and the encoding of a dive.

    An unchanged transition keeps its sample, because several samples of a short clip share a frame. A contact with the
    water that would lie before the entry is dropped.

    Args:
        parse, encoding: the network's results.

    Raises:
        ConfigError: the transitions leave a step without a frame or without a sample.
    """
    own = (parse.transitions.first_flight_frame, parse.transitions.first_entry_frame)
    frames = (transitions.first_flight_frame, transitions.first_entry_frame)
    st, ed = (
        sample if frame == before else frame_to_sample(parse.sampled_frames, frame)
        for frame, before, sample in zip(frames, own, encoding.transition_samples, strict=True)
    )
    if not (parse.clip.in_frame < frames[0] < frames[1] <= parse.clip.out_frame and st < ed):
        raise ConfigError(
            "Transitions at frames {0} and {1} leave a phase of the dive in frames "
            "{2} to {3} empty: move them apart, or into the dive.",
            *frames,
            parse.clip.in_frame,
            parse.clip.out_frame,
        )
    return with_transitions(parse, transitions), replace(encoding, transition_samples=(st, ed))


def with_transitions(parse: DiveParse, transitions: Transitions) -> DiveParse:
    """Return the parse with other transitions; a contact with the water that would lie before the entry is dropped.

    A moment that a person has placed is certain to the frame, and no note doubts it any more; the others stay as they
    were estimated.
    """
    contact, moments, own, motion = parse.first_water_contact_frame, parse.moments, parse.transitions, parse.motion
    settled: set[NoteCode] = set()
    if transitions.first_flight_frame != own.first_flight_frame:
        take_off = _placed(parse, transitions.first_flight_s)
        moments = replace(moments, take_off=take_off, covariance_s2=0.0)
        settled |= _TAKE_OFF_DOUBTS
        if moments.top is not None and moments.top.time_s <= take_off.time_s:
            moments = replace(moments, top=None)
    if transitions.first_entry_frame != own.first_entry_frame:
        moments = replace(moments, come_out=_placed(parse, transitions.first_entry_s))
        settled |= _ENTRY_DOUBTS
    if contact is not None and contact < transitions.first_entry_frame:
        contact, moments, motion = None, replace(moments, contact=None), _without_splash(motion)
    notes = tuple(note for note in parse.notes if note.code not in settled)
    return replace(
        parse, transitions=transitions, moments=moments, first_water_contact_frame=contact, motion=motion, notes=notes
    )


def _placed(parse: DiveParse, time_s: float) -> Moment:
    """Return a moment that a person has placed at a frame, within which it lies anywhere."""
    return Moment(time_s=time_s, deviation_s=1 / (parse.clip.fps * sqrt(12)), sources=("hand",))


def correct_contact(parse: DiveParse, frame: int) -> DiveParse:
    """Replace the first contact with the water in the parse of a dive.

    The splash was measured about the contact that was found; where that was far off, its width is unknown.

    Raises:
        ConfigError: it lies before the entry, or outside the clip.
    """
    first, last = transition_range(parse, 2)
    if not first <= frame <= last:
        raise ConfigError(
            "The water cannot be touched first at frame {0}: the entry begins at frame {1} and the clip ends "
            "at frame {2}: choose a frame from {1} to {2}.",
            frame,
            first,
            last,
        )
    if frame == parse.first_water_contact_frame:
        return parse
    time_s = float(np.interp(frame, parse.sampled_frames, parse.sampled_times_s))
    moments = replace(parse.moments, contact=_placed(parse, time_s))
    motion, before = parse.motion, parse.moments.contact
    if motion is not None and (before is None or abs(time_s - before.time_s) > CONTACT_S * motion.slowed):
        motion = _without_splash(motion)
    return replace(parse, moments=moments, first_water_contact_frame=frame, motion=motion)


def _without_splash(motion: DiveMotion | None) -> DiveMotion | None:
    return None if motion is None else replace(motion, splash_px=None)


def aggregate_votes(
    votes: Sequence[ExemplarVote],
    dive_number: str,
    difficulty: Difficulty,
    *,
    seed: int,
    notes: tuple[Note, ...] = (),
    rule: IntervalRule | None = None,
    deviation: float = 0.0,
    profile: ProfileIdentity | None = None,
) -> Scoring:
    """Aggregate votes to a score: the means of the votes and of their contributions.

    Args:
        notes: about the selection of the exemplars, and the scale.
        rule: rule of the prediction interval; None for weights without a calibration.
        deviation: standard deviation of the score by how uncertain the dive's moments are, points.
        profile: whose judges' scale the votes are on; None: as shipped.

    Source: Eq. 12.
    Deviation: Eq. 12 as written adds the exemplar score y_Z twice, as Eq. 6 already contains it.
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
        interval=rule.around(score, spread, difficulty.value, deviation) if rule else None,
        deviation=deviation,
        profile=profile,
    )


def exclude_exemplars(scoring: Scoring, ids: Set[str]) -> Scoring:
    """Return the score without the votes of some exemplars; they are not replaced by others.

    Raises:
        ExemplarError: no vote remains.
    """
    kept = tuple(vote for vote in scoring.exemplars if vote.id not in ids)
    n_out = len(scoring.exemplars) - len(kept)
    if not n_out:
        return scoring
    if not kept:
        raise ExemplarError("Every exemplar of {0} is left out: take one back in.", scoring.dive_number)
    board_m, source = scoring.board_m, scoring.difficulty_source
    return aggregate_votes(
        kept,
        scoring.dive_number,
        Difficulty(value=scoring.difficulty, board_m=board_m, source=source),
        seed=scoring.seed,
        notes=(*scoring.notes, Note(NoteCode.EXEMPLARS_LEFT_OUT, (n_out, len(scoring.exemplars)))),
        rule=scoring.interval,
        deviation=scoring.deviation,
        profile=scoring.profile,
    )


def outliers(votes: Sequence[ExemplarVote]) -> frozenset[str]:
    """Return the ids of the exemplars whose votes are outliers by the median absolute deviation.

    None among fewer than four.
    """
    if len(votes) < _MIN_VOTES_FOR_OUTLIERS:
        return frozenset()
    distance = np.abs(np.array([v.vote for v in votes]) - np.median([v.vote for v in votes]))
    deviation = max(1.4826 * float(np.median(distance)), _MIN_DEVIATION_POINTS)
    return frozenset(v.id for v, d in zip(votes, distance, strict=True) if d > _OUTLIER_DEVIATIONS * deviation)


def _means(votes: Sequence[ExemplarVote]) -> tuple[float, float, tuple[Contribution, ...]]:
    """Return score, spread and mean contributions of votes."""
    means = []
    for step, parts in zip(STEP_NAMES, zip(*(v.contributions for v in votes), strict=True), strict=True):
        dynamic = float(np.mean([p.dynamic for p in parts]))
        static = float(np.mean([p.static for p in parts]))
        measured = float(np.mean([p.measured for p in parts]))
        total = dynamic + static + measured
        means.append(Contribution(step=step, points=total, dynamic=dynamic, static=static, measured=measured))
    points = [v.vote for v in votes]
    return float(np.mean(points)), float(np.std(points)), tuple(means)
