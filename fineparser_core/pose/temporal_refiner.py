"""Keypoints of single frames to tracked keypoints of a clip."""

import torch
from torch import Tensor

from fineparser_core.constants import MASK_SIZE
from fineparser_core.pose.keypoints import JOINTS, KEYPOINT_SIZE, resolve_left_right
from fineparser_core.pose.layers import DilatedConvs, full_precision

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
