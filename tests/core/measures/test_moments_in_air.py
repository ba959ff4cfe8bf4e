"""Moments of a flight and the board's height, made to agree."""

import numpy as np
import pytest
from measured_dive import measured_parse

from fineparser_core.measures import measures
from fineparser_core.measures.moments_in_air import AirMoments, agree, fall_m

#: A jump of 4 m/s from 3 m.
TRUE = (1.0, 1.0 + 4 / 9.81, 1.0 + 4 / 9.81 + np.sqrt(2 * (3 + 16 / 19.62) / 9.81))


def found(*late_s: float) -> AirMoments:
    leaves, top, touches = np.add(TRUE, late_s)
    return AirMoments(leaves_s=leaves, top_s=top, touches_s=touches, covariance=np.diag([0.04**2, 0.005**2, 0.04**2]))


def test_the_height_follows_from_the_moments() -> None:
    assert fall_m(*TRUE) == pytest.approx(3.0)


@pytest.mark.parametrize("late_s", [(0.0, 0.0, 0.05), (0.0, 0.0, -0.04), (-0.03, 0.0, 0.04)])
def test_what_is_found_wrong_comes_nearer_to_the_truth(late_s: tuple[float, float, float]) -> None:
    before, after = found(*late_s), agree(found(*late_s), 3.0)
    off = [abs(one.touches_s - one.leaves_s - (TRUE[2] - TRUE[0])) for one in (before, after)]
    assert off[1] < off[0]
    assert after.deviation((-1, 0, 1)) < before.deviation((-1, 0, 1))


def test_a_dive_from_another_board_is_uncertain() -> None:
    other = agree(found(0, 0, 0), 10.0)
    assert abs(other.conflict) > 5
    assert other.deviation((-1, 0, 1)) > 5 * agree(found(0, 0, 0), 3.0).deviation((-1, 0, 1))


def test_a_known_board_tells_how_slow_a_recording_is() -> None:
    parse = measured_parse(speed=4.0, flight_s=1.27, slowed=3.0)
    assert parse.motion is not None
    object.__setattr__(parse.motion, "slowed", 2.5)  # told by the body's size, to a fifth
    fall = fall_m(0.0, 4 / 9.81, 1.27)
    time = next(m for m in measures(parse, board_m=fall) if m.name == "flight_time")
    assert time.value == pytest.approx(1.27, abs=0.04)
