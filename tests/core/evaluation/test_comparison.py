"""Two methods on the same dives against a paired bootstrap by hand, with SciPy's correlation."""

from dataclasses import replace

import numpy as np
import pytest
from made_results import dive
from scipy.stats import spearmanr

from fineparser_core.evaluation.dataset_evaluation import compare


def two_methods(n=60):
    rng = np.random.default_rng(5)
    first = [dive(i, predicted=50 + i + rng.normal(0, 5), interval_iou=rng.uniform(0.4, 1)) for i in range(n)]
    return first, [replace(one, predicted=one.score + rng.normal(0, 20), masks=None) for one in first]


def test_differences_are_those_of_the_same_dives():
    first, second = two_methods()
    found = compare(first, [second[3], *second[10:]], seed=7)
    shared = [3, *range(10, 60)]
    true, one, other = (
        np.array([getattr(results[i], name) for i in shared])
        for results, name in ((first, "score"), (first, "predicted"), (second, "predicted"))
    )
    rho = found["rho"]
    assert rho.n == 51
    assert rho.first == pytest.approx(spearmanr(one, true).statistic, abs=1e-12)
    assert rho.second == pytest.approx(spearmanr(other, true).statistic, abs=1e-12)
    rng = np.random.default_rng((7, 51, 2000))
    draws = [
        spearmanr(one[i], true[i]).statistic - spearmanr(other[i], true[i]).statistic
        for i in rng.integers(0, 51, (2000, 51))
    ]
    assert (rho.low, rho.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=1e-12)
    error = found["score_error"]
    assert error.value == pytest.approx(np.abs(one - true).mean() - np.abs(other - true).mean())
    relative = 100 * (np.mean((one - true) ** 2) - np.mean((other - true) ** 2)) / np.ptp(true) ** 2
    assert found["r_l2_x100"].value == pytest.approx(relative)
    assert found["aiou_75"].value == found["aiou_75"].high == 0
    assert "mask_iou" not in found  # the second has none
    assert compare(first, second, seed=7) == compare(first, second, seed=7)
