"""Static visual encoder (SVE): a ResNet on every sample and a projection per step (paper section 3.2, Eq. 5)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.constants import TOKENS_PER_STEP
from fineparser_core.models.layers import DoubleConv1d, DownConv1d
from fineparser_core.models.step_pooling import STATIC_LENGTHS, moved_cut, static_matrix

FRAME_FEATURE_SIZE = 512


#: Feature size of each backbone of Table 5.
_FEATURE_SIZES = {"resnet18": 512, "resnet34": 512, "resnet50": 2048, "vit_s_16": 384}


def make_backbone(name: str) -> tuple[nn.Module, int]:
    """Make a backbone of Table 5 with random weights: frames (N, 3, 112, 112) to features (N, size), and that size."""
    import torchvision.models as zoo  # takes as long to load as torch; other backbones do without

    if name == "vit_s_16":  # torchvision has the class but not this size
        backbone = zoo.VisionTransformer(112, 16, num_layers=12, num_heads=6, hidden_dim=384, mlp_dim=1536)
        backbone.heads = nn.Identity()
    else:
        backbone = getattr(zoo, name)()
        backbone.fc = nn.Identity()
    return backbone, _FEATURE_SIZES[name]


class StaticEncoder(nn.Module):
    """Frame features and the three step projections f_l.

    Frames (N, 3, 112, 112) float32, ImageNet-normalized, pass `backbone` and then `to_feature`, which gives features
    (N, 512). They are those of whole clips, in order, so that a backbone may use a frame's neighbors.

    Deviation: the paper feeds SVE together with the target action representation; as released it sees whole,
    unmasked frames. In the projections the resampled samples are channels and the 512 features the length.
    Features of another size than 512 (ResNet-50, ViT-S) pass a linear layer first, so that the projections stay
    as they are; the paper does not say how it fits them.

    Args:
        backbone: frames to features (N, `backbone_size`).
        step_duration: tokens a step, 2, 4 or 8 (Table 4).
        to_feature: backbone features to (N, 512 + n), instead of that linear layer; the projections see the first 512.
        step_head: the other n, (B, 96, n), and transitions to what is added to the step tokens (B, 3, duration, 64).
        cuts_moved: step tokens are the mean over cuts moved by up to so many samples either way.
    """

    def __init__(
        self,
        backbone: nn.Module,
        backbone_size: int,
        *,
        step_duration: int = TOKENS_PER_STEP,
        to_feature: nn.Module | None = None,
        step_head: nn.Module | None = None,
        cuts_moved: int = 0,
    ) -> None:
        super().__init__()
        self.backbone, self.backbone_size, self.cuts_moved = backbone, backbone_size, cuts_moved
        if to_feature is None and backbone_size != FRAME_FEATURE_SIZE:
            to_feature = nn.Linear(backbone_size, FRAME_FEATURE_SIZE)
        self.to_feature = nn.Identity() if to_feature is None else to_feature
        self.moments = step_head  # named as its tensors are in stored weights
        self.projections = nn.ModuleList(
            nn.Sequential(DoubleConv1d(n, 48), DownConv1d(48, 24), DownConv1d(24, 12), DownConv1d(12, step_duration))
            for n in STATIC_LENGTHS
        )

    def encode_frames(self, frames: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Pass frames (N, 3, 112, 112) of whole clips, in order, through the backbone.

        Returns:
            Features (N, n), and further outputs of the backbone for every frame, by name, each (N, ...); none of the
            backbones of Table 5.
        """
        return self.backbone(frames), {}

    def some_estimates(self, frames: Tensor, every: int) -> dict[str, Tensor]:
        """Return further outputs of the first of each `every` frames, see `encode_frames`, to crop frames by them."""
        return {}

    def step_features(self, features: Tensor, transitions: Sequence[tuple[int, int]]) -> tuple[Tensor, ...]:
        """Cut frame features (B, 96, 512) at each video's own (st, ed), to each step's (B, its length, 512)."""
        matrix = torch.from_numpy(np.stack([static_matrix(st, ed) for st, ed in transitions]))
        pieces = matrix.to(features) @ features[..., :FRAME_FEATURE_SIZE]
        steps: tuple[Tensor, ...] = pieces.split(list(STATIC_LENGTHS), dim=1)
        return steps

    def step_tokens(self, features: Tensor, transitions: Sequence[tuple[int, int]]) -> Tensor:
        """Cut frame features (B, 96, 512) at each video's own (st, ed), to step tokens (B, 3, duration, 64)."""
        reach = self.cuts_moved
        if not reach:
            return self.project(self.step_features(features, transitions), features, transitions)
        cuts = [moved_cut(cut, by, by) for by in range(-reach, reach + 1) for cut in transitions]
        repeated = features.repeat(2 * reach + 1, 1, 1)
        tokens = self.project(self.step_features(repeated, cuts), repeated, cuts)
        mean_tokens: Tensor = tokens.unflatten(0, (-1, len(transitions))).mean(dim=0)
        return mean_tokens

    def project(self, pieces: Sequence[Tensor], features: Tensor, transitions: Sequence[tuple[int, int]]) -> Tensor:
        """Project the outputs and inputs of `step_features` to step tokens (B, 3, duration, 64)."""
        projected = [projection(piece) for projection, piece in zip(self.projections, pieces, strict=True)]
        tokens = torch.stack(projected, dim=1)
        if self.moments is None:
            return tokens
        with_moments: Tensor = tokens + self.moments(features[..., FRAME_FEATURE_SIZE:], transitions)
        return with_moments
