import numpy as np
import pytest

from fineparser_core.video.alignment import StepAlignment
from fineparser_gui.playback.transport import Transport


@pytest.fixture
def transport(qapp):
    made = Transport()
    made.load(np.arange(10) / 50)
    return made


def test_steps_are_exact_and_stay_within_the_file(transport):
    transport.step(1)
    assert transport.frame == 1
    transport.step(10)
    assert transport.frame == 9
    transport.step(-100)
    assert transport.frame == 0


def test_playing_shows_frames_in_order_and_stops_at_the_end(transport, qtbot):
    seen = []
    transport.frame_changed.connect(seen.append)
    transport.play()
    qtbot.waitUntil(lambda: not transport.playing, timeout=5000)
    assert seen == sorted(seen)
    assert transport.frame == 9


def test_a_variable_frame_rate_plays_by_time(qapp, qtbot):
    transport = Transport()
    transport.load(np.array([0.0, 0.02, 10.0]))
    transport.play()
    qtbot.wait(150)
    assert transport.frame == 1  # the third frame comes after ten seconds
    transport.pause()


def test_a_loop_repeats_its_frames(transport, qtbot):
    transport.set_loop((3, 5))
    assert transport.frame == 3
    seen = []
    transport.frame_changed.connect(seen.append)
    transport.play()
    qtbot.waitUntil(lambda: seen.count(3) >= 2, timeout=5000)
    transport.pause()
    assert set(seen) <= {3, 4, 5}


def test_shuttle_doubles_and_turns(transport):
    transport.shuttle(1)
    transport.shuttle(1)
    assert transport.rate == 2
    transport.shuttle(-1)
    assert transport.rate == -1
    transport.pause()


def test_speeds_stop_at_both_ends(transport):
    for _ in range(9):
        transport.change_speed(1)
    assert transport.speed == 4
    for _ in range(9):
        transport.change_speed(-1)
    assert transport.speed == 0.125


def test_steps_of_two_dives_start_together():
    alignment = StepAlignment((1, 18, 51, 102), (10, 40, 60, 90))
    assert [alignment.map_frame(frame) for frame in (1, 18, 51, 102)] == [10, 40, 60, 90]
    assert alignment.map_frame(17) < 40
    assert alignment.map_frame(50) < 60
    assert alignment.map_frame(0) == 10  # before the dive the other one waits
