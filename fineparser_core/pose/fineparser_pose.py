"""`fineparser-pose`: FineParser with poses in its static stream and in its transitions, and with refined masks.

Its static encoder is fed by poses instead of a ResNet; the paper's projections stay.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.constants import N_SAMPLES, TOKEN_SIZE, TOKENS_PER_STEP
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.regression import STEP_WEIGHTS
from fineparser_core.models.static_encoder import FRAME_FEATURE_SIZE, StaticEncoder
from fineparser_core.models.temporal_parser import N_TRANSITIONS
from fineparser_core.pose.keypoints import KEYPOINTS
from fineparser_core.pose.layers import DilatedConvs, full_precision
from fineparser_core.pose.mask_refiner import RefinedMaskDecoder
from fineparser_core.pose.pose_backbone import POSE_FEATURES, PoseBackbone, clip_length, keypoints_of, shown

# Samples around a transition: faults of a take-off also show in the first samples of the flight.
_AROUND = np.arange(-14, 13)
# Places in the flight, and a little beyond either end, as shares of it.
_FLIGHT = np.linspace(-0.1, 1.1, 36)
_LENGTHS = (len(_AROUND), len(_FLIGHT), len(_AROUND))
_WIDTHS = (192, 96)


class BoundaryAlignedPoseMLP(nn.Module):
    """Maps pose features (B, 96, POSE_FEATURES) to an addition to the step tokens, (B, 3, duration, 64).

    The projections of the paper see a step stretched to a fixed length, and features mixed before they are cut. Faults
    of a take-off are small and short: here every sample, counted from the transition, has its own weights. The output
    starts at zero.
    """

    def __init__(self, duration: int) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(POSE_FEATURES, affine=False)
        self.steps = nn.ModuleList(_mlp(length * POSE_FEATURES, duration * TOKEN_SIZE) for length in _LENGTHS)

    def forward(self, poses: Tensor, transitions: Sequence[tuple[int, int]]) -> Tensor:
        at = torch.from_numpy(np.stack([_aligned_samples(st, ed) for st, ed in transitions])).to(poses.device)
        aligned = self.scale(poses.gather(1, at[..., None].expand(-1, -1, poses.shape[-1])).transpose(1, 2))
        steps = aligned.transpose(1, 2).split(_LENGTHS, dim=1)
        tokens = [mlp(step).unflatten(1, (-1, TOKEN_SIZE)) for mlp, step in zip(self.steps, steps, strict=True)]
        return torch.stack(tokens, dim=1)


def _mlp(in_size: int, out_size: int) -> nn.Sequential:
    first, second = _WIDTHS
    last = nn.Linear(second, out_size)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Flatten(), nn.Linear(in_size, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(), last)


def _aligned_samples(st: int, ed: int) -> np.ndarray:
    """Return the samples of the three steps in order."""
    flight = np.round(st + (ed - st) * _FLIGHT).astype(np.int64)
    return np.concatenate([st + _AROUND, flight, ed + _AROUND]).clip(0, N_SAMPLES - 1)


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

    def encode_frames(self, frames: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Encode frames, see `StaticEncoder.encode_frames`.

        Keypoints are as each frame shows them, features are of tracked keypoints.
        """
        features, keypoints = self.backbone.features_and_keypoints(frames)
        return features, {KEYPOINTS: keypoints}

    def some_estimates(self, frames: Tensor, every: int) -> dict[str, Tensor]:
        """Return estimates of some frames, see `StaticEncoder.some_estimates`."""
        return {KEYPOINTS: shown(keypoints_of(self.backbone.frame_poses(frames, every)))}


class PoseTransitionHead(DilatedConvs):
    """Pose features (B, T, POSE_FEATURES) to logits (B, T, 2) that the second and third step begin at a sample.

    PSNet sees the mean of the sixteen samples of a window; poses are known of every sample.
    """

    def __init__(self) -> None:
        super().__init__(POSE_FEATURES, N_TRANSITIONS, dilations=(1, 2, 4, 8, 16))


class FineParserPose(FineParser):
    """The network of the bundled weights; not in the paper.

    Differences from FineParser: the static backbone estimates keypoints instead of computing ResNet features,
    transitions are the mean of PSNet's logits and those of a head that reads poses, and masks are refined.

    Args:
        step_weights: of `FineParser`.

    Attributes:
        pose_steps: the transition head. The name is that of its tensors in stored weights.
    """

    static_encoder: PoseStaticEncoder

    def __init__(self, step_weights: Sequence[float] = STEP_WEIGHTS) -> None:
        super().__init__(
            step_weights=step_weights, static_encoder=PoseStaticEncoder(), mask_decoder=RefinedMaskDecoder()
        )
        self.pose_steps = PoseTransitionHead()

    def step_probabilities(self, gated: Tensor, static_features: Tensor | None, bn_groups: int = 1) -> Tensor:
        """Return the step probabilities, see `FineParser.step_probabilities`.

        Args:
            static_features: (B, 96, POSE_FEATURES).
        """
        assert static_features is not None
        windows = torch.cat([self.psnet.logits(group) for group in gated.chunk(bn_groups)])
        return torch.sigmoid((windows + self.pose_steps(static_features)) / 2)
