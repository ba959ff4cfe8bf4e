import numpy as np
import pytest

from fineparser_core.motion.body import body_lengths, lowest_points
from fineparser_core.motion.free_fall import FreeFall
from fineparser_core.motion.readings import (
    hips_s,
    opening_s,
    read_moments,
    rising_feet,
    transition_prior,
    water_contact_s,
)

FPS = 30.0
TIMES_S = np.arange(96) / FPS
BODY_PX = 40.0
GRAVITY_PX = 9.81 * BODY_PX / 1.15
TOP_S = 1.4


def fall(**changes):
    values = {"first": 30, "last": 66, "start_s": 1.0, "top_s": TOP_S, "end_s": 2.2, "size_px": BODY_PX}
    values |= {"acceleration": GRAVITY_PX, "height_share": 0.4, "evidence": 2.0}
    values |= {"deviation": 10.0, "at_s": TOP_S}
    path = {"position": (100.0, 60.0), "velocity": (40.0, 0.0)}
    return FreeFall(**{**values, **changes}, **path, seen_from=48, boxes=np.arange(30, 67))


def lowest(contact_s, leaving_s):
    """Feet that stand on a board, go up with it and leave; hands that fall to the water, where they stay."""
    y = np.full(96, 100.0)
    board = (leaving_s - 0.2 < TIMES_S) & (leaving_s >= TIMES_S)
    y[board] = 100 + 60 * np.sin(np.pi * (TIMES_S[board] - leaving_s) / 0.4) ** 2
    up = leaving_s < TIMES_S
    y[up] = np.maximum(100 - 160 * (TIMES_S[up] - leaving_s), 60)
    down = TIMES_S > 1.6
    speed = GRAVITY_PX * (contact_s - TOP_S)
    y[down] = 200 + speed * (TIMES_S[down] - contact_s)
    water = contact_s <= TIMES_S
    y[water] = 200 + 3 * np.sin(np.arange(water.sum()))
    y[TIMES_S > 2.5] = np.nan
    return y


def lengths(opening_from_s, closed_px=30.0):
    """A body that is closed in the air and opens to 60 pixels within 0.4 s, before it goes under."""
    share = np.clip((TIMES_S - opening_from_s) / 0.4, 0, 1)
    px = closed_px + share * (60 - closed_px) + np.sin(np.arange(96))
    px[TIMES_S < 1.0] = 60
    px[TIMES_S > 2.3] = np.nan
    return px


@pytest.mark.parametrize("contact_s", [2.0, 2.1, 2.1167])
def test_the_water_is_touched_where_the_lowest_point_stays(contact_s):
    assert water_contact_s(fall(), TIMES_S, lowest(contact_s, 1.0)) == pytest.approx(contact_s, abs=1 / FPS)


def test_foam_that_spreads_and_masks_that_err_do_not_move_the_contact():
    y = lowest(2.1, 1.0)
    foam = TIMES_S >= 2.1
    y[foam] += 20 * (TIMES_S[foam] - 2.1)
    y[60] -= 60
    assert water_contact_s(fall(), TIMES_S, y) == pytest.approx(2.1, abs=1.5 / FPS)


def test_a_contact_that_is_not_seen_is_absent():
    unseen = lowest(2.1, 1.0)
    unseen[TIMES_S > 1.9] = np.nan
    assert water_contact_s(fall(), TIMES_S, unseen) is None
    assert water_contact_s(fall(), TIMES_S, np.full(96, 200.0)) is None  # what never falls touches nothing


def test_the_board_is_most_likely_left_where_the_feet_rise_fastest():
    rising = rising_feet(fall(start_s=1.05), TIMES_S, lowest(2.1, 1.0))
    assert max(rising, key=lambda one: one[1])[0] == pytest.approx(0.97, abs=0.07)
    assert sum(share for _, share in rising) == pytest.approx(1)
    assert rising_feet(fall(), TIMES_S, np.full(96, np.nan)) == ()


def test_a_tucked_body_opens_where_it_grows():
    assert opening_s(fall(), TIMES_S, lengths(1.7), 2.1) == pytest.approx(1.7 + 0.25 * 0.4, abs=1.5 / FPS)
    bumped = lengths(1.7)
    bumped[40:43] = 55  # a leg that shows for a moment
    assert opening_s(fall(), TIMES_S, bumped, 2.1) == pytest.approx(1.76, abs=1.5 / FPS)


def test_a_body_that_is_straight_until_its_twists_are_done_opens_where_it_grows():
    twisting = lengths(1.8)
    twisting[(TIMES_S > 1.0) & (TIMES_S < 1.6)] = 55
    assert opening_s(fall(), TIMES_S, twisting, 2.1) == pytest.approx(1.8 + 0.25 * 0.3, abs=1.5 / FPS)


def test_a_body_that_was_not_closed_does_not_open():
    assert opening_s(fall(), TIMES_S, lengths(1.7, closed_px=55.0), 2.1) is None
    assert opening_s(fall(), TIMES_S, np.full(96, np.nan), 2.1) is None


def test_the_moments_of_a_dive_are_in_their_order():
    found = read_moments(fall(), TIMES_S, lowest(2.1, 1.0), lengths(1.7))
    assert max(found.feet, key=lambda one: one[1])[0] < found.opening_s < found.contact_s


def test_the_prior_is_highest_where_the_fall_says():
    prior = transition_prior(fall(), TIMES_S)
    assert prior.shape == (96, 96)
    assert prior.max() <= 1
    take_off, entry = np.unravel_index(prior.argmax(), prior.shape)
    assert TIMES_S[take_off] == pytest.approx(TOP_S - 0.3, abs=0.02)
    assert 1.55 <= TIMES_S[entry] <= 2.25
    assert prior[take_off, 20] < 0.01 * prior.max()


def test_repeated_samples_count_once():
    repeated = np.repeat(np.arange(48), 2) * 2
    y, long = lowest(2.1, 1.0), lengths(1.7)
    once = read_moments(fall(), TIMES_S[::2], y[::2], long[::2])
    assert read_moments(fall(), TIMES_S[repeated], y[repeated], long[repeated]) == once


def test_lowest_points_are_source_pixels():
    masks = np.zeros((2, 112, 112), np.float16)
    masks[0, 20:56, 10:12] = 1
    points = lowest_points(masks, np.array([[100.0, 50.0, 324.0, 274.0]] * 2))
    assert points[0] == pytest.approx([100 + 2 * 11, 50 + 2 * 56])
    assert np.isnan(points[1]).all()


def test_lengths_are_source_pixels_whatever_the_direction():
    masks = np.zeros((3, 112, 112), np.float16)
    masks[0, 20:60, 10:14] = 1
    masks[1, 50:54, 30:70] = 1
    found = body_lengths(masks, np.array([[100.0, 50.0, 324.0, 274.0]] * 3))
    assert found[:2] == pytest.approx([80, 80], rel=0.01)
    assert np.isnan(found[2])


@pytest.mark.parametrize("opens_s", [1.75, 1.9])
def test_bent_hips_open_where_they_open_though_a_frame_is_misread(opens_s):
    hips = 60 + 120 * np.clip((TIMES_S - opens_s) / 0.3, 0, 1)
    hips[TIMES_S < 1.2] = 180
    a_quarter_s = opens_s + 0.25 * 0.3
    assert hips_s(fall(), TIMES_S, hips, 2.2) == pytest.approx(a_quarter_s, abs=0.02)
    hips[np.abs(TIMES_S - opens_s + 0.15).argmin()] = 178
    assert hips_s(fall(), TIMES_S, hips, 2.2) == pytest.approx(a_quarter_s, abs=0.02)
    assert hips_s(fall(), TIMES_S, np.full(96, 175.0), 2.2) is None
    assert hips_s(fall(), TIMES_S, np.full(96, np.nan), 2.2) is None
