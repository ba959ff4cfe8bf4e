"""The camera's movement between two pictures, whatever is laid over them."""

import cv2
import numpy as np
import pytest

from fineparser_core.video.camera import scene_shift

SIZE = 112


def scene(seed: int = 0) -> np.ndarray:
    """A wall of stains (300, 112), some fine and some coarse."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(300, SIZE)).astype(np.float32)
    stains = sum(cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (1.5, 4, 9))
    return np.clip(128 + 60 * stains / stains.std(), 0, 255).astype(np.uint8)


def view(wall: np.ndarray, down: float) -> np.ndarray:
    """What a camera sees of a wall that has moved down in the picture by so many pixels."""
    move = np.array([[1, 0, 0], [0, 1, down - 90]], np.float32)
    return cv2.warpAffine(wall, move, (SIZE, SIZE), flags=cv2.INTER_LINEAR)


@pytest.mark.parametrize("down", [0, 0.5, -3.25, -17, -40, 24])
def test_a_scene_that_moves_is_measured_to_a_fraction_of_a_pixel(down: float) -> None:
    shift, sure = scene_shift(view(scene(), 0), view(scene(), down))
    assert shift == pytest.approx(down, abs=0.3)
    assert sure > 0.5


def test_graphics_that_stay_and_an_athlete_who_is_followed_do_not_count() -> None:
    pictures = [view(scene(), down) for down in (0, -21)]
    for picture in pictures:
        picture[4:16, 70:108] = np.tile([20, 235], 19)  # results
        picture[100:108, 4:40] = 250
        picture[40:70, 46:62] = 40  # who is followed
    shift, sure = scene_shift(*pictures)
    assert shift == pytest.approx(-21, abs=0.5)
    assert sure > 0.3


def test_what_shows_nothing_or_something_else_is_no_measure() -> None:
    flat = np.full((SIZE, SIZE), 90, np.uint8)
    assert scene_shift(flat, flat) == (0.0, 0.0)
    _, sure = scene_shift(view(scene(1), 0), view(scene(2), 0))
    assert sure < 0.5
    _, same = scene_shift(view(scene(1), 0), view(scene(1), 0))
    assert same == pytest.approx(1.0)
