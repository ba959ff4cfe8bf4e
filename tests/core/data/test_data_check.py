import json
import math
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest

from fineparser_core.commands.cli import main
from fineparser_core.config import RunSettings
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.frame_cache import DatasetCache
from fineparser_core.data.survey import take_survey
from fineparser_core.errors import Cancelled
from fineparser_core.progress import CancelToken
from fineparser_core.training.dives import split_records
from fineparser_core.training.presets import get_config


def test_a_complete_data_set_can_be_trained_on(finediving_root, capsys):
    assert main(["data", "check", str(finediving_root), "--images"]) == 0
    text = capsys.readouterr().out
    assert "finediving in" in text
    assert ["train", "4", "4", "4", "4", "4", "1"] in [line.split() for line in text.splitlines()]
    assert "2 test dives have fewer than 10 exemplars in training and 0 have none" in text
    assert "FineDiving_coarse_annotation.pkl (training does not need it)" in text
    assert "damaged images: 0" in text
    assert 'GB for "release"' in text


def test_an_erratum_tells_wrong_labels_and_what_the_rest_says_is_right(finediving_root, tmp_path, capsys):
    path = finediving_root / "fine-grained_annotation_aqa.pkl"
    dives = pickle.loads(path.read_bytes())
    first, second = sorted(dives)[:2]
    dives[first][1] = 500.0
    dives[second][3] = dives[second][3] + 1
    path.write_bytes(pickle.dumps(dives))
    assert main(["data", "check", str(finediving_root), "--erratum", str(tmp_path / "erratum.csv")]) == 0
    lines = (tmp_path / "erratum.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id,kind,stored,right,text"
    stored, right = (" ".join(map(str, dives[second][3] - moved)) for moved in (0, 1))
    assert [line.split(",")[:4] for line in lines[1:]] == [
        [f"{first[0]}/{first[1]}", "score", "500", ""],
        [f"{second[0]}/{second[1]}", "transitions", stored, right],
    ]


def test_what_is_missing_and_wrong_is_said(finediving_root, capsys):
    data = load_dataset(finediving_root)
    train, test = data.split("train"), data.split("test")
    shutil.rmtree(data.frame_folder(train[0]))
    data.frame_paths(train[1])[-1].unlink()
    damaged = data.frame_paths(test[0])[2]
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert main(["data", "check", str(finediving_root), "--images", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["splits"]["train"] | {"dive_numbers": 0} == {
        "records": 4,
        "with_frames": 3,
        "with_masks": 4,
        "with_steps": 4,
        "usable": 3,
        "dive_numbers": 0,
    }
    assert said["unusable"][0].startswith("A_10m/1: 0 frames in ")
    assert [defect["kind"] for defect in said["defects"]] == ["frames", "masks"]
    assert said["damaged"] == [f"{damaged} is damaged (100 bytes): fetch it again."]
    assert main(["data", "check", str(finediving_root)]) == 0
    text = capsys.readouterr().out
    assert "frames of 1 dives" in text
    assert "A_10m/2: 19 frames on disk, 20 labelled." in text
    assert "damaged" not in text


def test_annotations_alone_are_reported_but_not_enough(shared_dir, capsys):
    for name, records, defects in (("finediving", 2251, "score: 121"), ("mtl_aqa", 1059, "score: 27")):
        assert main(["data", "check", str(shared_dir / "real" / f"{name}_annotations")]) == 6
        said = capsys.readouterr()
        assert f"train   {records:>7}       0" in said.out
        assert defects in said.out
        assert "has no dive to train on, the first: 01/1: 0 frames in" in said.err


@pytest.mark.parametrize("stage", ["scan", "decode"])
def test_cancelling_stops_between_dives(finediving_root, stage):
    cancel = CancelToken()

    def stop(progress):
        if progress.stage == stage:
            cancel.cancel()

    with pytest.raises(Cancelled):
        take_survey(load_dataset(finediving_root), images=True, progress=stop, cancel=cancel)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (1, math.nan, "no score is recorded (nan)."),
        (1, 1e30, "score 1e+30 is none that a dive of DD 3.2 can have."),
        (2, 0.0, "DD 0 is none that a dive can have."),
    ],
)
def test_labels_that_no_dive_has_are_named_and_left_out(finediving_root, capsys, caplog, place, value, said):
    edit(finediving_root, ("A_10m", 2), {place: value})
    assert main(["data", "check", str(finediving_root)]) == 0
    text = capsys.readouterr().out
    assert ["train", "4", "4", "4", "4", "3", "1"] in [line.split() for line in text.splitlines()]
    assert f"1 dives that training leaves out\n    A_10m/2: {said}" in text
    assert (f"score: 1\n    A_10m/2: {said}" in text) == (not math.isnan(value))
    data = load_dataset(finediving_root)
    kept = split_records(data, replace(get_config("fineparser"), validation_share=0.0), RunSettings())
    assert [record.id for record in kept["train"]] == ["A_10m/1", "A_10m/3", "B_3m/1"]
    assert f"1 of 4 train dives have wrong labels and are left out: A_10m/2: {said}" in caplog.text
    assert "Correct the annotations, or take these dives out of the split file." in caplog.text


@pytest.mark.parametrize(("place", "value"), [(1, math.inf), (2, math.nan), (2, -math.inf)])
def test_all_dives_that_cannot_be_are_named(finediving_root, capsys, place, value):
    for key in (("A_10m", 2), ("B_3m", 1)):
        edit(finediving_root, key, {place: value})
    assert main(["data", "check", str(finediving_root)]) == 6
    said = capsys.readouterr().err
    assert "('A_10m', 2): ValueError" in said
    assert "('B_3m', 1): ValueError" in said
    assert "correct these dives" in said


@pytest.mark.parametrize("transitions", [(12, 4), (4, 60), (7, 7)])
def test_transitions_that_make_no_phases_are_named_and_left_out(finediving_root, caplog, transitions):
    edit(finediving_root, ("A_10m", 2), {3: np.array(transitions)})
    data = load_dataset(finediving_root)
    assert [defect.kind for defect in data.defects] == ["transitions"]
    kept = split_records(data, replace(get_config("fineparser"), validation_share=0.0), RunSettings())
    assert "A_10m/2" not in [record.id for record in kept["train"]]
    assert "A_10m/2: transitions at" in caplog.text


@pytest.mark.parametrize("labels", [np.full(20, 4), np.array([], np.int64)])
def test_labels_that_do_not_change_are_said(finediving_root, caplog, capsys, labels):
    edit(finediving_root, ("A_10m", 2), {4: labels})
    assert main(["data", "check", str(finediving_root)]) == 0
    sentence = "A_10m/2: transitions are stored after frames [4, 12], labels change after []."
    assert sentence in capsys.readouterr().out
    split_records(load_dataset(finediving_root), get_config("fineparser"), RunSettings())
    assert (sentence if len(labels) else "A_10m/2: transitions at 5 and 13 do not divide 0 frames") in caplog.text


def test_a_cached_dive_whose_labels_turn_wrong_is_left_out(finediving_root, tmp_path):
    cache = DatasetCache(tmp_path / "cache", load_dataset(finediving_root), "whole")
    assert cache.prepare(load_dataset(finediving_root).split("train")) == []
    edit(finediving_root, ("A_10m", 2), {2: 0.0})
    data = load_dataset(finediving_root)
    cache = DatasetCache(tmp_path / "cache", data, "whole")
    assert [record.id for record in cache.usable(data.split("train"))] == ["A_10m/1", "A_10m/3", "B_3m/1"]


def edit(root, key, changed):
    """Replaces values of a dive's annotation by their place."""
    path = root / "fine-grained_annotation_aqa.pkl"
    annotations = pickle.loads(path.read_bytes())
    for place, value in changed.items():
        annotations[key][place] = value
    path.write_bytes(pickle.dumps(annotations))
