"""Rivals that see joints: Pose+DCT, and CoRe with a pose branch."""

from itertools import pairwise

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor, nn

from fineparser_core.constants import FEATURE_SIZE, N_SAMPLES
from fineparser_core.models.baselines.c3d_models import ScoreModel
from fineparser_core.models.baselines.core import CoRe, RegressionTree
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


_POSE_SIZE = 256


class PoseCoRe(CoRe):
    """CoRe whose features are those of the windows and of the joints' ways.

    Source: the idea of a pose branch beside CoRe, as in HP-MCoRe (Qi et al., 2024); its own words and arithmetic.
    Choices of ours: our keypoint network, which is given weights and not trained, and three convolutions over time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.static_encoder = JointTracks()
        widths = (2 * BODY, 64, 128, _POSE_SIZE)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv1d(before, after, 5, stride=2, padding=2), nn.ReLU(inplace=True)]
        self.ways = nn.Sequential(*layers)
        self.tree = RegressionTree(2 * (FEATURE_SIZE + _POSE_SIZE) + 1)

    def features(self, video: Tensor) -> Tensor:
        """Return features (B, 1280), see `PooledModel.features`."""
        with self.encoders(video.device):
            joints = self.static_encoder(video)
        ways = self.ways(joints.float().flatten(2).transpose(1, 2)).mean(dim=2)
        return torch.cat([super().features(video), ways], dim=1)
