import cv2
import numpy as np
import pytest

from fineparser_core.motion.boxes import MotionFinder

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
