from dataclasses import replace

import numpy as np
import pytest
from bodies_kit import moving_boxes

from fineparser_core.motion.boxes import apply
from fineparser_core.motion.following import diver_of
from fineparser_core.motion.free_fall import LEAST_EVIDENCE, find_free_falls

FPS = 30.0
SIZE = (384, 216)
BODY_PX = 30.0
G_PX = 9.81 * BODY_PX / 1.15  # a second squared


def motion(paths, n, seed=0, pan=0.0):
    """Boxes of a body's size along paths {image: (x, y)} on the wall, and three a picture that walk or wait."""
    rng = np.random.default_rng(seed)
    walkers = rng.uniform((0, 60), (384, 200), (3, 2))
    steps = rng.uniform(-30, 30, (3, 2)) * (1, 0.1)
    rows = []
    for image in range(n):
        for path in paths:
            if image in path:
                rows.append((image, *(np.array(path[image]) + rng.normal(0, 0.06 * BODY_PX, 2)), BODY_PX))
        for at, step in zip(walkers, steps, strict=True):
            rows.append((image, *(at + step * image / FPS + rng.normal(0, 1, 2)), BODY_PX))
    boxes = np.array(rows)
    to_first = np.tile(np.eye(3), (n, 1, 1))
    to_first[:, 1, 2] = pan * np.arange(n)
    image = boxes[:, 0].astype(np.int64)
    center = apply(np.linalg.inv(to_first[image]), boxes[:, 1:3])
    extent = np.stack([0.7 * boxes[:, 3], boxes[:, 3]], axis=1)
    return moving_boxes(np.arange(n) / FPS, image, center, extent, scale=2.0, to_first=to_first)


def dive(first, seconds=1.1, rise_s=0.3, slowed=1.0):
    """From image `first` a body rises for a while and falls."""
    path = {}
    for image in range(first, first + round(seconds * slowed * FPS) + 1):
        t = (image - first) / FPS / slowed - rise_s
        path[image] = (120 + 40 * t, 60 + G_PX * t**2 / 2)
    return path


@pytest.mark.parametrize("pan", [0.0, 4.0])
def test_a_dive_is_found_among_walkers(pan):
    fall = find_free_falls(motion([dive(40)], 120, pan=pan))[0]
    assert abs(fall.first - 40) <= 2
    assert abs(fall.last - 73) <= 2
    assert fall.top_s == pytest.approx(40 / FPS + 0.3, abs=0.05)
    assert fall.acceleration == pytest.approx(G_PX, rel=0.1)
    assert abs(fall.acceleration - G_PX) < 3 * fall.deviation < 0.15 * G_PX
    assert fall.slowed == 1.0
    assert fall.evidence > 1.5
    assert fall.height_share == pytest.approx(G_PX * (0.8**2 - 0.3**2) / 2 / 216, rel=0.15)


@pytest.mark.parametrize(
    ("slowed", "n", "last", "abs_first", "abs_last"), [(3.0, 190, 129, 8, 4), (5.0, 230, 195, 15, 6)]
)
def test_a_slow_replay_is_told_by_gravity_and_followed_to_its_ends(slowed, n, last, abs_first, abs_last):
    fall = find_free_falls(motion([dive(30, slowed=slowed)], n))[0]
    assert fall.slowed == pytest.approx(slowed, rel=0.1)
    assert (fall.first, fall.last) == (pytest.approx(30, abs=abs_first), pytest.approx(last, abs=abs_last))


def test_boxes_that_hold_the_splash_as_well_are_taken_where_that_is_asked_for():
    path = dive(40, seconds=0.75, rise_s=0.3)  # a low dive, which ends near where it began
    moving = motion([path], 120)
    last = max(path)
    with_splash = moving.image > last - 4
    on_path = with_splash & (np.abs(moving.center[:, 0] - path[last][0]) < 10)
    center, extent = moving.center.copy(), moving.extent.copy()
    center[on_path, 1] += 0.5 * BODY_PX
    extent[on_path, 1] = 1.9 * BODY_PX
    moving = replace(moving, center=center, extent=extent)
    (strict,), (loose,) = (find_free_falls(moving, least_evidence=0.01, loose=loose)[:1] for loose in (False, True))
    assert loose.evidence > strict.evidence
    assert loose.first == pytest.approx(40, abs=2)


def test_two_dives_are_two_falls_that_do_not_overlap():
    falls = find_free_falls(motion([dive(20), dive(150)], 240), least_evidence=LEAST_EVIDENCE)
    assert sorted(round(fall.start_s, 1) for fall in falls) == pytest.approx([20 / FPS, 5.0], abs=0.15)


def test_a_hurdle_that_shows_better_than_the_dive_after_it_is_not_the_dive():
    hurdle = {image: (x - 40, y - 8) for image, (x, y) in dive(20, seconds=1.0, rise_s=0.35).items()}
    seen_badly = dive(70, seconds=0.8)
    alone = find_free_falls(motion([hurdle], 130))[0].evidence
    assert alone > find_free_falls(motion([seen_badly], 130))[0].evidence
    falls = find_free_falls(motion([hurdle, seen_badly], 130), least_evidence=LEAST_EVIDENCE)
    assert [70 - fall.first for fall in falls] == [pytest.approx(0, abs=3)]
    assert falls[0].evidence == pytest.approx(alone, rel=0.1)


def test_what_falls_on_below_is_no_second_start_of_the_dive():
    """A hurdle is known by the body going up again: what falls later and lower leaves the dive as it is."""
    first = dive(20, seconds=1.0, rise_s=0.35)
    bottom = max(y for _, y in first.values())
    lower = {image: (x, y + bottom) for image, (x, y) in dive(70, seconds=1.0).items()}
    falls = find_free_falls(motion([first, lower], 130), least_evidence=LEAST_EVIDENCE)
    assert sorted(fall.first for fall in falls) == [pytest.approx(20, abs=3), pytest.approx(70, abs=3)]


def test_walkers_a_jump_on_the_spot_and_nothing_are_none():
    hop = dive(40, seconds=0.6, rise_s=0.3)
    assert not find_free_falls(motion([], 150), least_evidence=LEAST_EVIDENCE)
    assert not find_free_falls(motion([hop], 150), least_evidence=LEAST_EVIDENCE)
    empty = motion([], 2)
    assert not find_free_falls(empty)


def test_a_camera_that_is_lost_for_a_frame_goes_on_as_it_moved():
    panned = motion([dive(40)], 120, pan=4.0)
    fall = find_free_falls(panned)[0]
    lost = panned.scene.copy()
    lost[90:] = 1
    to_first = panned.to_first.copy()
    to_first[90:] = np.linalg.inv(to_first[90]) @ to_first[90:]
    found = diver_of(replace(panned, scene=lost, to_first=to_first), fall, np.arange(12, 108)).motion.to_scene
    np.testing.assert_allclose(found, diver_of(panned, fall, np.arange(12, 108)).motion.to_scene, atol=1e-6)
    cut = replace(panned, scene=lost, to_first=to_first, cut=np.arange(120) == 90)
    assert np.abs(diver_of(cut, fall, np.arange(12, 108)).motion.to_scene - found).max() > 100


def odd_times(rng, n):
    """(n,) seconds that never go back: even, uneven, repeated, or with gaps."""
    steps = np.full(n, 1 / rng.choice([0.1, 1, 6, 20, 30, 60, 300]))
    steps *= rng.choice([np.ones(n), rng.exponential(1, n), rng.integers(0, 3, n)], axis=0)
    gaps = rng.random(n) < rng.choice([0, 0.02, 0.3])
    return np.cumsum(np.where(gaps, steps * rng.uniform(1, 200, n), steps))


def odd_motion(seed):
    """2 to 400 images with a body that falls freely among boxes at random, cuts, and images without any box."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice([rng.integers(2, 12), rng.integers(2, 60), rng.integers(2, 400)], p=[0.45, 0.45, 0.1]))
    times = odd_times(rng, n)
    n_boxes = rng.poisson(rng.choice([0, 0.5, 2]), n)
    image = np.repeat(np.arange(n), n_boxes)
    center, extent = rng.uniform(0, SIZE, (len(image), 2)), rng.uniform(3, 60, (len(image), 2))
    since = times - rng.choice(times)
    falling = np.flatnonzero(np.abs(since) < rng.uniform(0.5, 3))
    path = np.stack([150 + 30 * since, 60 + 250 * since**2 / 2], axis=1)[falling]
    order = np.argsort(np.append(image, falling), kind="stable")
    scene = np.cumsum(rng.random(n) < rng.choice([0, 0.1]))
    center, extent = np.concatenate([center, path]), np.concatenate([extent, np.full((len(falling), 2), 30.0)])
    return moving_boxes(times, np.append(image, falling)[order], center[order], extent[order], scene=scene)


@pytest.mark.parametrize("first", range(0, 500, 100))
def test_any_times_have_an_answer(first):
    n_found = 0
    for seed in range(first, first + 100):
        motion = odd_motion(seed)
        falls = find_free_falls(motion)
        n_found += bool(falls)
        for fall in falls:
            assert 0 <= fall.first < fall.last < len(motion.times_s)
            assert fall.start_s <= fall.top_s <= fall.end_s
            assert np.isfinite([fall.evidence, fall.acceleration, fall.deviation, *fall.position, *fall.velocity]).all()
    assert n_found >= 5


def test_one_image_in_ten_seconds_and_a_standing_clock():
    for times in (np.arange(5) * 10.0, np.zeros(5)):
        boxes = np.arange(5)
        center = np.stack([boxes + 100.0, boxes**2 * 3.0], axis=1)
        assert not find_free_falls(moving_boxes(times, boxes, center, np.full((5, 2), 30.0)))
