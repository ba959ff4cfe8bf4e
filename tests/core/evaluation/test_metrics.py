"""The metrics on cases worked out by hand."""

import numpy as np
import pytest

from fineparser_core.evaluation.metrics import aiou, interval_iou, mask_iou, relative_l2, spearman


def test_scores():
    assert spearman([1, 2, 3, 4], [10, 20, 40, 30]) == pytest.approx(0.8)
    assert np.isnan(spearman([5, 5, 5], [1, 2, 3]))
    assert relative_l2([50, 70], [40, 90]) == pytest.approx(100 * (0.2**2 + 0.4**2) / 2)


def test_intervals():
    assert interval_iou((10, 30), (20, 40)) == pytest.approx(10 / 30)
    assert interval_iou((0, 10), (20, 40)) == 0.0
    assert interval_iou((5, 5), (5, 5)) == 0.0
    assert aiou([0.4, 0.5, 0.75, 1.0], 0.5) == 0.75
    assert aiou([0.4, 0.5, 0.75, 1.0], 0.75) == 0.5


def test_masks():
    truth = np.array([[1, 1], [0, 0]], bool)
    assert mask_iou(np.array([[0.5, 0.1], [0.9, 0.2]]), truth) == pytest.approx(1 / 3)
    assert mask_iou(np.zeros((2, 2)), np.zeros((2, 2), bool)) == 1.0
