"""`fineparser-pose`: FineParser with poses in its static stream and in its transitions, and with refined masks."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.regression import STEP_WEIGHTS
from fineparser_core.pose.mask_refiner import RefinedMaskDecoder
from fineparser_core.pose.static_stream import PoseStaticEncoder
from fineparser_core.pose.transition_head import PoseTransitionHead


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
