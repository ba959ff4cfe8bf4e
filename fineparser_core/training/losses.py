"""The losses of Eq. 7-11, as the release computes them."""

import torch
import torch.nn.functional as F
from torch import Tensor


def focal_loss(logits: Tensor, target: Tensor, gamma: float = 2.0) -> Tensor:
    """Mean binary focal loss, without alpha weighting.

    Source: Eq. 9. Deviation: the equation has alpha_t; the release sets none, and averages over all elements.

    Args:
        logits: any shape.
        target: the same shape, 0 or 1.
    """
    bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return ((1 - torch.exp(-bce)) ** gamma * bce).mean()


def mask_loss(logits: Tensor, target: Tensor) -> Tensor:
    """L_SAP: focal loss summed over the four side maps and the fused one.

    Source: Eq. 8. Deviation: the equation sums the side maps; the release supervises the fused map as well.

    Args:
        logits: (N, 5, 16, 112, 112).
        target: (N, 16, 112, 112) share of athlete; rounded to 0 or 1, half to even.
    """
    truth = target.round()
    return torch.stack([focal_loss(logits[:, i], truth) for i in range(logits.shape[1])]).sum()


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


def transition_target(transitions: Tensor, n_samples: int = 96, width: float = 0.0) -> Tensor:
    """Labels (B, 2) of first samples of the new steps to targets (B, 96, 2).

    With width 0 a column is 1 at its transition only (Eq. 10, the release); otherwise a Gaussian of that standard
    deviation in samples, with peak 1 (an option of our recipe, kinder to labels that are a frame off).
    """
    position = torch.arange(n_samples, device=transitions.device, dtype=torch.float32)
    distance = position[None, :, None] - transitions[:, None, :].float()
    if width == 0:
        return (distance == 0).float()
    return torch.exp(-0.5 * (distance / width) ** 2)


def transition_loss(probabilities: Tensor, target: Tensor) -> Tensor:
    """L_TAP: mean binary cross-entropy over (B, 96, 2), unweighted (Eq. 10)."""
    return F.binary_cross_entropy(probabilities, target)


def regression_loss(delta: Tensor, difference: Tensor) -> Tensor:
    """L_Reg: mean squared error between predicted and true score difference (B,), in points squared (Eq. 11).

    The release adds both directions of a pair; in-batch pairs hold both as rows.
    """
    return F.mse_loss(delta, difference)
