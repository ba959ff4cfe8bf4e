import math

import pytest

from fineparser_core.training.presets import PRESETS
from fineparser_core.training.validation import best_on_test, picked_epoch


def epoch(number, **splits):
    return {"epoch": number, **splits}


def test_the_highest_correlation_is_picked_and_the_earliest_of_equals():
    history = [epoch(n, validation={"rho": rho}) for n, rho in enumerate((0.2, 0.7, 0.7, 0.5), start=1)]
    assert picked_epoch(history) == 2


def test_ties_go_to_the_next_metric_where_less_error_is_more():
    values = [{"rho": 0.5, "r_l2_x100": 2.0}, {"rho": 0.5, "r_l2_x100": 1.0}, {"rho": 0.4, "r_l2_x100": 0.1}]
    assert picked_epoch([epoch(n, validation=value) for n, value in enumerate(values, start=1)]) == 2


def test_of_a_single_dive_the_error_of_its_score_decides():
    assert picked_epoch([epoch(n, validation={"score_error": off}) for n, off in enumerate((9.0, 3.0, 4.0), 1)]) == 2


@pytest.mark.parametrize("rho", [math.nan, None])
def test_a_correlation_that_is_none_loses_to_any(rho):
    history = [epoch(1, validation={"rho": rho, "aiou_75": 1.0}), epoch(2, validation={"rho": -0.9})]
    assert picked_epoch(history) == 2


def test_without_validation_the_last_epoch_is_picked_whatever_the_test_says():
    assert picked_epoch([epoch(5, test={"rho": 0.9}), epoch(10, test={"rho": 0.1}), epoch(11)]) == 11


def test_the_release_evaluates_rarely_and_picks_on_the_test_split():
    release = PRESETS["release"]
    assert [n for n in range(1, 61) if release.evaluates(n)] == [*range(4, 51, 4), *range(52, 61, 2)]
    history = [epoch(n, test={"rho": rho}) for n, rho in enumerate((0.2, 0.7, 0.5), 1)]
    assert picked_epoch(history, release.pick_on) == 2
    assert all(PRESETS["fineparser"].evaluates(n) for n in range(1, 4))


def test_the_release_takes_every_metric_from_its_own_best_epoch():
    history = [
        epoch(1, test={"rho": 0.1, "r_l2_x100": 0.5, "mae": 0.2}),
        epoch(2, test={"rho": 0.9, "r_l2_x100": 3.0, "mae": 0.1}),
        epoch(3, validation={"rho": 1.0}),
    ]
    assert best_on_test(history) == {"rho": (2, 0.9), "r_l2_x100": (1, 0.5), "mae": (2, 0.1)}
    assert best_on_test([epoch(1)]) == {}
