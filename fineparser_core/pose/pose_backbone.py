"""A backbone for the static stream that estimates the athlete's pose.

A ResNet's feature of a frame says little about a knee that is bent by ten degrees; keypoints do, and they can be
learned from dives that need no pixels.
"""

import torch
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES
from fineparser_core.pose.keypoints import (
    AT_ONCE,
    COARSE_SIZE,
    JOINTS,
    KEYPOINT_SIZE,
    KeypointHeatmapNet,
    stack_neighbors,
)
from fineparser_core.pose.pose_features import clip_features
from fineparser_core.pose.temporal_refiner import TemporalPoseRefiner

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
    return poses[..., :-2].unflatten(-1, (len(JOINTS), KEYPOINT_SIZE))


def shown(keypoints: Tensor) -> Tensor:
    """Return detected keypoints (..., KEYPOINT_SIZE) as `KEYPOINTS` has them, (..., 3)."""
    return keypoints[..., [0, 1, 3]]


def clip_length(frames: Tensor) -> int:
    """Return the number of frames of a clip in a batch of frames."""
    return N_SAMPLES if len(frames) % N_SAMPLES == 0 else len(frames)
