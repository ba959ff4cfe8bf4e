import numpy as np
import pytest

from fineparser_core.constants import GRAVITY_M_S2
from fineparser_core.motion.ballistics import fit_ballistics
from fineparser_core.motion.moments import (
    FEET,
    FRAME_S,
    NETWORK_COME_OUT,
    NETWORK_PLATFORM,
    NETWORK_SPRINGBOARD,
    estimate_moments,
    hands_leave,
    network_alone,
    place_moments,
)
from fineparser_core.motion.readings import Readings

LEAVES_S = 2.0
SAMPLED = 10 + np.arange(96)
TIMES_S = SAMPLED / 30


def dive(board_m, rise_m, slowed=1.0):
    """Seconds of the file at which the top is reached and the water, and the path of the body's centre."""
    rise_s = np.sqrt(2 * rise_m / GRAVITY_M_S2)
    fall_s = np.sqrt(2 * (rise_m + board_m + 0.2) / GRAVITY_M_S2)
    times = np.linspace(LEAVES_S, LEAVES_S + (rise_s + fall_s) * slowed, 40)
    off = (times - LEAVES_S) / slowed - rise_s
    path = fit_ballistics(times, np.stack([30 * off, 60 * GRAVITY_M_S2 * off**2 / 2], axis=1))
    return LEAVES_S + rise_s * slowed, LEAVES_S + (rise_s + fall_s) * slowed, path


def network(bias, slowed=1.0):
    return LEAVES_S + bias * FRAME_S * slowed


@pytest.mark.parametrize("slowed", [1.0, 3.0])
@pytest.mark.parametrize(
    ("board_m", "rise_m", "bias"),
    [(1.0, 0.7, NETWORK_SPRINGBOARD.bias), (3.0, 1.0, NETWORK_SPRINGBOARD.bias), (10.0, 0.4, NETWORK_PLATFORM.bias)],
)
def test_each_source_is_freed_of_its_bias_which_the_height_tells(board_m, rise_m, bias, slowed):
    top_s, water_s, path = dive(board_m, rise_m, slowed)
    readings = Readings(((LEAVES_S + FEET.bias * FRAME_S * slowed, 1.0),), None, water_s)
    found = estimate_moments((network(bias, slowed), water_s - 0.2), readings, path, slowed)
    assert found.take_off.time_s == pytest.approx(LEAVES_S, abs=1.5 * FRAME_S * slowed)
    assert found.top.time_s == pytest.approx(top_s, abs=0.05 * slowed)
    assert 0.5 * FRAME_S * slowed < found.take_off.deviation_s < 3 * FRAME_S * slowed
    assert not found.take_off.conflict
    assert found.take_off.sources == ("network", "feet", "height")


def test_a_reading_that_no_board_explains_is_outvoted():
    _, water_s, path = dive(1.0, 0.6)
    readings = Readings(((LEAVES_S + FEET.bias * FRAME_S, 1.0),), None, water_s)
    found = estimate_moments((network(-20.0), water_s - 0.2), readings, path, 1.0)
    assert found.take_off.time_s == pytest.approx(LEAVES_S, abs=3 * FRAME_S)


def test_sources_that_contradict_one_another_are_marked_and_not_averaged():
    agreed = estimate_moments((network(0.0), 3.0), Readings(((LEAVES_S, 1.0),), None, None), None, 1.0)
    apart = estimate_moments((network(0.0), 3.0), Readings(((LEAVES_S + 0.6, 1.0),), None, None), None, 1.0)
    assert apart.take_off.conflict
    assert abs(apart.take_off.time_s - LEAVES_S) < 0.2 or abs(apart.take_off.time_s - LEAVES_S - 0.6) < 0.2
    assert apart.take_off.deviation_s > 3 * agreed.take_off.deviation_s
    assert apart.top is None
    assert apart.contact is None


def test_a_body_that_opens_outranks_the_network():
    alone = estimate_moments((network(0.0), 3.0), Readings((), None, None), None, 1.0)
    assert alone.come_out.time_s == pytest.approx(3.0 - NETWORK_COME_OUT.bias * FRAME_S, abs=0.01)
    both = estimate_moments((network(0.0), 3.0), Readings((), 3.1, None), None, 1.0)
    assert 3.06 < both.come_out.time_s < 3.12
    assert both.come_out.deviation_s < alone.come_out.deviation_s


def test_moments_are_placed_at_frames_in_order():
    _, water_s, path = dive(1.0, 0.6)
    moments = estimate_moments((LEAVES_S, water_s - 0.3), Readings((), water_s - 0.2, water_s), path, 1.0)
    decoded = 48, 76
    transitions, samples, contact, stand = place_moments(moments, decoded, SAMPLED, TIMES_S)
    assert transitions.first_flight_frame == round(moments.take_off.time_s * 30)
    assert transitions.first_entry_frame == round(moments.come_out.time_s * 30)
    assert samples == (transitions.first_flight_frame - 10, transitions.first_entry_frame - 10)
    assert contact == round(moments.contact.time_s * 30)
    assert stand == moments


def test_moments_out_of_order_leave_what_the_network_reads():
    late = network_alone((3.2, 2.4))
    transitions, samples, contact, stand = place_moments(late, (48, 62), SAMPLED, TIMES_S)
    assert (transitions.first_flight_frame, transitions.first_entry_frame) == (58, 72)
    assert samples == (48, 62)
    assert contact is None
    assert stand.take_off.time_s == pytest.approx(58 / 30)


def test_an_entry_is_not_after_the_contact():
    _, water_s, path = dive(1.0, 0.6)
    moments = estimate_moments((LEAVES_S, water_s + 0.2), Readings((), None, water_s), path, 1.0)
    transitions, _, contact, _ = place_moments(moments, (48, 90), SAMPLED, TIMES_S)
    assert transitions.first_entry_frame == contact


def test_a_contact_before_the_body_opens_is_a_contradiction():
    found = estimate_moments((network(0.0), 3.0), Readings((), 3.0, 2.4), None, 1.0)
    assert found.contact.conflict
    assert found.come_out.conflict
    after = estimate_moments((network(0.0), 3.0), Readings((), 3.0, 3.2), None, 1.0)
    assert not after.contact.conflict
    assert not after.come_out.conflict


@pytest.mark.parametrize("slowed", [1.0, 3.0])
def test_hands_leave_the_platform_after_the_top_of_the_path(slowed):
    top_s, water_s, path = dive(10.0, 0.1, slowed)
    # Feet and network take the swing of the legs, half a second earlier, for the take-off.
    read_s = top_s - 0.5 * slowed
    found = estimate_moments((read_s, water_s - 0.2), Readings(((read_s, 1.0),), None, water_s), path, slowed)
    hands = hands_leave(found, slowed)
    assert found.take_off.time_s < top_s < hands.take_off.time_s < top_s + 4 * FRAME_S * slowed
    assert hands.top is None
    assert (hands.come_out, hands.contact) == (found.come_out, found.contact)


def test_an_armstand_whose_path_does_not_show_keeps_its_moments():
    found = estimate_moments((network(0.0), 3.0), Readings((), None, None), None, 1.0)
    assert hands_leave(found, 1.0) == found
