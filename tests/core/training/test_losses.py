"""Losses without golden values: the settings of the focal loss, and those of our own recipe against their metrics."""

import numpy as np
import pytest
import torch

from fineparser_core.evaluation.mask_metrics import s_measure
from fineparser_core.training.losses import focal_loss, mask_loss, structure_loss


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits of an ellipse, and the mask of one that lies near it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:48, :64]
    cy, cx, ry, rx = *rng.uniform(2, 44, 2), *rng.uniform(2, 20, 2)
    truth = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1
    down, right = rng.uniform(-6, 6, 2)
    distance = ((y - cy - down) / ry) ** 2 + ((x - cx - right) / rx) ** 2
    return np.clip(6 * (1 - distance), -9, 6) + rng.normal(0, 0.3, truth.shape), truth


def as_tensors(*cases: tuple[np.ndarray, np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(torch.tensor(np.stack(each), dtype=torch.float32) for each in zip(*cases, strict=True))


def test_alpha_and_gamma_of_the_focal_loss() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(2, 5, 3, 4, 4), (torch.rand(2, 3, 4, 4) < 0.3).float()
    probability = torch.where(target == 1, logits[:, 4].sigmoid(), 1 - logits[:, 4].sigmoid())
    weight = torch.where(target == 1, 0.25, 0.75)
    for gamma in (0.0, 1.5):
        plain = -((1 - probability) ** gamma) * probability.log()
        torch.testing.assert_close(focal_loss(logits[:, 4], target, gamma=gamma), plain.mean())
        weighed = focal_loss(logits[:, 4], target, alpha=0.25, gamma=gamma)
        torch.testing.assert_close(weighed, (weight * plain).mean())
    five = sum(focal_loss(logits[:, i], target, alpha=0.25, gamma=1.5) for i in range(5))
    torch.testing.assert_close(mask_loss(logits, target, alpha=0.25, gamma=1.5), five)


@pytest.mark.parametrize("seed", range(20))
def test_the_structure_loss_is_what_the_s_measure_lacks(seed: int) -> None:
    logits, truth = drawn(seed)
    lacks = 1 - s_measure(1 / (1 + np.exp(-logits)), truth)
    assert float(structure_loss(*as_tensors((logits, truth)))) == pytest.approx(lacks, abs=2e-4)


def test_frames_without_an_athlete_do_not_count() -> None:
    first, second = drawn(1), drawn(2)
    nobody, all_over = (second[0], np.zeros_like(second[1])), (second[0], np.ones_like(second[1]))
    alone = structure_loss(*as_tensors(first, second))
    assert structure_loss(*as_tensors(first, nobody, second, all_over)) == pytest.approx(float(alone), abs=1e-6)
    logits, truth = as_tensors(nobody)
    loss = structure_loss(logits.requires_grad_(), truth)
    loss.backward()
    assert loss == 0
    assert not logits.grad.any()


def test_a_mask_of_a_single_pixel_in_a_corner_has_a_gradient() -> None:
    logits, truth = torch.full((1, 48, 64), -30.0), torch.zeros(1, 48, 64)
    truth[0, -1, -1] = 1
    logits.requires_grad_()
    structure_loss(logits, truth).backward()
    assert logits.grad.isfinite().all()
