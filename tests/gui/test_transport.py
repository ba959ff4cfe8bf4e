import numpy as np
import pytest
from PySide6.QtCore import QTimer

from fineparser_gui.player.transport import Transport


class Clock:
    """Stands still until it is told otherwise."""

    now_s = 100.0

    def __call__(self):
        return self.now_s

    def wait(self, transport, seconds):
        """What the transport's timer does, at a moment of our choice."""
        self.now_s += seconds
        transport.findChild(QTimer).stop()
        transport.advance()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def transport(qapp, clock):
    made = Transport(clock=clock)
    made.load(np.arange(10) / 50)
    yield made
    made.pause()


def test_steps_are_exact_and_stay_within_the_file(transport):
    transport.step(1)
    assert transport.frame == 1
    transport.step(10)
    assert transport.frame == 9
    transport.step(-100)
    assert transport.frame == 0


def test_playing_shows_every_frame_at_its_time_and_stops_at_the_end(transport, clock):
    seen = []
    transport.frame_changed.connect(seen.append)
    transport.play()
    for _ in range(9):
        clock.wait(transport, 0.02)
    assert seen == list(range(1, 10))
    assert transport.playing  # the last frame has its own duration
    clock.wait(transport, 0.02)
    assert not transport.playing
    assert transport.frame == 9


def test_a_variable_frame_rate_plays_by_time(transport, clock):
    transport.load(np.array([0.0, 0.02, 10.0]))
    transport.play()
    clock.wait(transport, 9.9)
    assert transport.frame == 1  # the third frame comes after ten seconds
    clock.wait(transport, 0.11)
    assert transport.frame == 2


def test_a_loop_repeats_its_frames(transport, clock):
    transport.set_loop((3, 5))
    assert transport.frame == 3
    seen = []
    transport.frame_changed.connect(seen.append)
    transport.play()
    for _ in range(7):
        clock.wait(transport, 0.0201)
    transport.pause()
    assert seen == [4, 5, 3, 4, 5, 3, 4]


def test_speeds_stop_at_both_ends(transport):
    for _ in range(9):
        transport.change_speed(1)
    assert transport.speed == 4
    for _ in range(9):
        transport.change_speed(-1)
    assert transport.speed == 0.125


def test_a_dive_stops_at_its_end_and_begins_again_at_its_start(transport, clock):
    transport.span = (2, 5)
    transport.seek(4)
    transport.play()
    clock.wait(transport, 99)
    assert (transport.frame, transport.playing) == (5, False)
    transport.play()
    assert transport.frame == 2
    transport.seek(6)  # who wants to see what comes after it
    transport.play()
    clock.wait(transport, 99)
    assert transport.frame == transport.n_frames - 1
