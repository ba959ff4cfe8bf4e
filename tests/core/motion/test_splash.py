from functools import cache

import cv2
import numpy as np
import pytest

from fineparser_core.motion.splash import CONTACT_S, find_splash, water_views
from fineparser_core.records import DiveMotion

FPS, CONTACT, PX_PER_M = 30, 45, 60
ENTRY = np.array([330.0, 250.0])
FOAM = (215, 220, 225)


def motion(to_scene):
    return DiveMotion(
        to_scene=to_scene,
        path_s=np.array([0.5, CONTACT / FPS]),
        path_xy=np.array([[300.0, 100.0], ENTRY - [0, 20]]),
        at_s=1.0,
        position=(0.0, 0.0),
        velocity=(0.0, 0.0),
        gravity=9.81 * PX_PER_M,
        gravity_deviation=1.0,
        body_px=60.0,
    )


@cache
def filmed(width_m, *, pan_px=0.0, n=96, water=(40, 110, 170), late=False):
    """Pictures of a pool with ripples, in which foam of a width spreads from the contact on, and what takes them home.

    Args:
        late: the camera sees the water from just before the contact on.
    """
    ripples = np.random.default_rng(0).normal(0, 6, (400, 640, 1))
    pictures, to_scene = [], np.tile(np.eye(3), (n, 1, 1))
    for k in range(n):
        scene = np.full((400, 900, 3), water, np.uint8)
        scene[:150] = (150, 140, 130)  # a wall
        scene[:150, ::40] = 60
        since_s = (k - CONTACT) / FPS
        if width_m and since_s > 0:
            spread = min(since_s / 0.25, 1.0)
            axes = (round(spread * width_m / 2 * PX_PER_M), round(spread * width_m / 6 * PX_PER_M))
            cv2.ellipse(scene, ENTRY.astype(int).tolist(), axes, 0, 0, 360, FOAM, -1)
        left, top = pan_px * k, -260.0 if late and since_s < -0.1 else 0.0
        to_scene[k, :2, 2] = left, top
        shown = cv2.warpAffine(scene, np.array([[1, 0, -left], [0, 1, -top]]), (640, 400))
        pictures.append(np.clip(shown + np.roll(ripples, 37 * k), 0, 255).astype(np.uint8))
    return pictures, motion(to_scene)


def splash_of(pictures, fall, late_s=0.0):
    times_s = np.arange(len(pictures)) / FPS
    views = water_views(pictures, np.ones(2), fall, times_s, np.ones(len(pictures), bool))
    return find_splash(views, times_s[views.samples] - CONTACT / FPS - late_s, ENTRY)


@pytest.mark.parametrize(
    ("width_m", "how"),
    [(0.5, {}), (1.8, {}), (1.0, {"pan_px": 1.5}), (1.8, {"late": True}), (0.5, {"water": (90, 160, 130)})],
)
def test_white_water_is_as_wide_as_it_is(width_m, how):
    width_px, deviation_px = splash_of(*filmed(width_m, **how))
    assert width_px / PX_PER_M == pytest.approx(0.81 * width_m, abs=0.1)  # which holds 90 % of an ellipse
    assert 0.15 < deviation_px / PX_PER_M < 0.4


@pytest.mark.parametrize("late_s", [-CONTACT_S, CONTACT_S])
def test_a_contact_that_is_a_little_off_leaves_the_width(late_s):
    pictures, fall = filmed(1.0)
    assert splash_of(pictures, fall, late_s) == pytest.approx(splash_of(pictures, fall), rel=0.05)


def test_a_rip_has_no_width():
    assert splash_of(*filmed(0.0))[0] == 0


def test_foam_of_another_dive_is_no_splash():
    pictures, fall = filmed(0.0)
    pictures = [picture.copy() for picture in pictures]
    for picture in pictures[CONTACT:]:
        cv2.ellipse(picture, (470, 250), (40, 12), 0, 0, 360, FOAM, -1)
    assert splash_of(pictures, fall)[0] == 0


def test_a_recording_that_ends_with_the_contact_shows_no_splash():
    assert splash_of(*filmed(1.0, n=CONTACT + 8)) is None
    assert splash_of(*filmed(1.0, n=10)) is None


def test_water_outside_of_the_picture_is_not_judged():
    pictures, fall = filmed(1.0)
    assert splash_of([picture[:200] for picture in pictures], fall) is None
