"""A backbone for the static stream that estimates the athlete's pose: keypoints, tracked, and features of them.

A ResNet's feature of a frame says little about a knee that is bent by ten degrees; keypoints do, and they can be
learned from dives that need no pixels.
"""

import torch
from torch import Tensor, nn

from fineparser_core.constants import KEYPOINT_NAMES as JOINTS
from fineparser_core.constants import MASK_SIZE, N_SAMPLES
from fineparser_core.pose.keypoints import (
    AT_ONCE,
    COARSE_SIZE,
    KEYPOINT_SIZE,
    KeypointHeatmapNet,
    resolve_left_right,
    stack_neighbors,
)
from fineparser_core.pose.layers import DilatedConvs, full_precision

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


# Usual sizes, by which inputs and outputs are scaled to about 1.
_SPREAD_PX, _LOGIT, _CHANGE_PX = 8.0, 4.0, 8.0


class TemporalPoseRefiner(DilatedConvs):
    """Corrects keypoints by those of the frames around them.

    Detected keypoints (B, T, 16, KEYPOINT_SIZE) become tracked keypoints (B, T, 16, 3): x and y in pixels of the frame,
    and the logit that the keypoint is visible. The correction starts at zero.
    """

    def __init__(self) -> None:
        super().__init__(KEYPOINT_SIZE * len(JOINTS), 3 * len(JOINTS), dilations=(1, 2, 4, 8))

    def forward(self, keypoints: Tensor) -> Tensor:
        keypoints = resolve_left_right(keypoints)
        places, spread, visible = keypoints[..., :2], keypoints[..., 2:3], keypoints[..., 3:]
        scaled = torch.cat([places / (MASK_SIZE / 2) - 1, spread / _SPREAD_PX, visible / _LOGIT], dim=-1)
        with full_precision(keypoints):
            change = super().forward(scaled.flatten(2)).unflatten(2, (len(JOINTS), 3))
        return torch.cat([places + _CHANGE_PX * change[..., :2], visible + change[..., 2:]], dim=-1)


#: Values of a frame's estimated pose: its keypoints, the logit of being in the water, and the size of the splash.
FRAME_POSE_SIZE = KEYPOINT_SIZE * len(JOINTS) + 2


class PoseBackbone(KeypointHeatmapNet):
    """Maps frames of clips, (N, 3, 112, 112) float32, ImageNet-normalized, to features (N, POSE_FEATURES).

    The network sees every frame together with the frames before and after it. Clips have 96 frames; another number of
    frames is a single clip.

    Attributes:
        track: tracks the keypoints, for the features.
    """

    def __init__(self) -> None:
        super().__init__()
        self.aux = nn.Linear(2 * COARSE_SIZE, 5)
        self.track = TemporalPoseRefiner()

    def predict(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return heatmap logits (N, 16, 28, 28) and further outputs (N, 5) of frames with neighbors (N, 9, 112, 112).

        The outputs are the logits of the three steps and of being in the water, and the size of the splash.
        """
        heatmaps, coarse = self.heatmaps(frames)
        return heatmaps, self.aux(torch.cat([coarse.mean(dim=(2, 3)), coarse.amax(dim=(2, 3))], dim=1))

    def frame_poses(self, frames: Tensor, every: int = 1) -> Tensor:
        """Return poses (N / every, FRAME_POSE_SIZE) float32 of frames (N, 3, 112, 112).

        They hold of each keypoint x, y and spread in pixels and the logit that it is visible; then the logit of being
        in the water, and the size of the splash.

        The network runs in the caller's precision.

        Args:
            every: step between the examined frames of a clip, starting with the first.
        """
        poses = []
        for clip in frames.split(clip_length(frames)):
            for part in stack_neighbors(clip)[::every].split(AT_ONCE):
                heatmaps, more = (out.float() for out in self.predict(part))
                poses.append(torch.cat([self.read(heatmaps).flatten(1), more[:, 3:]], dim=1))
        return torch.cat(poses)

    def forward(self, frames: Tensor) -> Tensor:
        return self.features_and_keypoints(frames)[0]

    def features_and_keypoints(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (N, POSE_FEATURES) of frames (N, 3, 112, 112), and keypoints (N, 16, 3), see `KEYPOINTS`."""
        poses = self.frame_poses(frames).unflatten(0, (-1, clip_length(frames)))
        found = keypoints_of(poses)
        return clip_features(self.track(found), poses[..., -2:]).flatten(0, 1), shown(found).flatten(0, 1)


def keypoints_of(poses: Tensor) -> Tensor:
    """Return keypoints (..., 16, KEYPOINT_SIZE) of poses (..., FRAME_POSE_SIZE)."""
    keypoints: Tensor = poses[..., :-2].unflatten(-1, (len(JOINTS), KEYPOINT_SIZE))
    return keypoints


def shown(keypoints: Tensor) -> Tensor:
    """Return detected keypoints (..., KEYPOINT_SIZE) as `KEYPOINTS` has them, (..., 3)."""
    return keypoints[..., [0, 1, 3]]


def clip_length(frames: Tensor) -> int:
    """Return the number of frames of a clip in a batch of frames."""
    return N_SAMPLES if len(frames) % N_SAMPLES == 0 else len(frames)
