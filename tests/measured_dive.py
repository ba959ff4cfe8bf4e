"""A made-up parse of a body that flies as physics says, seen by a camera that stands still."""

import numpy as np
from made_analysis import blank_parse, moments_at, transitions_at

from fineparser_core.constants import GRAVITY_M_S2, KEYPOINT_NAMES
from fineparser_core.motion.body import center_of_mass
from fineparser_core.records import Clip, DiveMotion, DiveParse

FPS, PX_PER_M = 30.0, 60.0
LEAVES_S, BOARD = 1.0, np.array([100.0, 200.0])
PARTS_M = {"head": (0, 0.75), "shoulder": (0, 0.5), "elbow": (0, 0.78), "wrist": (0, 1.02), "hip": (0, 0.0),
           "knee": (0, -0.42), "ankle": (0, -0.84), "toe": (0, -1.0)}  # fmt: skip

#: The straight body's centre of mass over its hips.
CENTRE_M = -float(
    center_of_mass(np.array([[(0.0, -PARTS_M.get(name.split("_")[0], (0, 0))[1]) for name in KEYPOINT_NAMES]]))[0, 1]
)


def centre_m(time_s: np.ndarray, speed: float, away: float = 0.8) -> np.ndarray:
    """(n, 2) the body's centre, x away from the board's edge and y down from where it leaves the board."""
    t = np.maximum(time_s - LEAVES_S, 0)
    return np.stack([away * t, GRAVITY_M_S2 * t**2 / 2 - speed * t], axis=1)


def measured_parse(
    *,
    speed: float = 4.0,
    away: float = 0.8,
    flight_s: float = 1.1,
    slowed: float = 1.0,
    turned_deg: np.ndarray | None = None,
    noise_px: float = 0.0,
    seed: int = 0,
) -> DiveParse:
    """A straight body that leaves the board so fast, and touches the water after so long.

    Args:
        turned_deg: (96,) by how much it is turned in each sample, clockwise in the picture; upright by default.
    """
    times = np.arange(96) / FPS
    center = BOARD + PX_PER_M * (centre_m(times, speed, away) - np.array([0.0, 1.0]))
    turned = np.deg2rad(np.zeros(96) if turned_deg is None else turned_deg)
    joints = np.ones((96, len(KEYPOINT_NAMES), 3), np.float32)
    for k, name in enumerate(KEYPOINT_NAMES):
        if name == "board":
            joints[:, k, :2] = BOARD
            continue
        side, up = PARTS_M[name.split("_")[0]]
        up -= CENTRE_M  # what flies as physics says, and what the body turns about
        along = np.stack([np.cos(turned) * side + np.sin(turned) * up, np.sin(turned) * side - np.cos(turned) * up], 1)
        joints[:, k, :2] = center + PX_PER_M * along
    joints[..., :2] += np.random.default_rng(seed).normal(0, noise_px, joints[..., :2].shape)
    first_flight, contact = round(LEAVES_S * FPS), round((LEAVES_S + flight_s) * FPS)
    entry = contact - 6
    transitions = transitions_at(first_flight, entry, FPS / slowed)
    top_s = (LEAVES_S + speed / GRAVITY_M_S2) * slowed
    return blank_parse(
        transitions,
        clip=Clip(path="dive.mp4", in_frame=0, out_frame=95, fps=FPS / slowed),  # type: ignore[arg-type]
        sampled_times_s=times * slowed,
        moments=moments_at(transitions, contact / FPS * slowed, top_s),
        crop_xyxy=np.tile(np.array([0, 0, 640, 640], np.float32), (96, 1)),
        joints=joints,
        first_water_contact_frame=contact,
        motion=DiveMotion(
            to_scene=np.tile(np.eye(3), (96, 1, 1)),
            path_s=times[30:60] * slowed,
            path_xy=center[30:60],
            at_s=top_s,
            position=(0.0, 0.0),
            velocity=(0.0, 0.0),
            gravity=GRAVITY_M_S2 * PX_PER_M / slowed**2,
            gravity_deviation=1.0,
            body_px=70.0,
            slowed=slowed,
        ),
    )  # fmt: skip
