"""The objective of each baseline."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fineparser_core.config import TrainConfig
from fineparser_core.data.exemplars import groups_of
from fineparser_core.data.records import DiveRecord
from fineparser_core.models.baselines.core import CoRe
from fineparser_core.models.baselines.pooled import I3DMLP, POINTS, USDL
from fineparser_core.models.baselines.tsa import TSA
from fineparser_core.models.fineparser import FIXED_TRANSITIONS
from fineparser_core.pose.decoding import DECODERS
from fineparser_core.training.batches import Batch
from fineparser_core.training.objective import Objective, regression_loss, transition_loss, transition_target


class ScoreObjective(Objective):
    """Squared error of the score as a share of 100 points."""

    model: I3DMLP

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses of a batch, see `Objective.forward`; every dive counts once, whatever its pairs."""
        model = self.model
        found, true = model.scores(model.features(batch.video)) / POINTS, batch.scores / POINTS
        return {"total": F.mse_loss(found, true)}


class USDLObjective(Objective):
    """Kullback-Leibler divergence of the predicted distribution from the Gaussian around the score."""

    model: USDL

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses of a batch, see `Objective.forward`; every dive counts once, whatever its pairs."""
        model = self.model
        return {"total": _divergence(model.head(model.features(batch.video)), model.bins.target(batch.scores)).mean()}


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
