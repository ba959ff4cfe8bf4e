"""Which falls of a recording are looked at, and where the clip of a dive begins and ends."""

import numpy as np
import pytest

from fineparser_core.inference.trim import suppress_overlaps
from fineparser_core.motion.cutting import AFTER_S, BEFORE_S, apart, clip_around
from fineparser_core.motion.free_fall import FreeFall
from fineparser_core.types import DiveSegment


def fall(start_s: float, evidence: float) -> FreeFall:
    values = {"start_s": start_s, "top_s": start_s + 0.3, "end_s": start_s + 1.0, "evidence": evidence}
    values |= {"first": 0, "last": 1, "size_px": 40.0, "acceleration": 340.0, "descent": 2.0, "height_share": 0.4}
    values |= {"deviation": 10.0, "at_s": start_s + 0.5}
    return FreeFall(**values, position=(100.0, 60.0), velocity=(40.0, 60.0), seen_from=0, boxes=np.arange(2))


def test_the_hurdle_before_a_dive_is_none_of_its_own() -> None:
    falls = [fall(10, 2.0), fall(8.6, 0.9), fall(20, 1.5), fall(3, 0.5)]
    assert [one.start_s for one in apart(falls)] == [3, 10, 20]


def test_a_clip_reaches_from_the_hurdle_to_the_splash_and_stays_in_the_file() -> None:
    times_s = np.arange(300) / 30
    assert clip_around(4.0, 5.0, 1.0, times_s, (0, 299)) == (round((4 - BEFORE_S) * 30), round((5 + AFTER_S) * 30))
    assert clip_around(4.0, 5.0, 3.0, times_s, (0, 299)) == (0, 285)
    assert clip_around(0.2, 9.9, 1.0, times_s, (0, 299)) == (0, 299)
    assert clip_around(4.0, 5.0, 1.0, times_s, (100, 160)) == (100, 160)  # a cut on either side


def test_of_overlapping_flights_the_surest_stays() -> None:
    def segment(first: int, confidence: float) -> DiveSegment:
        return DiveSegment(
            in_frame=first - 40,
            out_frame=first + 80,
            first_flight_frame=first,
            first_entry_frame=first + 30,
            confidence=confidence,
        )

    kept = suppress_overlaps([segment(100, 0.5), segment(110, 0.8), segment(300, 0.2)])
    assert [one.first_flight_frame for one in kept] == [110, 300]
    assert suppress_overlaps([]) == []


@pytest.mark.parametrize("slowed", [1.0, 2.5])
def test_margins_are_real_time(slowed: float) -> None:
    times_s = np.arange(900) / 30
    first, last = clip_around(12.0, 14.0, slowed, times_s, (0, 899))
    assert first == pytest.approx((12 - BEFORE_S * slowed) * 30, abs=1)
    assert last == pytest.approx((14 + AFTER_S * slowed) * 30, abs=1)
