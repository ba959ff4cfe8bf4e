import json
import os
from dataclasses import replace

import numpy as np
import pytest
from made_analysis import made_motion

from fineparser_core.constants import KEYPOINT_NAMES, STEP_NAMES
from fineparser_core.errors import ExportError
from fineparser_core.export.analysis_json import (
    FORMAT,
    analysis_from_dict,
    analysis_to_dict,
    measures_of,
    read_masks_npz,
    write_analysis_json,
    write_masks_npz,
)
from fineparser_core.export.notes import note_text
from fineparser_core.records import (
    AwardCheck,
    DiverCandidate,
    IntervalRule,
    Measure,
    Note,
    NoteCode,
    OwnAward,
    Verdict,
    VerdictCode,
)


@pytest.fixture
def analysis(small_video, make_analysis):
    return make_analysis(small_video, 1)


def test_the_documented_keys(analysis, tmp_path):
    path = tmp_path / "dive.json"
    write_analysis_json(analysis, path)
    data = json.loads(path.read_bytes())
    assert analysis.to_dict() == data
    assert data["format"] == FORMAT == "fineparser.analysis/7"
    assert (data["dive_number"], data["board_m"], data["difficulty"], data["seed"]) == ("207C", 10.0, 3.3, 5)
    assert data["award"] == pytest.approx(data["score"] / (3 * data["difficulty"]))
    assert data["spread"] == pytest.approx(np.std([vote["vote"] for vote in data["exemplars"]]))
    assert data["transitions"] == {
        "first_flight_frame": 24,
        "first_entry_frame": 60,
        "first_flight_s": pytest.approx(0.8),
        "first_entry_s": pytest.approx(2.0),
    }
    assert [part["step"] for part in data["contributions"]] == list(STEP_NAMES)
    assert set(data["contributions"][0]) == {"step", "points", "dynamic", "static", "measured"}
    assert set(data["exemplars"][0]) >= {"id", "dive_number", "score", "vote", "contributions"}
    assert np.shape(data["probabilities"]) == (2, 96)
    assert len(data["sampled_frames"]) == 96
    assert data["sampled_frames"][0] == data["clip"]["start_frame"] == 1
    assert data["clip"] == {
        "path": str(analysis.parse.clip.path),
        "start_frame": 1,
        "end_frame": 119,
        "fps": 30.0,
        "athlete": None,
        "cut_frames": [0, 0],
        "divers": [],
        "ends_s": [1 / 30, 4.0],
    }
    assert set(data["model"]) == {"id", "trained_on", "synthetic", "preprocessing", "decoding", "precision", "device"}
    assert "fineparser" in data["versions"]
    (note,) = data["notes"]
    assert (note["about"], note["text"]) == ("score", "Only 7 exemplars of this dive number, not 10.")
    assert os.listdir(tmp_path) == ["dive.json"]


def test_the_motion_of_camera_and_body_comes_back(analysis, tmp_path):
    analysis = replace(analysis, parse=replace(analysis.parse, motion=made_motion()))
    write_masks_npz(analysis.parse, tmp_path / "masks.npz")
    write_analysis_json(analysis, tmp_path / "dive.json")
    data = json.loads((tmp_path / "dive.json").read_bytes())
    assert np.shape(data["motion"]["to_scene"]) == (96, 6)
    assert data["motion"]["slowed"] == 2.9
    masks = read_masks_npz(tmp_path / "masks.npz")
    back = analysis_from_dict(data, masks).parse.motion
    for name in ("to_scene", "path_s", "path_xy"):
        np.testing.assert_array_equal(getattr(back, name), getattr(made_motion(), name))
    assert (back.position, back.velocity, back.gravity) == ((52.0, 0.0), (40.0, 0.0), 600.0)
    points = np.arange(192.0).reshape(96, 2)
    np.testing.assert_allclose(back.in_scene(points)[:, 0], points[:, 0] + 0.1 * np.arange(96))
    np.testing.assert_array_equal(back.in_scene(points[:, None])[:, 0], back.in_scene(points))
    with pytest.raises(ExportError, match="not a complete"):
        analysis_from_dict(data | {"motion": data["motion"] | {"to_scene": [[1.0] * 6] * 95}}, masks)


@pytest.mark.parametrize("scored", [True, False])
def test_round_trip(scored, small_video, make_analysis, tmp_path):
    analysis = make_analysis(small_video, 1, scored=scored)
    diver = DiverCandidate(
        frame=30, box_xyxy=(10.0, 2.0, 15.0, 12.0), probability=0.75, in_frame=1, out_frame=119, reasons={"body": 1.5}
    )
    clip = replace(analysis.parse.clip, athlete=diver.point, n_cut=(1, 40), divers=(diver,))
    analysis = replace(
        analysis, parse=replace(analysis.parse, clip=clip, notes=(Note(NoteCode.FILE_CUT_OFF, (3, 122)),))
    )
    write_masks_npz(analysis.parse, tmp_path / "masks.npz")
    write_analysis_json(analysis, tmp_path / "dive.json")
    data = json.loads((tmp_path / "dive.json").read_bytes())
    back = analysis_from_dict(data, read_masks_npz(tmp_path / "masks.npz"))
    assert back.scoring == analysis.scoring
    for name in ("clip", "transitions", "model", "notes"):
        assert getattr(back.parse, name) == getattr(analysis.parse, name)
    assert back.parse.clip.divers == (diver,)
    for name in ("sampled_frames", "sampled_times_s", "probabilities", "mask_probability", "crop_xyxy"):
        before, after = getattr(analysis.parse, name), getattr(back.parse, name)
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)
    assert analysis_to_dict(back) == data


def test_numbers_that_are_not_finite_are_refused(analysis, tmp_path):
    broken = replace(analysis, scoring=replace(analysis.scoring, score=float("nan")))
    with pytest.raises(ExportError, match="not finite"):
        write_analysis_json(broken, tmp_path / "dive.json")
    assert os.listdir(tmp_path) == []


def test_other_formats_are_refused(analysis):
    masks = analysis.parse.masks
    data = analysis_to_dict(analysis)
    with pytest.raises(ExportError, match=r"format 'fineparser.analysis/1', not 'fineparser.analysis/7'"):
        analysis_from_dict(data | {"format": "fineparser.analysis/1"}, masks)
    with pytest.raises(ExportError, match="not a complete"):
        analysis_from_dict({key: value for key, value in data.items() if key != "clip"}, masks)
    with pytest.raises(ExportError, match="other frames"):
        analysis_from_dict(data, replace(masks, sampled_frames=masks.sampled_frames + 1))


def test_joints_travel_with_the_masks(analysis, tmp_path):
    joints = np.random.default_rng(0).uniform(0, 90, (96, len(KEYPOINT_NAMES), 3)).astype(np.float32)
    path = tmp_path / "masks.npz"
    write_masks_npz(replace(analysis.parse, joints=joints), path)
    np.testing.assert_array_equal(read_masks_npz(path).joints, joints)
    with np.load(path, allow_pickle=False) as arrays:
        assert tuple(arrays["joint_names"]) == KEYPOINT_NAMES
        others = dict(arrays)
    for wrong in ({"joint_names": others["joint_names"][::-1]}, {"joints": joints * np.nan}, {"joints": joints[:9]}):
        np.savez(path, **others | wrong)
        with pytest.raises(ExportError, match="not a readable masks file"):
            read_masks_npz(path)


def test_what_was_measured_and_its_award_come_back(analysis):
    time = Measure(name="flight_time", value=1.5, unit="s", uncertainty=0.05, frame=40, step="take-off")
    own = OwnAward(
        dive_number="207C",
        board_m=None,
        difficulty=3.3,
        award=6.5,
        score=64.35,
        steps=(-0.5, 0.2, -0.2),
        interval=IntervalRule(level=0.8, base=0.0, per_spread=0.0, per_difficulty=3.5).around(64.35, 0.0, 3.3),
        checked=AwardCheck(dives=7, rank_correlation=0.77, mean_error=1.2),
    )
    none = Verdict(code=VerdictCode.NO_EXEMPLARS, reason="There are none.")
    measured = replace(analysis, scoring=None, measures=(time,), own_award=own, verdict=none)
    measured = replace(measured, measured_notes=(Note(NoteCode.MEASURES_UNCLEAR, ("lean",)),))
    masks = measured.parse.masks
    data = analysis_to_dict(measured)
    assert data["own_award"]["steps"] == {"take-off": -0.5, "flight": 0.2, "entry": -0.2}
    back = analysis_from_dict(data, masks)
    assert (back.measures, back.own_award, back.verdict) == ((time,), own, none)
    assert back.notes == back.measured_notes == measured.measured_notes
    scored = replace(measured, scoring=analysis.scoring)
    again = analysis_from_dict(analysis_to_dict(scored), masks)
    assert (again.scoring, again.notes) == (scored.scoring, scored.notes)
    assert own.award_range == pytest.approx((6.5 - 3.5 / 3, 6.5 + 3.5 / 3))
    assert measures_of(back) is back.measures  # nothing is measured again


def test_every_note_has_a_sentence():
    for code in NoteCode:
        values = (1.0, 2.0, 3.0, 4.0)
        if code is NoteCode.PARTS_DAMAGED:
            values = ("x",)
        assert note_text(Note(code, values))
