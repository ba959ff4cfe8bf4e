"""Baselines that score a dive alone, and those of them whose dive is the mean of its window features."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from fineparser_core.constants import FEATURE_SIZE, N_WINDOWS, WINDOW_LENGTH, WINDOW_STRIDE
from fineparser_core.models.aqa_model import AQAModel, Decoder, EncodedVideo, VideoEncoding, to_windows
from fineparser_core.models.i3d import I3D

#: Scores are regressed as shares of it, so that a head learns at the rate that suits its weights.
POINTS = 100.0
#: Awards that count in each record, see `MUSDL`.
N_AWARDS = 3


def mlp(n_out: int) -> nn.Sequential:
    """Return a video's feature (B, 1024) to (B, n_out). The hidden sizes 256 and 128 are a choice of ours."""
    return nn.Sequential(
        nn.Linear(FEATURE_SIZE, 256),
        nn.ReLU(inplace=True),
        nn.Linear(256, 128),
        nn.ReLU(inplace=True),
        nn.Linear(128, n_out),
    )


class ScoreModel(AQAModel):
    """A network that scores a dive alone: `features` of all of it, and `head`, whose first output is the score."""

    contrastive = False
    head: nn.Module

    @abstractmethod
    def features(self, video: Tensor) -> Tensor:
        """Map videos (B, 3, 96, H, W), as in `encode`, to features (B, n) float32."""

    def scores(self, feature: Tensor) -> Tensor:
        """Map features (B, n) to scores (B,) in points."""
        score: Tensor = self.head(feature)[:, 0] * POINTS
        return score

    def encode(self, video: Tensor, decode: Decoder) -> EncodedVideo:
        """Encode videos, see `AQAModel.encode`: "feature" (B, n)."""
        self.check_video(video)
        return EncodedVideo(encoding={"feature": self.features(video)})

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Predict scores without exemplars, see `AQAModel.predict_scores`."""
        return self.scores(query["feature"])


class PooledModel(ScoreModel):
    """An I3D whose window features are averaged to (B, 1024); neither steps nor masks.

    Args:
        window_count: number of windows at the start of a video that count.
        window_stride: samples from the start of a window to that of the next.
    """

    def __init__(self, window_count: int = N_WINDOWS, window_stride: int = WINDOW_STRIDE) -> None:
        super().__init__()
        self.window_count, self.window_stride = window_count, window_stride
        self.i3d = I3D()

    def features(self, video: Tensor) -> Tensor:
        """Map videos to the mean features of their windows, see `ScoreModel.features`."""
        samples = (self.window_count - 1) * self.window_stride + WINDOW_LENGTH
        with self.encoders(video.device):
            windows = self.i3d(to_windows(video[:, :, :samples], self.window_stride)).float()
        features: Tensor = windows.unflatten(0, (len(video), -1)).mean(dim=1)
        return features


class I3DMLP(PooledModel):
    """Mean window feature, MLP, score.

    Source: the regression baseline of Tang et al., "Uncertainty-aware Score Distribution Learning for Action Quality
    Assessment", CVPR 2020; "I3D+MLP" of the paper's Table 1.
    Choices of ours: the sizes of the MLP, and that it predicts hundredths of the score.
    """

    def __init__(self, **windows: int) -> None:
        super().__init__(**windows)
        self.head = mlp(1)


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

    def __init__(self, **windows: int) -> None:
        super().__init__(**windows)
        self.bins = Bins(top=120.0, n=101, spread=5.0)
        self.head = mlp(len(self.bins.values))

    def scores(self, feature: Tensor) -> Tensor:
        """Map features (B, 1024) to the points (B,) of the most probable bins."""
        return self.bins.read(self.head(feature))


class MUSDL(PooledModel):
    """USDL with judges: a distribution over awards in halves by each of three; their sum times the DD is the score.

    Source: as `USDL`, its multi-path variant.
    Choices of ours: a head for each of the three awards that count, in ascending order, where the source has one for
    each of seven judges and drops the extremes afterwards, as not all data sets record seven; a spread of one bin.
    """

    def __init__(self, **windows: int) -> None:
        super().__init__(**windows)
        self.bins = Bins(top=10.0, n=21, spread=1.0)
        self.heads = nn.ModuleList(mlp(len(self.bins.values)) for _ in range(N_AWARDS))

    def award_logits(self, feature: Tensor) -> Tensor:
        """Map features (B, 1024) to logits (B, 3, 21)."""
        return torch.stack([head(feature) for head in self.heads], dim=1)

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Predict scores by the query's "difficulty", without exemplars, see `AQAModel.predict_scores`."""
        return self.bins.read(self.award_logits(query["feature"])).sum(dim=1) * query["difficulty"]
