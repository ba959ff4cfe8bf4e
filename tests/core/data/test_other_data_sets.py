"""MTL-AQA and UNLV-Dive as their authors hand them out."""

import csv
import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from fineparser_core.data.dataset import load_dataset
from fineparser_core.data.mtl_aqa import load_mtl_aqa
from fineparser_core.errors import AnnotationError, ConfigError

REAL = Path(__file__).resolve().parents[3] / "../shared/real"
REALLY = pytest.mark.skipif(not REAL.is_dir(), reason=f"needs the public annotations in {REAL}")


@pytest.fixture
def mtl_aqa(tmp_path):
    """Two dives of a recording, whose frames lie in one folder."""
    dive = {
        "difficulty": 3.2,
        "dive_number": "407C",
        "final_score": 88.0,
        "judge_scores": [9.5, 9, 9.5, 9, 8.5, 9.5, 8.5],
    }
    dives = {(1, 1): dive | {"start_frame": 3, "end_frame": 22}, (1, 2): dive | {"start_frame": 40, "end_frame": 60}}
    for name, content in (
        ("final_annotations_dict_with_dive_number.pkl", dives),
        ("train_split_0.pkl", [(1, 1)]),
        ("test_split_0.pkl", [(1, 2)]),
    ):
        (tmp_path / name).write_bytes(pickle.dumps(content))
    folder = tmp_path / "new" / "new_total_frames_256s" / "01"
    folder.mkdir(parents=True)
    for number in range(1, 56):
        (folder / f"{number:06d}.jpg").touch()
    (folder / "000056.jpg").mkdir()  # is no frame
    return tmp_path


def test_a_dive_of_mtl_aqa_is_a_part_of_its_recording(mtl_aqa):
    data = load_dataset(mtl_aqa)
    assert (data.layout, data.name, data.has_masks, data.lost_masks) == ("mtl-aqa", "MTL-AQA", False, "")
    (train,), (test,) = data.split("train"), data.split("test")
    assert (train.key, train.board_m, len(train.awards)) == (("01", 1), 10.0, 7)
    assert [path.stem for path in data.frame_paths(train)] == [f"{n:06d}" for n in range(3, 23)]
    assert data.length(test) == 16  # frames that are not there end it
    (mtl_aqa / "train_split_0.pkl").write_bytes(pickle.dumps([(2, 9)]))
    with pytest.raises(AnnotationError, match=r"lacks \('02', 9\)"):
        load_mtl_aqa(mtl_aqa)


@REALLY
def test_the_real_annotations_of_mtl_aqa_are_read():
    data = load_mtl_aqa(REAL / "mtl_aqa_annotations")
    assert [len(data.split(name)) for name in ("train", "test")] == [1059, 353]
    assert len(data.records) == 1412
    assert not any(record.has_steps or record.fault for record in data.records.values())


def write_unlv(root, scores, difficulty, train, test):
    (root / "split_300_70").mkdir()
    for name, key, values in (
        ("diving_overall_scores", "overall_scores", scores),
        ("diving_difficulty_level", "difficulty_level", difficulty),
        ("split_300_70/training_idx", "training_idx", train),
        ("split_300_70/testing_idx", "testing_idx", test),
    ):
        savemat(root / f"{name}.mat", {key: np.array(values)[:, None]})


def test_unlv_dive_is_read_with_its_split_and_the_moments_beside_it(tmp_path, make_video):
    write_unlv(tmp_path, [76.5, 72.0, 46.8], [3.0, 3.2, 3.6], [3, 1], [2])
    (tmp_path / "moments.txt").write_text("5,10,20,30\n9,4,3,1\n2,5,15,25\n", encoding="utf-8")
    (tmp_path / "diving_samples_len_ori").mkdir()
    for n in (1, 2):
        make_video(tmp_path / "diving_samples_len_ori" / f"{n:03d}.avi", 36)
    data = load_dataset(tmp_path)
    assert (data.layout, data.name) == ("unlv-dive", "UNLV-Dive")
    first, third = data.split("train")
    (second,) = data.split("test")
    assert (first.difficulty, first.score, first.n_frames, first.board_m) == (3.0, 76.5, 36, 10.0)
    assert (first.first_flight_frame, first.first_entry_frame) == (8, 20)
    assert (second.first_flight_frame, second.has_steps, second.fault) == (None, False, None)  # moments out of order
    assert data.length(first) == data.length(second) == 36
    with pytest.raises(AnnotationError, match=r"003\.avi"):
        data.length(third)
    with pytest.raises(ConfigError, match="names its videos itself"):
        load_dataset(tmp_path, frames=tmp_path)
    (tmp_path / "diving_overall_scores.mat").write_bytes(b"MATLAB 5.0")
    with pytest.raises(AnnotationError, match=r"diving_overall_scores\.mat is not a file of UNLV-Dive"):
        load_dataset(tmp_path)


@REALLY
def test_the_real_scores_and_moments_of_unlv_dive_are_read(tmp_path):
    folder = REAL / "unlv_dive_annotations"
    with (folder / "scores_difficulty.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    write_unlv(
        tmp_path,
        *([float(row[key]) for row in rows] for key in ("score", "difficulty")),
        range(1, 301),
        range(301, 371),
    )
    (tmp_path / "moments.txt").write_bytes((folder / "moments.txt").read_bytes())
    data = load_dataset(tmp_path)
    assert [len(data.split(name)) for name in ("train", "test")] == [300, 70]
    without_steps = [key[1] for key, record in data.records.items() if record.first_flight_frame is None]
    assert without_steps == [95]  # whose moments are out of order
