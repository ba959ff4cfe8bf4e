"""The losses of Eq. 7-11, as the release computes them."""

import torch
import torch.nn.functional as F
from torch import Tensor

from fineparser_core.constants import N_SAMPLES


def focal_loss(logits: Tensor, target: Tensor, *, alpha: float | None = None, gamma: float = 2.0) -> Tensor:
    """Mean binary focal loss.

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
    """L_SAP: focal loss summed over the four side maps and the fused one.

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


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """1 - soft Dice over all pixels of each window, mean over windows. Not in the paper; an option of our recipe.

    Args:
        logits: (N, 16, 112, 112).
        target: (N, 16, 112, 112) share of athlete in [0, 1].
    """
    probability = logits.sigmoid().flatten(1)
    truth = target.flatten(1)
    overlap = (probability * truth).sum(1)
    return (1 - (2 * overlap + 1) / (probability.sum(1) + truth.sum(1) + 1)).mean()


def structure_loss(logits: Tensor, target: Tensor) -> Tensor:
    """1 - S-measure of each frame, mean over those with an athlete; 0 where there is none. Not in the paper, whose
    masks are measured by it; an option of our recipe.

    Source: Fan et al., ICCV 2017, with alpha = 0.5, as `evaluation.mask_metrics.s_measure`.

    Args:
        logits: (N, h, w).
        target: (N, h, w) share of athlete in [0, 1]; what is above half is athlete.
    """
    truth = (target > 0.5).float()
    area = truth.sum(dim=(1, 2))
    shown = (area > 0) & (area < truth[0].numel())
    if not shown.any():
        return logits.sum() * 0.0
    truth, area, probability = truth[shown], area[shown], logits[shown].sigmoid()
    share = area / truth[0].numel()
    objects = share * _object_part(probability, truth) + (1 - share) * _object_part(1 - probability, 1 - truth)
    return 1 - (objects + _region_part(probability, truth)).mean() / 2


def _object_part(probability: Tensor, where: Tensor) -> Tensor:
    """(N,) how high and how even probabilities (N, h, w) are where a mask of zeros and ones says."""
    area = where.sum(dim=(1, 2))
    mean = (probability * where).sum(dim=(1, 2)) / area
    squares = ((probability - mean[:, None, None]) ** 2 * where).sum(dim=(1, 2))
    return 2 * mean / (mean**2 + 1 + (squares / (area - 1).clamp_min(1) + 1e-8).sqrt())


def _region_part(probability: Tensor, truth: Tensor) -> Tensor:
    """(N,) similarity of the quadrants around the centroids of masks (N, h, w), weighted by their area."""
    area = truth.sum(dim=(1, 2))
    sides = []
    for across in (1, 2):  # rows, then columns
        index = torch.arange(truth.shape[3 - across], device=truth.device, dtype=truth.dtype)
        middle = ((truth.sum(dim=across) * index).sum(dim=1) / area).round()
        first = (index <= middle[:, None]).to(truth)
        sides.append(torch.stack([first, 1 - first], dim=1))
    columns, rows = sides

    def over_quadrants(values: Tensor) -> Tensor:
        return rows @ values @ columns.transpose(1, 2)

    n = over_quadrants(torch.ones_like(truth))
    size = n.clamp_min(1)
    p, g = over_quadrants(probability) / size, over_quadrants(truth) / size
    together = over_quadrants(probability * truth) / size - p * g
    spread = over_quadrants(probability**2) / size - p**2 + g - g**2
    similar = 4 * p * g * together / ((p**2 + g**2) * spread).clamp_min(1e-12)
    return (similar * n).sum(dim=(1, 2)) / truth[0].numel()


def transition_target(transitions: Tensor, width: float = 0.0) -> Tensor:
    """Labels (B, 2) of first samples of the new steps to targets (B, 96, 2).

    With width 0 a column is 1 at its transition only (Eq. 10, the release); otherwise a Gaussian of that standard
    deviation in samples, with peak 1 (an option of our recipe, kinder to labels that are a frame off).
    """
    position = torch.arange(N_SAMPLES, device=transitions.device, dtype=torch.float32)
    distance = position[None, :, None] - transitions[:, None, :].float()
    if width == 0:
        return (distance == 0).float()
    return torch.exp(-0.5 * (distance / width) ** 2)


def transition_loss(probabilities: Tensor, target: Tensor) -> Tensor:
    """L_TAP: mean binary cross-entropy over (B, 96, 2), unweighted (Eq. 10)."""
    return F.binary_cross_entropy(probabilities, target)


def regression_loss(delta: Tensor, difference: Tensor) -> Tensor:
    """L_Reg: mean squared error between predicted and true score difference (B,), in points squared (Eq. 11).

    The release adds both directions of a pair; all pairs of a batch hold both as rows.
    """
    return F.mse_loss(delta, difference)
