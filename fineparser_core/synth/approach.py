"""The approach: keyframed motion on the board before take-off (walk and hurdle, standing, backward and armstand)."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.interpolate import PchipInterpolator

from fineparser_core.diving.dive_number import DiveNumber
from fineparser_core.synth import body as bodies
from fineparser_core.synth.body import JOINT, Body, pose
from fineparser_core.synth.rubric import Faults

_STRIDE_S = 0.5
_DURATION_S = 12.0
_RINGING_RAD_PER_S = 22.0
# Heights over the board of the joints that stand on it: the toes of a flat foot, the wrists of an armstand.
_SOLE_M, _WRIST_M = 0.022, 0.03


@dataclass(frozen=True, kw_only=True)
class Approach:
    """Keyframed motion on the board, for times before 0.

    Attributes:
        poses: time -> pose vector.
        track: time -> (lean in radians, x of the feet in meters, lift above the board in meters, heel raise 0..1).
        tip: time -> displacement of the board's tip in meters, negative downwards.
        heading: 0 facing the water, pi facing the board.
        running: whether the diver walks and hurdles; False for a standing take-off.
        sway_rad: sideways lean at take-off, to which it grows exponentially.
        last_pose: (len(POSE),) pose at take-off.
        rotation_at_take_off: lean of the body at take-off, radians.
        time_warp: (2, n) ascending: motion times, and the keyframe times shown at them; None is the identity.
    """

    poses: PchipInterpolator = field(repr=False)
    track: PchipInterpolator = field(repr=False)
    tip: PchipInterpolator = field(repr=False)
    heading: float
    board_m: float
    armstand: bool
    running: bool
    springboard: bool
    sway_rad: float
    last_pose: np.ndarray
    rotation_at_take_off: float
    time_warp: np.ndarray | None = field(default=None, repr=False)

    def deflection(self, time_s: np.ndarray) -> np.ndarray:
        """Return the displacement of the board's tip at times (N,): (N,) meters; the board rings after take-off."""
        before: np.ndarray = self.tip(self._key_time(time_s))
        if not self.springboard:
            return before
        after = np.maximum(time_s, 0)
        phase = _RINGING_RAD_PER_S * after
        ringing = float(self.tip(0.0)) * np.cos(phase) + 0.14 * np.sin(phase)
        height: np.ndarray = np.where(time_s < 0, before, ringing * np.exp(-2.2 * after))
        return height

    def _key_time(self, time_s: np.ndarray) -> np.ndarray:
        if self.time_warp is not None:
            at, shown = self.time_warp
            time_s = np.where(time_s < at[0], time_s - at[0] + shown[0], np.interp(time_s, at, shown))
        key_time: np.ndarray = np.clip(time_s, self.tip.x[0], 0.0)
        return key_time

    def with_push_off(self, body: Body, up_m_s: float) -> "Approach":
        """Warp the time after the lowest point so that the body accelerates steadily to the take-off speed.

        Without the push-off the body would stop at the end of the board and start the flight with a jump in speed.

        Args:
            up_m_s: vertical speed at take-off.
        """
        if self.armstand:
            return self
        keys = np.linspace(-0.7, 0.0, 141)
        center = bodies.center_of_mass(self.world_joints(body, keys))
        low = int(np.argmin(center[:-10, 2]))
        moves = np.diff(center[low:], axis=0)
        rise = np.concatenate([[0.0], np.cumsum(np.hypot(moves[:, 0], np.maximum(moves[:, 2], 0.0)))])
        # A share of uniform time keeps the last keyframes, at which the body hardly rises, from being skipped.
        rise += 0.2 * rise[-1] * np.linspace(0, 1, len(rise))
        push = float(np.clip(2 * rise[-1] / (1.2 * up_m_s), 0.16, 0.6))
        at = np.linspace(-push, 0.0, 61)
        shown = np.interp(rise[-1] * (1 + at / push) ** 2, rise, keys[low:])
        return replace(self, time_warp=np.stack([at, shown]))

    def world_joints(self, body: Body, time_s: np.ndarray) -> np.ndarray:
        """Return joint positions at times (N,): (N, J, 3) meters; hands or feet are in contact with the board."""
        clipped = self._key_time(time_s)
        poses = self.poses(clipped)
        lean, feet_x, lift, heel = self.track(clipped).T
        if not self.armstand:
            poses = _flat_feet(poses, lean, heel)
        sway = self.sway_rad * np.exp(np.minimum(clipped, 0) / 0.35)
        local = bodies.joints_in_body_frame(body, poses)
        cos, sin = np.cos(lean)[:, None], np.sin(lean)[:, None]
        x = cos * local[..., 0] + sin * local[..., 2]
        z = -sin * local[..., 0] + cos * local[..., 2]
        flip = np.cos(self.heading)
        out = np.stack([x * flip, local[..., 1] * flip + np.sin(sway)[:, None] * z, z], -1)
        if self.armstand:
            held = out[:, [JOINT["wrist_l"], JOINT["wrist_r"]]]
            low, support_x, thick = held[..., 2].min(1), held[..., 0].mean(1), _WRIST_M
        else:
            toes = out[:, [JOINT["toe_l"], JOINT["toe_r"], JOINT["ankle_l"], JOINT["ankle_r"]]]
            low = np.minimum(toes[:, :2, 2].min(1), toes[:, 2:, 2].min(1) - 0.035)
            support_x, thick = toes[:, :2, 0].mean(1), _SOLE_M
        tip = self.tip(clipped)
        out[..., 0] += (feet_x - support_x)[:, None]
        out[..., 2] += (self.board_m + tip + lift - low + thick)[:, None]
        return out


def _flat_feet(poses: np.ndarray, lean: np.ndarray, heel: np.ndarray) -> np.ndarray:
    """Set the ankles so that the soles lie on the board, with the heels raised by `heel` (1: on tiptoe)."""
    out = poses.copy()
    mean_hip = (bodies.angle(poses, "hip_l") + bodies.angle(poses, "hip_r")) / 2
    for side in ("_l", "_r"):
        shank = (
            lean
            + bodies.TRUNK_SHARE * mean_hip
            - bodies.angle(poses, "hip" + side)
            + bodies.angle(poses, "knee" + side)
        )
        flat = np.clip(0.12 - shank / (np.pi / 2), -0.4, 1.1)
        out[:, bodies.POSE.index("point" + side)] = flat + heel * 0.75
    return out


#: Keyframes: time in seconds, pose vector, track (see `Approach.track`) and displacement of the tip in meters.
_Keys = list[tuple[float, np.ndarray, tuple[float, float, float, float], float]]


def plan_approach(
    body: Body, dive: DiveNumber, board_m: float, springboard: bool, faults: Faults, rng: np.random.Generator
) -> Approach:
    """Sample an approach for the group of a dive and a board."""
    sense = 1.0 if dive.direction in (1, 4) else -1.0
    backward = dive.direction in (2, 4)
    running = not dive.armstand and not backward and (springboard or rng.random() < 0.35)
    if dive.armstand:
        keys, heading = _armstand(dive, sense, faults, rng)
    elif backward:
        keys, heading = _standing(True, sense, springboard, faults, rng), np.pi
    elif running:
        keys, heading = _running(sense, springboard, faults, rng), 0.0
    else:
        keys, heading = _standing(False, sense, springboard, faults, rng), 0.0
    times = np.array([k[0] for k in keys])
    poses = np.array([k[1] for k in keys])
    track = np.array([k[2] for k in keys])
    last = _flat_feet(poses[-1:], track[-1:, 0], track[-1:, 3])[0] if not dive.armstand else poses[-1]
    approach = Approach(
        poses=PchipInterpolator(times, poses, axis=0),
        track=PchipInterpolator(times, track, axis=0),
        tip=PchipInterpolator(times, np.array([k[3] for k in keys])),
        heading=heading,
        board_m=board_m,
        armstand=dive.armstand,
        running=running,
        springboard=springboard,
        sway_rad=faults.sway_rad,
        last_pose=last,
        rotation_at_take_off=float(track[-1, 0]),
    )
    return approach if dive.armstand or running else _balanced(approach, body)


def _balanced(approach: Approach, body: Body) -> Approach:
    """Correct the lean so that the center of mass stays over the feet until the push-off moves it over the water."""
    times, values = approach.track.x, approach.track(approach.track.x)
    joints = approach.world_joints(body, times)
    center = bodies.center_of_mass(joints)
    ahead = (center[:, 0] - values[:, 1]) * np.cos(approach.heading)
    height = center[:, 2] - joints[..., 2].min(1)
    wanted = np.full(len(times), -0.04)
    wanted[-2] += 0.45 * (ahead[-1] - wanted[-2])
    wanted[-1] = ahead[-1]
    values[:, 0] += (wanted - ahead) / height
    return replace(approach, track=PchipInterpolator(times, values, axis=0))


def _lean_at_take_off(outward: float, sense: float, faults: Faults, rng: np.random.Generator) -> float:
    """Sample the lean over the water at take-off, less if the body rotates towards the board.

    Args:
        outward: 1 if the diver faces the water, -1 if the diver faces the board.
        sense: 1 for forward rotation, -1 for backward rotation.
    """
    lean = 0.16 + rng.uniform(0, 0.08) if sense == outward else rng.uniform(0.02, 0.09)
    return outward * float(lean) + 0.12 * faults.uneven * outward


def _standing(backward: bool, sense: float, springboard: bool, faults: Faults, rng: np.random.Generator) -> _Keys:
    """Return the keyframes of a standing take-off: stand, raise the arms, crouch, jump; a springboard is pressed."""
    x = -0.03 if not backward else -0.06
    stand_arms = rng.choice([0.05, 1.55, 3.0], p=[0.4, 0.35, 0.25])
    stand = pose(shoulder=stand_arms, abduct=0.12)
    raised = pose(shoulder=rng.uniform(2.6, 3.05), abduct=rng.uniform(0.0, 0.5))
    back_swing = pose(hip=1.25, knee=1.35, spine=0.25, shoulder=-0.7, abduct=0.35)
    deep = pose(hip=1.35, knee=1.5, spine=0.2, shoulder=rng.uniform(0.6, 1.4), abduct=0.3)
    drive = pose(
        hip=0.55, knee=0.55, spine=0.1, shoulder=2.5 - faults.uneven, abduct=0.25, shoulder_r=2.5 + 0.4 * faults.uneven
    )
    outward = -1.0 if backward else 1.0
    hip = 0.12 if sense > 0 else -0.12
    last = pose(
        hip=0.32 if sense > outward else hip, knee=0.06, shoulder=3.0 if sense > 0 else 2.9, abduct=0.12,
        shoulder_r=3.0 - 0.9 * faults.uneven, spine=0.1 if sense > 0 else -0.15, neck=-0.1 * sense,
    )  # fmt: skip
    lean = _lean_at_take_off(outward, sense, faults, rng)
    quick = rng.uniform(0.85, 1.15)
    press = -0.45 if springboard else 0.0
    keys: _Keys = [(-_DURATION_S, stand, (0.0, x, 0.0, 0.3), 0.0), (-1.9 * quick, stand, (0.0, x, 0.0, 0.3), 0.0)]
    keys.append((-1.15 * quick, raised, (0.0, x, 0.0, 0.75), 0.0))
    if springboard:
        keys.append((-0.85 * quick, pose(raised, hip=0.35, knee=0.4, shoulder=1.6), (0.02, x, 0.0, 0.4), -0.12))
    keys += [
        (-0.62 * quick, back_swing, (0.12, x, 0.0, 0.15), 0.3 * press),
        (-0.36 * quick, deep, (0.08 + 0.3 * lean, x, 0.0, 0.1), press),
        (-0.14 * quick, drive, (0.8 * lean, x, 0.0, 0.45), 0.6 * press),
        (0.0, last, (lean, x, 0.0, 0.95), 0.05 if springboard else 0.0),
    ]
    return keys


def _running(sense: float, springboard: bool, faults: Faults, rng: np.random.Generator) -> _Keys:
    """Return the keyframes of a running take-off: strides, a hurdle onto the end of the board, the jump."""
    quick = rng.uniform(0.85, 1.15)
    hurdle_s = (0.62 if springboard else 0.42) * quick
    crouch_s = (0.42 if springboard else 0.3) * quick
    land = -crouch_s
    leap = land - hurdle_s
    lift = (0.5 if springboard else 0.22) * rng.uniform(0.8, 1.2)
    keys: _Keys = []
    n_strides = int(rng.integers(3, 6))
    stride_m = 0.55 if springboard else 0.7
    hurdle_m = 0.75
    start = leap - n_strides * _STRIDE_S * quick
    stand = pose(shoulder=0.05)
    first_x = -0.04 - hurdle_m - n_strides * stride_m
    keys.append((-_DURATION_S, stand, (0.0, first_x, 0.0, 0.0), 0.0))
    keys.append((start, stand, (0.0, first_x, 0.0, 0.0), 0.0))
    for stride in range(n_strides):
        front, rear = ("_l", "_r") if stride % 2 == 0 else ("_r", "_l")
        swing = rng.uniform(0.3, 0.5)
        angles = {
            "hip" + front: 0.42, "knee" + front: 0.12, "hip" + rear: -0.3, "knee" + rear: 0.25,
            "shoulder" + front: -swing, "shoulder" + rear: swing,
        }  # fmt: skip
        at = start + (stride + 0.5) * _STRIDE_S * quick
        keys.append((at, pose(None, **angles), (0.03, first_x + (stride + 0.5) * stride_m, 0.0, 0.1), 0.0))
        passing = {"hip" + front: 0.1, "knee" + front: 0.1, "hip" + rear: 0.45, "knee" + rear: 0.8}
        if stride < n_strides - 1:
            track = (0.02, first_x + (stride + 1) * stride_m, 0.0, 0.0)
            keys.append((at + 0.5 * _STRIDE_S * quick, pose(None, **passing), track, -0.03))
    gather = pose(hip_l=0.5, knee_l=0.6, hip_r=0.3, knee_r=0.4, shoulder=0.4, abduct=0.4)
    knee_up = pose(hip_l=1.3, knee_l=1.3, hip_r=0.0, knee_r=0.03, shoulder=2.7, abduct=0.4, point=0.8)
    keys += [
        (leap, gather, (0.05, -0.04 - hurdle_m, 0.0, 0.3), -0.1 * springboard),
        (leap + 0.45 * hurdle_s, knee_up, (0.0, -0.04 - 0.5 * hurdle_m, lift, 0.8), 0.06 * springboard),
        (land, pose(hip=0.45, knee=0.4, shoulder=2.0 - 0.5 * faults.uneven, abduct=0.6), (0.02, -0.04, 0.0, 0.35), 0.0),
    ]  # fmt: skip
    lean = _lean_at_take_off(1.0, sense, faults, rng)
    press = -0.6 if springboard else 0.0
    last = pose(
        hip=0.25 if sense > 0 else -0.15, knee=0.05, shoulder=2.95, abduct=0.15, spine=0.12 if sense > 0 else -0.12,
        shoulder_r=2.95 - 0.9 * faults.uneven,
    )  # fmt: skip
    keys += [
        (0.55 * land, pose(hip=0.95, knee=1.05, spine=0.2, shoulder=0.5, abduct=0.3), (0.08, -0.04, 0.0, 0.2), press),
        (0.22 * land, pose(hip=0.4, knee=0.4, shoulder=2.3, abduct=0.25), (0.8 * lean, -0.04, 0.0, 0.5), 0.5 * press),
        (0.0, last, (lean, -0.04, 0.0, 0.95), 0.05 if springboard else 0.0),
    ]
    return keys


def _armstand(dive: DiveNumber, sense: float, faults: Faults, rng: np.random.Generator) -> tuple[_Keys, float]:
    """Return keyframes and heading of an armstand: hold, bend, fall, push off. The lean is near pi, as 0 is upright."""
    heading = np.pi if dive.direction == 2 else 0.0
    upside = sense * np.pi
    x = -0.12
    shake = 0.05 + 0.15 * faults.uneven
    hold = pose(shoulder=3.05, abduct=0.05, point=0.95, wrist=-0.85, neck=-0.5)
    sway = [float(v) for v in rng.normal(0, shake * 0.4, 3)]
    bent = 0.9 if dive.direction != 3 else 1.5
    loaded = pose(hold, hip=bent, knee=0.9 if dive.position == "C" else 0.15, shoulder=2.75)
    last = pose(
        hold, hip=0.35 if dive.half_twists == 0 else 0.05, knee=0.3 if dive.position == "C" else 0.05, shoulder=2.7
    )
    fall = sense * rng.uniform(0.5, 0.75)
    # The legs of an armstand reverse come through towards the platform before the hands push off.
    if dive.direction == 3:
        last = pose(hold, hip=0.9, knee=0.4, shoulder=2.3)
        fall = sense * 0.3
    mount = pose(hold, hip=2.3, knee=0.2, spine=0.3, shoulder=2.6)
    early = rng.uniform(2.2, 4.5)
    keys: _Keys = [
        (-_DURATION_S, mount, (upside - 0.35 * sense, x, 0.0, 0.0), 0.0),
        (-early - 1.2, mount, (upside - 0.35 * sense, x, 0.0, 0.0), 0.0),
        (-early, pose(hold, hip=sway[0]), (upside, x, 0.0, 0.0), 0.0),
        (-1.0, pose(hold, hip=sway[1]), (upside + 0.3 * sway[2], x, 0.0, 0.0), 0.0),
        (-0.45, loaded, (upside - 0.05 * sense, x, 0.0, 0.0), 0.0),
        (-0.16, pose(last, shoulder=2.6), (upside + 0.45 * fall, x, 0.0, 0.0), 0.0),
        (0.0, last, (upside + fall, x, 0.0, 0.0), 0.0),
    ]
    return keys, heading
