"""FineParser: composes the spatial and temporal parsers, the static encoder and the regression (paper section 3)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from fineparser_core.models.i3d import I3D
from fineparser_core.models.regression import STEP_WEIGHTS, StepReducer, StepStream
from fineparser_core.models.spatial_parser import SpatialParser
from fineparser_core.models.static_encoder import StaticEncoder
from fineparser_core.models.step_pooling import DYNAMIC_LENGTH, dynamic_matrix, pair_boundaries
from fineparser_core.models.temporal_parser import PSNet

Pairs = Sequence[tuple[int, int]]


class RelativeScore(NamedTuple):
    """Per-step points of a query relative to an exemplar.

    Attributes:
        dynamic: (B, 3) lambda-weighted R_V, in points.
        static: (B, 3) lambda-weighted R_S, in points.
    """

    dynamic: Tensor
    static: Tensor

    @property
    def delta(self) -> Tensor:
        """(B,) predicted score difference: the sum of all contributions."""
        return (self.dynamic + self.static).sum(dim=-1)


class FineParser(nn.Module):
    """The whole network. Encodings of a video never depend on its partner, so each is computed once."""

    def __init__(self) -> None:
        super().__init__()
        self.i3d = I3D()
        self.spatial_parser = SpatialParser()
        self.psnet = PSNet()
        self.static_encoder = StaticEncoder()
        self.reducers = nn.ModuleList(StepReducer() for _ in range(3))
        self.dynamic_stream = StepStream()
        self.static_stream = StepStream()
        weights = torch.tensor(STEP_WEIGHTS)
        self.register_buffer("step_weights", weights / (2 * weights.sum()), persistent=False)

    @staticmethod
    def gate(i3d_feature: Tensor, mask_feature: Tensor) -> Tensor:
        """X_V = B(X) * sigmoid(B5(X)), both (.., 1024) (paper section 3.2)."""
        return i3d_feature * torch.sigmoid(mask_feature)

    def dynamic_tokens(self, gated: Tensor, boundaries: Pairs) -> Tensor:
        """Gated features (B, 9, 1024), cut at the pairs' window boundaries (a, b), to tokens (B, 3, 12, 64)."""
        matrix = torch.from_numpy(np.stack([dynamic_matrix(a, b) for a, b in boundaries]))
        pieces = (matrix.to(gated) @ gated).split(DYNAMIC_LENGTH, dim=1)
        return torch.stack([reducer(piece) for reducer, piece in zip(self.reducers, pieces, strict=True)], dim=1)

    def compare(
        self,
        gated: tuple[Tensor, Tensor],
        static_tokens: tuple[Tensor, Tensor],
        transitions: tuple[Pairs, Pairs],
    ) -> RelativeScore:
        """Points of queries relative to exemplars (Eq. 6 without y_Z).

        Args:
            gated: (B, 9, 1024) of the queries and of the exemplars.
            static_tokens: (B, 3, 4, 64) of the queries and of the exemplars.
            transitions: (st, ed) samples of the queries and of the exemplars.
        """
        boundaries = [pair_boundaries(q, e) for q, e in zip(*transitions, strict=True)]
        dynamic_query, dynamic_exemplar = (self.dynamic_tokens(g, boundaries) for g in gated)
        return RelativeScore(
            self.dynamic_stream(dynamic_query, dynamic_exemplar) * self.step_weights,
            self.static_stream(*static_tokens) * self.step_weights,
        )
