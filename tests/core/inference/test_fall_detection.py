"""Detection of falls in motion tracks, with a static and with a following camera."""

import numpy as np
import pytest

from fineparser_core.inference.fall_detection import (
    MotionTrack,
    clip_around,
    cumulative_descent,
    find_falls,
    suppress_overlaps,
)
from fineparser_core.types import DiveSegment

STEP_S = 0.1


def evidence(n: int) -> MotionTrack:
    """Nobody, and a camera that stands still."""
    return MotionTrack(
        frames=np.arange(n) * 3,
        times_s=np.arange(n) * STEP_S,
        area=np.zeros(n),
        centre_y=np.full(n, np.nan),
        shift_y=np.zeros(n),
        response=np.ones(n),
    )


def dive(track: MotionTrack, take_off: int, *, follow: float = 0.0, height: float = 0.6, seconds: float = 1.2) -> int:
    """Somebody stands for 3 s and falls by that many heights of the picture; returns the sample of the water.

    Args:
        follow: share of the way that the camera pans with the athlete.
    """
    n = round(seconds / STEP_S)
    way = height * (np.arange(n + 1) / n) ** 2
    track.area[take_off - 30 : take_off + n] = 0.02
    track.centre_y[take_off - 30 : take_off] = 0.3
    track.centre_y[take_off : take_off + n] = 0.3 + (1 - follow) * way[:n]
    track.shift_y[take_off + 1 : take_off + n + 1] -= follow * np.diff(way)
    return take_off + n


@pytest.mark.parametrize("follow", [0.0, 0.5, 1.0], ids=["still camera", "half", "following camera"])
def test_finds_a_dive_and_cuts_it_with_its_take_off_and_splash(follow: float) -> None:
    track = evidence(200)
    water = dive(track, 80, follow=follow)
    (fall,) = find_falls(track)
    assert fall.end_s == pytest.approx(water * STEP_S, abs=0.21)
    assert 8.0 - 0.3 <= fall.top_s <= 8.5
    assert fall.gone == 1.0
    first, last = clip_around(fall, np.arange(600) / 30)
    assert first / 30 == pytest.approx(fall.top_s - 1.5, abs=0.04)
    assert last / 30 == pytest.approx(fall.end_s + 1.6, abs=0.04)


def test_finds_each_of_several_dives() -> None:
    track = evidence(500)
    waters = [dive(track, 60), dive(track, 200, follow=1.0, height=2.0), dive(track, 400, height=0.3)]
    assert [fall.end_s for fall in find_falls(track)] == pytest.approx([w * STEP_S for w in waters], abs=0.21)


def test_a_blurred_pan_is_taken_to_go_on() -> None:
    track = evidence(200)
    dive(track, 80, follow=1.0, height=2.0)
    track.response[86:89], track.shift_y[86:89] = 0.02, 0.4
    (fall,) = find_falls(track)
    assert fall.descent > 1.2


def test_walking_standing_and_a_cut_are_no_falls() -> None:
    track = evidence(300)
    track.area[20:150] = 0.03
    track.centre_y[20:150] = 0.5 + 0.02 * np.sin(np.arange(130))
    track.area[150:250], track.centre_y[150:250] = 0.2, 0.8  # a close-up, after a cut
    track.shift_y[150], track.response[150] = 0.45, 0.01
    assert find_falls(track) == []


def test_a_camera_that_pans_down_with_somebody_who_stays_is_no_fall() -> None:
    track = evidence(200)
    track.area[:], track.centre_y[:] = 0.03, 0.5
    track.shift_y[100:115] = -0.03
    assert find_falls(track) == []


def test_a_pan_over_an_empty_pool_is_no_fall() -> None:
    track = evidence(200)
    track.shift_y[100:120] = -0.2
    assert find_falls(track) == []


def test_another_persons_mask_is_no_way_down() -> None:
    track = evidence(100)
    track.area[:], track.centre_y[:50], track.centre_y[50:] = 0.02, 0.2, 0.8
    assert abs(cumulative_descent(track)).max() == 0


def test_the_cut_stays_within_the_file() -> None:
    track = evidence(60)
    dive(track, 31)
    (fall,) = find_falls(track)
    times = np.arange(150) / 30
    first, last = clip_around(fall, times)
    assert 0 <= first < last <= 149


def test_of_two_segments_with_the_same_flight_the_surer_stays() -> None:
    def segment(flight: int, entry: int, confidence: float) -> DiveSegment:
        return DiveSegment(
            in_frame=flight - 30,
            out_frame=entry + 60,
            first_flight_frame=flight,
            first_entry_frame=entry,
            confidence=confidence,
        )

    one, same, next_one = segment(100, 140, 0.5), segment(110, 150, 0.8), segment(170, 200, 0.3)
    assert suppress_overlaps([one, same, next_one]) == [same, next_one]
