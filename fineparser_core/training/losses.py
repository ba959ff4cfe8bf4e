"""The losses of Eq. 7-11, as the release computes them."""

import torch
import torch.nn.functional as F
from torch import Tensor

from fineparser_core.constants import N_SAMPLES


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
