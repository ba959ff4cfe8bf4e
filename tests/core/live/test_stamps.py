import itertools

import pytest

from fineparser_core.live.reader import StampClock


def test_distances_are_the_sources_own_whatever_the_network_does():
    stamps = [index / 25 for index in range(1000)]
    arrivals = [100 + stamp + (index * 7919 % 13) / 100 for index, stamp in enumerate(stamps)]
    clock = StampClock(list(zip(stamps, arrivals, strict=True))[:12], 0.0)
    placed = [clock.place(*one)[0] for one in zip(stamps, arrivals, strict=True)]
    assert placed[0] == pytest.approx(100.0, abs=0.01)
    assert [b - a for a, b in itertools.pairwise(placed)] == pytest.approx([0.04] * 999, abs=1e-4)
    assert clock.jumps == 0


def test_a_clock_that_drifts_is_followed():
    clock = StampClock([(0.0, 50.0)], 0.0)
    for second in range(3600):
        at_s, _ = clock.place(float(second), 50 + second * 1.0001)
    assert at_s == pytest.approx(50 + 3599 * 1.0001, abs=0.01)


def test_a_burst_of_the_past_at_the_start_is_placed_in_the_past():
    clock = StampClock([(0.0, 50.0), (1.0, 50.01), (2.0, 50.02)], 0.0)
    assert clock.place(0.0, 50.0)[0] == pytest.approx(48.02)


@pytest.mark.parametrize("by_s", [-3600.0, -0.5, 26.5 * 3600])
def test_a_jump_is_mended(by_s):
    clock = StampClock([(0.0, 50.0)], 0.0)
    placed = [clock.place(index / 25 + (by_s if index >= 50 else 0), 50 + index / 25)[0] for index in range(100)]
    assert [b - a for a, b in itertools.pairwise(placed)] == pytest.approx([0.04] * 99, abs=0.002)
    assert clock.jumps == (abs(by_s) > 1)


def test_a_pause_is_no_jump():
    clock = StampClock([(0.0, 50.0)], 0.0)
    assert [clock.place(*one)[0] for one in [(0.0, 50.0), (3.0, 53.02), (3.04, 53.04)]] == pytest.approx(
        [50, 53, 53.04], abs=0.002
    )
    late = StampClock([(0.0, 50.0)], 0.0)  # it stalls, and then brings what it has kept
    assert late.place(0.04, 54.0)[0] == pytest.approx(50.04, abs=0.001)
    assert clock.jumps == late.jumps == 0


def test_times_never_go_back_at_a_new_connection():
    clock = StampClock([(0.0, 50.0)], 60.0)
    assert clock.place(0.0, 50.0)[0] > 60.0
