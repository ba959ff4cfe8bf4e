from dataclasses import replace

import numpy as np
import pytest

from fineparser_core.constants import KEYPOINT_NAMES
from fineparser_core.synth import dataset
from fineparser_core.synth.dataset import TRUTH_FOLDER, SynthConfig, key_of, sample_spec, synthesize
from fineparser_core.synth.optics import skew, skew_points
from fineparser_core.synth.render import DiveSpec, render_dive

SMALL = {"height_px": 96, "aspect": 4 / 3}


@pytest.fixture(scope="module")
def dive():
    return render_dive(DiveSpec(dive_number="207C", board_m=10.0, qualities=(8.0, 8.0, 8.0), clear=True, **SMALL), 4)


def test_same_seed_gives_the_same_pixels(dive):
    again = render_dive(DiveSpec(dive_number="207C", board_m=10.0, qualities=(8.0, 8.0, 8.0), clear=True, **SMALL), 4)
    assert np.array_equal(dive.frames, again.frames)
    assert np.array_equal(dive.masks, again.masks)
    assert dive.awards == again.awards


def test_masks_hold_the_athlete_in_flight_and_nothing_under_water(dive):
    area = dive.masks.sum((1, 2))
    assert dive.masks.dtype == np.uint8
    assert dive.masks.max() == 1
    assert area[dive.first_flight_frame : dive.contact_frame].min() > 20
    # At 10 m the whole body is under about a quarter of a second after the hands touch the water.
    assert area[dive.contact_frame + 10 :].max() == 0


def test_transitions_are_in_order_and_the_entry_begins_before_the_water(dive):
    assert 0 < dive.first_flight_frame < dive.first_entry_frame < dive.contact_frame < len(dive.frames)
    assert 0.15 < (dive.contact_frame - dive.first_entry_frame) / dive.fps < 0.5
    # A fall from 10 m after a jump takes about 1.7 s.
    assert 1.5 < (dive.contact_frame - dive.first_flight_frame) / dive.fps < 1.95


@pytest.mark.parametrize(
    ("seed", "spec"),
    [
        (4, DiveSpec(dive_number="207C", clear=True, height_px=128, aspect=4 / 3)),
        (5, DiveSpec(dive_number="207C", clear=True, height_px=128, aspect=4 / 3)),  # mirrored
        (4, DiveSpec(dive_number="107B", board_m=3.0, clear=True, height_px=128, aspect=16 / 9)),
    ],
)
def test_joints_of_the_athlete_lie_in_the_mask(seed, spec):
    dive = render_dive(spec, seed)
    count, height, width = dive.masks.shape
    assert dive.joints.shape == (count, len(KEYPOINT_NAMES), 2)
    assert dive.joints.dtype == np.float32
    hits = []
    for i in range(dive.first_flight_frame, dive.contact_frame - 1):
        x, y = (dive.joints[i, :-1] * (width, height)).astype(int).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        hits.append(dive.masks[i][y[inside], x[inside]])
    assert np.concatenate(hits).mean() > 0.9


@pytest.mark.parametrize("number", ["107B", "612B"])
def test_the_board_is_at_the_feet_or_hands_at_take_off(number):
    dive = render_dive(DiveSpec(dive_number=number, clear=True, height_px=128, aspect=4 / 3), 6)
    last = dive.first_flight_frame - 1
    names = ("wrist_l", "wrist_r") if number.startswith("6") else ("toe_l", "toe_r")
    held = dive.joints[last, [KEYPOINT_NAMES.index(name) for name in names]].mean(axis=0)
    height = np.ptp(dive.joints[last, :-1, 1])
    assert np.abs(held - dive.joints[last, -1]).max() < 0.2 * height


def test_points_are_skewed_with_the_image():
    mask = np.zeros((60, 80), np.uint8)
    mask[50, 40] = 1
    y, x = np.argwhere(skew(mask, (12.0, 3.0), 1.0))[0]
    assert skew_points(np.array([[40.0, 50.0]]), 60, (12.0, 3.0), 1.0)[0] == pytest.approx((x, y), abs=1.0)


def test_the_truth_is_saved_with_the_dive(tmp_path, monkeypatch):
    def small(spec, seed):
        return render_dive(replace(spec, height_px=96), seed)

    monkeypatch.setattr(dataset, "render_dive", small)
    config = SynthConfig(train=1, test=0, seed=3, numbers=("101B",))
    synthesize(tmp_path, config)
    spec, seed = sample_spec(config, 0)
    (event, index), dive = key_of(spec, 0), small(spec, seed)
    with np.load(tmp_path / TRUTH_FOLDER / event / f"{index}.npz") as truth:
        assert truth["joints"].dtype == np.float32
        assert np.array_equal(truth["joints"], dive.joints, equal_nan=True)
        assert truth["qualities"] == pytest.approx(dive.qualities)
        assert (truth["contact_frame"], truth["splash"]) == (dive.contact_frame, pytest.approx(dive.splash))
