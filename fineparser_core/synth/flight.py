"""The motion of a dive: approach, ballistic flight with conserved angular momentum, entry.

World frame: x from the board over the water, y to the left, z up. The tip of the board is at x = 0, the water surface
at z = 0. Time 0 is the end of the last contact with the board.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import PchipInterpolator

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.synth import approach as approaches
from fineparser_core.synth import body as bodies
from fineparser_core.synth.body import JOINT, Body, pose
from fineparser_core.synth.rubric import Faults

_ENTRY_LEAD_S = 0.34
_DRAG_PER_S = 2.2


@dataclass(frozen=True, kw_only=True)
class BodyMotion:
    """The motion of a dive in continuous time; `world_joints` evaluates it.

    Attributes:
        come_out_s: time at which the body begins to open for the entry.
        contact_s: time at which the hands (feet, in a feet-first entry) touch the water.
        twist_end_s: time at which the twist is complete; 0 without a twist.
        contact_x: distance of the point of entry from the tip of the board, meters.
        start_velocity, start_centre: (3,) velocity and position of the center of mass at take-off.
        heading: 0 if the diver faces the water at take-off, pi if the diver faces the board.
        clock: (n,) times of the following three.
        rotation_rad, twist_rad, tilt_rad: (n,) somersault, twist and sideways tilt angles.
        flight_pose: time -> pose vector, from take-off on.
    """

    body: Body
    dive: DiveNumber
    board_m: float
    springboard: bool
    approach: approaches.Approach
    come_out_s: float
    contact_s: float
    twist_end_s: float
    contact_x: float
    start_velocity: np.ndarray
    start_center: np.ndarray
    heading: float
    feet_first: bool
    clock: np.ndarray = field(repr=False)
    rotation_rad: np.ndarray = field(repr=False)
    twist_rad: np.ndarray = field(repr=False)
    tilt_rad: np.ndarray = field(repr=False)
    flight_pose: PchipInterpolator = field(repr=False)

    def world_joints(self, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the joints (N, J, 3) and center of mass (N, 3) in meters at times (N,)."""
        joints = np.empty((len(time_s), len(bodies.JOINTS), 3))
        center = np.empty((len(time_s), 3))
        on_board = time_s < 0
        if on_board.any():
            joints[on_board] = self.approach.world_joints(self.body, time_s[on_board])
            center[on_board] = bodies.center_of_mass(joints[on_board])
        air = time_s[~on_board]
        if len(air):
            local = bodies.joints_in_body_frame(self.body, self.flight_pose(np.minimum(air, self.clock[-1])))
            local -= bodies.center_of_mass(local)[:, None]
            turned = rotate_body(
                local,
                self.heading,
                np.interp(air, self.clock, self.rotation_rad),
                np.interp(air, self.clock, self.tilt_rad),
                np.interp(air, self.clock, self.twist_rad),
            )
            center[~on_board] = self._center(air)
            joints[~on_board] = turned + center[~on_board][:, None]
        return joints, center

    def _center(self, time_s: np.ndarray) -> np.ndarray:
        dry = np.minimum(time_s, self.contact_s)[:, None]
        center = self.start_center + self.start_velocity * dry
        center[:, 2] -= GRAVITY_M_S2 * dry[:, 0] ** 2 / 2
        wet = np.maximum(time_s - self.contact_s, 0.0)[:, None]
        speed = self.start_velocity - np.array([0.0, 0.0, GRAVITY_M_S2 * self.contact_s])
        path: np.ndarray = center + speed * (1 - np.exp(-_DRAG_PER_S * wet)) / _DRAG_PER_S
        return path


def rotate_body(
    joints: np.ndarray, heading: float, rotation: np.ndarray, tilt: np.ndarray | float, twist: np.ndarray | float
) -> np.ndarray:
    """Rotate joints (N, J, 3): twist about z, tilt about x, somersault about y, heading about z. Angles are (N,)."""
    rotation, tilt, twist = np.broadcast_arrays(rotation, tilt, twist)
    out = _rotate_about(joints, 2, twist)
    out = _rotate_about(out, 0, tilt)
    out = _rotate_about(out, 1, rotation)
    return _rotate_about(out, 2, np.broadcast_to(heading, rotation.shape))


def _rotate_about(joints: np.ndarray, axis: int, angle: np.ndarray) -> np.ndarray:
    i, j = (axis + 1) % 3, (axis + 2) % 3
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    out = joints.copy()
    out[..., i] = cos * joints[..., i] - sin * joints[..., j]
    out[..., j] = sin * joints[..., i] + cos * joints[..., j]
    return out


def plan_motion(
    body: Body, dive: DiveNumber, board_m: float, springboard: bool, faults: Faults, rng: np.random.Generator
) -> BodyMotion:
    """Sample a motion of a dive with the given faults."""
    sense = 1.0 if dive.direction in (1, 4) else -1.0
    approach = approaches.plan_approach(body, dive, board_m, springboard, faults, rng)

    if dive.armstand:
        up = rng.uniform(0.3, 0.9) * faults.height_factor
    elif springboard:
        up = (4.7 if board_m < 2 else 5.5 if approach.running else 5.2) * faults.height_factor * rng.uniform(0.96, 1.04)
    else:
        up = (3.3 if approach.running else 2.8) * faults.height_factor * rng.uniform(0.95, 1.05)
    approach = approach.with_push_off(body, up)
    start_center = bodies.center_of_mass(approach.world_joints(body, np.array([-1e-3])))[0]
    start_rotation = approach.rotation_at_take_off
    feet_first = (dive.half_somersaults % 2 == 0) != dive.armstand
    lead_m = _entry_reach(body, feet_first) * np.cos(faults.off_vertical_rad)
    drop = start_center[2] - lead_m
    contact = float((up + np.sqrt(up**2 + 2 * GRAVITY_M_S2 * max(drop, 0.05))) / GRAVITY_M_S2)
    reach_x = (
        1.25 + 0.03 * board_m + (0.5 if springboard else 0.0) + (0.4 if approach.running else 0.0) + faults.distance_m
    )
    along = max(0.35, (max(reach_x, 0.55) - start_center[0]) / contact)
    velocity = np.array([along, rng.normal(0, 0.04), up])

    lead_s = _ENTRY_LEAD_S * rng.uniform(0.85, 1.2) - faults.late_s
    come_out = max(contact - lead_s, 0.52 * contact)
    clock = np.linspace(0.0, contact + 0.7, 600)
    keys, twist_span = _flight_keys(dive, approach.last_pose, come_out, contact, faults, feet_first, rng)
    times = np.array([k for k, _ in keys])
    flight_pose = PchipInterpolator(times, np.array([p for _, p in keys]), axis=0, extrapolate=False)

    # Angular momentum is constant in the air: angular velocity is inversely proportional to the pose's inertia.
    local = bodies.joints_in_body_frame(body, flight_pose(np.minimum(clock, times[-1])))
    rate = 1.0 / bodies.lateral_inertia(local)
    rate *= np.exp(-8.0 * np.maximum(clock - contact, 0.0))
    turned = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * np.diff(clock))])
    target = sense * (dive.half_somersaults * np.pi + faults.off_vertical_rad) + (
        np.pi * sense if dive.armstand else 0.0
    )
    rotation = start_rotation + (target - start_rotation) * turned / np.interp(contact, clock, turned)
    twist, tilt = _twist(dive, clock, twist_span, faults, rng)
    return BodyMotion(
        body=body,
        dive=dive,
        board_m=board_m,
        springboard=springboard,
        approach=approach,
        come_out_s=come_out,
        contact_s=contact,
        twist_end_s=twist_span[1],
        contact_x=float(start_center[0] + along * contact),
        start_velocity=velocity,
        start_center=start_center,
        heading=approach.heading,
        feet_first=feet_first,
        clock=clock,
        rotation_rad=rotation,
        twist_rad=twist,
        tilt_rad=tilt,
        flight_pose=flight_pose,
    )


_STRETCHED = pose(shoulder=3.05, abduct=-0.16, point=0.95)


def _entry_reach(body: Body, feet_first: bool) -> float:
    shape = pose(_STRETCHED, shoulder=0.1, abduct=0.1) if feet_first else _STRETCHED
    joints = bodies.joints_in_body_frame(body, shape[None])
    center = bodies.center_of_mass(joints)[0, 2]
    lead = joints[0, JOINT["toe_l"], 2] if feet_first else joints[0, JOINT["finger_l"], 2]
    return float(abs(lead - center))


def flight_shape(position: str, faults: Faults, rng: np.random.Generator) -> np.ndarray:
    """Sample the pose held in flight for a position letter (D is a pike); back, head and grip vary between divers."""
    back, head, grip = float(rng.normal(0, 0.1)), float(rng.normal(0, 0.22)), float(rng.uniform(-0.12, 0.12))
    point = 0.97 - 0.75 * faults.toes_flexed
    loose = faults.loose
    split = faults.legs_split_rad
    apart = 0.01 + faults.legs_apart_rad
    if position == "A":
        return pose(hip=-0.05, shoulder=0.2, abduct=0.1, point=point, knee=faults.knees_bent_rad, spread=apart)
    if position == "C":
        shape = pose(hip=2.3 - 0.75 * loose, knee=2.4 - 0.75 * loose, spine=0.6 + back - 0.4 * loose, neck=0.1 + head)
        shape = pose(
            shape, shoulder=1.0, elbow=0.6, abduct=0.15, grab=1.0, grab_at=0.5 + grip, point=point, spread=apart + 0.03
        )
        return pose(shape, knee_l=2.4 - 0.75 * loose + 0.5 * split, knee_r=2.4 - 0.75 * loose - 0.5 * split)
    bend = 0.03 + faults.knees_bent_rad
    shape = pose(hip=2.4 - 0.95 * loose, knee=bend, spine=0.6 + back - 0.4 * loose, neck=0.1 + head)
    shape = pose(
        shape,
        shoulder=1.3,
        elbow=0.5,
        abduct=0.1,
        grab=1.0,
        grab_at=0.2 + 0.4 * loose + grip,
        point=point,
        spread=apart,
    )
    return pose(shape, hip_l=2.4 - 0.95 * loose + 0.5 * split, hip_r=2.4 - 0.95 * loose - 0.5 * split)


def _flight_keys(
    dive: DiveNumber,
    first: np.ndarray,
    come_out: float,
    contact: float,
    faults: Faults,
    feet_first: bool,
    rng: np.random.Generator,
) -> tuple[list[tuple[float, np.ndarray]], tuple[float, float]]:
    """Return the keyframes (time, pose) from take-off to below the water, and begin and end of the twist in seconds."""
    position = dive.position if dive.position != "D" else "B"
    shape = flight_shape(position, faults, rng)
    point = 0.97 - 0.75 * faults.toes_flexed
    close = (0.34 if position == "C" else 0.38) * rng.uniform(0.85, 1.1)
    if dive.half_somersaults <= 2 and not dive.armstand:
        # Few somersaults: the diver rises stretched and takes the position near the highest point.
        close = min(0.5, 0.42 * come_out)
    keys: list[tuple[float, np.ndarray]] = [(0.0, first)]
    span = (0.0, 0.0)
    if dive.half_twists:
        span = (0.12, min(0.12 + 0.24 + 0.17 * dive.half_twists, come_out - 0.42))
        if dive.half_somersaults <= 3 or position == "A":
            span = (0.12, min(come_out - 0.05, 0.12 + 0.3 + 0.2 * dive.half_twists))
        wrapped = pose(
            hip=0.12, knee=0.02 + 0.5 * faults.knees_bent_rad, point=point, spread=0.01 + 0.6 * faults.legs_apart_rad,
            shoulder_l=2.2, elbow_l=2.1, abduct_l=0.05, shoulder_r=0.95, elbow_r=2.0, abduct_r=-0.25,
        )  # fmt: skip
        keys += [(span[0] + 0.12, wrapped), (max(span[1] - 0.06, span[0] + 0.14), wrapped)]
        start = span[1] + 0.16
    else:
        early = pose(
            shape, hip=1.0 if position != "A" else 0.0, knee=1.0 if position == "C" else 0.02, grab=0.25, spine=0.3
        )
        if position != "A":
            keys.append((0.5 * close, early))
        start = close
    if start < come_out - 0.04:
        keys += [(start, shape)]
        if come_out - start > 0.2:
            tighter = pose(shape, hip=bodies.angle(shape[None], "hip_l")[0] + 0.06)
            keys += [((start + come_out) / 2, tighter)]
    keys += [(come_out, pose(keys[-1][1]))]
    keys += _opening_keys(position, (come_out, contact), faults, feet_first, point, rng)
    return keys, span


def _opening_keys(
    position: str, span: tuple[float, float], faults: Faults, feet_first: bool, point: float, rng: np.random.Generator
) -> list[tuple[float, np.ndarray]]:
    """Return the keyframes (time, pose) of the come-out: legs stretch, the trunk follows, the arms rise.

    Args:
        span: times of the come-out and of the contact with the water.
        point: how far the toes are pointed, 0..1.
    """
    come_out, contact = span
    lead = contact - come_out
    if feet_first:
        final = pose(shoulder=0.08, abduct=0.08, point=0.95, hip=faults.arch_rad, spread=0.01 + faults.entry_legs_rad)
    else:
        final = pose(
            _STRETCHED, hip=-0.04 + faults.arch_rad, spine=-0.5 * faults.arch_rad, wrist=-0.5, point=point,
            knee=0.02 + 0.5 * faults.entry_legs_rad, spread=0.005 + faults.entry_legs_rad,
            elbow=faults.elbows_bent_rad, shoulder=3.05 - 0.4 * faults.elbows_bent_rad,
            abduct=-0.16 + 0.5 * faults.elbows_bent_rad,
        )  # fmt: skip
    aside = float(rng.uniform(0.1, 1.0))
    half = pose(final, hip=1.35 if position != "A" else 0.1, knee=0.3 if position == "C" else 0.05, spine=0.3)
    half = pose(half, shoulder=rng.uniform(0.7, 1.3), abduct=0.15 + 0.5 * aside, elbow=1.1 - 0.8 * aside, wrist=0.0)
    nearly = pose(final, hip=0.35 + faults.arch_rad, spine=0.1, shoulder=2.3 + 0.2 * aside)
    nearly = pose(nearly, abduct=0.1 + 0.45 * aside, elbow=0.9 - 0.7 * aside, wrist=0.0)
    return [
        (come_out + 0.34 * lead, half),
        (come_out + 0.64 * lead, nearly),
        (come_out + 0.9 * lead, final),
        (contact + 0.05, final),
        (contact + 0.7, pose(final, hip=0.15 + faults.arch_rad)),
    ]


def _twist(
    dive: DiveNumber, clock: np.ndarray, span: tuple[float, float], faults: Faults, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return twist and sideways tilt, both (n,) radians at the times `clock`."""
    side = rng.choice([-1.0, 1.0])
    wobble = faults.wobble_rad * np.sin(np.clip(clock / clock[-1], 0, 1) * np.pi * rng.uniform(1.0, 2.0))
    tilt = wobble + faults.sway_rad * np.exp(-clock / 0.3)
    if not dive.half_twists:
        return np.zeros_like(clock), tilt
    share = np.clip((clock - span[0]) / (span[1] - span[0]), 0, 1)
    eased = 0.6 * share + 0.4 * share**2 * (3 - 2 * share)
    lean = 0.2 * np.clip(np.minimum(share, 1 - share) * 6, 0, 1)
    return side * dive.half_twists * np.pi * eased, tilt + side * lean
