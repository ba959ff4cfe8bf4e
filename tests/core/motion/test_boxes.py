import cv2
import numpy as np
import pytest

from fineparser_core.motion.boxes import MotionFinder
from fineparser_core.motion.camera import camera_motion

SIZE = (320, 180)
N, FPS = 60, 30.0
_RNG = np.random.default_rng(3)
_NOISE = _RNG.normal(size=(400, 700)).astype(np.float32)
WALL = np.clip(120 + 250 * cv2.GaussianBlur(_NOISE, (0, 0), 2), 0, 255).astype(np.uint8)
SKIN = _RNG.integers(0, 256, (28, 12, 3), dtype=np.uint8)
OTHER_WALL = WALL[::-1, ::-1] // 3


def found(draw, pan):
    """Motion of a film of a wall: `draw` draws on the wall, `pan` is where the camera's corner lies on it."""
    finder = MotionFinder(1 / FPS)
    for k in range(N):
        wall = np.repeat((WALL if k < 45 else OTHER_WALL)[..., None], 3, axis=2)
        draw(wall, k)
        x, y = pan(k)
        finder.add(wall[y : y + SIZE[1], x : x + SIZE[0]], k / FPS)
    return finder.motion()


def still(k):
    return 150, 100


def panning(k):
    return 100 + 3 * k, 60 + 2 * k


def body(k):
    """Centre of the body on the wall."""
    return 260 + 2 * k, 130 + 2 * k


def fly(wall, k):
    x, y = body(k)
    wall[y - 14 : y + 14, x - 6 : x + 6] = SKIN


@pytest.mark.parametrize("pan", [still, panning])
def test_a_moving_body_is_one_box_whatever_the_camera_does(pan):
    motion = found(fly, pan)
    images = range(6, 40)
    near = 0
    for image in images:
        boxes = np.flatnonzero(motion.image == image)
        x, y = np.array(body(image)) - pan(image)
        off = np.abs(motion.center[boxes] - (x, y)).max(axis=1)
        near += bool(len(off)) and off.min() < 8
        assert len(boxes) <= 6
    assert near >= 0.9 * len(images)


def test_boxes_are_seen_from_one_image():
    motion = found(fly, panning)
    boxes = np.array([np.flatnonzero(motion.image == image)[0] for image in (10, 20, 30)])
    places = motion.seen_from(20, boxes)
    np.testing.assert_allclose(np.diff(places, axis=0), [[20, 20], [20, 20]], atol=5)


def test_what_flickers_where_it_is_is_left_out():
    def ripple(wall, k):
        if k % 4 < 2:
            cv2.circle(wall, (230, 200), 9, (255, 255, 255), -1)

    assert len(found(ripple, still).image) < 10
    both = found(lambda wall, k: (ripple(wall, k), fly(wall, k))[0], still)
    assert len(both.image) >= 30


def test_a_cut_begins_a_scene_and_nothing_moves_across_it():
    motion = found(fly, still)
    assert motion.scene.tolist() == [0] * 45 + [1] * 15
    assert np.flatnonzero(motion.cut).tolist() == [45]
    assert not ((motion.image >= 42) & (motion.image <= 47)).any()


def test_large_images_are_reduced_and_portrait_ones_too():
    finder = MotionFinder(0.1)
    for k in range(3):
        finder.add(np.full((1280, 720, 3), k, np.uint8), k / 10)
    motion = finder.motion()
    assert motion.size_px == (216, 384)
    assert motion.scale == pytest.approx(1280 / 384)
    with pytest.raises(ValueError, match="no image"):
        MotionFinder(0.1).motion()


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
