"""A made-up analysis of a small real file, for the tests of what is written of analyses."""

from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.records import (
    Analysis,
    Clip,
    Contribution,
    DiveMotion,
    DiveParse,
    ExemplarVote,
    IntervalRule,
    ModelIdentity,
    Moment,
    Moments,
    Note,
    NoteCode,
    Scoring,
    Transitions,
)
from fineparser_core.video.clips import make_clip, sample_frames
from fineparser_core.video.preprocess import get_preprocessing
from fineparser_core.video.probe import probe


def moments_at(transitions: Transitions, contact_s: float | None = None, top_s: float | None = None) -> Moments:
    """Moments at transitions, each certain to a few hundredths of a second."""
    take_off, come_out, contact, top = (
        None if time_s is None else Moment(time_s=time_s, deviation_s=0.04, sources=("network",))
        for time_s in (transitions.first_flight_s, transitions.first_entry_s, contact_s, top_s)
    )
    return Moments(take_off=take_off, come_out=come_out, top=top, contact=contact)


def transitions_at(flight: int, entry: int, fps: float = 30.0) -> Transitions:
    """Transitions at two frames of a clip of a constant rate."""
    times = {"first_flight_s": flight / fps, "first_entry_s": entry / fps}
    return Transitions(first_flight_frame=flight, first_entry_frame=entry, **times)


def blank_parse(transitions: Transitions, **changes: Any) -> DiveParse:
    """A parse of 96 frames, 25 a second and each of them sampled, in which nothing is seen."""
    values = {
        "clip": Clip(path=Path("dive.mp4"), in_frame=0, out_frame=95, fps=25.0),
        "sampled_frames": np.arange(96),
        "sampled_times_s": np.arange(96) / 25,
        "probabilities": np.zeros((96, 2), np.float32),
        "moments": moments_at(transitions),
        "mask_probability": np.zeros((96, 112, 112), np.float16),
        "crop_xyxy": np.zeros((96, 4), np.float32),
        "model": made_identity(),
    }
    return DiveParse(transitions=transitions, **values | changes)


def made_identity(**changes: Any) -> ModelIdentity:
    """Of weights that nobody has."""
    values = {"id": "rendered-v1-1a2b3c4d", "trained_on": "rendered dives", "synthetic": True, "preprocessing": "whole"}
    return ModelIdentity(**{**values, "decoding": "joint", "precision": "fp32", "device": "cpu", **changes})


def made_motion() -> DiveMotion:
    """A camera that pans, and a body that flies before it."""
    to_scene = np.tile(np.eye(3), (96, 1, 1))
    to_scene[:, 0, 2] = 0.1 * np.arange(96)
    times_s = np.arange(30, 60) / 30
    return DiveMotion(
        to_scene=to_scene,
        path_s=times_s,
        path_xy=np.stack([40 * times_s, 300 * (times_s - 1.3) ** 2], axis=1),
        at_s=1.3,
        position=(52.0, 0.0),
        velocity=(40.0, 0.0),
        gravity=600.0,
        gravity_deviation=12.5,
        body_px=70.0,
        slowed=2.9,
        picture_xyxy=(0.0, 12.5, 160.0, 77.5),
        splash_px=(40.5, 12.0),
    )


def _contributions(parts: np.ndarray) -> tuple[Contribution, ...]:
    return tuple(
        Contribution(step=step, points=float(dynamic + static), dynamic=float(dynamic), static=float(static))
        for step, (dynamic, static) in zip(STEP_NAMES, parts, strict=True)
    )


def _scoring(rng: np.random.Generator) -> Scoring:
    parts = rng.normal(0, 2, (7, 3, 2))
    scores = rng.uniform(40, 90, 7)
    votes = scores + parts.sum(axis=(1, 2))
    return Scoring(
        dive_number="207C",
        board_m=10.0,
        difficulty=3.3,
        difficulty_source="board",
        score=float(votes.mean()),
        spread=float(votes.std()),
        award=float(votes.mean() / 9.9),
        contributions=_contributions(parts.mean(axis=0)),
        exemplars=tuple(
            ExemplarVote(
                id=f"rendered-{number}",
                dive_number="207C",
                board_m=None if number == 3 else 10.0,
                score=float(scores[number]),
                vote=float(votes[number]),
                contributions=_contributions(parts[number]),
            )
            for number in range(7)
        ),
        seed=5,
        notes=(Note(NoteCode.FEW_EXEMPLARS, (7, 10)),),
        interval=IntervalRule(level=0.8, base=4.0, per_spread=0.2, per_difficulty=1.0).around(
            float(votes.mean()), float(votes.std()), 3.3
        ),
    )


def made_analysis(
    path: Path,
    in_frame: int | None = None,
    out_frame: int | None = None,
    *,
    scored: bool = True,
    preprocessing: str = "whole",
) -> Analysis:
    """An analysis of these frames of a video, with a disc as the athlete."""
    rng = np.random.default_rng(11)
    clip, info = make_clip(path, in_frame, out_frame), probe(path)
    sampled = sample_frames(info, clip.in_frame, clip.out_frame)
    length = clip.out_frame - clip.in_frame
    flight, entry = clip.in_frame + length // 5, clip.in_frame + length // 2
    y, x = np.mgrid[0:112, 0:112]
    disc = 1 / (1 + np.exp((np.hypot(x - 56, y - 40) - 20) / 1.5))
    crop = get_preprocessing(preprocessing).crop_xyxy(info.width_px, info.height_px)
    transitions = Transitions(
        first_flight_frame=flight,
        first_entry_frame=entry,
        first_flight_s=float(info.pts_s[flight]),
        first_entry_s=float(info.pts_s[entry]),
    )
    parse = blank_parse(
        transitions,
        clip=clip,
        sampled_frames=sampled,
        sampled_times_s=info.pts_s[sampled],
        probabilities=rng.random((96, 2)).astype(np.float32),
        mask_probability=np.repeat(disc[None].astype(np.float16), 96, axis=0),
        crop_xyxy=np.tile(np.array(crop, dtype=np.float32), (96, 1)),
        model=made_identity(preprocessing=preprocessing),
    )
    return Analysis(parse=parse, scoring=_scoring(rng) if scored else None)
