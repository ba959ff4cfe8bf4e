"""Camera motion between two images, robust to graphics and to the athlete."""

import cv2
import numpy as np
import pytest

from fineparser_core.video.camera_motion import vertical_shift

SIZE = 112


def scene(seed: int = 0) -> np.ndarray:
    """A random texture (300, 112), fine and coarse."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(300, SIZE)).astype(np.float32)
    stains = sum(cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (1.5, 4, 9))
    return np.clip(128 + 60 * stains / stains.std(), 0, 255).astype(np.uint8)


def view(wall: np.ndarray, down: float) -> np.ndarray:
    """The view of a camera in which the texture has moved down by a number of pixels."""
    move = np.array([[1, 0, 0], [0, 1, down - 90]], np.float32)
    return cv2.warpAffine(wall, move, (SIZE, SIZE), flags=cv2.INTER_LINEAR)


@pytest.mark.parametrize("down", [0, 0.5, -3.25, -17, -40, 24])
def test_a_shift_is_measured_with_subpixel_precision(down: float) -> None:
    shift, support = vertical_shift(view(scene(), 0), view(scene(), down))
    assert shift == pytest.approx(down, abs=0.3)
    assert support > 0.5


def test_static_graphics_and_the_followed_athlete_are_outvoted() -> None:
    pictures = [view(scene(), down) for down in (0, -21)]
    for picture in pictures:
        picture[4:16, 70:108] = np.tile([20, 235], 19)  # results
        picture[100:108, 4:40] = 250
        picture[40:70, 46:62] = 40  # the followed athlete
    shift, support = vertical_shift(*pictures)
    assert shift == pytest.approx(-21, abs=0.5)
    assert support > 0.3


def test_support_is_zero_without_contrast_and_low_for_unrelated_images() -> None:
    flat = np.full((SIZE, SIZE), 90, np.uint8)
    assert vertical_shift(flat, flat) == (0.0, 0.0)
    _, support = vertical_shift(view(scene(1), 0), view(scene(2), 0))
    assert support < 0.5
    _, same = vertical_shift(view(scene(1), 0), view(scene(1), 0))
    assert same == pytest.approx(1.0)
