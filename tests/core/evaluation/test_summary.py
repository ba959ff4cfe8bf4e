import json
from dataclasses import replace

import numpy as np
import pytest
from made_results import dive
from scipy.stats import spearmanr

from fineparser_core.constants import STEP_NAMES
from fineparser_core.errors import ConfigError
from fineparser_core.evaluation.dataset_evaluation import compare
from fineparser_core.evaluation.fidelity import contribution_fidelity, true_contributions
from fineparser_core.evaluation.summary import METRICS, summarize


def test_every_metric_with_interval_and_baselines():
    results = [dive(number, id=f"Event {number % 2}/{number}", spread=1.0 + number % 7) for number in range(40)]
    summary = summarize(results, median_transitions=(30.0, 65.5))
    true = np.array([result.score for result in results])
    predicted = np.array([result.predicted for result in results])
    baseline = np.array([result.exemplar_mean for result in results])
    metrics = summary.metrics
    assert summary.absent == ()
    assert list(metrics) == list(METRICS)
    assert metrics["rho"].value == pytest.approx(spearmanr(predicted, true).statistic)
    assert metrics["rho"].baselines["drawn exemplars"] == pytest.approx(spearmanr(baseline, true).statistic)
    assert metrics["r_l2_x100"].value == pytest.approx(np.mean(((predicted - true) / 39) ** 2) * 100)
    assert metrics["score_error"].value == pytest.approx(np.abs(predicted - true).mean())
    assert metrics["aiou_75"].value == np.mean([result.interval_iou >= 0.75 for result in results])
    assert metrics["aiou_75"].baselines == {"median transitions": 1.0}
    assert metrics["s_measure"].value == pytest.approx(0.9)
    assert metrics["s_measure"].baselines == pytest.approx({"empty mask": 0.4, "centre disc": 0.5})
    for metric in metrics.values():
        assert metric.low - 1e-9 <= metric.value <= metric.high + 1e-9
        assert metric.n == 40


def test_what_is_not_there_is_said():
    bare = {"transitions": None, "interval_iou": None, "step_ious": None, "masks": None}
    summary = summarize([dive(n, number_mean=None, **bare) for n in range(5)], median_transitions=None)
    assert set(summary.metrics) == {"rho", "r_l2_x100", "score_error"}
    assert set(summary.metrics["rho"].baselines) == {"drawn exemplars"}
    assert summary.by_step == ()
    text = summary.as_text()
    assert text.count("not available") == len(METRICS) - len(summary.metrics) + len(summary.by_number)
    plain = json.loads(json.dumps(summary.as_dict(), allow_nan=False))
    assert plain["metrics"]["s_measure"] is None
    assert plain["metrics"]["rho"]["n"] == 5


def test_no_dives():
    with pytest.raises(ConfigError, match="no results"):
        summarize([], median_transitions=None)


def test_differences_are_those_of_the_same_dives():
    rng = np.random.default_rng(5)
    first = [dive(i, predicted=50 + i + rng.normal(0, 5), interval_iou=rng.uniform(0.4, 1)) for i in range(60)]
    second = [replace(one, predicted=one.score + rng.normal(0, 20), masks=None) for one in first]
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


def pairs(n=12, seed=0):
    """Dives that are each other's exemplars, with their true contributions."""
    rng = np.random.default_rng(seed)
    results = [dive(number) for number in range(n)]
    qualities = {r.id: tuple(rng.uniform(3, 10, 3).tolist()) for r in results}
    made = []
    for result in results:
        exemplars = [r.id for r in results if r.dive_number == result.dive_number and r.id != result.id]
        points = [true_contributions(result.difficulty, qualities[result.id], qualities[e]).tolist() for e in exemplars]
        made.append(replace(result, exemplars=tuple(exemplars), contributions=tuple(map(tuple, points))))
    return made, qualities


def test_true_contributions_sum_to_the_difference_of_scores():
    better, worse = (9.0, 8.0, 7.0), (8.0, 8.5, 5.0)
    points = true_contributions(3.2, better, worse)
    award = [0.3 * q[0] + 0.5 * q[1] + 0.2 * q[2] for q in (better, worse)]
    assert points.sum() == pytest.approx(3 * 3.2 * (award[0] - award[1]))
    assert points.tolist() == pytest.approx([3 * 3.2 * 0.3, -3 * 3.2 * 0.25, 3 * 3.2 * 0.4])


def test_the_truth_is_faithful_and_its_opposite_is_not():
    results, qualities = pairs()
    fidelity = contribution_fidelity(results, qualities)
    assert [step["step"] for step in fidelity["steps"]] == list(STEP_NAMES)
    assert [step["value"] for step in fidelity["steps"]] == pytest.approx([1, 1, 1])
    assert (fidelity["n_numbers"], fidelity["n_pairs"]) == (3, 3 * 4 * 3)

    def opposite(result):
        points = tuple((-first, second, 0.0) for first, second, _ in result.contributions)
        return replace(result, contributions=points)

    other = contribution_fidelity([opposite(result) for result in results], qualities)
    # What is the same for every pair ranks nothing.
    assert [step["value"] for step in other["steps"]] == pytest.approx([-1, 1, 0])
