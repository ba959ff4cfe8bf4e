"""True measures of a rendered dive, from the motion that was rendered."""

import numpy as np

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.synth.body import JOINT
from fineparser_core.synth.flight import BodyMotion
from fineparser_core.synth.render import DivePlan

#: Constants of `measures.flight`: the share of the time from leaving the board to opening after which the
#: position is held, and the share of its frames that are at least as tight as the reported tightness.
_HELD_FROM, _TIGHT = 0.4, 0.25
_OPEN_DEG = 150.0
_STEP_S = 0.01
#: The lowest point of a springboard lies within this time before leaving.
_RECOIL_S = 0.6


def true_measures(plan: DivePlan) -> dict[str, float]:
    """Return the values of all measures of a motion, by name, in the units of `fineparser_core.measures`.

    They are those of the athlete nearest to the camera. The line at entry is that of the body in the plane of the dive.
    """
    motion = plan.athlete.motion
    up = float(motion.start_velocity[2])
    found = {
        "flight_time": motion.contact_s,
        "jump_height": up**2 / (2 * GRAVITY_M_S2),
        "come_out_lead": motion.contact_s - motion.come_out_s,
        "entry_distance": motion.contact_x,
    }
    _, opening = motion.world_joints(np.array([motion.come_out_s]))
    found["come_out_height"] = float(opening[0, 2])
    held_s = np.arange(_HELD_FROM * motion.come_out_s, motion.come_out_s, _STEP_S)
    joints, _ = motion.world_joints(held_s)
    found["hip_angle"] = float(np.quantile(_angle(joints, "shoulder", "hip", "knee"), _TIGHT))
    found["knee_angle"] = float(np.median(_angle(joints, "hip", "knee", "ankle")))
    found["toe_angle"] = float(np.median(_angle(joints, "knee", "ankle", "toe")))
    if not motion.dive.half_twists:
        turns = np.interp(held_s, motion.clock, motion.rotation_rad) / (2 * np.pi)
        speed = float(np.polyfit(held_s, turns, 1)[0])
        late = slice(2 * len(held_s) // 3, None)
        found["rotation_speed"] = abs(speed)
        found["rotation_hold"] = float(np.polyfit(held_s[late], turns[late], 1)[0]) / speed
    at_entry, _ = motion.world_joints(np.array([motion.contact_s]))
    found["entry_angle"] = _entry_angle(motion, at_entry[0])
    found["hip_line"] = 180 - float(_angle(at_entry, "shoulder", "hip", "knee")[0])
    found["elbow_angle"] = float(_angle(at_entry, "shoulder", "elbow", "wrist")[0])
    leaving, center = motion.world_joints(np.array([-1e-3]))
    feet = _middle(leaving, "ankle")[0]
    found["lean"] = float(np.degrees(np.arctan2(center[0, 0] - feet[0], center[0, 2] - feet[2])))
    opening_s = np.arange(motion.come_out_s, motion.contact_s, _STEP_S)
    hips = _angle(motion.world_joints(opening_s)[0], "shoulder", "hip", "knee")
    opened = np.flatnonzero(hips >= _OPEN_DEG)
    if len(opened) and hips[0] < _OPEN_DEG:
        found["opening_time"] = float(opening_s[opened[0]] - motion.come_out_s)
    found["board_distance"] = _board_distance(motion)
    found["closest_approach"] = _closest_approach(motion)
    legs = [joints[:, JOINT[f"ankle_{side}"]] - joints[:, JOINT[f"hip_{side}"]] for side in "lr"]
    found["legs_apart"] = float(np.median(_between(*(_in_plane(leg) for leg in legs))))
    arms = [leaving[:, JOINT[f"wrist_{side}"]] - leaving[:, JOINT[f"shoulder_{side}"]] for side in "lr"]
    found["arm_asymmetry"] = float(_between(*(_in_plane(arm) for arm in arms))[0])
    if motion.springboard:
        recoil_s = np.arange(-_RECOIL_S, 0.0, _STEP_S)
        found["recoil_time"] = -float(recoil_s[_middle(motion.world_joints(recoil_s)[0], "toe")[:, 2].argmin()])
    if not motion.feet_first:
        found["entry_rotation"] = _entry_rotation(motion)
    legs_line = _legs_line(motion)
    if legs_line is not None:
        found["legs_line"] = legs_line
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _closest_approach(motion: BodyMotion) -> float:
    """Return the closest approach of head and hands on the way down, in the plane of the dive."""
    times = np.arange(motion.start_velocity[2] / GRAVITY_M_S2, motion.contact_s, _STEP_S)
    joints, _ = motion.world_joints(times)
    names = ("head_top", "wrist_l", "wrist_r", "elbow_l", "elbow_r")
    off = joints[:, [JOINT[name] for name in names]] - np.array([0.0, 0.0, motion.board_m])
    return float(np.hypot(off[..., 0], off[..., 2]).min())


def _legs_line(motion: BodyMotion) -> float | None:
    """Return the line of the legs off the vertical as the hips go under, degrees; + over.

    None for a feet-first entry.
    """
    times = np.arange(motion.contact_s, motion.contact_s + 0.35, _STEP_S)
    joints, _ = motion.world_joints(times)
    under = np.flatnonzero(_middle(joints, "hip")[:, 2] <= 0)
    if motion.feet_first or not len(under):
        return None
    at = under[0]
    return float(_legs_deg(motion, joints)[at])


def _entry_rotation(motion: BodyMotion) -> float:
    """Return how fast the legs turn at the contact, turns a second."""
    times = motion.contact_s + np.array([-2, 2]) * _STEP_S
    before, after = _legs_deg(motion, motion.world_joints(times)[0])
    return float((after - before) / (360 * (times[1] - times[0])))


def _legs_deg(motion: BodyMotion, joints: np.ndarray) -> np.ndarray:
    """Return the line of the legs (n,) off the vertical of joints (n, ...), degrees; + over."""
    line = _middle(joints, "ankle") - _middle(joints, "hip")
    sense = np.sign(motion.rotation_rad[-1] - motion.rotation_rad[0]) * np.cos(motion.heading)
    return np.asarray(np.degrees(np.arctan2(sense * line[:, 0], line[:, 2])))


def _board_distance(motion: BodyMotion) -> float:
    times = np.arange(0.0, motion.contact_s, _STEP_S)
    _, center = motion.world_joints(times)
    top = int(center[:, 2].argmax())
    below = np.flatnonzero(center[top:, 2] <= motion.board_m)
    return float(center[top + below[0], 0]) if len(below) else float("nan")


def _entry_angle(motion: BodyMotion, joints: np.ndarray) -> float:
    """Return the line of the body off the vertical, degrees; + over-rotated."""
    line = _middle(joints[None], "ankle")[0] - _middle(joints[None], "shoulder")[0]
    line = line if line[2] > 0 else -line
    sense = np.sign(motion.rotation_rad[-1] - motion.rotation_rad[0])
    return float(np.degrees(np.arctan2(sense * np.cos(motion.heading) * line[0], line[2])))


def _middle(joints: np.ndarray, name: str) -> np.ndarray:
    return np.asarray((joints[:, JOINT[f"{name}_l"]] + joints[:, JOINT[f"{name}_r"]]) / 2)


def _angle(joints: np.ndarray, first: str, middle: str, last: str) -> np.ndarray:
    """Return the angles (n,) in degrees, the mean of both sides."""
    sides = []
    for side in "lr":
        a, b, c = (joints[:, JOINT[f"{name}_{side}"]] for name in (first, middle, last))
        sides.append(_between(a - b, c - b))
    return np.asarray(np.mean(sides, axis=0))


def _in_plane(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (n, 3) as a camera at the side sees them."""
    projected: np.ndarray = vectors * np.array([1.0, 0.0, 1.0])
    return projected


def _between(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the angles (n,) in degrees between vectors (n, 3)."""
    cosine = (u * v).sum(axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
