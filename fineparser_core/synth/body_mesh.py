"""The skin of a body as a triangle mesh, posed by the joints of the skeleton of `synth.body`.

Every vertex follows up to four of `SEGMENTS`. A segment is turned by the direction of its bone, relative to the bone
before it, and stretched along it; the segments named "..._half" turn half as far as the joint they lie at, which keeps
the volume of bent hips, knees, shoulders and elbows.
"""

from dataclasses import dataclass, field

import numpy as np

from fineparser_core.synth.body import JOINT, unit

#: (joint of the limb, joint at its end) by segment, from the trunk outwards, for each side.
_LIMBS = (
    ("hip", "knee", "thigh", "pelvis"),
    ("knee", "ankle", "shank", "thigh"),
    ("ankle", "toe", "foot", "shank"),
    ("shoulder", "elbow", "upper_arm", "chest"),
    ("elbow", "wrist", "forearm", "upper_arm"),
    ("wrist", "finger", "hand", "forearm"),
)
_TRUNK = ("pelvis", "waist_half", "chest", "neck", "head")
SEGMENTS = _TRUNK + tuple(
    name + side for side in ("_l", "_r") for joint, _, limb, _ in _LIMBS for name in (f"{joint}_half", limb)
)
SEGMENT = {name: i for i, name in enumerate(SEGMENTS)}


@dataclass(frozen=True, kw_only=True)
class BodyMesh:
    """A mesh in its rest pose; metres in the body frame of `synth.body`, the pelvis at the origin.

    Attributes:
        vertices, normals: (V, 3) float32.
        faces: (F, 3) int32.
        segments: (V, 4) int32, indices of `SEGMENTS`.
        weights: (V, 4) float32, which sum to 1.
        clothes, hair: (V,) float32 metres, positive where the suit or the hair covers the skin.
        joints: (len(JOINTS), 3) float64 joints of the rest pose.
    """

    vertices: np.ndarray = field(repr=False)
    normals: np.ndarray = field(repr=False)
    faces: np.ndarray = field(repr=False)
    segments: np.ndarray = field(repr=False)
    weights: np.ndarray = field(repr=False)
    clothes: np.ndarray = field(repr=False)
    hair: np.ndarray = field(repr=False)
    joints: np.ndarray = field(repr=False)


def segment_moves(mesh: BodyMesh, joints: np.ndarray) -> np.ndarray:
    """Affine maps from the rest pose to the poses of joints (N, J, 3): (N, len(SEGMENTS), 3, 4) float64."""
    turn, origin, length = _frames(joints)
    turn_0, origin_0, length_0 = _frames(mesh.joints[None])
    stretch = np.ones((*length.shape, 3))
    stretch[..., 2] = length / length_0
    linear = np.einsum("nsij,nsj,msjk->nsik", turn, stretch, np.swapaxes(turn_0, -1, -2), optimize=True)
    moved = origin - np.einsum("nsij,msj->nsi", linear, origin_0)
    return np.concatenate([linear, moved[..., None]], axis=-1)


def _frames(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Axes (N, S, 3, 3) in columns (front, left, up or back along the bone), origins (N, S, 3) and lengths (N, S)."""
    at = {name: joints[:, index] for name, index in JOINT.items()}
    count = len(joints)
    turn, origin = np.empty((count, len(SEGMENTS), 3, 3)), np.empty((count, len(SEGMENTS), 3))
    length = np.ones((count, len(SEGMENTS)))

    def put(name: str, frame: np.ndarray, where: np.ndarray, long: np.ndarray | None = None) -> None:
        turn[:, SEGMENT[name]], origin[:, SEGMENT[name]] = frame, where
        if long is not None:
            length[:, SEGMENT[name]] = np.maximum(np.linalg.norm(long, axis=-1), 1e-3)

    across = at["shoulder_l"] - at["shoulder_r"]
    hips = at["hip_l"] - at["hip_r"]
    bones = {
        "pelvis": (at["pelvis"], at["waist"], hips),
        "chest": (at["waist"], at["neck"], across),
        "neck": (at["neck"], at["head_low"], across),
        "head": (at["head_low"], at["head_top"], across),
    }
    frames = {name: _upright(top - low, side) for name, (low, top, side) in bones.items()}
    for name, (low, top, _) in bones.items():
        put(name, frames[name], low, top - low)
    middle = frames["pelvis"] + frames["chest"]
    put("waist_half", _upright(middle[..., 2], middle[..., 1]), at["waist"])
    for side in ("_l", "_r"):
        for joint, end, limb, parent in _LIMBS:
            before = frames[parent] if parent in frames else turn[:, SEGMENT[parent + side]]
            along = at[end + side] - at[joint + side]
            local = np.einsum("nji,nj->ni", before, unit(along))
            whole, half = _swing(local) if joint not in ("hip", "shoulder") else _flexion(local)
            put(limb + side, before @ whole, at[joint + side], along)
            put(f"{joint}_half{side}", before @ half, at[joint + side])
    return turn, origin, length


def _upright(up: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Axes (N, 3, 3) whose third column is `up` and whose second is nearest to `left`."""
    up = unit(up)
    left = unit(left - up * (left * up).sum(-1, keepdims=True))
    return np.stack([np.cross(left, up), left, up], axis=-1)


def _swing(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The shortest rotations (N, 3, 3) of the bone, which points down, to directions (N, 3), and half of them."""
    down = np.array([0.0, 0.0, -1.0])
    return _shortest(direction), _shortest(unit(direction + down + 1e-6))


def _shortest(direction: np.ndarray) -> np.ndarray:
    x, y, z = direction.T
    share = 1 / np.maximum(1 - z, 1e-3)
    # v = down x direction = (y, -x, 0); R = 1 + [v] + [v]^2 / (1 + down . direction)
    rows = [
        [1 - share * x * x, -share * x * y, -x],
        [-share * x * y, 1 - share * y * y, -y],
        [x, y, 1 - share * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, -1) for row in rows], axis=-2)


def _flexion(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (N, 3, 3) about the lateral axis, then aside, to directions (N, 3), and half of both angles.

    The arm can pass the vertical overhead: flexion is taken between a quarter turn back and three quarters forward.
    """
    forward = np.arctan2(-direction[:, 0], -direction[:, 2])
    forward = np.where(forward > np.pi / 2, forward - 2 * np.pi, forward)
    aside = np.arcsin(np.clip(direction[:, 1], -1, 1))
    return _about(forward, aside), _about(forward / 2, aside / 2)


def _about(forward: np.ndarray, aside: np.ndarray) -> np.ndarray:
    cf, sf, ca, sa = np.cos(forward), np.sin(forward), np.cos(aside), np.sin(aside)
    zero = np.zeros_like(cf)
    rows = [[cf, sf * sa, sf * ca], [zero, ca, -sa], [-sf, cf * sa, cf * ca]]
    return np.stack([np.stack(row, -1) for row in rows], axis=-2)
