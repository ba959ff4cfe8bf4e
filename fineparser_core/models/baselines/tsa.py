"""TSA: the difference to an exemplar step by step, FineDiving's own model and FineParser's ancestor."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fineparser_core.models.aqa_model import AQAModel, Decoder, EncodedVideo, VideoEncoding, to_windows
from fineparser_core.models.i3d import I3D
from fineparser_core.models.regression import STEP_WEIGHTS, CrossAttentionDecoder, Regressor, StepReducer
from fineparser_core.models.step_pooling import DYNAMIC_LENGTH, dynamic_matrix, pair_boundaries
from fineparser_core.models.temporal_parser import PSNet


class TSA(AQAModel):
    """Temporal segmentation attention: I3D, PSNet, and procedure-aware cross-attention between the same steps.

    Source: Xu et al., "FineDiving: A Fine-grained Dataset for Procedure-aware Action Quality Assessment", CVPR 2022.
    Choices of ours, so that it differs from FineParser in the method alone: PSNet, the cut of the window features
    into steps of four rows, the 12 tokens a step, the attention blocks and the regressor are FineParser's, shared by
    all steps; a dive is cut at its own transitions; steps are weighted as in FineParser.

    Args:
        step_weights: of `FineParser`.
    """

    step_weights: Tensor

    def __init__(self, step_weights: Sequence[float] = STEP_WEIGHTS) -> None:
        super().__init__()
        self.i3d = I3D()
        self.psnet = PSNet()
        self.reducer = StepReducer()
        self.decoder = CrossAttentionDecoder()
        self.regressor = Regressor()
        weights = torch.tensor(step_weights, dtype=torch.float32)
        self.register_buffer("step_weights", weights / weights.sum(), persistent=False)

    def parse(self, video: Tensor) -> tuple[Tensor, Tensor]:
        """Map videos (B, 3, 96, H, W) to window features (B, 9, 1024) and transition probabilities (B, 96, 2)."""
        with self.encoders(video.device):
            features = self.i3d(to_windows(video)).float()
        features = features.unflatten(0, (len(video), -1))
        return features, self.psnet(features)

    def step_tokens(self, features: Tensor, transitions: Sequence[tuple[int, int]]) -> Tensor:
        """Map window features (B, 9, 1024), cut at each dive's own (st, ed) samples, to tokens (B, 3, 12, 64)."""
        matrices = [dynamic_matrix(*pair_boundaries(own, own)) for own in transitions]
        rows = torch.from_numpy(np.stack(matrices)).to(features) @ features
        steps: Tensor = self.reducer(rows.unflatten(1, (-1, DYNAMIC_LENGTH)).flatten(0, 1))
        tokens: Tensor = steps.unflatten(0, (len(features), -1))
        return tokens

    def compare(self, query: Tensor, exemplar: Tensor) -> Tensor:
        """Map step tokens (P, 3, 12, 64) of queries and of exemplars to predicted differences (P,) in points."""
        decoded = self.decoder(query.flatten(0, 1), exemplar.flatten(0, 1)).unflatten(0, (len(query), -1))
        steps = self.regressor(decoded).mean(dim=-1)
        score: Tensor = steps @ self.step_weights
        return score

    def encode(self, video: Tensor, decode: Decoder) -> EncodedVideo:
        """Encode videos cut at the decoded transitions, see `AQAModel.encode`: "tokens" (B, 3, 12, 64)."""
        self.check_video(video)
        features, probabilities = self.parse(video)
        transitions = [decode(p) for p in probabilities.cpu().numpy()]
        return EncodedVideo(
            encoding={"tokens": self.step_tokens(features, transitions)},
            probabilities=probabilities,
            transitions=transitions,
        )

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Predict the difference to the exemplar's score and add that, see `AQAModel.predict_scores`."""
        tokens = exemplars["tokens"]
        return self.compare(query["tokens"].expand_as(tokens), tokens) + exemplars["score"]
