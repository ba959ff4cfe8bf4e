from dataclasses import replace

import numpy as np
import pytest
from measured_dive import PX_PER_M, measured_parse

from fineparser_core.measures.center_path import center_path
from fineparser_core.measures.context import SeenDive

WATER_PX = 500.0


def in_water_at_contact():
    """A dive whose mask's lowest point lies on the water when it is touched."""
    parse = measured_parse(speed=4.0)
    masks = parse.mask_probability.copy()
    masks[parse.first_water_contact_frame, 80, 40] = 1
    crops = parse.crop_xyxy.copy()
    crops[:, [1, 3]] = WATER_PX - 81 / 112 * 640 + np.array([0, 640])
    return replace(parse, mask_probability=masks, crop_xyxy=crops)


def test_heights_are_metres_over_the_water():
    parse = in_water_at_contact()
    path = center_path(parse)
    top, *whole = path.marks
    # 4 m/s up is 0.815 m, above the centre of mass that leaves the board.
    leaves_y = SeenDive.of(parse).center_of_mass()[30, 1]
    true_top = (WATER_PX - leaves_y) / PX_PER_M + 4.0**2 / 19.62
    assert top[2] == pytest.approx(true_top, abs=0.05)
    assert [mark[2] for mark in whole] == list(range(int(true_top), int(true_top) - len(whole), -1))
    for mark in path.marks:
        assert (WATER_PX - mark[1]) / PX_PER_M == pytest.approx(mark[2], abs=0.05)
    place = path.place(45)
    np.testing.assert_allclose(place[0], 100 + PX_PER_M * 0.8 * 0.5, atol=3)
    assert path.place(10) is None


def test_a_panned_camera_sees_the_path_move():
    parse = in_water_at_contact()
    to_scene = parse.motion.to_scene.copy()
    to_scene[:, 0, 2] = 2.0 * np.arange(96)
    panned = replace(parse, motion=replace(parse.motion, to_scene=to_scene))
    joints = panned.joints.copy()
    joints[..., 0] -= 2.0 * np.arange(96)[:, None]
    still, moving = center_path(parse), center_path(replace(panned, joints=joints))
    shift = moving.in_frame(50, moving.points) - still.in_frame(50, still.points)
    np.testing.assert_allclose(shift, np.tile([-100.0, 0.0], (len(shift), 1)), atol=0.5)


def test_no_heights_without_scale_or_water():
    parse = in_water_at_contact()
    assert not len(center_path(replace(parse, moments=replace(parse.moments, contact=None))).marks)
    assert not len(center_path(replace(parse, motion=replace(parse.motion, slowed=2.0))).marks)
    blind = replace(parse, joints=None, mask_probability=np.zeros_like(parse.mask_probability))
    assert center_path(blind) is None
