"""`fineparser data check`."""

import json
import shutil

import pytest

from fineparser_core.commands import data_check
from fineparser_core.commands.cli import main
from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.survey import take_survey
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.progress import CancelToken


def test_a_complete_data_set_can_be_trained_on(finediving_root, capsys):
    assert main(["data", "check", str(finediving_root), "--images"]) == 0
    text = capsys.readouterr().out
    assert "finediving in" in text
    assert ["train", "4", "4", "4", "4", "4", "1"] in [line.split() for line in text.splitlines()]
    assert "2 test dives have fewer than 10 exemplars in training and 0 have none" in text
    assert "FineDiving_coarse_annotation.pkl (training does not need it)" in text
    assert "damaged images: 0" in text
    assert 'GB for "release"' in text


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


def test_mtl_aqa_has_no_masks_and_no_steps(mtl_aqa_root, capsys):
    assert main(["data", "check", str(mtl_aqa_root)]) == 0
    text = capsys.readouterr().out
    assert ["train", "1", "1", "0", "0", "1", "1"] in [line.split() for line in text.splitlines()]
    assert "01/2: score 67.2, but awards times DD 3.2 give 76.80." in text


def test_annotations_alone_are_reported_but_not_enough(shared_dir, capsys):
    for name, records, defects in (("finediving", 2251, "score: 121"), ("mtl_aqa", 1059, "score: 27")):
        assert main(["data", "check", str(shared_dir / "real" / f"{name}_annotations")]) == 6
        said = capsys.readouterr()
        assert f"train   {records:>7}       0" in said.out
        assert defects in said.out
        assert "has no dive to train on, the first: 01/1: 0 frames in" in said.err


def test_nothing_at_all_is_an_error(tmp_path, capsys):
    assert main(["data", "check", str(tmp_path)]) == 6
    assert "holds no annotations" in capsys.readouterr().err


def test_frames_may_lie_elsewhere(tmp_path, mtl_aqa_root, capsys):
    (mtl_aqa_root / "new").rename(tmp_path / "new")
    assert main(["data", "check", str(mtl_aqa_root)]) == 6
    assert main(["data", "check", str(mtl_aqa_root), "--frames", str(tmp_path)]) == 0
    pattern = ["--frames", str(tmp_path / "new"), "--frame-pattern", "new_total_frames_256s/{event}/{frame}"]
    assert main(["data", "check", str(mtl_aqa_root), *pattern]) == 0


@pytest.mark.parametrize("stage", ["scan", "decode"])
def test_cancelling_stops_between_dives(finediving_root, stage):
    cancel = CancelToken()

    def stop(progress):
        if progress.stage == stage:
            cancel.cancel()

    with pytest.raises(Cancelled):
        take_survey(load_dataset(finediving_root), images=True, progress=stop, cancel=cancel)


def test_an_action_is_needed():
    with pytest.raises(ConfigError, match="write `fineparser data check FOLDER`"):
        data_check.main([])
