"""Parses of rendered dives, whose joints and moments are off as those of the network are on real frames."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2, KEYPOINT_FLIP, KEYPOINT_NAMES, MASK_SIZE
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.exemplars.records import rendered_facts
from fineparser_core.records import Clip, DiveMotion, DiveParse, ModelIdentity, Moment, Moments, Transitions
from fineparser_core.synth.body import JOINT
from fineparser_core.synth.dataset import SynthConfig, sample_spec
from fineparser_core.synth.render import DivePlan, DiveSpec, plan_dive

_FPS = 30.0
#: Joints' scatter in torso lengths and the time over which their errors go together, seconds; share of frames in which
#: the whole body is misread, of such in which it is upside down or turned about, and of joints that are not seen.
_SCATTER, _TOGETHER_S, _MISREAD, _UNSEEN = 0.16, 0.1, 0.08, 0.05
#: Scatter of take-off, top, come-out and contact, seconds.
_MOMENTS_S = (0.045, 0.025, 0.05, 0.035)


def made_parse(plan: DivePlan, rng: np.random.Generator, azimuth: float, errors: float = 1.0) -> DiveParse:
    """Return a parse of a rendered dive by a camera that stands still, its joints and moments off as found ones are.

    Args:
        azimuth: 0 is the view from the side, radians.
        errors: by how much the joints are worse than usual ones.
    """
    motion, timing = plan.athlete.motion, plan.timing
    start = max(-1.2, timing.start_s)
    times = np.arange(start, motion.contact_s + 0.5, 1 / _FPS)[:96]
    joints_m, centre_m = motion.world_joints(times)
    edge = plan.athlete.board_edge(times)[:, None]
    head = (joints_m[:, [JOINT["head_low"]]] + joints_m[:, [JOINT["head_top"]]]) / 2
    body = joints_m[:, [JOINT[name] for name in KEYPOINT_NAMES[1:-1]]]
    points = np.concatenate([head, body, edge], axis=1)
    across = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    ahead = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    px_per_m, distance = float(rng.uniform(40, 160)), float(rng.uniform(8, 30))

    def projected(where: np.ndarray) -> np.ndarray:
        nearer = distance / (distance + where @ ahead)
        return np.stack([400 + px_per_m * (where @ across) * nearer, 300 + px_per_m * nearer * (3 - where[..., 2])], -1)

    px = projected(points)
    torso = px_per_m * 0.48
    keep = np.exp(-1 / _FPS / _TOGETHER_S)
    error = rng.normal(0, 1, px.shape)
    for i in range(1, len(error)):
        error[i] = keep * error[i - 1] + np.sqrt(1 - keep**2) * error[i]
    hard = errors * np.clip(rng.normal(1.0, 0.35), 0.4, 2.0)
    px = px + hard * _SCATTER * torso * error
    sure = np.clip(rng.normal(0.62, 0.1, px.shape[:2]) - 0.15 * (hard - 1), 0.12, 0.9)
    middle = px[:, 1:-1].mean(axis=1, keepdims=True)
    for i in np.flatnonzero(rng.random(len(px)) < _MISREAD * hard):
        turn = rng.uniform(-np.pi, np.pi)
        cos, sin = np.cos(turn), np.sin(turn)
        px[i, :-1] = middle[i] + (px[i, :-1] - middle[i]) @ np.array([[cos, -sin], [sin, cos]])
        sure[i] = rng.uniform(0.12, 0.5, px.shape[1])
    sure[rng.random(sure.shape) < _UNSEEN] = 0.02
    came_out = float(rng.normal(motion.come_out_s, _MOMENTS_S[2]))
    top_s = motion.start_velocity[2] / GRAVITY_M_S2
    sampled = times - times[0]
    take_off, top, come_out, contact = (
        Moment(time_s=float(at - times[0]), deviation_s=off, sources=("network",))
        for at, off in zip(
            (rng.normal(0, _MOMENTS_S[0]), rng.normal(top_s, _MOMENTS_S[1]), came_out,
             rng.normal(motion.contact_s, _MOMENTS_S[3])), _MOMENTS_S, strict=True)
    )  # fmt: skip
    frames = np.arange(len(times))
    pad = 96 - len(times)

    def padded(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, np.repeat(values[-1:], pad, axis=0)])

    flight = max(round(take_off.time_s * _FPS), 1)
    entry = max(round(come_out.time_s * _FPS), flight + 1)
    in_air = (times >= 0) & (times <= motion.contact_s)
    path = projected(centre_m)[in_air]
    crop = np.array([0.0, 0.0, 5 * torso, 5 * torso])
    return DiveParse(
        clip=Clip(path=Path("made.mp4"), in_frame=0, out_frame=len(times) - 1, fps=_FPS),
        sampled_frames=padded(frames),
        sampled_times_s=padded(sampled),
        probabilities=np.zeros((96, 2), np.float32),
        transitions=Transitions(
            first_flight_frame=flight, first_entry_frame=entry, first_flight_s=flight / _FPS, first_entry_s=entry / _FPS
        ),
        moments=Moments(take_off=take_off, come_out=come_out, top=top, contact=contact),
        mask_probability=np.zeros((96, MASK_SIZE, MASK_SIZE), np.float16),
        crop_xyxy=np.tile(crop.astype(np.float32), (96, 1)),
        joints=padded(np.concatenate([px, sure[..., None]], axis=2).astype(np.float32)),
        model=ModelIdentity(
            id="made",
            trained_on="",
            synthetic=True,
            preprocessing="follow",
            decoding="flight",
            precision="fp32",
            device="cpu",
        ),
        motion=DiveMotion(
            to_scene=np.tile(np.eye(3), (96, 1, 1)),
            path_s=sampled[in_air],
            path_xy=path,
            at_s=float(sampled[in_air][0]),
            position=(0.0, 0.0),
            velocity=(0.0, -float(motion.start_velocity[2]) * px_per_m),
            gravity=GRAVITY_M_S2 * px_per_m,
            gravity_deviation=1.0,
            body_px=1.15 * px_per_m,
        ),
    )


def rendered(count: int, seed: int = 0) -> Iterator[tuple[DiveNumber, float, DiveParse]]:
    """Return rendered dives that do not twist, half of club numbers and half of competitions', from about the side."""
    club = sorted({(one["dive_number"], one["board_m"]) for one in rendered_facts()})
    config = SynthConfig(train=10 * count, test=0, seed=seed)
    rng, made, i = np.random.default_rng([seed, 0x4EC]), 0, 0
    while made < count:
        i += 1
        spec, dive_seed = sample_spec(config, i)
        if made % 2:
            number, board_m = club[int(rng.integers(len(club)))]
            spec = DiveSpec(dive_number=number, board_m=board_m)
        if parse_dive_number(spec.dive_number).half_twists:
            continue
        plan = plan_dive(spec, dive_seed)
        yield plan.dive, plan.board_m, made_parse(plan, rng, float(np.clip(rng.normal(0, 0.45), -1, 1)))
        made += 1


def mirrored(parse: DiveParse, width: float = 800.0) -> DiveParse:
    """Return the parse of the mirrored clip."""
    assert parse.joints is not None
    assert parse.motion is not None
    flip = np.diag([-1.0, 1.0, 1.0])
    flip[0, 2] = width
    joints = parse.joints.copy()
    joints[..., 0] = width - joints[..., 0]
    crop = parse.crop_xyxy.copy()
    crop[:, [0, 2]] = width - crop[:, [2, 0]]
    motion = replace(parse.motion, to_scene=flip @ parse.motion.to_scene @ np.linalg.inv(flip))
    return replace(
        parse,
        joints=joints[:, list(KEYPOINT_FLIP)],
        crop_xyxy=crop,
        mask_probability=parse.mask_probability[..., ::-1],
        motion=motion,
    )
