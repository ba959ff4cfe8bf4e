"""CoRe with a pose branch: what the joints do stands beside what the windows show."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from fineparser_core.constants import FEATURE_SIZE
from fineparser_core.models.baselines.core import CoRe, RegressionTree
from fineparser_core.pose.keypoints import BODY
from fineparser_core.pose.pose_dct import JointTracks

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
