import numpy as np
import pytest

from fineparser_core.synth import render, shots
from fineparser_core.synth.camera import animate_camera, sample_viewpoint
from fineparser_core.synth.optics import skew
from fineparser_core.synth.render import DiveSpec
from fineparser_core.synth.shots import Foreground, Timing

TIMING = Timing(n_frames=100, first_flight_frame=30, first_entry_frame=64, step_s=0.04, start_s=-1.2)


def plan(seed, timing=TIMING, *, clear=False):
    return render._plan_shots(DiveSpec(dive_number="107B", clear=clear), timing, 1.7, np.random.default_rng(seed))


def test_shots_cover_all_frames():
    seen = set()
    for seed in range(120):
        shots = plan(seed)
        assert np.concatenate([shot.time_s() for shot, _ in shots]) == pytest.approx(TIMING.time_s())
        seen.add(tuple(view for _, view in shots))
        # The main shot contains push-off, flight and splash.
        dive = next(shot for shot, view in shots if view == "dive")
        assert dive.start_s < -0.2
        assert dive.time_s()[-1] > 1.9
    assert {("dive",), ("close", "dive"), ("dive", "underwater")} <= seen
    assert [view for _, view in plan(0, clear=True)] == ["dive"]


def test_rolling_shutter_skews_image_and_mask_equally():
    mask = np.zeros((60, 80), np.uint8)
    mask[5:55, 38:42] = 1
    image = np.repeat(mask[..., None] * 200, 3, axis=2)
    skewed_image, skewed_mask = skew(image, (12.0, 0.0), 1.0), skew(mask, (12.0, 0.0), 1.0)
    top, bottom = np.flatnonzero(skewed_mask[6]).mean(), np.flatnonzero(skewed_mask[53]).mean()
    assert bottom - top == pytest.approx(12 * 47 / 60, abs=1.1)
    assert (skewed_image[skewed_mask == 1].max(1) > 60).all()
    assert np.array_equal(skew(mask, (0.0, 0.0), 1.0), mask)


def test_interlaced_frames_alternate_the_rows_of_two_fields():
    frames = np.zeros((4, 6, 5, 3), np.uint8)
    frames[1::2] = 9
    masks = np.zeros((4, 6, 5), np.uint8)
    masks[1] = 1
    joints = np.arange(4, dtype=np.float32)[:, None, None] * np.ones((4, 16, 2), np.float32)
    interlaced, interlaced_masks, mean_joints = shots.interlace((frames, masks, joints))
    assert interlaced.shape == (2, 6, 5, 3)
    assert (interlaced[:, ::2] == 0).all()
    assert (interlaced[:, 1::2] == 9).all()
    assert interlaced_masks.sum((1, 2)).tolist() == [15, 0]
    assert mean_joints[:, 0, 0].tolist() == [0.5, 2.5]
    fields = shots.to_fields(TIMING)
    assert fields.time_s().reshape(-1, 2).mean(1) == pytest.approx(TIMING.time_s())


def test_the_foreground_clears_the_mask_where_it_is_drawn():
    lost = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        where = np.tile([1.0, 0.0, 5.0], (4, 1))
        camera = animate_camera(sample_viewpoint(10.0, False, rng), where, 0.04, np.zeros(4), (96, 72), rng)
        at = np.arange(4)
        seen, _ = camera.project(where[:, None], at)
        foreground = Foreground(camera, at, seen, where, rng)
        image, mask = np.full((72, 96, 3), 128, np.uint8), np.ones((72, 96), np.uint8)
        foreground.draw(image, mask, 2)
        assert (image[mask == 1] == 128).mean() > 0.8
        # Masked-out pixels are drawn over.
        assert (
            (np.abs(image[mask == 0].astype(int) - 128).max(-1, initial=0) > 2).mean() > 0.9
            if (mask == 0).any()
            else True
        )
        lost += int((mask == 0).any() and (mask == 1).any())
    assert lost >= 8
