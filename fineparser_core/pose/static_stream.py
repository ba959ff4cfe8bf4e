"""The static encoder of `fineparser-pose`: the paper's projections, fed by poses instead of a ResNet."""

import torch
from torch import Tensor, nn

from fineparser_core.constants import TOKENS_PER_STEP
from fineparser_core.models.static_encoder import FRAME_FEATURE_SIZE, FrameEncoding, StaticEncoder
from fineparser_core.pose.boundary_mlp import BoundaryAlignedPoseMLP
from fineparser_core.pose.keypoints import KEYPOINTS
from fineparser_core.pose.layers import DilatedConvs, full_precision
from fineparser_core.pose.pose_backbone import PoseBackbone, clip_length, keypoints_of, shown
from fineparser_core.pose.pose_features import POSE_FEATURES

#: Maximum number of samples by which cuts between steps are moved, in training and for the mean of the tokens.
CUTS_MOVED = 2


class PoseFeatureEncoder(nn.Linear):
    """Maps pose features (..., POSE_FEATURES) to features (..., out_size) that are cut into steps, float32.

    The pose features themselves follow.

    The encoder sees each sample together with those around it: faults of a take-off show in the first samples of the
    flight, which belong to another step. The samples are those of whole clips, as of `PoseBackbone`.
    """

    def __init__(self, out_size: int) -> None:
        super().__init__(POSE_FEATURES, out_size)
        self.context = DilatedConvs(POSE_FEATURES, out_size, dilations=(1, 2, 4, 8))

    def forward(self, poses: Tensor) -> Tensor:
        clips = poses if poses.ndim > 2 else poses.unflatten(0, (-1, clip_length(poses)))
        with full_precision(poses):
            features: Tensor = super().forward(clips) + self.context(clips)
        return torch.cat([features.view(*poses.shape[:-1], -1), poses.float()], dim=-1)


class PoseStaticEncoder(StaticEncoder):
    """The static encoder with poses as features, which also pass unchanged to `BoundaryAlignedPoseMLP`.

    Its estimates are the keypoints, see `KEYPOINTS`.
    """

    backbone: PoseBackbone

    def __init__(self) -> None:
        super().__init__(
            PoseBackbone(),
            POSE_FEATURES,
            to_feature=PoseFeatureEncoder(FRAME_FEATURE_SIZE),
            step_head=BoundaryAlignedPoseMLP(TOKENS_PER_STEP),
            cuts_moved=CUTS_MOVED,
        )

    def encode_frames(self, frames: Tensor) -> FrameEncoding:
        """Encode frames, see `StaticEncoder.encode_frames`.

        Keypoints are as each frame shows them, features are of tracked keypoints.
        """
        features, keypoints = self.backbone.features_and_keypoints(frames)
        return FrameEncoding(features, {KEYPOINTS: keypoints})

    def some_estimates(self, frames: Tensor, every: int) -> dict[str, Tensor]:
        """Return estimates of some frames, see `StaticEncoder.some_estimates`."""
        return {KEYPOINTS: shown(keypoints_of(self.backbone.frame_poses(frames, every)))}
