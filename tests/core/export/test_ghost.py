from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fineparser_core.export.ghost import cut_out, ghost_over
from fineparser_core.records import ComparedDive, DiveMotion, MaskTrack, step_spans


def dive(x0, y0, size, shift=0.0):
    """A square body, whose camera pans by `shift` pixels a frame, in 96 frames."""
    masks = np.zeros((96, 112, 112), np.float16)
    masks[:, 28:84, 28:84] = 1
    crops = np.tile(np.array([x0, y0, x0 + 2 * size, y0 + 2 * size], np.float32), (96, 1))
    track = MaskTrack(sampled_frames=np.arange(96), mask_probability=masks, crop_xyxy=crops)
    views = np.tile(np.eye(3), (96, 1, 1))
    views[:, 0, 2] = shift * np.arange(96)
    still = (0.0, 0.0)
    motion = DiveMotion(
        to_scene=views, path_s=np.zeros(2), path_xy=np.zeros((2, 2)), at_s=0, position=still, velocity=still,
        gravity=1, gravity_deviation=1, body_px=size,
    )  # fmt: skip
    return ComparedDive(path=Path("a"), title="a", steps=step_spans(0, 30, 60, 96), masks=track, motion=motion)


def test_centres_coincide_and_lengths_are_equal():
    here, there = dive(100, 50, 80), dive(10, 20, 40)
    ghost = ghost_over(here, there, (40, 50))
    corners = np.array([[30, 40, 1], [70, 80, 1.0]]) @ ghost.matrix(40, 50)[:2].T
    assert corners == pytest.approx(np.array([[140, 90], [220, 170]]), abs=0.01)
    mirrored = ghost_over(here, replace(there, mirrored=True), (40, 50))
    corners = np.array([[30, 40, 1], [70, 80, 1.0]]) @ mirrored.matrix(40, 50)[:2].T
    assert corners == pytest.approx(np.array([[220, 90], [140, 170]]), abs=0.01)


def test_it_goes_its_way_as_its_camera_has_seen_it():
    ghost = ghost_over(dive(100, 50, 40), dive(10, 20, 40, shift=3.0), (40, 40))
    assert ghost.matrix(40, 50)[0, 2] - ghost.matrix(40, 40)[0, 2] == pytest.approx(30)
    assert ghost.matrix(50, 40)[0, 2] == pytest.approx(ghost.matrix(40, 40)[0, 2])


def test_bodies_are_centred_where_it_is_not_known_how_a_camera_moved():
    panned = dive(10, 20, 40)
    panned.masks.crop_xyxy[:] += 2 * np.arange(96)[:, None] * np.array([1, 0, 1, 0])
    ghost = ghost_over(dive(100, 50, 40), replace(panned, motion=None), (40, 40))
    for frame in (40, 50):
        center = np.array([50 + 2 * frame, 60, 1.0])
        assert (ghost.matrix(40, frame) @ center)[:2] == pytest.approx([140, 90])


def test_without_masks_nothing_is_laid_over():
    here = dive(0, 0, 40)
    assert ghost_over(here, replace(here, masks=None), (40, 40)) is None
    here.masks.mask_probability[:] = 0
    assert ghost_over(dive(0, 0, 40), here, (40, 40)) is None


def test_the_cut_out_is_the_body_alone_at_any_size_of_the_picture():
    there = dive(10, 20, 40)
    for scale in (1, 2):
        image = np.full((120 * scale, 160 * scale, 3), 200, np.uint8)
        pixels, place = cut_out(image, (160, 120), there.masks, 40, (0, 0, 0))
        middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]
        assert middle[3] == pytest.approx(255 * 0.85, abs=1)
        assert middle[:3] == pytest.approx(200 * 0.25 * 0.85, abs=1)
        assert place == pytest.approx([30, 40, 70, 80], abs=2)
        assert (pixels[..., 3] > 0).sum() == pytest.approx(40 * 40 * scale**2, rel=0.1)
