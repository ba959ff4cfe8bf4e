"""Features of poses: angles, directions and distances of tracked keypoints, as a judge reads them."""

import torch
from torch import Tensor

from fineparser_core.pose.keypoints import JOINTS

_CHAINS = (
    ("neck", "hip", "knee"), ("hip", "knee", "ankle"), ("knee", "ankle", "toe"),
    ("hip", "shoulder", "elbow"), ("shoulder", "elbow", "wrist"),
)  # fmt: skip
_LIMBS = (
    ("neck", "pelvis"), ("ankle", "pelvis"), ("wrist", "toe"), ("wrist", "neck"), ("head", "neck"),
    ("toe", "ankle"), ("wrist", "ankle"), ("knee", "pelvis"), ("ankle", "knee"),
)  # fmt: skip
_GAPS = ("ankle", "knee", "wrist", "elbow", "shoulder", "hip", "toe")
# Usual sizes, by which angles (radians), limbs and gaps (pixels) are scaled to about 1.
_ANGLE, _LIMB_PX, _GAP_PX = 1.5, 45.0, 20.0
_FROM_BOARD = ("pelvis", "toe", "wrist")
_LARGEST = 4.0
_VISIBLE = 0.5  # probability from which on a keypoint counts in full
#: Features of a frame: `pose_features`, then whether the athlete is in the water, and the size of the splash.
POSE_FEATURES = 3 * len(_CHAINS) + 4 * len(_LIMBS) + len(_GAPS) + 1 + 3 * len(_FROM_BOARD) + len(JOINTS) + 2


def clip_features(tracked: Tensor, water: Tensor) -> Tensor:
    """Return features (B, T, POSE_FEATURES) of clips.

    Args:
        tracked: (B, T, 16, 3), see `TemporalPoseRefiner`.
        water: (B, T, 2), the logit that the athlete is in the water, and the size of the splash.
    """
    pose, wet = pose_features(tracked[..., :2], tracked[..., 2].sigmoid()), water[..., 0].sigmoid()
    return torch.cat([pose, torch.stack([wet, water[..., 1] * wet], dim=-1)], dim=-1)


def pose_features(joints: Tensor, visible: Tensor) -> Tensor:
    """Return angles, directions and distances of poses, and the way from the board.

    They are the same for a mirrored pose and, but for the visibilities, for left and right swapped. What depends on a
    keypoint that is hardly visible fades to 0; the visibilities are among the features.

    Args:
        joints: (..., 16, 2) in pixels of the frame.
        visible: (..., 16) probability.

    Returns: (..., POSE_FEATURES - 2).
    """
    places = {name: joints[..., i, :] for i, name in enumerate(JOINTS)}
    # The confidence of a visible keypoint carries no information about an angle there.
    seen = {name: (visible[..., i] / _VISIBLE).clamp(max=1) for i, name in enumerate(JOINTS)}
    for name in _GAPS:
        places[name] = (places[f"{name}_l"] + places[f"{name}_r"]) / 2
        seen[name] = torch.minimum(seen[f"{name}_l"], seen[f"{name}_r"])
    for name, other in (("neck", "shoulder"), ("pelvis", "hip")):
        places[name], seen[name] = places[other], seen[other]
    found = []
    for chain in _CHAINS:
        sides = [[name if name == "neck" else f"{name}_{side}" for name in chain] for side in "lr"]
        left, right = (_angle(*(places[name] for name in side)) / _ANGLE for side in sides)
        weight = torch.stack([seen[name] for side in sides for name in side]).amin(dim=0)
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
    features = torch.cat([torch.stack(found, dim=-1), visible], dim=-1)
    return features.clamp(-_LARGEST, _LARGEST)


def _angle(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Return unsigned angle at b, radians."""
    u, v = a - b, c - b
    return torch.atan2((u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]).abs(), (u * v).sum(dim=-1))
