"""I3D+MLP: the score from the whole dive, as a number."""

from torch import Tensor

from fineparser_core.models.aqa_model import VideoEncoding
from fineparser_core.models.baselines.pooled import POINTS, PooledModel, mlp


class I3DMLP(PooledModel):
    """Mean window feature, MLP, score.

    Source: the regression baseline of Tang et al., "Uncertainty-aware Score Distribution Learning for Action Quality
    Assessment", CVPR 2020; "I3D+MLP" of the paper's Table 1.
    Choices of ours: the sizes of the MLP, and that it predicts hundredths of the score.
    """

    contrastive = False

    def __init__(self, **windows: int) -> None:
        super().__init__(**windows)
        self.head = mlp(1)

    def scores(self, feature: Tensor) -> Tensor:
        """Map features (B, 1024) to scores (B,) in points."""
        score: Tensor = self.head(feature)[:, 0] * POINTS
        return score

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Predict scores without exemplars, see `AQAModel.predict_scores`."""
        return self.scores(query["feature"])
