"""RICA²: the steps that a dive number asks for, each an embedding with its uncertainty, joined along a rubric."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.constants import FEATURE_SIZE, N_WINDOWS
from fineparser_core.models.aqa_model import AQAModel, Decoder, EncodedVideo, VideoEncoding, to_windows
from fineparser_core.models.baselines.c3d_models import ELEMENT_CLASSES
from fineparser_core.models.baselines.pooled import POINTS
from fineparser_core.models.i3d import I3D

_SIZE, _STEP_SIZE, _HEADS, _LAYERS = 256, 128, 4, 2
#: Scores drawn of a dive in evaluation; their mean is the prediction, and their deviation its uncertainty.
N_DRAWS = 20
#: The rubric: which steps make take-off, flight and entry. Position, armstand, direction, half somersaults and half
#: twists follow from the number, the entry is in every dive.
_RUBRIC = ((1, 2), (0, 3, 4), (5,))


class RICA2(AQAModel):
    """Rubric-informed, calibrated assessment.

    Every step of the rubric looks at the windows of the dive (a transformer decoder), becomes a Gaussian embedding, and
    drawn embeddings are joined step by step to the phases and these to the score.

    Source: Majeedi et al., "RICA²: Rubric-Informed, Calibrated Assessment of Actions", ECCV 2024.
    Choices of ours: learned embeddings of the dive number's elements in place of a language model's of rubric texts;
    the rubric's graph has steps, phases and score alone; a Gaussian loss of the score in place of score bins.

    Args:
        stochastic: draw the embeddings; if not, their means count, and no uncertainty is stated.
    """

    contrastive = False

    def __init__(self, *, stochastic: bool) -> None:
        super().__init__()
        self.stochastic = stochastic
        self.i3d = I3D()
        self.project = nn.Linear(FEATURE_SIZE, _SIZE)
        self.position = nn.Parameter(torch.zeros(N_WINDOWS, _SIZE))
        # The first class is an unknown number.
        self.asked = nn.ModuleList(nn.Embedding(n + 1, _SIZE) for n in ELEMENT_CLASSES)
        self.entry = nn.Parameter(torch.randn(_SIZE))
        layer = nn.TransformerDecoderLayer(_SIZE, _HEADS, 2 * _SIZE, dropout=0.0, batch_first=True, norm_first=True)
        self.decoder = nn.TransformerDecoder(layer, _LAYERS)
        self.mean = nn.Linear(_SIZE, _STEP_SIZE)
        self.log_variance = nn.Linear(_SIZE, _STEP_SIZE) if stochastic else None
        self.phases = nn.ModuleList(_joined(len(steps)) for steps in _RUBRIC)
        self.whole = _joined(len(_RUBRIC))
        self.regressor = nn.Linear(_STEP_SIZE, 1)

    def windows(self, video: Tensor) -> Tensor:
        """Map videos (B, 3, 96, H, W) to window features (B, 9, 1024) float32."""
        with self.encoders(video.device):
            return self.i3d(to_windows(video)).float().unflatten(0, (len(video), -1))

    def embed(self, windows: Tensor, elements: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Map window features and elements (B, 5) int64 to means and log variances (B, 6, 128) of the steps."""
        if elements is None:
            elements = windows.new_full((len(windows), len(ELEMENT_CLASSES)), -1).long()
        asked = [table((elements[:, place] + 1).clamp(0, table.num_embeddings - 1)) for place, table in self._tables()]
        queries = torch.stack([*asked, self.entry.expand(len(windows), -1)], dim=1)
        seen = self.decoder(queries, self.project(windows) + self.position)
        return self.mean(seen), None if self.log_variance is None else self.log_variance(seen).clamp(-8, 4)

    def _tables(self) -> list[tuple[int, nn.Embedding]]:
        return [(place, table) for place, table in enumerate(self.asked) if isinstance(table, nn.Embedding)]

    def scores(self, steps: Tensor) -> Tensor:
        """Map embeddings (..., 6, 128) of the steps to scores (...) in points."""
        phases = [joined(steps[..., list(of), :].flatten(-2)) for joined, of in zip(self.phases, _RUBRIC, strict=True)]
        score: Tensor = self.regressor(F.relu(self.whole(torch.cat(phases, dim=-1))))[..., 0] * POINTS
        return score

    def encode(self, video: Tensor, decode: Decoder) -> EncodedVideo:
        """Encode videos, see `AQAModel.encode`: "windows" (B, 9, 1024)."""
        self.check_video(video)
        return EncodedVideo(encoding={"windows": self.windows(video)})

    def predict_scores(self, query: VideoEncoding, exemplars: VideoEncoding) -> Tensor:
        """Draw scores (20,), or (1,), by the query's "elements", see `AQAModel.predict_scores`."""
        mean, log_variance = self.embed(query["windows"], query.get("elements"))
        if log_variance is None:
            return self.scores(mean)
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(N_DRAWS, *mean.shape[1:], generator=generator).to(mean.device)
        return self.scores(mean + noise * (log_variance / 2).exp())


def _joined(n: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(n * _STEP_SIZE, _STEP_SIZE), nn.ReLU(inplace=True), nn.Linear(_STEP_SIZE, _STEP_SIZE)
    )
