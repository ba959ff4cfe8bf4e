"""The metrics on cases worked out by hand, and against independent implementations."""

import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata

from fineparser_core.evaluation.metrics import (
    aiou,
    interval_iou,
    mask_iou,
    rank_correlations,
    relative_l2,
    spearman,
    step_ious,
)
from fineparser_core.support.bootstrap import bootstrap_interval


def test_scores():
    assert spearman([1, 2, 3, 4], [10, 20, 40, 30]) == pytest.approx(0.8)
    assert np.isnan(spearman([5, 5, 5], [1, 2, 3]))
    assert relative_l2([50, 70], [40, 90]) == pytest.approx(100 * (0.2**2 + 0.4**2) / 2)
    assert np.isnan(relative_l2([50, 70], [40, 40]))


def test_spearman_is_the_correlation_of_ranks_with_ties():
    rng = np.random.default_rng(3)
    predicted, true = rng.integers(0, 20, 80), rng.integers(0, 20, 80)
    assert spearman(predicted, true) == pytest.approx(pearsonr(rankdata(predicted), rankdata(true)).statistic)


def test_intervals():
    assert interval_iou((10, 30), (20, 40)) == pytest.approx(10 / 30)
    assert interval_iou((0, 10), (20, 40)) == 0.0
    assert interval_iou((5, 5), (5, 5)) == 0.0
    assert aiou([0.4, 0.5, 0.75, 1.0], 0.5) == 0.75
    assert aiou([0.4, 0.5, 0.75, 1.0], 0.75) == 0.5


def test_step_iou_is_that_of_sets_of_samples():
    rng = np.random.default_rng(4)
    for _ in range(200):
        pairs = [sorted(rng.choice(np.arange(1, 96), 2, replace=False).tolist()) for _ in range(2)]
        steps = [(set(range(st)), set(range(st, ed)), set(range(ed, 96))) for st, ed in pairs]
        brute = [len(p & t) / len(p | t) for p, t in zip(*steps, strict=True)]
        predicted, true = (tuple(pair) for pair in pairs)
        assert step_ious(predicted, true) == pytest.approx(brute)


def test_masks():
    truth = np.array([[1, 1], [0, 0]], bool)
    assert mask_iou(np.array([[0.5, 0.1], [0.9, 0.2]]), truth) == pytest.approx(1 / 3)
    assert mask_iou(np.zeros((2, 2)), np.zeros((2, 2), bool)) == 1.0


def test_interval_of_a_mean_is_that_of_its_standard_error():
    values = np.random.default_rng(0).normal(5, 2, 400)
    low, high = bootstrap_interval(lambda i: values[i].mean(axis=-1), len(values))
    error = values.std() / np.sqrt(len(values))
    assert (low, high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.2 * error)


def test_dives_that_depend_on_their_event_make_the_interval_wider():
    rng = np.random.default_rng(3)
    values = (rng.normal(0, 3, 40)[:, None] + rng.normal(0, 1, (40, 10))).ravel()  # 40 events of ten dives
    events = [f"event {i // 10}" for i in range(400)]
    low, high = bootstrap_interval(lambda i: values[i].mean(axis=-1), 400, groups=events)
    error = values.reshape(40, 10).mean(axis=1).std() / np.sqrt(40)
    assert (low, high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.2 * error)
    alone = bootstrap_interval(lambda i: values[i].mean(axis=-1), 400)
    assert high - low > 2 * (alone[1] - alone[0])
    assert bootstrap_interval(lambda i: values[i].mean(axis=-1), 400, groups=events) == (low, high)


def test_resamples_without_a_number_are_dropped():
    scores = np.array([1.0, 2.0])
    assert bootstrap_interval(lambda i: rank_correlations(scores[i], scores[i]), 2, resamples=50) == pytest.approx(
        (1, 1)
    )
    assert np.isnan(bootstrap_interval(lambda i: np.full(len(i), np.nan), 2, resamples=5)).all()
