import json
from pathlib import Path

import numpy as np
import pytest
from made_analysis import blank_parse, transitions_at

from fineparser_core.constants import KEYPOINT_FLIP, KEYPOINT_NAMES
from fineparser_core.data.judged_dives import read_dives, read_masks
from fineparser_core.errors import AnnotationError
from fineparser_core.evaluation.awards import APP, AwardResult
from fineparser_core.evaluation.joint_labels import joint_table, measure_joints, read_joint_labels
from fineparser_core.evaluation.real_clips import full_frame_mask, judge_trim, measure_clip, real_table
from fineparser_core.records import Clip, Transitions

SIZE = (240, 320)
CROP = (40.0, 0.0, 320.0, 224.0)


@pytest.fixture
def truth():
    mask = np.zeros(SIZE, bool)
    mask[60:120, 100:160] = True
    return mask


@pytest.fixture
def parse(truth):
    """The athlete where it is, in a crop, in samples 10 to 69 but not in 30."""
    left, top, right, bottom = map(int, CROP)
    rows = (np.arange(112) + 0.5) * (bottom - top) / 112 + top
    columns = (np.arange(112) + 0.5) * (right - left) / 112 + left
    small = truth[rows.astype(int)][:, columns.astype(int)]
    masks = np.zeros((96, 112, 112), np.float16)
    masks[10:70] = small
    masks[30] = 0
    masks[90, 0, :7] = 0.8
    transitions = Transitions(first_flight_frame=24, first_entry_frame=57, first_flight_s=0.8, first_entry_s=2.1)
    return blank_parse(
        transitions,
        clip=Clip(path=Path("dive.avi"), in_frame=5, out_frame=100, fps=25.0),
        sampled_frames=np.arange(5, 101),
        mask_probability=masks,
        crop_xyxy=np.tile(np.array(CROP, np.float32), (96, 1)),
    )


@pytest.fixture
def folder(tmp_path, truth):
    numbers = {"in": 5, "out": 100, "first_flight_frame": 25, "first_entry_frame": 55, "first_water_contact_frame": 73}
    (tmp_path / "labels.json").write_text(
        json.dumps({"dive.avi": {"note": "x", **numbers}, "other.gif": {}}), encoding="utf-8"
    )
    shifted = np.roll(truth, 60, axis=1)
    np.savez(tmp_path / "dive_masks.npz", frames=np.array([20, 40]), masks=np.stack([truth, shifted]).astype(np.uint8))
    return tmp_path


def test_errors_are_signed_and_masks_are_of_the_whole_frame(folder, parse):
    labels, unlabeled = read_dives(folder)
    assert (labels.video, labels.start_frame, labels.end_frame) == (folder / "dive.avi", 5, 100)
    result = measure_clip(parse, labels, truths=read_masks(labels.masks))
    assert result.flight_error == pytest.approx(-1.2)  # a frame of 25 a second is 1.2 of 30
    assert result.entry_error == pytest.approx(2.4)
    assert list(result.mask_ious) == [20, 40]
    assert result.mask_ious[20] > 0.9
    assert result.mask_ious[40] < 0.05
    nothing = measure_clip(parse, unlabeled)
    assert (nothing.flight_error, nothing.median_iou) == (None, None)


@pytest.mark.parametrize(
    ("found", "contained", "surplus"),
    [
        ([], False, None),
        ([(31, 150)], False, None),  # cuts the lead
        ([(30, 114)], False, None),  # cuts the tail
        ([(30, 115)], True, False),
        ([(500, 600), (25, 130)], True, False),
        ([(30, 176)], True, True),
        ([(30, 176), (30, 150)], True, False),
    ],
)
def test_a_trimmed_clip_holds_the_dive_and_little_more(found, contained, surplus, tmp_path):
    """Flight from frame 60, contact at 100, at 30 frames a second of which each counts for one."""
    facts = {"first_flight_frame": 60, "first_entry_frame": 90, "first_water_contact_frame": 100, "real_fps": 30}
    (tmp_path / "labels.json").write_text(json.dumps({"dive.avi": facts}), encoding="utf-8")
    (labels,) = read_dives(tmp_path)
    result = judge_trim(found, labels, 30.0, 999)
    assert (result["contained"], result["surplus"]) == (contained, surplus)


def test_a_file_that_ends_soon_after_the_contact_is_not_cut(tmp_path):
    facts = {"first_flight_frame": 10, "first_water_contact_frame": 50, "real_fps": 30}
    (tmp_path / "labels.json").write_text(json.dumps({"dive.avi": facts}), encoding="utf-8")
    (labels,) = read_dives(tmp_path)
    assert judge_trim([(0, 54)], labels, 30.0, 54)["contained"]
    assert not judge_trim([(0, 53)], labels, 30.0, 54)["contained"]


def test_labels_of_slow_replays_ranges_and_marks(tmp_path, parse):
    slow = {
        "first_flight_frame": 27,
        "first_entry_frame": 60,
        "first_entry_range": [60, 63],
        "first_water_contact_frame": 73,
        "real_fps": 90,
        "dive_number": "307C?",
        "board_m": 10,
        "official_score": 81.6,
    }
    phone = {"dive_number": "103B", "board_m": 1, "marks": {"award": 5.5, "by": "one person"}}
    (tmp_path / "labels.json").write_text(json.dumps({"slow.mp4": slow, "phone.mp4": phone}), encoding="utf-8")
    labels, other = read_dives(tmp_path)
    assert labels.dive_number == "307C"
    assert labels.award == pytest.approx(81.6 / (3 * 3.4))
    assert other.award == 5.5
    assert (labels.judges, other.judges) == ("a panel, of which the score is known", "one person")
    awards = AwardResult(award=labels.award, marked_by=labels.judges, difficulty=3.4, predicted={APP: 7.0})
    result = measure_clip(parse, labels, awards=awards, seconds=4.25)
    assert (result.flight_error, result.entry_error) == (pytest.approx(-1.0), pytest.approx(-1.0))
    table = real_table([result])
    assert "first entry frame within 3 of its range  1 of 1" in table
    assert table.splitlines()[1].split() == ["slow.mp4", "-1", "-1", "7.0", "8.0", "4.2"]


def test_a_mask_lies_where_its_crop_does(parse, truth):
    full = full_frame_mask(parse, 20, SIZE)
    assert full.shape == SIZE
    assert np.abs((full > 0.5).astype(int) - truth).sum() < 0.06 * truth.sum()
    assert not full[224:].any()
    assert not full[:, :40].any()
    outside = np.tile(np.array([-40.0, -16.0, 360.0, 256.0], np.float32), (96, 1))
    object.__setattr__(parse, "crop_xyxy", outside)
    assert full_frame_mask(parse, 20, SIZE).shape == SIZE


# In the order of MPII: a body 100 px tall whose trunk is 30 px long.
LABELLED = [
    (106, 200), (105, 175), (104, 150), (96, 150), (95, 175), (94, 200), (100, 150), (100, 120), (100, 115), (100, 95),
    (116, 160), (114, 140), (110, 120), (90, 120), (86, 140), (84, 160),
]  # fmt: skip


@pytest.fixture
def joints_folder(tmp_path):
    frames = [{"joints": LABELLED, "visible": [1] * 16} for _ in range(20)]
    frames[3] = {"joints": LABELLED, "visible": [0] + [1] * 15}
    (tmp_path / "joints").mkdir()
    (tmp_path / "joints" / "joints.json").write_text(json.dumps({"flight.mp4": frames}), encoding="utf-8")
    return tmp_path / "clips"


def parse_of(joints):
    return blank_parse(
        transitions_at(4, 10, 20),
        clip=Clip(path=Path("flight.mp4"), in_frame=0, out_frame=29, fps=20.0),
        sampled_frames=np.minimum(np.arange(96), 29),
        sampled_times_s=np.arange(96) / 20,
        joints=np.concatenate([joints, np.full((*joints.shape[:2], 1), 0.9)], axis=2).astype(np.float32),
    )


def test_errors_are_told_in_torso_lengths(joints_folder):
    ((_, labels),) = read_joint_labels(joints_folder)
    assert labels.shape == (20, 16, 2)
    assert np.isnan(labels[3, KEYPOINT_NAMES.index("ankle_r")]).all()
    true = np.tile(labels[0], (96, 1, 1)).astype(float)
    found = true + np.array([3.0, 0.0])
    found[5:10] = found[5:10, list(KEYPOINT_FLIP)]
    errors = measure_joints(parse_of(np.nan_to_num(found)), labels)
    assert errors["strict"].shape == (20, 13)
    np.testing.assert_allclose(errors["tolerant"][np.isfinite(errors["tolerant"])], 0.1, rtol=1e-4)
    assert errors["strict"][5:10].max() > 0.5
    table = joint_table([errors])
    assert "joints of 20 frames" in table
    assert "0.100" in table
    assert "100% of these are right" in table


@pytest.mark.parametrize("content", ["{", '{"a": [{"joints": [[0, 0]], "visible": [1]}]}', '{"../a": []}'])
def test_other_content_is_refused_with_the_file(tmp_path, content):
    (tmp_path / "joints.json").write_text(content, encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"joints\.json"):
        read_joint_labels(tmp_path)
