"""Measures of a body that flies as physics says."""

from dataclasses import replace

import numpy as np
import pytest
from measured_dive import PX_PER_M, measured_parse

from fineparser_core.measures import NAMES, measures
from fineparser_core.measures.ballistics import fit_ballistics
from fineparser_core.measures.seen_dive import SeenDive
from fineparser_core.types import DiveParse, Measure


def by_name(parse: DiveParse) -> dict[str, Measure]:
    return {measure.name: measure for measure in measures(parse)}


@pytest.mark.parametrize("slowed", [1.0, 3.0])
def test_gravity_gives_height_and_scale_in_real_time(slowed: float) -> None:
    parse = measured_parse(speed=4.0, slowed=slowed, noise_px=1.0)
    found = by_name(parse)
    assert found["flight_time"].value == pytest.approx(1.1, abs=0.02)
    height = found["jump_height"]
    assert height.value == pytest.approx(4.0**2 / 19.62, abs=2 * height.uncertainty)
    assert height.uncertainty < 0.25
    path = fit_ballistics(SeenDive.of(parse), 1.0, 2.1)
    assert path is not None
    assert path.px_per_m == pytest.approx(PX_PER_M, abs=3 * path.scale_share * PX_PER_M)


def test_what_is_not_seen_is_absent() -> None:
    parse = measured_parse()
    assert "flight_time" not in by_name(replace(parse, first_water_contact_frame=None))
    blind = replace(parse, joints=None)
    assert {measure.name for measure in measures(blind)} <= {"flight_time"}


def test_measures_are_named_and_finite() -> None:
    for measure in measures(measured_parse(noise_px=1.0)):
        assert measure.name in NAMES
        assert np.isfinite([measure.value, measure.uncertainty]).all()
        assert measure.uncertainty > 0
