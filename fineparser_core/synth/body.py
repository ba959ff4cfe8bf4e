"""The body of a diver: proportions, colors, forward kinematics, mass distribution and capsules.

Body frame: x to the front, y to the left, z towards the head. Angles are about the lateral (y) axis, in radians,
positive forwards. A pose is a vector of the parameters named in `POSE`.
"""

from dataclasses import dataclass, replace

import numpy as np

POSE = (
    "hip_l", "hip_r", "knee_l", "knee_r", "point_l", "point_r", "spread", "spine", "neck",
    "shoulder_l", "shoulder_r", "abduct_l", "abduct_r", "elbow_l", "elbow_r", "wrist", "grab", "grab_at",
)  # fmt: skip
_INDEX = {name: i for i, name in enumerate(POSE)}

JOINTS = (
    "pelvis", "waist", "neck", "head_low", "head_top",
    "shoulder_l", "elbow_l", "wrist_l", "finger_l", "shoulder_r", "elbow_r", "wrist_r", "finger_r",
    "hip_l", "knee_l", "ankle_l", "toe_l", "hip_r", "knee_r", "ankle_r", "toe_r",
    "hair_low", "hair_top",
)  # fmt: skip
JOINT = {name: i for i, name in enumerate(JOINTS)}

# Share of the hip flexion that rotates the trunk: without external torque trunk and legs rotate towards each other.
TRUNK_SHARE = 0.45


def pose(base: np.ndarray | None = None, **angles: float) -> np.ndarray:
    """Return a pose vector (len(POSE),) float64.

    Args:
        base: pose to start from; None is standing at attention with flexed feet.
        angles: parameters to set; a name without a side (hip, knee, point, shoulder, abduct, elbow) sets both sides.
    """
    vector = np.zeros(len(POSE)) if base is None else base.copy()
    if base is None:
        vector[_INDEX["abduct_l"]] = vector[_INDEX["abduct_r"]] = 0.12
    for name, value in angles.items():
        if name in _INDEX:
            vector[_INDEX[name]] = value
        else:
            vector[_INDEX[name + "_l"]] = vector[_INDEX[name + "_r"]] = value
    return vector


def angle(poses: np.ndarray, name: str) -> np.ndarray:
    """Return the column `name` of poses (N, len(POSE))."""
    return poses[:, _INDEX[name]]


@dataclass(frozen=True, kw_only=True)
class Body:
    """The body of an athlete or a bystander.

    Attributes:
        lengths: segment lengths in meters by name (pelvis_waist, waist_neck, thigh, shank, foot, upper_arm, ...).
        girth: factor on all radii.
        chest: factor on the width of chest and shoulders.
        hips: factor on the width of the pelvis.
        skin, suit, hair: (3,) RGB colors, 0..1.
        suit_parts: names of the segments that the suit covers.
    """

    lengths: dict[str, float]
    girth: float
    chest: float
    hips: float
    skin: np.ndarray
    suit: np.ndarray
    hair: np.ndarray
    suit_parts: frozenset[str]


SKINS = np.array(
    [
        [0.94, 0.78, 0.68],
        [0.87, 0.67, 0.54],
        [0.78, 0.57, 0.43],
        [0.62, 0.43, 0.31],
        [0.43, 0.29, 0.21],
        [0.3, 0.2, 0.15],
    ]
)
HAIRS = np.array([[0.09, 0.07, 0.06], [0.2, 0.12, 0.07], [0.4, 0.26, 0.12], [0.7, 0.55, 0.3], [0.12, 0.12, 0.13]])


def sample_body(rng: np.random.Generator, *, athlete: bool = True) -> Body:
    """Sample a body; bystanders (`athlete` False) are taller, broader and clothed."""
    female = rng.random() < 0.5
    height = float(rng.normal(1.58 if female else 1.69, 0.06)) + (0.0 if athlete else 0.07)
    shares = {
        "pelvis_waist": 0.125, "waist_neck": 0.175, "neck_head": 0.055, "head": 0.088, "thigh": 0.243, "shank": 0.245,
        "foot": 0.118, "upper_arm": 0.175, "forearm": 0.148, "hand": 0.095, "shoulder": 0.108, "hip": 0.052,
    }  # fmt: skip
    lengths = {name: height * share * float(rng.normal(1.0, 0.025)) for name, share in shares.items()}
    tone = rng.dirichlet(np.full(len(SKINS), 0.35)) @ SKINS
    skin = np.clip(tone * rng.normal(1.0, 0.05) + rng.normal(0, 0.015, 3), 0.08, 1.0)
    suit = _suit_color(rng)
    hair = HAIRS[rng.integers(len(HAIRS))] * rng.uniform(0.7, 1.3)
    if athlete and rng.random() < 0.06:
        hair = _suit_color(rng)
    if not athlete:
        parts = {"chest", "waist", "pelvis", "shoulders", "upper_arm"} | ({"thigh"} if rng.random() < 0.9 else set())
        parts |= {"shank"} if rng.random() < 0.6 else set()
        parts |= {"forearm"} if rng.random() < 0.3 else set()
    elif female:
        parts = {"chest", "waist", "pelvis"}
    else:
        parts = {"pelvis"}
    return Body(
        lengths=lengths,
        girth=float(rng.normal(0.95 if female else 1.03, 0.06)) * (1.0 if athlete else 1.12),
        chest=float(rng.normal(0.93 if female else 1.06, 0.04)),
        hips=float(rng.normal(1.04 if female else 0.97, 0.04)),
        skin=skin,
        suit=suit,
        hair=np.clip(hair, 0.03, 1.0),
        suit_parts=frozenset(parts),
    )


def sample_partner(body: Body, rng: np.random.Generator) -> Body:
    """Sample another athlete of the same sex in the same suit."""
    other = sample_body(rng)
    while ("chest" in other.suit_parts) != ("chest" in body.suit_parts):
        other = sample_body(rng)
    return replace(other, suit=body.suit, suit_parts=body.suit_parts)


def _suit_color(rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.45:
        return np.clip(np.array([0.07, 0.08, 0.16]) * rng.uniform(0.4, 2.0, 3), 0.02, 1.0)
    return np.clip(rng.uniform(0.05, 0.95, 3), 0.03, 0.95)


def _down(forward: np.ndarray, aside: np.ndarray | float = 0.0) -> np.ndarray:
    """Return unit vectors (..., 3) that point down at angle 0, rotated by `forward` about y and `aside` to the left."""
    forward, aside = np.broadcast_arrays(forward, aside)
    return np.stack([-np.sin(forward) * np.cos(aside), np.sin(aside), -np.cos(forward) * np.cos(aside)], -1)


def joints_in_body_frame(body: Body, poses: np.ndarray) -> np.ndarray:
    """Compute joint positions with the pelvis at the origin by forward kinematics.

    Args:
        poses: (N, len(POSE)) float64.

    Returns:
        (N, len(JOINTS), 3) float64, meters.
    """
    length = body.lengths
    out = np.zeros((len(poses), len(JOINTS), 3))
    mean_hip = (angle(poses, "hip_l") + angle(poses, "hip_r")) / 2
    trunk = TRUNK_SHARE * mean_hip
    spine = angle(poses, "spine")
    chest = trunk + spine
    head = chest + angle(poses, "neck")
    out[:, JOINT["waist"]] = -length["pelvis_waist"] * _down(trunk + 0.35 * spine)
    out[:, JOINT["neck"]] = out[:, JOINT["waist"]] - length["waist_neck"] * _down(chest)
    out[:, JOINT["head_low"]] = out[:, JOINT["neck"]] - length["neck_head"] * _down((chest + head) / 2)
    out[:, JOINT["head_top"]] = out[:, JOINT["head_low"]] - length["head"] * _down(head)
    back = np.stack([-np.cos(head), np.zeros_like(head), np.sin(head)], -1)
    out[:, JOINT["hair_low"]] = out[:, JOINT["head_low"]] + 0.035 * back
    out[:, JOINT["hair_top"]] = out[:, JOINT["head_top"]] + 0.016 * back
    for side, sign in (("_l", 1.0), ("_r", -1.0)):
        _leg(body, poses, trunk, side, sign, out)
        _arm(body, poses, chest, side, sign, out)
    return out


def _leg(body: Body, poses: np.ndarray, trunk: np.ndarray, side: str, sign: float, out: np.ndarray) -> None:
    length = body.lengths
    thigh = trunk - angle(poses, "hip" + side)
    shank = thigh + angle(poses, "knee" + side)
    foot = shank - np.pi / 2 * (1 - angle(poses, "point" + side))
    aside = sign * angle(poses, "spread")
    hip = np.array([0.0, sign * length["hip"], 0.0])
    out[:, JOINT["hip" + side]] = hip
    out[:, JOINT["knee" + side]] = hip + length["thigh"] * _down(thigh, aside)
    out[:, JOINT["ankle" + side]] = out[:, JOINT["knee" + side]] + length["shank"] * _down(
        shank, aside * 0.6 - sign * 0.03
    )
    out[:, JOINT["toe" + side]] = out[:, JOINT["ankle" + side]] + length["foot"] * _down(foot, aside * 0.5)


def _arm(body: Body, poses: np.ndarray, chest: np.ndarray, side: str, sign: float, out: np.ndarray) -> None:
    length = body.lengths
    flexion = angle(poses, "shoulder" + side)
    # The shoulders move up and inwards as the arms are raised overhead.
    raised = np.clip((flexion - 1.6) / 1.5, 0, 1)[:, None]
    up = -_down(chest)
    aside = sign * angle(poses, "abduct" + side)
    shoulder = (
        out[:, JOINT["neck"]]
        + up * (-0.045 + 0.075 * raised)
        + np.array([0.0, sign * length["shoulder"], 0.0]) * (1 - 0.22 * raised)
    )
    upper = chest - flexion
    lower = upper - angle(poses, "elbow" + side)
    elbow = shoulder + length["upper_arm"] * _down(upper, aside)
    wrist = elbow + length["forearm"] * _down(lower, aside * np.cos(angle(poses, "elbow" + side)))
    finger = wrist + length["hand"] * _down(lower + angle(poses, "wrist") * np.pi / 2, aside)
    grab = np.clip(angle(poses, "grab"), 0, 1)[:, None]
    if grab.any():
        knee, ankle = out[:, JOINT["knee" + side]], out[:, JOINT["ankle" + side]]
        at = angle(poses, "grab_at")[:, None]
        shin = unit(ankle - knee)
        front = np.stack([-shin[:, 2], np.zeros(len(shin)), shin[:, 0]], -1)
        held = knee + at * (ankle - knee) + 0.05 * front + np.array([0.0, sign * 0.045, 0.0])
        elbow_held, wrist_held = _solve_arm(shoulder, held, length["upper_arm"], length["forearm"], sign)
        elbow = elbow + grab * (elbow_held - elbow)
        wrist = wrist + grab * (wrist_held - wrist)
        wrap = unit(0.8 * shin - np.array([0.0, sign * 0.7, 0.0]))
        finger = wrist + length["hand"] * unit((1 - grab) * unit(finger - wrist) + grab * wrap * 0.8 + 1e-6)
    for name, value in (("shoulder", shoulder), ("elbow", elbow), ("wrist", wrist), ("finger", finger)):
        out[:, JOINT[name + side]] = value


def unit(vectors: np.ndarray) -> np.ndarray:
    """Normalize vectors (..., D) to length 1."""
    units: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return units


def _solve_arm(
    shoulder: np.ndarray, target: np.ndarray, upper: float, lower: float, sign: float
) -> tuple[np.ndarray, np.ndarray]:
    """Solve the two-bone inverse kinematics with the elbow to the side: (elbow, wrist), each (N, 3)."""
    to = target - shoulder
    distance = np.clip(np.linalg.norm(to, axis=-1, keepdims=True), abs(upper - lower) + 1e-3, upper + lower - 1e-3)
    along = unit(to)
    a = (upper**2 - lower**2 + distance**2) / (2 * distance)
    height = np.sqrt(np.maximum(upper**2 - a**2, 0.0))
    pole = np.array([0.0, sign, 0.0]) - along * (along @ np.array([0.0, sign, 0.0]))[:, None]
    return shoulder + along * a + unit(pole) * height, shoulder + along * distance


_MASSES: tuple[tuple[str, str, float], ...] = (
    ("pelvis", "waist", 0.23), ("waist", "neck", 0.27), ("head_low", "head_top", 0.08),
    ("shoulder_l", "elbow_l", 0.028), ("elbow_l", "finger_l", 0.023),
    ("shoulder_r", "elbow_r", 0.028), ("elbow_r", "finger_r", 0.023),
    ("hip_l", "knee_l", 0.105), ("knee_l", "ankle_l", 0.045), ("ankle_l", "toe_l", 0.013),
    ("hip_r", "knee_r", 0.105), ("knee_r", "ankle_r", 0.045), ("ankle_r", "toe_r", 0.013),
)  # fmt: skip
_MASS_A = np.array([JOINT[a] for a, _, _ in _MASSES])
_MASS_B = np.array([JOINT[b] for _, b, _ in _MASSES])
_MASS = np.array([m for _, _, m in _MASSES]) / sum(m for _, _, m in _MASSES)


def center_of_mass(joints: np.ndarray) -> np.ndarray:
    """Return the center of mass (N, 3) of joints (N, J, 3)."""
    middle = (joints[:, _MASS_A] + joints[:, _MASS_B]) / 2
    center: np.ndarray = np.einsum("s,nsk->nk", _MASS, middle)
    return center


def lateral_inertia(joints: np.ndarray) -> np.ndarray:
    """Return the moment of inertia about the lateral axis through the center of mass, per unit mass: (N,) in m²."""
    middle = (joints[:, _MASS_A] + joints[:, _MASS_B]) / 2 - center_of_mass(joints)[:, None]
    rods = ((joints[:, _MASS_A] - joints[:, _MASS_B]) ** 2)[..., [0, 2]].sum(-1) / 12
    inertia: np.ndarray = (_MASS * (middle[..., 0] ** 2 + middle[..., 2] ** 2 + rods + 0.004)).sum(-1)
    return inertia


@dataclass(frozen=True, kw_only=True)
class Capsules:
    """The tapered capsules of a body; segment s connects the joints a[s] and b[s].

    Attributes:
        a, b: (S,) int joint indices.
        radii: (S, 2, 2) meters: [end][lateral half width, frontal half depth].
        colors: (S, 3) RGB, 0..1.
        lift: (S,) meters by which a segment is moved towards the camera in the depth order.
        belly: (S,) share by which a segment is thicker than a straight taper at a third of its length.
    """

    a: np.ndarray
    b: np.ndarray
    radii: np.ndarray
    colors: np.ndarray
    lift: np.ndarray
    belly: np.ndarray


_LIMBS: tuple[tuple[str, str, str, tuple[float, float], tuple[float, float], float], ...] = (
    ("neck", "neck", "head_low", (0.054, 0.052), (0.052, 0.052), 0.0),
    ("face", "head_low", "head_top", (0.052, 0.066), (0.066, 0.082), 0.0),
    ("hair", "hair_low", "hair_top", (0.05, 0.045), (0.07, 0.08), 0.0),
    ("chest", "waist", "neck", (0.118, 0.088), (0.142, 0.082), 0.0),
    ("shoulders", "shoulder_l", "shoulder_r", (0.052, 0.052), (0.052, 0.052), 0.0),
    ("waist", "pelvis", "waist", (0.138, 0.098), (0.116, 0.086), 0.0),
    ("pelvis", "hip_l", "hip_r", (0.098, 0.098), (0.098, 0.098), 0.005),
)  # fmt: skip
_SIDES: tuple[tuple[str, str, str, float, float, float], ...] = (
    ("upper_arm", "shoulder", "elbow", 0.050, 0.036, 0.08),
    ("forearm", "elbow", "wrist", 0.038, 0.026, 0.16),
    ("hand", "wrist", "finger", 0.033, 0.020, 0.22),
    ("thigh", "hip", "knee", 0.086, 0.053, 0.08),
    ("shank", "knee", "ankle", 0.050, 0.031, 0.24),
    ("foot", "ankle", "toe", 0.038, 0.021, 0.08),
)


def capsules(body: Body) -> Capsules:
    """Build the capsules of a body."""
    rows: list[tuple[int, int, list[list[float]], np.ndarray, float, float]] = []

    def color(part: str) -> np.ndarray:
        if part == "hair":
            return body.hair
        return body.suit if part in body.suit_parts else body.skin

    for part, a, b, (al, af), (bl, bf), lift in _LIMBS:
        wide = {"chest": body.chest, "shoulders": body.chest, "waist": body.hips, "pelvis": body.hips}.get(part, 1.0)
        g = 1.0 if part in ("face", "hair") else body.girth
        radii = [[al * wide * g, af * g], [bl * wide * g, bf * g]]
        rows.append((JOINT[a], JOINT[b], radii, color(part), lift, 0.0))
    for side in ("_l", "_r"):
        for part, a, b, ra, rb, belly in _SIDES:
            g = body.girth if part not in ("hand", "foot") else 1.0
            round_ = [[ra * g, ra * g], [rb * g, rb * g]]
            rows.append((JOINT[a + side], JOINT[b + side], round_, color(part), 0.0, belly))
    return Capsules(
        a=np.array([r[0] for r in rows]),
        b=np.array([r[1] for r in rows]),
        radii=np.array([r[2] for r in rows]),
        colors=np.array([r[3] for r in rows]),
        lift=np.array([r[4] for r in rows]),
        belly=np.array([r[5] for r in rows]),
    )
