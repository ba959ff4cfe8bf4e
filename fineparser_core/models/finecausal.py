"""FineCausal: FineParser whose features are refined over a graph, and whose steps attend to what came before."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.models.fineparser import FineParser, Pairs
from fineparser_core.models.step_pooling import DYNAMIC_LENGTH

_SIZE = 1024
_HEADS = 4
_FEEDFORWARD = 256
_STEPS = 3
#: Share of the features that passes the graph by, as it starts; it is learned.
_RESIDUAL = 0.1


class GraphAttention(nn.Module):
    """One GATv2 layer on a graph in which every node hears all others, but not itself.

    Source: Brody et al., "How Attentive are Graph Attention Networks?", ICLR 2022, Eq. 7.

    Args:
        size_in: of a node.
        size: of a node a head; the heads are laid side by side.
    """

    def __init__(self, size_in: int, size: int) -> None:
        super().__init__()
        self.source, self.target = (nn.Linear(size_in, _HEADS * size) for _ in range(2))
        self.attention = nn.Parameter(nn.init.xavier_uniform_(torch.empty(_HEADS, size)))

    def forward(self, nodes: Tensor) -> Tensor:
        """Map nodes (B, n, size_in) to (B, n, heads * size)."""
        source, target = (side(nodes).unflatten(-1, (_HEADS, -1)) for side in (self.source, self.target))
        # (B, to, from, heads)
        heard = (F.leaky_relu(target[:, :, None] + source[:, None], 0.2) * self.attention).sum(dim=-1)
        itself = torch.eye(nodes.shape[1], dtype=torch.bool, device=nodes.device)
        weights = heard.masked_fill(itself[..., None], -torch.inf).softmax(dim=2)
        return torch.einsum("btsh,bshc->bthc", weights, source).flatten(2)


class FineCausal(FineParser):
    """FineParser with the two modules of FineCausal.

    A graph attention network over the windows' features before the gate, behind it, and of the spatial parser takes the
    gate's place; a causal transformer lets the rows of each step attend to what came before them.

    Source: the idea of Han et al., "FineCausal", CVPR workshops 2025.
    Deviation: rows of steps attend with four heads of 1024 numbers over twelve rows, where the authors' code (MIT) has
    a single head of 64 over the means of three steps behind the reducers; graph and loss weights differ; the graph is
    that of a single dive, not of a pair and its batch, so that a dive is encoded once; no dropout, so that a run that
    goes on computes what it would have; PSNet reads the refined features.

    Args:
        parts: of `FineParser`, the spatial parser among them.
    """

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        hidden = _SIZE // 2
        self.graph = nn.Sequential(
            GraphAttention(_SIZE, hidden),
            nn.ELU(),
            GraphAttention(_HEADS * hidden, _SIZE // _HEADS),
            nn.Linear(_SIZE, _SIZE),
            nn.LayerNorm(_SIZE),
            nn.ReLU(),
        )
        self.residual_weight = nn.Parameter(torch.tensor([_RESIDUAL]))
        layer = nn.TransformerEncoderLayer(
            _SIZE, _HEADS, _FEEDFORWARD, dropout=0.0, activation="gelu", batch_first=True
        )
        self.causal = nn.TransformerEncoder(layer, 2, nn.LayerNorm(_SIZE), enable_nested_tensor=False)
        earlier = nn.Transformer.generate_square_subsequent_mask(_STEPS * DYNAMIC_LENGTH)
        self.register_buffer("earlier", earlier, persistent=False)

    @staticmethod
    def gate(i3d_feature: Tensor, mask_feature: Tensor) -> Tensor:
        """Join the features before the gate, behind it and of the mask to nodes of the graph (.., 3072)."""
        return torch.cat([i3d_feature, FineParser.gate(i3d_feature, mask_feature), mask_feature], dim=-1)

    def refine(self, gated: Tensor) -> Tensor:
        """Map windows (B, 9, 3072) to (B, 9, 1024): the nodes of the features before the gate, after the graph."""
        nodes = torch.cat(gated.split(_SIZE, dim=-1), dim=1)
        refined = self.graph(nodes) + self.residual_weight * nodes
        return refined[:, : gated.shape[1]]

    def step_rows(self, gated: Tensor, boundaries: Pairs) -> Tensor:
        """Return `FineParser.step_rows`, each row having attended to those before it."""
        rows: Tensor = self.causal(super().step_rows(gated, boundaries), mask=self.get_buffer("earlier"))
        return rows
