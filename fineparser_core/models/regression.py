"""Fine-grained contrastive regression (FineReg): cross-attention between step pairs (paper section 3.2, Eq. 6)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import TOKEN_SIZE
from fineparser_core.models.layers import DoubleConv1d

DYNAMIC_TOKENS = 12
_HEADS = 8
#: The lambda_l of Eq. 6, divided by their sum and by two streams.
#: Deviation: Eq. 6 sums plainly; as released it is a weighted mean over steps, then the mean of R_V and R_S.
STEP_WEIGHTS = (3.0, 5.0, 2.0)


class StepReducer(nn.Module):
    """One step's four window features (B, 4, 1024) to 12 tokens (B, 12, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.inc = DoubleConv1d(4, 8)
        self.down = DoubleConv1d(8, DYNAMIC_TOKENS)
        self.layers = nn.ModuleList((nn.Linear(1024, 512), nn.Linear(512, 256), nn.Linear(256, TOKEN_SIZE)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(self.inc(x))
        for layer in self.layers:
            x = F.relu(layer(x))
        return x


class CrossAttentionBlock(nn.Module):
    """Pre-norm cross-attention and MLP; keys and values from a context that no block changes."""

    def __init__(self) -> None:
        super().__init__()
        size = TOKEN_SIZE
        self.norm_q = nn.LayerNorm(size)
        self.norm_v = nn.LayerNorm(size)
        self.q_map = nn.Linear(size, size, bias=False)
        self.k_map = nn.Linear(size, size, bias=False)
        self.v_map = nn.Linear(size, size, bias=False)
        self.proj = nn.Linear(size, size)
        self.norm_mlp = nn.LayerNorm(size)
        self.fc1 = nn.Linear(size, 4 * size)
        self.fc2 = nn.Linear(4 * size, size)

    def _heads(self, x: Tensor) -> Tensor:
        heads: Tensor = x.unflatten(-1, (_HEADS, -1)).transpose(1, 2)
        return heads

    def forward(self, tokens: Tensor, context: Tensor) -> Tensor:
        """Map tokens and context (B, n, 64) to tokens (B, n, 64)."""
        q, v = self.norm_q(tokens), self.norm_v(context)
        attended = F.scaled_dot_product_attention(
            self._heads(self.q_map(q)), self._heads(self.k_map(v)), self._heads(self.v_map(v))
        )
        tokens = tokens + self.proj(attended.transpose(1, 2).flatten(2))
        updated: Tensor = tokens + self.fc2(F.gelu(self.fc1(self.norm_mlp(tokens))))
        return updated


class CrossAttentionDecoder(nn.Module):
    """Three blocks that attend from a dive's step to the same step of the other dive."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(CrossAttentionBlock() for _ in range(3))

    def forward(self, tokens: Tensor, context: Tensor) -> Tensor:
        for block in self.blocks:
            tokens = block(tokens, context)
        return tokens


class Regressor(nn.Module):
    """Three-layer MLP on every token (.., 64) to a number for each token (..); R_V or R_S of Eq. 6."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Linear(TOKEN_SIZE, 256)
        self.layer2 = nn.Linear(256, 64)
        self.layer3 = nn.Linear(64, 1)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.layer3(F.relu(self.layer2(F.relu(self.layer1(x)))))[..., 0]
        return scores


class StepStream(nn.Module):
    """A stream (dynamic or static): decoders for the steps and a regressor for all of them.

    Deviation: the paper has a decoder per step; as released steps 1 and 2 share `first`, step 3 has `last`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = CrossAttentionDecoder()
        self.last = CrossAttentionDecoder()
        self.regressor = Regressor()

    def decode(self, tokens: Tensor, context: Tensor) -> Tensor:
        """Map step tokens and context (B, 3, n, 64) to decoded tokens (B, 3, n, 64)."""
        batch = tokens.shape[0]
        first = self.first(tokens[:, :2].flatten(0, 1), context[:, :2].flatten(0, 1)).unflatten(0, (batch, 2))
        return torch.cat([first, self.last(tokens[:, 2], context[:, 2])[:, None]], dim=1)

    def forward(self, tokens: Tensor, context: Tensor) -> Tensor:
        """Map step tokens and context (B, 3, n, 64) to relative scores (B, 3) of the steps, unweighted."""
        relative: Tensor = self.regressor(self.decode(tokens, context)).mean(dim=-1)
        return relative
