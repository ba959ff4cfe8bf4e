"""Bodies of athletes and bystanders from the parametric human mesh of `anny`, of the extra `synth`.

Anny is built on MakeHuman's data, which is in the public domain. Its first use computes a model of 0.8 GB in
~/.cache/anny (or $ANNY_CACHE_DIR), which takes about two minutes; nothing is downloaded.
"""

import warnings
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from fineparser_core.errors import ConfigError
from fineparser_core.synth import body as bodies
from fineparser_core.synth.body import JOINT, Body
from fineparser_core.synth.body_mesh import SEGMENT, SEGMENTS, BodyMesh

#: The mesh of 1,229 vertices: edges of about 4 cm, which are two or three pixels in a clip.
_TOPOLOGY = "notoes_collapse10pc"
# Segments of the bones of the rig whose names begin so; the first that fits.
_BONES = (
    ("root", "pelvis"), ("pelvis", "pelvis"), ("spine05", "pelvis"), ("spine04", "pelvis"), ("spine03", "waist_half"),
    ("spine", "chest"), ("clavicle", "chest"), ("shoulder01", "shoulder_half"), ("upperarm", "upper_arm"),
    ("lowerarm", "forearm"), ("wrist", "hand"), ("metacarpal", "hand"), ("finger", "hand"), ("neck", "neck"),
    ("head", "head"), ("eye", "head"), ("upperleg", "thigh"), ("lowerleg", "shank"), ("foot", "foot"), ("toe", "foot"),
)  # fmt: skip
# Joints where a part of the weights goes to a segment that turns half as far.
_BENT = (
    ("hip", "pelvis", "thigh"), ("knee", "thigh", "shank"), ("ankle", "shank", "foot"),
    ("shoulder", "chest", "upper_arm"), ("elbow", "upper_arm", "forearm"), ("wrist", "forearm", "hand"),
)  # fmt: skip
# Slope of the line from ankle to toe of a foot that stands flat, as in `approach`.
_FLAT_FOOT_RAD = 0.12 * np.pi / 2
#: Number of different bodies of bystanders.
CROWD = 24
# Height at which the sizes of suits and hair below are given.
_REFERENCE_M = 1.65


def load_model() -> Any:
    """The parametric model, built on its first use.

    Raises:
        ConfigError: the extra `synth` is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _model()
    except ImportError as error:
        raise ConfigError(
            f"The mesh renderer lacks a package ({error.name}): pip install 'fineparser[synth]', or choose --renderer "
            "capsule."
        ) from None


@lru_cache(maxsize=1)
def _model() -> Any:
    import anny

    return anny.Anny(topology=_TOPOLOGY, phenotypes="default", skinning_method="lbs")


@dataclass(frozen=True, kw_only=True)
class MeshBody:
    """A body of the skeleton and its skin, on which its lengths are measured; None if it has no mesh."""

    body: Body
    mesh: BodyMesh | None = field(repr=False)


def sample_athlete(rng: np.random.Generator) -> MeshBody:
    """Sample a diver: adults of competitions, and juniors from ten years on."""
    body = bodies.sample_body(rng)
    female = "chest" in body.suit_parts
    junior = rng.random() < 0.45
    # 0.43 is a child of about ten, 0.67 an adult of 25.
    age = rng.uniform(0.43, 0.58) if junior else rng.uniform(0.6, 0.72)
    shape = {
        "gender": float(np.clip(rng.normal(0.92 if female else 0.08, 0.06), 0, 1)),
        "age": float(age),
        "muscle": float(rng.uniform(0.45, 0.75) if junior else rng.uniform(0.55, 0.95)),
        "weight": float(np.clip(rng.normal(0.42, 0.09), 0.2, 0.75)),
        "height": float(np.clip(rng.normal(0.3, 0.13), 0.05, 0.8)),
        "proportions": float(rng.uniform(0.3, 1.0)),
    }
    body = replace(body, suit_parts=body.suit_parts | _suit_cut(female, rng))
    return _dress(body, _shape(shape), rng)


def sample_partner(first: MeshBody, rng: np.random.Generator) -> MeshBody:
    """Sample another athlete of the same sex in the same suit."""
    female = "chest" in first.body.suit_parts
    other = sample_athlete(rng)
    while ("chest" in other.body.suit_parts) != female:
        other = sample_athlete(rng)
    body = replace(other.body, suit=first.body.suit, suit_parts=first.body.suit_parts)
    assert other.mesh is not None
    return MeshBody(body=body, mesh=replace(other.mesh, clothes=_clothes(body, other.mesh)))


@lru_cache(maxsize=CROWD)
def crowd_mesh(index: int) -> BodyMesh:
    """The mesh of bystander `index` (0 to `CROWD` - 1), without clothes; even ones are women."""
    rng = np.random.default_rng([index, 0xC0D])
    shape = {
        "gender": 0.95 - 0.9 * (index % 2),
        "age": float(rng.uniform(0.42, 0.9)),
        "muscle": float(rng.uniform(0.3, 0.7)),
        "weight": float(rng.uniform(0.35, 0.85)),
        "height": float(rng.uniform(0.3, 0.7)),
        "proportions": 0.5,
    }
    return _with_hair(_shape(shape), rng, long=index % 2 == 0)


def dressed(body: Body, index: int) -> BodyMesh:
    """The mesh of a bystander with the proportions and the clothes of a body."""
    mesh = crowd_mesh(index % CROWD)
    return replace(mesh, clothes=_clothes(body, mesh))


def _suit_cut(female: bool, rng: np.random.Generator) -> set[str]:
    """Marks of the cut: "thigh" trunks or shorts, "midriff" a suit of two pieces."""
    if female:
        return {"midriff"} if rng.random() < 0.08 else set()
    return {"thigh"} if rng.random() < 0.2 else set()


def _dress(body: Body, mesh: BodyMesh, rng: np.random.Generator) -> MeshBody:
    joints = mesh.joints

    def span(a: str, b: str) -> float:
        return float(np.linalg.norm(joints[JOINT[b]] - joints[JOINT[a]]))

    lengths = {
        "pelvis_waist": span("pelvis", "waist"), "waist_neck": span("waist", "neck"),
        "neck_head": span("neck", "head_low"), "head": span("head_low", "head_top"),
        "thigh": span("hip_l", "knee_l"), "shank": span("knee_l", "ankle_l"), "foot": span("ankle_l", "toe_l"),
        "upper_arm": span("shoulder_l", "elbow_l"), "forearm": span("elbow_l", "wrist_l"),
        "hand": span("wrist_l", "finger_l"), "shoulder": abs(float(joints[JOINT["shoulder_l"], 1])),
        "hip": abs(float(joints[JOINT["hip_l"], 1])),
    }  # fmt: skip
    low = float(mesh.vertices[:, 2].min())
    sole = float(joints[JOINT["toe_l"], 2]) - low
    body = replace(body, height_m=float(np.ptp(mesh.vertices[:, 2])), lengths=lengths, sole_m=sole)
    mesh = _with_hair(mesh, rng, long="chest" in body.suit_parts and rng.random() < 0.75)
    return MeshBody(body=body, mesh=replace(mesh, clothes=_clothes(body, mesh)))


def _shape(shape: dict[str, float]) -> BodyMesh:
    """The mesh of a phenotype, without clothes and hair."""
    model = load_model()
    rest = model(phenotype_kwargs=shape)
    vertices = _turned(rest["rest_vertices"][0].double().numpy())
    heads = _turned(rest["rest_bone_heads"][0].double().numpy())
    bone = dict(zip(model.bone_labels, heads, strict=True))
    pelvis = (bone["upperleg01.L"] + bone["upperleg01.R"]) / 2
    joints = _rest_joints({name: at - pelvis for name, at in bone.items()}, vertices - pelvis)
    segments, weights = _segment_weights()
    faces = model.faces.numpy().astype(np.int32)
    vertices = (vertices - pelvis).astype(np.float32)
    none = np.full(len(vertices), -1.0, np.float32)
    return BodyMesh(
        vertices=vertices, normals=_normals(vertices, faces), faces=faces, segments=segments, weights=weights,
        clothes=none, hair=none, joints=joints,
    )  # fmt: skip


def _turned(points: np.ndarray) -> np.ndarray:
    """From the axes of anny (x left, y back) to those of `synth.body`."""
    return np.stack([-points[:, 1], points[:, 0], points[:, 2]], axis=-1)


def _rest_joints(bone: dict[str, np.ndarray], vertices: np.ndarray) -> np.ndarray:
    """The joints of the skeleton (len(JOINTS), 3) in the rest pose; the trunk is upright over the hips."""
    at = {"pelvis": np.zeros(3)}
    top = float(vertices[:, 2].max())
    heights = {
        "waist": (bone["spine03"] + bone["spine02"])[2] / 2, "neck": bone["neck01"][2] - 0.02 * top,
        "head_low": bone["head"][2], "head_top": top - 0.05 * top,
    }  # fmt: skip
    at.update({name: np.array([0.0, 0.0, z]) for name, z in heights.items()})
    low = float(vertices[:, 2].min())
    for side, label in (("_l", ".L"), ("_r", ".R")):
        for name, source in (
            ("hip", "upperleg01"), ("knee", "lowerleg01"), ("ankle", "foot"), ("shoulder", "upperarm01"),
            ("elbow", "lowerarm01"), ("wrist", "wrist"),
        ):  # fmt: skip
            at[name + side] = bone[source + label]
        tip, before = bone["finger3-3" + label], bone["finger3-2" + label]
        at["finger" + side] = tip + 0.8 * (tip - before)
        ankle = at["ankle" + side]
        mine = (np.sign(vertices[:, 1]) == np.sign(ankle[1])) & (vertices[:, 2] < low + 0.1)
        tip = vertices[mine][np.argmax(vertices[mine, 0])]
        reach = tip[0] - ankle[0]
        at["toe" + side] = np.array([tip[0], tip[1], ankle[2] - reach * np.tan(_FLAT_FOOT_RAD)])
    for name, like in (("hair_low", "head_low"), ("hair_top", "head_top")):
        at[name] = at[like]
    return np.array([at[name] for name in bodies.JOINTS])


@lru_cache(maxsize=1)
def _segment_weights() -> tuple[np.ndarray, np.ndarray]:
    """Segments (V, 4) int32 and weights (V, 4) float32 of the vertices, from the skinning of the rig."""
    model = load_model()
    which = [_segment_of(label) for label in model.bone_labels]
    indices, shares = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.double().numpy()
    dense = np.zeros((len(indices), len(SEGMENTS)))
    np.add.at(dense, (np.arange(len(indices))[:, None], np.array(which)[indices]), shares)
    for joint, above, below in _BENT:
        for side in ("_l", "_r"):
            first = SEGMENT[above] if above in SEGMENT else SEGMENT[above + side]
            second, half = SEGMENT[below + side], SEGMENT[f"{joint}_half{side}"]
            shared = np.minimum(dense[:, first], dense[:, second])
            dense[:, first] -= shared
            dense[:, second] -= shared
            dense[:, half] += 2 * shared
    order = np.argsort(-dense, axis=1, kind="stable")[:, :4]
    kept = np.take_along_axis(dense, order, 1)
    return order.astype(np.int32), (kept / kept.sum(1, keepdims=True)).astype(np.float32)


def _segment_of(label: str) -> int:
    side = {".L": "_l", ".R": "_r"}.get(label[-2:], "")
    for beginning, name in _BONES:
        if label.startswith(beginning):
            return SEGMENT[name] if name in SEGMENT else SEGMENT[name + side]
    raise KeyError(label)


def _normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    flat = np.cross(b - a, c - a)
    out = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(out, faces[:, k], flat)
    return bodies.unit(out).astype(np.float32)


def _share(mesh: BodyMesh, *names: str) -> np.ndarray:
    """The weight (V,) of segments, of both sides."""
    wanted = [i for i, name in enumerate(SEGMENTS) if name.removesuffix("_l").removesuffix("_r") in names]
    return np.where(np.isin(mesh.segments, wanted), mesh.weights, 0.0).sum(1)


def _clothes(body: Body, mesh: BodyMesh) -> np.ndarray:
    """Signed distance (V,) float32 to the border of suit or clothes, positive on them."""
    scale = float(np.ptp(mesh.vertices[:, 2])) / _REFERENCE_M
    x, y, z = (mesh.vertices / scale).T
    aside = np.abs(y)
    arms = _share(mesh, "upper_arm", "forearm", "hand", "elbow_half", "wrist_half")
    head = _share(mesh, "neck", "head")
    parts = body.suit_parts
    if "shoulders" in parts:
        # Shirt and trousers or shorts of a bystander.
        shirt = np.minimum(z + 0.02, 0.4 - head)
        sleeve = 0.33 if "forearm" not in parts else 0.62
        shirt = np.minimum(shirt, sleeve - aside)
        leg = -0.84 if "shank" in parts else -0.36 if "thigh" in parts else -0.08
        legs = np.minimum(np.minimum(z - leg, 0.1 - z), 0.3 - arms)
        return np.maximum(shirt, legs).astype(np.float32)
    hem = -0.28 if "thigh" in parts else -0.115 + 0.75 * np.clip(aside - 0.03, 0, 0.2)
    bottom = np.minimum(np.minimum(z - hem, 0.07 - z), 0.25 - arms)
    if "chest" not in parts:
        return bottom.astype(np.float32)
    neckline = 0.43 - np.where(x > 0, 0.1, 0.2) * np.exp(-((aside / 0.07) ** 2))
    top = np.minimum(neckline - z + 0.06 * (aside > 0.055) * (aside < 0.11), 0.115 + 0.12 * (z < 0.32) - aside)
    top = np.minimum(np.minimum(top, 0.25 - arms), 0.3 - head)
    waist = 0.19 if "midriff" in parts else -0.02
    whole = np.maximum(bottom, np.minimum(top, z - waist))
    return whole.astype(np.float32)


def _with_hair(mesh: BodyMesh, rng: np.random.Generator, *, long: bool) -> BodyMesh:
    """Hair on the scalp and, if long, a bun or a pony tail of one more piece of mesh."""
    scale = float(np.ptp(mesh.vertices[:, 2])) / _REFERENCE_M
    head = _share(mesh, "head") > 0.5
    skull = mesh.vertices[head]
    middle = (skull.min(0) + skull.max(0)) / 2
    front, _, up = ((mesh.vertices - middle) / scale).T
    line = up - rng.uniform(0.0, 0.03) - 0.75 * np.clip(front, -0.1, 0.06)
    hair = np.where(head, line, -1.0).astype(np.float32)
    thick = rng.uniform(0.004, 0.022) * scale
    swell = np.clip(hair / 0.03, 0, 1)[:, None] * thick
    mesh = replace(mesh, vertices=(mesh.vertices + swell * mesh.normals).astype(np.float32), hair=hair)
    if not long:
        return mesh
    bun = rng.random() < 0.6
    size = np.array([0.03, 0.035, 0.035]) if bun else np.array([0.022, 0.025, 0.11])
    place = middle + scale * (np.array([-0.11, 0, rng.uniform(0.0, 0.08)]) if bun else np.array([-0.115, 0, -0.06]))
    return _add_blob(mesh, place, size * scale * rng.uniform(0.8, 1.2))


def _add_blob(mesh: BodyMesh, place: np.ndarray, size: np.ndarray) -> BodyMesh:
    """Add an ellipsoid of hair that moves with the head."""
    rings, around = 5, 8
    polar = np.linspace(0, np.pi, rings)
    turn = np.arange(around) * 2 * np.pi / around
    ball = np.array([[np.sin(p) * np.cos(t), np.sin(p) * np.sin(t), np.cos(p)] for p in polar for t in turn])
    first = len(mesh.vertices)
    faces = []
    for r in range(rings - 1):
        for k in range(around):
            a, b = first + r * around + k, first + r * around + (k + 1) % around
            faces += [[a, a + around, b], [b, a + around, b + around]]
    count = len(ball)
    segments = np.full((count, 4), SEGMENT["head"], np.int32)
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))
    return replace(
        mesh,
        vertices=np.concatenate([mesh.vertices, place + ball * size]).astype(np.float32),
        normals=np.concatenate([mesh.normals, ball]).astype(np.float32),
        faces=np.concatenate([mesh.faces, np.array(faces, np.int32)]),
        segments=np.concatenate([mesh.segments, segments]),
        weights=np.concatenate([mesh.weights, weights]),
        clothes=np.concatenate([mesh.clothes, np.full(count, -1.0, np.float32)]),
        hair=np.concatenate([mesh.hair, np.ones(count, np.float32)]),
    )
