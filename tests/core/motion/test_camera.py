import cv2
import numpy as np
import pytest

from fineparser_core.motion.camera import camera_motion

SIZE = (320, 180)


def scene(seed=0):
    """A random texture (500, 500), fine and coarse."""
    noise = np.random.default_rng(seed).normal(size=(500, 500)).astype(np.float32)
    stains = sum(cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (1.5, 4, 9))
    return np.clip(128 + 60 * stains / stains.std(), 0, 255).astype(np.uint8)


def view(wall, right=0, down=0, zoom=1, turned_deg=0):
    """What a camera sees in which the texture has moved right and down, from its middle, by a number of pixels."""
    move = cv2.getRotationMatrix2D((250, 250), turned_deg, zoom)
    move[:, 2] += np.array([right - 250 + SIZE[0] / 2, down - 250 + SIZE[1] / 2])
    return cv2.warpAffine(wall, move, SIZE, flags=cv2.INTER_LINEAR)


@pytest.mark.parametrize("down", [0, 0.5, -3.25, -17, 33])
def test_a_shift_is_measured_with_subpixel_precision(down):
    matrix, support = camera_motion(view(scene()), view(scene(), right=4, down=down))
    np.testing.assert_allclose(matrix[:2, 2], (-4, -down), atol=0.3)
    np.testing.assert_allclose(matrix[:2, :2], np.eye(2), atol=0.005)
    assert support > 0.5


def test_zoom_and_turn_are_part_of_it():
    matrix, support = camera_motion(view(scene()), view(scene(), zoom=1.02, turned_deg=2))
    assert np.hypot(*matrix[:2, 0]) == pytest.approx(1 / 1.02, abs=0.002)
    assert np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])) == pytest.approx(2, abs=0.1)
    assert support > 0.5


def test_static_graphics_and_the_followed_athlete_are_outvoted():
    pictures = [view(scene(), down=down) for down in (0, -21)]
    for picture in pictures:
        picture[4:30, 200:310] = np.tile([20, 235], 55)  # results
        picture[160:175, 10:110] = 250
        picture[70:120, 140:170] = 40  # the followed athlete
    matrix, support = camera_motion(*pictures)
    assert matrix[1, 2] == pytest.approx(21, abs=0.5)
    assert support > 0.3


def test_a_flat_image_stands_still_and_support_is_low_for_unrelated_images():
    flat = np.full(SIZE[::-1], 90, np.uint8)
    matrix, support = camera_motion(flat, flat)
    assert support == 1
    np.testing.assert_array_equal(matrix, np.eye(3))
    assert camera_motion(view(scene(1)), view(scene(2)))[1] < 0.05
    assert camera_motion(view(scene(1)), view(scene(1)))[1] == pytest.approx(1.0)


def test_a_pan_that_goes_on_is_followed_farther_than_it_could_be_found():
    before, after = view(scene(), down=-40), view(scene(), down=40)
    guess = np.array([[1, 0, 0], [0, 1, -74], [0, 0, 1.0]])
    matrix, support = camera_motion(before, after, guess)
    assert matrix[1, 2] == pytest.approx(-80, abs=0.5)
    assert support > 0.3
