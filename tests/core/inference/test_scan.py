"""Motion of athlete and camera in a clip, measured ten times a second."""

import numpy as np
import pytest

from fineparser_core.inference.fall_detection import longest_descent
from fineparser_core.inference.scan import clip_motion

N, FPS, SIZE = 96, 30.0, 112


def followed_dive(way_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (96, 112, 112, 3) and masks of an athlete who stays in the middle while the wall behind moves up."""
    rng = np.random.default_rng(3)
    wall = np.kron(rng.integers(40, 200, (60, 16)), np.ones((7, 7))).astype(np.uint8)
    images, masks = np.empty((N, SIZE, SIZE, 3), np.uint8), np.zeros((N, SIZE, SIZE), np.float32)
    for k, down in enumerate(way_px.astype(int)):
        images[k] = wall[down : down + SIZE, :SIZE, None]
        images[k, 50:62, 50:62] = 20
        images[k, 6:14, 70:110] = np.tile([10, 245], 20)[:, None]  # judges' awards
        masks[k, 50:62, 50:62] = 1
    return images, masks


def test_a_dive_that_the_camera_follows_comes_down_as_far_as_the_scene_goes_up() -> None:
    way = np.interp(np.arange(N), [30, 60], [0, 168])
    images, masks = followed_dive(way)
    track = clip_motion(np.arange(N), np.arange(N) / FPS, images, masks)
    assert np.diff(track.frames)[:-1].tolist() == [3] * (len(track.frames) - 2)
    assert longest_descent(track) == pytest.approx(1.5, abs=0.1)


def test_frames_that_are_shown_twice_count_once() -> None:
    images, masks = followed_dive(np.zeros(N))
    track = clip_motion(np.arange(N) // 8, np.arange(N) // 8 * 0.04, images, masks)
    assert len(set(track.frames.tolist())) == len(track.frames)
    assert longest_descent(track) == pytest.approx(0, abs=0.01)
