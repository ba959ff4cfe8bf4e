"""A backbone for the static stream that estimates the athlete's pose.

A ResNet's feature of a frame says little about a knee that is bent by ten degrees; keypoints do, and they can be
learned from dives that need no pixels.
"""

import torch
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES
from fineparser_core.pose.keypoint_refiner import KeypointRefiner
from fineparser_core.pose.keypoints import (
    AT_ONCE,
    BODY,
    COARSE_SIZE,
    JOINTS,
    KEYPOINT_SIZE,
    KeypointHeatmapNet,
    fuse_flip,
    stack_neighbours,
)
from fineparser_core.pose.pose_features import clip_features
from fineparser_core.pose.temporal_refiner import TemporalPoseRefiner

#: Values of a frame's estimated pose: its keypoints, the logit of being in the water, and the size of the splash.
FRAME_POSE_SIZE = KEYPOINT_SIZE * len(JOINTS) + 2


class PoseBackbone(KeypointHeatmapNet):
    """Frames of one clip or more, (N, 3, 112, 112) float32, ImageNet-normalised, to features (N, POSE_FEATURES).

    Keypoints are estimated twice: in whole frames (coarse), then in rotated crops around the body (refined). Every
    frame is seen together with the one before and the one after it, and also mirrored. Clips have 96 frames; another
    number of frames is one clip.

    Attributes:
        track: tracks the coarse keypoints.
        upright: estimates and tracks the refined ones. The name is that of its tensors in stored weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.aux = nn.Linear(2 * COARSE_SIZE, 5)
        self.track = TemporalPoseRefiner()
        self.upright = KeypointRefiner()

    def start_refiner(self) -> None:
        """A refiner that has learned nothing starts with the coarse network's weights, which fit smaller bodies too.

        Its tracker starts at zero: the coarse one makes refined keypoints worse.
        """
        if not self.upright.told.weight.any():
            own = {
                name: value for name, value in self.state_dict().items() if not name.startswith(("track.", "upright."))
            }
            self.upright.load_state_dict(own, strict=False)

    def predict(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Heatmap logits (N, 16, 28, 28), and (N, 5) logits of the three steps and of being in the water, and the size
        of the splash, of frames with their neighbours (N, 9, 112, 112)."""
        heatmaps, coarse = self.heatmaps(frames)
        return heatmaps, self.aux(torch.cat([coarse.mean(dim=(2, 3)), coarse.amax(dim=(2, 3))], dim=1))

    def frame_poses(self, frames: Tensor) -> Tensor:
        """(N, FRAME_POSE_SIZE) float32 of frames (N, 3, 112, 112): of each keypoint x, y and spread in pixels and the
        logit that it is visible; then the logit of being in the water, and the size of the splash.

        The network runs in the caller's precision, see `full_precision`.
        """
        poses = []
        for clip in frames.split(clip_length(frames)):
            for part in stack_neighbours(clip).split(AT_ONCE):
                heatmaps, more = (out.float() for out in self.predict(part))
                poses.append(torch.cat([self.read(heatmaps).flatten(1), more[:, 3:]], dim=1))
        return torch.cat(poses)

    def coarse_poses(self, frames: Tensor) -> Tensor:
        """As `frame_poses`, fused with those of the mirrored frames, whose errors differ."""
        straight, flipped = self.frame_poses(frames), self.frame_poses(frames.flip(-1))
        keypoints = fuse_flip(
            *(poses[:, :-2].unflatten(1, (len(JOINTS), KEYPOINT_SIZE)) for poses in (straight, flipped))
        )
        return torch.cat([keypoints.flatten(1), (straight[:, -2:] + flipped[:, -2:]) / 2], dim=1)

    def refine_poses(self, frames: Tensor, poses: Tensor) -> Tensor:
        """Coarse poses (N, FRAME_POSE_SIZE) of frames (N, 3, 112, 112) with all keypoints but the board's refined."""
        length, keypoints = clip_length(frames), poses[:, :-2].unflatten(1, (len(JOINTS), KEYPOINT_SIZE))
        tracked = self.track_coarse(poses.unflatten(0, (-1, length)))
        clips = zip(frames.split(length), tracked, strict=True)
        body = torch.cat([self.upright.refine(clip, joints) for clip, joints in clips])
        return torch.cat([body.flatten(1), keypoints[:, BODY:].flatten(1), poses[:, -2:]], dim=1)

    def refined_poses(self, frames: Tensor) -> Tensor:
        """`coarse_poses`, refined."""
        return self.refine_poses(frames, self.coarse_poses(frames))

    def track_coarse(self, poses: Tensor) -> Tensor:
        """Coarse poses of clips (B, T, FRAME_POSE_SIZE) to keypoints (B, T, 16, 3), see `TemporalPoseRefiner`."""
        joints: Tensor = self.track(poses[..., :-2].unflatten(-1, (len(JOINTS), KEYPOINT_SIZE)))
        return joints

    def track_refined(self, poses: Tensor) -> Tensor:
        """As `track_coarse`, of refined poses."""
        joints: Tensor = self.upright.track(poses[..., :-2].unflatten(-1, (len(JOINTS), KEYPOINT_SIZE)))
        return joints

    def features(self, poses: Tensor) -> Tensor:
        """Refined poses of clips (B, T, FRAME_POSE_SIZE) to features (B, T, POSE_FEATURES)."""
        return clip_features(self.track_refined(poses), poses[..., -2:])

    def forward(self, frames: Tensor) -> Tensor:
        return self.features_and_keypoints(frames)[0]

    def features_and_keypoints(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, POSE_FEATURES) of frames (N, 3, 112, 112), and the tracked keypoints (N, 16, 3) that they are
        of, see `TemporalPoseRefiner`."""
        poses = self.refined_poses(frames).unflatten(0, (-1, clip_length(frames)))
        tracked = self.track_refined(poses)
        return clip_features(tracked, poses[..., -2:]).flatten(0, 1), tracked.flatten(0, 1)


def clip_length(frames: Tensor) -> int:
    """Frames of a clip in a batch of frames."""
    return N_SAMPLES if len(frames) % N_SAMPLES == 0 else len(frames)
