"""Take-off and first contact with the water, from a fall and the lowest points of masks."""

import numpy as np
import pytest

from fineparser_core.measures.free_fall import FreeFall
from fineparser_core.measures.moments import lowest_points, take_off_s, transition_prior, water_contact_s

FPS = 30.0
TIMES_S = np.arange(96) / FPS
BODY_PX = 40.0


def fall(**changes: float) -> FreeFall:
    values = {"first": 30, "last": 66, "start_s": 1.0, "top_s": 1.4, "end_s": 2.2, "size_px": BODY_PX}
    values |= {"acceleration": 9.81 * BODY_PX / 1.15, "descent": 2.5, "height_share": 0.4, "evidence": 2.0}
    values |= {"deviation": 10.0, "at_s": 1.6}
    path = {"position": (100.0, 60.0), "velocity": (40.0, 60.0)}
    return FreeFall(**{**values, **changes}, **path, seen_from=48, boxes=np.arange(30, 67))


def lowest(contact_s: float, leaving_s: float) -> np.ndarray:
    """Feet that stand on a board, go up with it and leave; hands that fall to the water, where they stay."""
    y = np.full(96, 100.0)
    board = (leaving_s - 0.2 < TIMES_S) & (leaving_s >= TIMES_S)
    y[board] = 100 + 60 * np.sin(np.pi * (TIMES_S[board] - leaving_s) / 0.4) ** 2
    up = leaving_s < TIMES_S
    y[up] = np.maximum(100 - 160 * (TIMES_S[up] - leaving_s), 60)
    down = TIMES_S > 1.6
    y[down] = 200 + 240 * (TIMES_S[down] - contact_s)
    water = contact_s <= TIMES_S
    y[water] = 200 + 3 * np.sin(np.arange(water.sum()))
    y[TIMES_S > 2.5] = np.nan
    return y


@pytest.mark.parametrize("contact_s", [2.0, 2.1, 2.1167])
def test_the_water_is_touched_where_the_lowest_point_stays(contact_s: float) -> None:
    assert water_contact_s(fall(), TIMES_S, lowest(contact_s, 1.0)) == pytest.approx(contact_s, abs=1 / FPS)


def test_a_contact_that_is_not_seen_is_absent() -> None:
    unseen = lowest(2.1, 1.0)
    unseen[TIMES_S > 2.0] = np.nan
    assert water_contact_s(fall(), TIMES_S, unseen) is None


def test_the_board_is_left_where_the_feet_rise_fastest() -> None:
    assert take_off_s(fall(start_s=1.05), TIMES_S, lowest(2.1, 1.0)) == pytest.approx(0.97, abs=0.07)
    assert take_off_s(fall(), TIMES_S, np.full(96, np.nan)) == 1.0


def test_the_prior_is_highest_where_the_fall_says() -> None:
    prior = transition_prior(fall(), TIMES_S, lowest(2.1, 1.0))
    assert prior.shape == (96, 96)
    assert prior.max() <= 1
    take_off, entry = np.unravel_index(prior.argmax(), prior.shape)
    assert TIMES_S[take_off] == pytest.approx(0.97, abs=0.07)
    assert 1.55 <= TIMES_S[entry] <= 2.25
    assert prior[take_off, 20] < 0.01 * prior.max()


def test_repeated_samples_count_once() -> None:
    repeated = np.repeat(np.arange(48), 2) * 2
    y = lowest(2.1, 1.0)
    once = water_contact_s(fall(), TIMES_S[::2], y[::2])
    assert water_contact_s(fall(), TIMES_S[repeated], y[repeated]) == once


def test_lowest_points_are_source_pixels() -> None:
    masks = np.zeros((2, 112, 112), np.float16)
    masks[0, 20:57, 28:56] = 0.9
    points = lowest_points(masks, np.array([[100, 50, 212, 162]] * 2, np.float32))
    np.testing.assert_allclose(points[0], (142, 107))
    assert np.isnan(points[1]).all()
