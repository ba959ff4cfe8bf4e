from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from fineparser_core.motion.boxes import MotionFinder, apply
from fineparser_core.motion.following import diver_of
from fineparser_core.motion.free_fall import find_free_falls
from fineparser_core.motion.overlays import BroadcastOverlays

SIZE = WIDTH, HEIGHT = 384, 216
FPS, N = 30.0, 75
LEAVES, RISES_S, BODY_PX = 20, 0.3, 34.0
G_PX = 9.81 * BODY_PX / 1.15
_RNG = np.random.default_rng(5)
_NOISE = _RNG.normal(size=(1000, 800, 3)).astype(np.float32)
_STAINS = sum(cv2.GaussianBlur(_NOISE, (0, 0), sigma) * sigma for sigma in (1.5, 4, 9))
WALL = np.clip(110 + 45 * _STAINS / _STAINS.std(), 0, 255).astype(np.uint8)


def body_at(image):
    """Place on the wall of a body that rises from a board at image `LEAVES` and falls for 0.8 s."""
    t = float(np.clip((image - LEAVES) / FPS, 0, 1.1)) - RISES_S
    return 390 + 25 * (t + RISES_S), 260 + G_PX * t**2 / 2


def standing(image):
    return 200.0, 170.0


def following(image):
    """The camera's corner on the wall, where the body stays in the middle of the picture."""
    x, y = body_at(image)
    return x - WIDTH / 2, y - HEIGHT / 2


def swaying(image):
    """Follows the body, but not perfectly, from another place, after a pan."""
    x, y = following(max(image - 2, 0))
    return x + 4 * min(image - LEAVES, 0) + 6 * np.sin(image / 4), y + 5 * np.cos(image / 5)


def picture(image, corner, alpha, bars=False):
    """A turning body in front of a wall, and what is laid over it unless alpha is None."""
    view = np.array([[1, 0, -corner[0]], [0, 1, -corner[1]]], np.float64)
    shown = cv2.warpAffine(WALL, view, SIZE, flags=cv2.INTER_LINEAR)
    x, y = np.array(body_at(image)) - corner
    in_air = LEAVES < image < LEAVES + 1.1 * FPS
    turned = 500 * (image - LEAVES) / FPS if in_air else 0
    length = BODY_PX if image < LEAVES + 8 or image > LEAVES + 24 else 0.7 * BODY_PX
    outline = cv2.boxPoints(((float(x), float(y)), (length, 11.0), 90.0 + turned))
    cv2.fillPoly(shown, [np.round(outline * 16).astype(np.int32)], (225, 160, 120), cv2.LINE_AA, 4)
    if alpha is not None:
        shown = laid_over(shown, image, alpha)
    if bars:
        shown[:14] = shown[-14:] = 0
    return shown


def laid_over(shown, image, alpha):
    """A logo, a clock and a score bar over a picture."""
    over = shown.copy()

    def write(text, x, y, color):
        cv2.putText(over, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 2, cv2.LINE_AA)

    cv2.circle(over, (345, 34), 17, (250, 250, 250), -1, cv2.LINE_AA)
    write("TV", 334, 39, (200, 20, 20))
    cv2.rectangle(over, (20, 14), (82, 34), (15, 15, 15), -1)
    write(f"{image / FPS:05.2f}", 24, 30, (255, 255, 255))
    cv2.rectangle(over, (30, 186), (350, 206), (20, 30, 90), -1)
    write("A. DIVER 107B", 36, 201, (250, 250, 250))
    write(f"{image * 37 % 1000 / 10:.1f}", 300, 201, (255, 230, 60))
    return cv2.addWeighted(over, alpha, shown, 1 - alpha, 0)


@cache
def found(corner, alpha, bars=False):
    finder = MotionFinder(1 / FPS)
    noise = np.random.default_rng(1)
    for image in range(N):
        shown = picture(image, corner(image), alpha, bars)
        finder.add(np.clip(shown + noise.normal(0, 2, shown.shape), 0, 255).astype(np.uint8), image / FPS)
    return finder.motion()


@pytest.mark.parametrize(
    ("corner", "alpha", "bars"),
    [(standing, 0.6, False), (following, 1.0, True), (swaying, None, False), (swaying, 1.0, True)],
)
def test_the_body_falls_and_no_overlay_does(corner, alpha, bars):
    motion = found(corner, alpha, bars)
    first, *others = find_free_falls(motion, least_evidence=0.3)
    bodies = np.array([np.array(body_at(image)) - corner(image) for image in motion.image[first.boxes]])
    assert np.median(np.hypot(*(motion.center[first.boxes] - bodies).T)) < 6
    assert abs(first.start_s - LEAVES / FPS) < 0.35
    assert first.end_s == pytest.approx((LEAVES + 1.1 * FPS) / FPS, abs=0.25)
    assert not others


@pytest.mark.parametrize("corner", [following, swaying])
def test_the_camera_s_motion_is_the_scene_s(corner):
    motion = found(corner, 0.8, bars=True)
    assert not motion.scene.any()
    middle = np.array([[WIDTH / 2, HEIGHT / 2]])
    for image in range(1, N):
        moved = apply(np.linalg.inv(motion.to_first[image - 1]) @ motion.to_first[image], middle) - middle
        true = np.array(corner(image)) - corner(image - 1)
        assert np.abs(moved - true).max() < 0.5, image


def test_overlays_are_known_and_the_body_whom_the_camera_follows_is_none():
    known = BroadcastOverlays((HEIGHT, WIDTH))
    ever = np.zeros((HEIGHT, WIDTH), bool)
    for image in range(N):
        gray = cv2.cvtColor(picture(image, swaying(image), 0.7), cv2.COLOR_RGB2GRAY)
        to_first = np.eye(3)
        to_first[:2, 2] = np.array(swaying(image)) - swaying(0)
        known.add(gray, to_first, image / FPS, lost=image == 0)
        ever |= known.mask > 0
    assert known.mask[20:48, 332:360].mean() > 0.9
    assert known.mask[14:34, 20:82].mean() > 0.7
    assert known.mask[188:204, 36:136].mean() > 0.9
    assert not ever[50:170, 100:320].any()


def test_a_shot_without_them_has_none():
    known = BroadcastOverlays((HEIGHT, WIDTH))
    for image in range(40):
        to_first = np.eye(3)
        to_first[0, 2] = 5.0 * image
        gray = cv2.cvtColor(picture(0, (5.0 * image, 100), 1.0), cv2.COLOR_RGB2GRAY)
        known.add(gray, to_first, image / FPS, lost=image == 0)
    assert known.mask.any()
    after_the_cut = cv2.cvtColor(picture(0, (100, 300), None), cv2.COLOR_RGB2GRAY)
    known.add(after_the_cut, np.eye(3), 40 / FPS, lost=True)
    assert not known.mask.any()


def test_borders_are_known_at_once_and_a_blank_image_hides_none():
    known = BroadcastOverlays((HEIGHT, WIDTH))
    known.add(np.zeros((HEIGHT, WIDTH), np.uint8), np.eye(3), 0.0, lost=True)
    for image in (1, 2):
        gray = cv2.cvtColor(picture(image, (100, 100), None, bars=True), cv2.COLOR_RGB2GRAY)
        known.add(gray, np.eye(3), image / FPS, lost=False)
        assert known.mask[:14].all()
        assert known.mask[-14:].all()
        assert not known.mask[20:-20].any()


@pytest.mark.parametrize(
    ("bars", "scale", "picture"),
    [(True, 1.0, (0, 18, 384, 198)), (True, 5.0, (0, 75, 1920, 1005)), (False, 1.0, (0, 0, 384, 216))],
)
def test_the_picture_of_a_dive_is_without_its_borders(bars, scale, picture):
    motion = replace(found(swaying, 1.0 if bars else None, bars), scale=scale)
    fall = find_free_falls(motion)[0]
    assert diver_of(motion, fall, np.zeros(96, int)).motion.picture_xyxy == picture
