"""Static visual encoder (SVE): a ResNet on every sample and a projection per step (paper section 3.2, Eq. 5)."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torchvision.models as zoo
from torch import Tensor, nn

from fineparser_core.config import POSE_BACKBONES
from fineparser_core.constants import TOKENS_PER_STEP
from fineparser_core.models.layers import DoubleConv1d, DownConv1d
from fineparser_core.models.pose_backbone import POSE_FEATURES, PoseBackbone, PoseReader
from fineparser_core.models.step_moments import StepMoments
from fineparser_core.models.step_pooling import STATIC_LENGTHS, moved_cut, static_matrix

FRAME_FEATURE_SIZE = 512
#: By how many samples the cuts between steps are moved, in training and for tokens of poses.
CUTS_MOVED = 2


def _vit_s_16() -> nn.Module:
    # torchvision has the class but not this size.
    return zoo.VisionTransformer(112, 16, num_layers=12, num_heads=6, hidden_dim=384, mlp_dim=1536)


#: Constructor without weights, and feature size, of each backbone of Table 5, and of our own.
_BACKBONES: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "resnet18": (zoo.resnet18, 512),
    "resnet34": (zoo.resnet34, 512),
    "resnet50": (zoo.resnet50, 2048),
    "vit_s_16": (_vit_s_16, 384),
    "pose": (PoseBackbone, POSE_FEATURES),
    "pose_upright": (lambda: PoseBackbone(upright=True), POSE_FEATURES),
}


class StaticEncoder(nn.Module):
    """Frame features and the three step projections f_l.

    Frames (N, 3, 112, 112) float32, ImageNet-normalised, pass `backbone` and then `to_feature`, which gives features
    (N, 512). A backbone that sees poses looks at neighbours: the frames are then those of whole clips, in order.

    Deviation: the paper feeds SVE together with the target action representation; as released it sees whole,
    unmasked frames. In the projections the resampled samples are channels and the 512 features the length.
    Features of another size than 512 (ResNet-50, ViT-S/16) pass a linear layer first, so that the projections stay
    as they are; the paper does not say how it fits them. Those of poses pass `PoseReader`, and go along unchanged for
    `StepMoments`: features are then (N, 512 + POSE_FEATURES).

    Args:
        backbone: "resnet18", "resnet34", "resnet50", "vit_s_16", or of 112 x 112 frames only "pose" or "pose_upright".
        step_duration: tokens a step, 2, 4 or 8 (Table 4).
        mixed: pass features of size 512 through such a linear layer too. The projections convolve along the features,
            whose order means nothing; the layer may give it one. Not in the paper: off in every preset of it.
    """

    def __init__(
        self, backbone: str = "resnet34", step_duration: int = TOKENS_PER_STEP, *, mixed: bool = False
    ) -> None:
        super().__init__()
        make, size = _BACKBONES[backbone]
        self.backbone, self.backbone_size = make(), size
        if backbone.startswith("resnet"):
            self.backbone.fc = nn.Identity()
        elif backbone.startswith("vit"):
            self.backbone.heads = nn.Identity()
        sees_poses = backbone in POSE_BACKBONES
        if sees_poses:
            self.to_feature: nn.Module = PoseReader(FRAME_FEATURE_SIZE)
        elif size != FRAME_FEATURE_SIZE or mixed:
            self.to_feature = nn.Linear(size, FRAME_FEATURE_SIZE)
        else:
            self.to_feature = nn.Identity()
        self.moments = StepMoments(step_duration) if sees_poses else None
        self.projections = nn.ModuleList(
            nn.Sequential(DoubleConv1d(n, 48), DownConv1d(48, 24), DownConv1d(24, 12), DownConv1d(12, step_duration))
            for n in STATIC_LENGTHS
        )

    def step_features(self, features: Tensor, transitions: Sequence[tuple[int, int]]) -> tuple[Tensor, ...]:
        """Frame features (B, 96, 512), cut at each video's own (st, ed), to each step's (B, its length, 512)."""
        matrix = torch.from_numpy(np.stack([static_matrix(st, ed) for st, ed in transitions]))
        pieces = matrix.to(features) @ features[..., :FRAME_FEATURE_SIZE]
        return pieces.split(list(STATIC_LENGTHS), dim=1)

    def step_tokens(self, features: Tensor, transitions: Sequence[tuple[int, int]]) -> Tensor:
        """Frame features (B, 96, 512), cut at each video's own (st, ed), to step tokens (B, 3, duration, 64).

        Those of poses are the mean over cuts moved by up to `CUTS_MOVED` samples: what single moments tell is noisy.
        """
        if self.moments is None:
            return self.project(self.step_features(features, transitions), features, transitions)
        cuts = [moved_cut(cut, by, by) for by in range(-CUTS_MOVED, CUTS_MOVED + 1) for cut in transitions]
        repeated = features.repeat(2 * CUTS_MOVED + 1, 1, 1)
        tokens = self.project(self.step_features(repeated, cuts), repeated, cuts)
        return tokens.unflatten(0, (-1, len(transitions))).mean(dim=0)

    def project(self, pieces: Sequence[Tensor], features: Tensor, transitions: Sequence[tuple[int, int]]) -> Tensor:
        """What `step_features` gives, and what it was given, to step tokens (B, 3, duration, 64)."""
        projected = [projection(piece) for projection, piece in zip(self.projections, pieces, strict=True)]
        tokens = torch.stack(projected, dim=1)
        if self.moments is None:
            return tokens
        return tokens + self.moments(features[..., FRAME_FEATURE_SIZE:], transitions)
