"""A baseline that sees joints: Pose+DCT."""

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES
from fineparser_core.models.baselines.c3d_models import ScoreModel
from fineparser_core.models.baselines.pooled import POINTS
from fineparser_core.pose.keypoints import BODY, JOINTS
from fineparser_core.pose.pose_backbone import PoseBackbone

#: Lowest frequencies that count.
N_FREQUENCIES = 50
_HEAD = JOINTS.index("head")


class JointTracks(nn.Module):
    """The keypoint network under the name that it has in stored weights, which are given to it and not trained."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = PoseBackbone()

    @torch.no_grad()
    def forward(self, video: Tensor) -> Tensor:
        """Map videos (B, 3, 96, 112, 112) to the body's joints (B, 96, 15, 2), from the head on, in their spread."""
        frames = video.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        joints = self.backbone.features_and_keypoints(frames)[1].float().unflatten(0, (len(video), -1))[..., :BODY, :2]
        joints = joints - joints[..., _HEAD, None, :]
        return joints / joints.flatten(1).std(dim=1).clamp(min=1e-3)[:, None, None, None]


class PoseDCT(ScoreModel):
    """The magnitudes of the lowest frequencies of every joint's way, through a linear support vector machine.

    Source: Pirsiavash et al., "Assessing the Quality of Actions", ECCV 2014.
    Choices of ours: our keypoint network in place of flowing parts; 50 of 96 frequencies; the machine learns by
    gradients, as `C3DSVR`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.static_encoder = JointTracks()
        cosines = dct(np.eye(N_SAMPLES), axis=0, norm="ortho")[:N_FREQUENCIES] / N_SAMPLES
        self.register_buffer("cosines", torch.from_numpy(cosines).float(), persistent=False)
        self.regressor = nn.Linear(N_FREQUENCIES * BODY * 2, 1)

    def features(self, video: Tensor) -> Tensor:
        with self.encoders(video.device):
            ways = self.static_encoder(video)
        cosines: Tensor = self.get_buffer("cosines")
        return (cosines @ ways.flatten(2)).abs().flatten(1)

    def scores(self, feature: Tensor) -> Tensor:
        score: Tensor = self.regressor(feature)[:, 0] * POINTS
        return score
