"""Baselines that look through the bundled weights: Pose+DCT, and TSA-Net with the bundled masks."""

import torch
from torch import Tensor, nn

from fineparser_core.constants import KEYPOINT_NAMES as JOINTS
from fineparser_core.constants import N_SAMPLES
from fineparser_core.models.baselines.pooled import ScoreModel
from fineparser_core.models.baselines.tsa_net import TSANet
from fineparser_core.pose.keypoints import BODY
from fineparser_core.pose.mask_refiner import RefinedMaskDecoder
from fineparser_core.pose.pose_backbone import PoseBackbone

#: Lowest frequencies that count.
N_FREQUENCIES = 50
_HEAD = JOINTS.index("head")


class _Keypoints(nn.Module):
    """The keypoint network under its name in stored weights, which are given to it and not trained."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = PoseBackbone()


class PoseDCT(ScoreModel):
    """The magnitudes of the lowest frequencies of every joint's path, through a linear support vector machine.

    Source: Pirsiavash et al., "Assessing the Quality of Actions", ECCV 2014.
    Choices of ours: our keypoint network in place of flowing parts; 50 of 96 frequencies; the machine learns by
    gradients.
    """

    def __init__(self) -> None:
        super().__init__()
        self.static_encoder = _Keypoints()
        phase = torch.arange(N_FREQUENCIES)[:, None] * (torch.arange(N_SAMPLES) + 0.5)
        self.register_buffer("cosines", torch.cos(torch.pi / N_SAMPLES * phase) / N_SAMPLES, persistent=False)
        self.head = nn.Linear(N_FREQUENCIES * BODY * 2, 1)

    def features(self, video: Tensor) -> Tensor:
        """Map videos (B, 3, 96, 112, 112) to magnitudes, see `ScoreModel.features`."""
        frames = video.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        with self.encoders(video.device), torch.no_grad():
            joints = self.static_encoder.backbone.features_and_keypoints(frames)[1].float()
        joints = joints.unflatten(0, (len(video), -1))[..., :BODY, :2]
        joints = joints - joints[..., _HEAD, None, :]
        paths = joints / joints.flatten(1).std(dim=1).clamp(min=1e-3)[:, None, None, None]
        cosines: Tensor = self.get_buffer("cosines")
        spectrum: Tensor = (cosines @ paths.flatten(2)).abs().flatten(1)
        return spectrum


def tsa_net() -> TSANet:
    """Make TSA-Net; the masks of the bundled weights, which it looks through, are refined."""
    return TSANet(RefinedMaskDecoder())
