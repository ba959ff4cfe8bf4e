"""Transitions lie where physics measures them, else where the network reads them, and always in their order."""

import numpy as np
import pytest

from fineparser_core.inference.placing import between_readings, place
from fineparser_core.motion.moments import Moments

SAMPLED = np.arange(96) * 2 + 10
TIMES_S = SAMPLED / 30
DECODED = (30, 60)  # frames 70 and 130


def at(frame: float) -> float:
    return frame / 30


@pytest.mark.parametrize(
    ("moments", "frames", "samples", "contact"),
    [
        (Moments(None, None, None), (70, 130), (30, 60), None),
        (Moments(at(75), None, None), (75, 130), (33, 60), None),
        (Moments(at(75), at(133.4), at(150)), (75, 133), (33, 62), 150),
        # The network reads the entry after the water was touched.
        (Moments(at(75), None, at(121)), (75, 121), (33, 56), 121),
        # What contradicts the other transition does not count.
        (Moments(at(131), None, None), (70, 130), (30, 60), None),
        (Moments(None, at(60), None), (70, 130), (30, 60), None),
        (Moments(at(75), at(70), at(150)), (75, 130), (33, 60), 150),
        (Moments(None, at(132), at(128)), (70, 128), (30, 59), 128),
        (Moments(at(10), at(132), at(150)), (70, 132), (30, 61), 150),
    ],
)
def test_measured_moments_outrank_what_is_read(
    moments: Moments, frames: tuple[int, int], samples: tuple[int, int], contact: int | None
) -> None:
    transitions, placed, water = place(moments, DECODED, SAMPLED, TIMES_S)
    assert (transitions.first_flight_frame, transitions.first_entry_frame) == frames
    assert (placed, water) == (samples, contact)
    assert transitions.first_flight_s == pytest.approx(at(frames[0]))
    assert transitions.first_entry_s == pytest.approx(at(frames[1]))


def test_a_sample_that_shares_its_frame_stays_the_decoded_one() -> None:
    sampled = np.repeat(np.arange(48), 2)
    _, placed, _ = place(Moments(None, None, None), (31, 61), sampled, sampled / 30)
    assert placed == (31, 61)


@pytest.mark.parametrize(
    ("measured", "slowed", "taken"),
    [(76, 1, 74), (64, 1, 66), (84, 1, 84), (85, 2, 80), (None, 1, None)],
)
def test_the_take_off_lies_between_two_readings_that_are_near(
    measured: float | None, slowed: float, taken: float | None
) -> None:
    moments = Moments(None if measured is None else at(measured), at(130), at(140))
    found = between_readings(moments, at(70), slowed)
    assert found.take_off_s == (None if taken is None else pytest.approx(at(taken)))
    assert found[1:] == moments[1:]
