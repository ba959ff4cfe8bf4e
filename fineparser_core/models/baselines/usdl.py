"""USDL: a distribution over scores instead of a score."""

import torch
from torch import Tensor, nn

from fineparser_core.models.aqa_model import VideoEncoding
from fineparser_core.models.baselines.pooled import PooledModel, mlp


class Bins(nn.Module):
    """Equally wide bins from 0 to `top`, and the means to learn a value as a distribution over them.

    Args:
        top: value of the last bin.
        n: bins.
        spread: standard deviation, in bins, of the Gaussian that represents a value.
    """

    values: Tensor

    def __init__(self, top: float, n: int, spread: float) -> None:
        super().__init__()
        self.register_buffer("values", torch.linspace(0, top, n), persistent=False)
        self._sigma = spread * top / (n - 1)

    def target(self, value: Tensor) -> Tensor:
        """Map values (..) to distributions (.., n): a Gaussian around each, cut off at the ends, that sums to 1."""
        distance = (self.values - value[..., None]) / self._sigma
        return torch.softmax(-0.5 * distance.square(), dim=-1)

    def read(self, logits: Tensor) -> Tensor:
        """Map logits (.., n) to the values (..) of the most probable bins."""
        return self.values[logits.argmax(dim=-1)]


class USDL(PooledModel):
    """A softmax over 101 bins of the score; the most probable bin is the prediction.

    Source: Tang et al., "Uncertainty-aware Score Distribution Learning for Action Quality Assessment", CVPR 2020.
    Choices of ours: the bins cover 0 to 120 points (1.2 a bin), which no recorded dive exceeds; window features are
    averaged before the MLP rather than after it.
    """

    contrastive = False

    def __init__(self, **windows: int) -> None:
        super().__init__(**windows)
        self.bins = Bins(top=120.0, n=101, spread=5.0)
        self.head = mlp(len(self.bins.values))

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Predict scores without exemplars, see `AQAModel.predict_scores`."""
        return self.bins.read(self.head(query["feature"]))
