"""The objective of an iteration: the losses of Eq. 7-11 on a batch of dives and ordered pairs."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fineparser_core.config import TrainConfig
from fineparser_core.constants import N_SAMPLES
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import ConfigError
from fineparser_core.methods import get_method, load_reference
from fineparser_core.models.aqa_model import AQAModel, to_windows
from fineparser_core.models.fineparser import FIXED_TRANSITIONS, FineParser, Parsed
from fineparser_core.models.step_pooling import pair_boundaries
from fineparser_core.pose.decoding import DECODERS
from fineparser_core.training.batches import Batch


def focal_loss(logits: Tensor, target: Tensor, *, alpha: float | None = None, gamma: float = 2.0) -> Tensor:
    """Return the mean binary focal loss.

    Source: Eq. 9. Deviation: the equation has alpha_t; the release sets none, and averages over all elements.

    Args:
        logits: any shape.
        target: the same shape, 0 or 1.
        alpha: weight of elements whose target is 1; 1 - alpha is that of the others. None weighs all by 1.
        gamma: exponent that plays down what is classified well.
    """
    bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    loss = (1 - torch.exp(-bce)) ** gamma * bce
    if alpha is not None:
        loss = loss * torch.lerp(loss.new_tensor(1 - alpha), loss.new_tensor(alpha), target)
    return loss.mean()


def mask_loss(logits: Tensor, target: Tensor, *, alpha: float | None = None, gamma: float = 2.0) -> Tensor:
    """Compute L_SAP: focal loss summed over the four side maps and the fused map.

    Source: Eq. 8. Deviation: the equation sums the side maps; the release supervises the fused map as well.

    Args:
        logits: (N, 5, 16, 112, 112).
        target: (N, 16, 112, 112) share of athlete; rounded to 0 or 1, half to even.
        alpha: of `focal_loss`.
        gamma: of `focal_loss`.
    """
    truth = target.round()
    maps = [focal_loss(logits[:, i], truth, alpha=alpha, gamma=gamma) for i in range(logits.shape[1])]
    return torch.stack(maps).sum()


def transition_target(transitions: Tensor) -> Tensor:
    """Map labels (B, 2), first samples of the new steps, to targets (B, 96, 2): 1 at transitions, else 0 (Eq. 10)."""
    position = torch.arange(N_SAMPLES, device=transitions.device)
    return (position[None, :, None] == transitions[:, None, :]).float()


def transition_loss(probabilities: Tensor, target: Tensor) -> Tensor:
    """Compute L_TAP: mean binary cross-entropy over (B, 96, 2), unweighted.

    Source: Eq. 10. Deviation: the equation sums over the samples of a transition; as released all are averaged.
    """
    return F.binary_cross_entropy(probabilities, target)


def regression_loss(delta: Tensor, difference: Tensor) -> Tensor:
    """Compute L_Reg: mean squared error between predicted and true score difference (B,), in points squared (Eq. 11).

    The release adds both directions of a pair; all pairs of a batch hold both as rows.
    """
    return F.mse_loss(delta, difference)


class Objective(nn.Module):
    """A network and its losses as a module, so that the same call trains it in a single process or in many.

    Args:
        model: the network.
        config: settings of the run.
        records: of the training dives.
    """

    model: AQAModel

    def __init__(self, model: AQAModel, config: TrainConfig, records: Sequence[DiveRecord] = ()) -> None:
        super().__init__()
        self.model, self.config = model, config

    @abstractmethod
    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Compute the losses by name; "total" is minimized.

        Args:
            progress: share of the epochs that are over, in [0, 1).
        """

    def measured(self) -> dict[str, float]:
        """Return what the network reaches on what was kept aside, by name; nothing where nothing was."""
        return {}


def make_objective(model: AQAModel, config: TrainConfig, records: Sequence[DiveRecord]) -> Objective:
    """Make the objective of a network by its method.

    Args:
        records: of the training dives.

    Raises:
        ConfigError: the method makes no `Objective`, or its objective cannot learn from these dives.
    """
    objective = load_reference(get_method(config.method).objective)(model, config, records)
    if not isinstance(objective, Objective):
        made = type(objective).__name__
        raise ConfigError(f"The objective of '{config.method}' is a {made}: it must be an Objective.")
    return objective


class FineParserObjective(Objective):
    """L = L_SAP + L_TAP + L_Reg (Eq. 7).

    Deviation: Eq. 11 has the query alone; as released both directions of a pair are added, which here are rows of
    the batch: twice the mean over the ordered pairs. With all pairs of a batch that is the same scale over more pairs
    (N dives give N (N - 1) instead of N), whose rows share dives and so tell less each.
    Deviation: the dynamic stream is cut at labels throughout training, as released, and so is the static stream
    during the share `teacher_forcing` of the epochs. In evaluation both are cut at predictions.
    """

    model: FineParser

    def forward(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Return the losses "mask", "transitions" and "regression", see `Objective.forward`."""
        config = self.config
        masked = batch.masks is not None and self.model.has_masks and config.mask_weight > 0
        parsed = self.model.parse(batch.video, masks=masked, bn_groups=2 if batch.paired else 1)
        weighted: list[Tensor] = []
        losses: dict[str, Tensor] = {}

        def add(name: str, loss: Tensor, weight: float) -> None:
            losses[name] = loss
            weighted.append(weight * loss)

        if batch.masks is not None and parsed.mask_logits is not None:
            logits, truth = parsed.mask_logits.flatten(0, 1), to_windows(batch.masks[:, None])[:, 0]
            add(
                "mask", mask_loss(logits, truth, alpha=config.focal_alpha, gamma=config.focal_gamma), config.mask_weight
            )
        if batch.transitions is not None and parsed.probabilities is not None:
            target = transition_target(batch.transitions)
            add("transitions", transition_loss(parsed.probabilities, target), config.transition_weight)
        delta = self._delta(parsed, batch, progress)
        difference = batch.scores[batch.query] - batch.scores[batch.exemplar]
        add("regression", 2 * regression_loss(delta, difference), config.regression_weight)
        return {"total": torch.stack(weighted).sum(), **losses}

    def _delta(self, parsed: Parsed, batch: Batch, progress: float) -> Tensor:
        model, cuts = self.model, batch.cuts
        labeled = model.has_steps and cuts is not None
        cut_at = list(cuts) if labeled and cuts is not None else [FIXED_TRANSITIONS] * len(batch.video)
        static_tokens = None
        if parsed.frame_features is not None:
            static = cut_at
            if parsed.probabilities is not None and labeled and progress > self.config.teacher_forcing:
                decode = DECODERS[self.config.decoding]
                static = [decode(p) for p in parsed.probabilities.detach().cpu().numpy()]
            per_dive = self._static_tokens(parsed.frame_features, static, paired=batch.paired)
            static_tokens = per_dive[batch.query], per_dive[batch.exemplar]
        boundaries = [pair_boundaries(cut_at[query], cut_at[exemplar]) for query, exemplar in batch.pairs]
        if not batch.paired:
            rows = batch.query, batch.exemplar
            dynamic = tuple(model.dynamic_tokens(parsed.gated[side], boundaries) for side in rows)
            return model.regress((dynamic[0], dynamic[1]), static_tokens).delta
        # Both directions of a pair share their tokens, and the batch norms see queries and exemplars apart.
        half = len(batch.video) // 2
        query, exemplar = (model.dynamic_tokens(side, boundaries[:half]) for side in parsed.gated.split(half))
        return model.regress((torch.cat([query, exemplar]), torch.cat([exemplar, query])), static_tokens).delta

    def _static_tokens(self, features: Tensor, transitions: list[tuple[int, int]], *, paired: bool) -> Tensor:
        encoder, half = self.model.static_encoder, len(features) // 2
        if not paired:
            return encoder.step_tokens(features, transitions)
        sides = (slice(None, half), slice(half, None))
        return torch.cat([encoder.step_tokens(features[side], transitions[side]) for side in sides])
