import numpy as np
import pytest
from bodies_kit import moving_boxes

from fineparser_core.motion.free_fall import find_free_falls

SIZE = (384, 216)


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
