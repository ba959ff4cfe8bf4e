import numpy as np
import pytest

from fineparser_core.evaluation.metrics import rank_correlations
from fineparser_core.support.bootstrap import bootstrap_interval


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
