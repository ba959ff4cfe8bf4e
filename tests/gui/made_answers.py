"""What a worker would find in a video, made by hand; without Qt, as a worker is."""

import numpy as np

from fineparser_core.constants import STEP_NAMES
from fineparser_core.motion.moments import network_alone
from fineparser_core.records import (
    Clip,
    Contribution,
    DiveParse,
    DiverCandidate,
    DiveSegment,
    ExemplarVote,
    ModelIdentity,
    Note,
    NoteCode,
    Recognition,
    Scoring,
    Transitions,
)


def dive_parse(path, n_frames):
    """A parse as the worker would send it, with a square mask in the middle of the frame."""
    sampled = np.trunc(np.linspace(0, n_frames - 1, 96)).astype(np.int64)
    flight, entry = int(sampled[30]), int(sampled[60])
    masks = np.zeros((96, 112, 112), np.float16)
    masks[:, 40:72, 40:72] = 1
    probabilities = np.full((96, 2), 0.01, np.float32)
    probabilities[30, 0] = probabilities[60, 1] = 0.8
    transitions = Transitions(
        first_flight_frame=flight, first_entry_frame=entry, first_flight_s=flight / 30, first_entry_s=entry / 30
    )
    return DiveParse(
        clip=Clip(path=path, in_frame=0, out_frame=n_frames - 1, fps=30.0),
        sampled_frames=sampled,
        sampled_times_s=sampled / 30,
        probabilities=probabilities,
        transitions=transitions,
        moments=network_alone((flight / 30, entry / 30)),
        mask_probability=masks,
        crop_xyxy=np.tile(np.array([0, 0, 64, 48], np.float32), (96, 1)),
        model=ModelIdentity(
            id="m-1",
            trained_on="rendered dives",
            synthetic=True,
            preprocessing="whole",
            decoding="joint",
            precision="fp32",
            device="cpu",
        ),
    )


def segment(first):
    """A dive of 90 frames, its flight 30 to 55 frames into it."""
    return DiveSegment(
        in_frame=first,
        out_frame=first + 89,
        first_flight_frame=first + 30,
        first_entry_frame=first + 55,
        confidence=0.6,
    )


def scoring():
    """A score from two votes."""
    votes = []
    for name, score, points in (("a", 70.0, (1.0, -2.0, 0.5)), ("b", 60.0, (3.0, 2.0, 1.5))):
        parts = tuple(
            Contribution(step=step, points=p, dynamic=p - 0.25, static=0.25)
            for step, p in zip(STEP_NAMES, points, strict=True)
        )
        votes.append(
            ExemplarVote(
                id=name, dive_number="207C", board_m=10.0, score=score, vote=score + sum(points), contributions=parts
            )
        )
    mean = tuple(
        Contribution(
            step=step,
            points=sum(v.contributions[i].points for v in votes) / 2,
            dynamic=sum(v.contributions[i].dynamic for v in votes) / 2,
            static=0.25,
        )
        for i, step in enumerate(STEP_NAMES)
    )
    return Scoring(
        dive_number="207C",
        board_m=10.0,
        difficulty=3.3,
        difficulty_source="board",
        score=68.0,
        spread=1.5,
        award=68.0 / 9.9,
        contributions=mean,
        exemplars=tuple(votes),
        seed=0,
        notes=(Note(NoteCode.FEW_EXEMPLARS, (2, 10)),),
    )


#: Two people who may be the diver, in a clip of at least 120 frames of 64 x 48 pixels.
DIVERS = tuple(
    DiverCandidate(frame=frame, box_xyxy=box, probability=share, in_frame=0, out_frame=119)
    for frame, box, share in ((50, (20.0, 10.0, 30.0, 30.0), 0.5), (20, (40.0, 4.0, 44.0, 10.0), 0.4))
)


def recognition():
    """A forward 1½ somersaults, pike, from 1 m."""
    return Recognition(
        numbers={"103B": 0.84, "103C": 0.12, "113B": 0.03, "105B": 0.01},
        directions={"forward": 0.9997, "back": 0.0001, "reverse": 0.0001, "inward": 0.0001},
        armstand=0.0,
        half_somersaults=3.0,
        half_somersaults_deviation=0.1,
        head_first=1.0,
        positions={"A": 0.02, "B": 0.85, "C": 0.12, "D": 0.01},
        twisting=0.0,
        half_twists=0,
        boards_m={one: 0.9996 if one == 1.0 else 0.0001 for one in (1.0, 3.0, 5.0, 7.5, 10.0)},
    )
