from dataclasses import replace

import numpy as np
import pytest
from made_analysis import made_analysis, moments_at

from fineparser_core.records import IntervalRule
from fineparser_core.scoring.measured_stream import moved_parses


@pytest.mark.parametrize("contact_s", [3.0, None])
def test_means_and_scatter_are_those_of_the_moments(contact_s, small_video):
    parse = made_analysis(small_video).parse
    moments = moments_at(parse.transitions, contact_s, parse.transitions.first_flight_s + 0.3)
    moved = moved_parses(replace(parse, moments=replace(moments, covariance_s2=0.04**2 / 2)))
    names = ["take_off", "come_out"] + ([] if contact_s is None else ["contact"])
    assert len(moved) == 2 * len(names)
    for name in names:
        times = [getattr(one.moments, name).time_s for one in moved]
        assert np.mean(times) == pytest.approx(getattr(moments, name).time_s)
        assert np.std(times) == pytest.approx(0.04)
    by_s = [one.moments.take_off.time_s - moments.take_off.time_s for one in moved]
    np.testing.assert_allclose([one.moments.top.time_s - moments.top.time_s for one in moved], np.array(by_s) / 2)


def test_an_interval_counts_in_how_uncertain_the_moments_are():
    rule = IntervalRule(level=0.8, base=6.0, per_spread=0.0, per_difficulty=0.0)
    sure, unsure = rule.around(50.0, 0.0, 3.0), rule.around(50.0, 0.0, 3.0, 8.0 / 1.2816)
    assert (sure.low, sure.high) == (44.0, 56.0)
    assert (unsure.low, unsure.high) == (pytest.approx(40.0, abs=0.01), pytest.approx(60.0, abs=0.01))
