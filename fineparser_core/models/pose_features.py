"""What a judge reads off joints: of single frames angles, directions and gaps; of clips these with their signs.

In a single frame nobody knows which side is left, nor which way the dive goes, so that its features are sizes. Noise
has a size, too: a knee that is off by some degrees either way looks bent in every frame. With a sign it is straight in
the mean, and a clip gives signs: by the way in which its body turns, and by sides that stay the same.
"""

import torch
from torch import Tensor

from fineparser_core.types import TRUTH_JOINTS as JOINTS

_CHAINS = (
    ("neck", "hip", "knee"), ("hip", "knee", "ankle"), ("knee", "ankle", "toe"),
    ("hip", "shoulder", "elbow"), ("shoulder", "elbow", "wrist"),
)  # fmt: skip
_LIMBS = (
    ("neck", "pelvis"), ("ankle", "pelvis"), ("wrist", "toe"), ("wrist", "neck"), ("head", "neck"),
    ("toe", "ankle"), ("wrist", "ankle"), ("knee", "pelvis"), ("ankle", "knee"),
)  # fmt: skip
_GAPS = ("ankle", "knee", "wrist", "elbow", "shoulder", "hip", "toe")
# Usual sizes, by which angles (radians), limbs and gaps (pixels) come near one.
_ANGLE, _LIMB_PX, _GAP_PX = 1.5, 45.0, 20.0
_FROM_BOARD = ("pelvis", "toe", "wrist")
_LARGEST = 4.0
_SHOWN = 0.5  # from which on a joint counts in full
_TURN = 1.0  # radians by which a body has to turn, so that its way counts in full
#: Of a frame: `pose_features`, then whether the athlete is in the water, and the size of the splash.
FRAME_FEATURES = 3 * len(_CHAINS) + 4 * len(_LIMBS) + len(_GAPS) + 1 + 3 * len(_FROM_BOARD) + len(JOINTS) + 2
#: Of a frame of a clip, see `signed_features`: along the way of the dive, and between the body's sides.
ALONG_FEATURES = len(_CHAINS) + len(_LIMBS) + len(_FROM_BOARD)
SIDE_FEATURES = len(_CHAINS) + 2 * len(_GAPS)
POSE_FEATURES = FRAME_FEATURES + ALONG_FEATURES + SIDE_FEATURES


def clip_features(joints: Tensor, shown: Tensor, wet: Tensor, splash: Tensor) -> Tensor:
    """Features (B, T, POSE_FEATURES) of clips: of each frame, along the way of the dive, and between the sides.

    Args:
        joints: (B, T, 16, 2) in pixels of the frame, left and right the same in all frames of a clip.
        shown: (B, T, 16) 0..1, how likely each is to be seen.
        wet: (B, T) 0..1, whether the athlete is in the water; splash: (B, T), how large it is there.
    """
    water = torch.stack([wet, splash * wet], dim=-1)
    return torch.cat([pose_features(joints, shown), water, signed_features(joints, shown)], dim=-1)


def pose_features(joints: Tensor, shown: Tensor) -> Tensor:
    """Angles, directions and gaps of poses, and the way from the board; the same for a mirrored pose.

    But for which joints are shown, they are the same for left and right swapped, too.

    What rests on a joint that is hardly shown fades to 0; how well each is shown is among the features.

    Args:
        joints: (..., 16, 2) in pixels of the frame.
        shown: (..., 16) 0..1.

    Returns: (..., POSE_FEATURES - 2).
    """
    places, seen = _body(joints, shown)
    found = []
    for chain in _CHAINS:
        left, right = (_bend(places, side).abs() for side in _sides(chain))
        left, right = (torch.pi - left) / _ANGLE, (torch.pi - right) / _ANGLE
        weight = _weight(seen, chain)
        found += [(left + right) / 2 * weight, (left - right).abs() * weight, weight]
    for a, b in _LIMBS:
        weight = torch.minimum(seen[a], seen[b])
        way = places[a] - places[b]
        length = way.norm(dim=-1).clamp_min(1e-2)
        found += [
            way[..., 0].abs() / length * weight,
            way[..., 1] / length * weight,
            length / _LIMB_PX * weight,
            weight,
        ]
    for name in _GAPS:
        found.append((places[f"{name}_l"] - places[f"{name}_r"]).norm(dim=-1) / _GAP_PX * seen[name])
    bend = (places["toe"] - places["pelvis"]).norm(dim=-1) / _LIMB_PX
    found.append(bend * torch.minimum(seen["pelvis"], seen["toe"]))
    for name in _FROM_BOARD:
        weight = torch.minimum(seen[name], seen["board"])
        way = (places[name] - places["board"]) / _LIMB_PX
        found += [way[..., 0].abs() * weight, way[..., 1] * weight, weight]
    features = torch.cat([torch.stack(found, dim=-1), shown], dim=-1)
    return features.clamp(-_LARGEST, _LARGEST)


def signed_features(joints: Tensor, shown: Tensor) -> Tensor:
    """Features (B, T, ALONG_FEATURES + SIDE_FEATURES) of poses of clips, the same for a mirrored clip.

    Those along the way, bends of joints, directions of limbs and the way from the board, are positive to where the body
    turns; where it does not turn, they are small. Those between the sides, how much more a joint of the left is bent
    and how far it is from the right one's, change their sign where the sides are swapped.

    Args:
        joints, shown: see `clip_features`.
    """
    places, seen = _body(joints, shown)
    way = _way(places, seen)
    along, between = [], []
    for chain in _CHAINS:
        left, right = (_bend(places, side) * way for side in _sides(chain))
        weight = _weight(seen, chain)
        along.append((left + right) / 2 / _ANGLE * weight)
        apart = left - right
        between.append(torch.atan2(apart.sin(), apart.cos()) * weight)
    for a, b in _LIMBS:
        ahead = places[a] - places[b]
        along.append(ahead[..., 0] * way / ahead.norm(dim=-1).clamp_min(1e-2) * torch.minimum(seen[a], seen[b]))
    for name in _FROM_BOARD:
        ahead = (places[name] - places["board"]) / _LIMB_PX
        along.append(ahead[..., 0] * way * torch.minimum(seen[name], seen["board"]))
    for name in _GAPS:
        gap = (places[f"{name}_l"] - places[f"{name}_r"]) / _GAP_PX * seen[name][..., None]
        between += [gap[..., 0] * way, gap[..., 1]]
    return torch.stack(along + between, dim=-1).clamp(-_LARGEST, _LARGEST)


_Named = dict[str, Tensor]


def _body(joints: Tensor, shown: Tensor) -> tuple[_Named, _Named]:
    """Places of the joints by name, those between two sides without their letter, and how much each counts."""
    places = {name: joints[..., i, :] for i, name in enumerate(JOINTS)}
    # How sure the backbone is of a joint that it finds says nothing of an angle there.
    seen = {name: (shown[..., i] / _SHOWN).clamp(max=1) for i, name in enumerate(JOINTS)}
    for name in _GAPS:
        places[name] = (places[f"{name}_l"] + places[f"{name}_r"]) / 2
        seen[name] = torch.minimum(seen[f"{name}_l"], seen[f"{name}_r"])
    for name, other in (("neck", "shoulder"), ("pelvis", "hip")):
        places[name], seen[name] = places[other], seen[other]
    return places, seen


def _sides(chain: tuple[str, ...]) -> list[list[str]]:
    """A chain of joints of the left, and of the right."""
    return [[name if name == "neck" else f"{name}_{side}" for name in chain] for side in "lr"]


def _weight(seen: _Named, chain: tuple[str, ...]) -> Tensor:
    return torch.stack([seen[name] for side in _sides(chain) for name in side]).amin(dim=0)


def _bend(places: _Named, chain: list[str]) -> Tensor:
    """By how much three joints are no straight line, -pi..pi."""
    a, b, c = (places[name] for name in chain)
    return _turn(b - a, c - b)


def _turn(u: Tensor, v: Tensor) -> Tensor:
    """The angle from u to v, -pi..pi."""
    return torch.atan2(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0], (u * v).sum(dim=-1))


def _way(places: _Named, seen: _Named) -> Tensor:
    """(B, 1) -1..1: the way in which the trunk turns in a clip, taken all together."""
    trunk, counts = places["neck"] - places["pelvis"], torch.minimum(seen["neck"], seen["pelvis"])
    turns = _turn(trunk[:, :-1], trunk[:, 1:]) * counts[:, :-1] * counts[:, 1:]
    return (turns.sum(dim=1, keepdim=True) / _TURN).clamp(-1, 1)
