"""The objective of each baseline."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fineparser_core.config import TrainConfig
from fineparser_core.data.exemplars import groups_of
from fineparser_core.data.records import DiveRecord
from fineparser_core.models.baselines.c3d import C3DModel
from fineparser_core.models.baselines.core import CoRe
from fineparser_core.models.baselines.pooled import MUSDL, POINTS, USDL, ScoreModel
from fineparser_core.models.baselines.tsa import TSA
from fineparser_core.models.fineparser import FIXED_TRANSITIONS
from fineparser_core.pose.decoding import DECODERS
from fineparser_core.training.batches import Batch
from fineparser_core.training.objective import Objective, regression_loss, transition_loss, transition_target

#: Support vector machine: error without a loss as a share of 100 points, and weight of the norm.
_TUBE, _NORM_WEIGHT = 0.01, 1e-4


class ScoreObjective(Objective):
    """Squared error of the score as a share of 100 points."""

    model: ScoreModel

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses of a batch, see `Objective.forward`; every dive counts once, whatever its pairs."""
        feature = self.model.features(batch.video)
        return self.losses(feature, (self.model.scores(feature) - batch.scores) / POINTS, batch)

    def losses(self, feature: Tensor, error: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the losses by features (B, n) and errors (B,) of the scores."""
        return {"total": error.square().mean()}


class SVRObjective(ScoreObjective):
    """A linear support vector machine in its primal form: errors beyond a tube, and the norm of the weights."""

    def losses(self, feature: Tensor, error: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the losses, see `ScoreObjective.losses`."""
        norm = torch.stack([weight.square().sum() for weight in self.model.head.parameters() if weight.ndim > 1]).sum()
        return {"total": F.relu(error.abs() - _TUBE).mean() + _NORM_WEIGHT * norm}


class C3DAVGObjective(ScoreObjective):
    """Squared and absolute error, and for a network with tasks the log losses of the dive number's elements.

    Source: Parmar and Morris 2019, without captions.
    """

    model: C3DModel

    def losses(self, feature: Tensor, error: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the losses, see `ScoreObjective.losses`."""
        score = error.square().mean() + error.abs().mean()
        if batch.elements is None or not self.model.elements:
            return {"total": score}
        heads = zip(self.model.elements, batch.elements.unbind(dim=1), strict=True)
        known = [F.cross_entropy(head(feature), true, ignore_index=-1, reduction="sum") for head, true in heads]
        tasks = torch.stack(known).sum() / len(error)
        return {"total": score + tasks, "regression": score, "tasks": tasks}


class USDLObjective(Objective):
    """Kullback-Leibler divergence of the predicted distribution from the Gaussian around the score."""

    model: USDL

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses of a batch, see `Objective.forward`; every dive counts once, whatever its pairs."""
        model = self.model
        return {"total": _divergence(model.head(model.features(batch.video)), model.bins.target(batch.scores)).mean()}


class MUSDLObjective(Objective):
    """The same, summed over the three awards; dives without awards are left out, and 0 where no dive has any."""

    model: MUSDL

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses of a batch, see `Objective.forward`; every dive counts once, whatever its pairs."""
        model, awards = self.model, batch.awards
        assert awards is not None
        known = ~awards.isnan().any(dim=1)
        target = model.bins.target(awards.nan_to_num())
        each = _divergence(model.award_logits(model.features(batch.video)), target).sum(dim=1)
        return {"total": (each * known).sum() / known.sum().clamp(min=1)}


class CoReObjective(Objective):
    """Log loss of the true group, and squared error of the position within it, for every ordered pair.

    Choice of ours: the source adds the binary loss of every leaf; the log loss of the true group has the same minimum.
    """

    model: CoRe

    def __init__(self, model: CoRe, config: TrainConfig, records: Sequence[DiveRecord] = ()) -> None:
        super().__init__(model, config, records)
        model.set_groups(pair_differences(records, config.pairing))

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses "group" and "position", which `regression_weight` leaves alone, see `Objective.forward`."""
        features = self.model.features(batch.video)
        reference = batch.scores[batch.exemplar]
        log_probability, positions = self.model.compare(features[batch.query], features[batch.exemplar], reference)
        group, position = self.model.locate(batch.scores[batch.query] - reference)
        classification = F.nll_loss(log_probability, group)
        regression = F.mse_loss(positions.gather(1, group[:, None])[:, 0], position)
        return {"total": classification + regression, "group": classification, "position": regression}


class TSAObjective(Objective):
    """L_TAP + L_Reg (Eq. 7 without masks), weighed as FineParser's.

    Steps are cut at labels during the share `teacher_forcing` of the epochs, then at predictions; at fixed shares of
    the clip where there are no labels.
    """

    model: TSA

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses "regression" and, with labels, "transitions", see `Objective.forward`."""
        model, config = self.model, self.config
        features, probabilities = model.parse(batch.video)
        cut_at = [FIXED_TRANSITIONS] * len(batch.video)
        if batch.cuts is not None:
            cut_at = list(batch.cuts)
            if progress > config.teacher_forcing:
                cut_at = [DECODERS[config.decoding](p) for p in probabilities.detach().cpu().numpy()]
        tokens = model.step_tokens(features, cut_at)
        delta = model.compare(tokens[batch.query], tokens[batch.exemplar])
        # Twice, as both directions of a pair are rows whose losses are added.
        losses = {"regression": 2 * regression_loss(delta, batch.scores[batch.query] - batch.scores[batch.exemplar])}
        total = config.regression_weight * losses["regression"]
        if batch.transitions is not None:
            target = transition_target(batch.transitions)
            losses["transitions"] = transition_loss(probabilities, target)
            total = total + config.transition_weight * losses["transitions"]
        return {"total": total, **losses}


def pair_differences(records: Sequence[DiveRecord], criterion: str) -> np.ndarray:
    """Return score differences (n,) in points of every pair of dives that may be compared, a single direction each.

    Raises:
        ConfigError: an unknown criterion.
    """
    differences = [np.zeros(0)]
    for group in groups_of(records, criterion):
        scores = np.array([records[i].score for i in group])
        first, second = np.triu_indices(len(scores), k=1)
        differences.append(scores[first] - scores[second])
    return np.concatenate(differences)


def _divergence(logits: Tensor, target: Tensor) -> Tensor:
    """Return KL(target || softmax(logits)) over the last axis: (.., n) to (..)."""
    return F.kl_div(torch.log_softmax(logits, dim=-1), target, reduction="none").sum(dim=-1)
