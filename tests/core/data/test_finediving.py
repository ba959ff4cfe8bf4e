import pickle

import numpy as np
import pytest

from fineparser_core.data.finediving import load_finediving
from fineparser_core.errors import AnnotationError

KEY = ("Women10m_final_r1", 2)
LABELS = np.repeat([2, 14, 33, 36], (5, 10, 4, 6))


def write(path, thing):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(thing))


@pytest.fixture
def root(tmp_path):
    write(tmp_path / "Annotations/train_split.pkl", [KEY])
    write(tmp_path / "Annotations/test_split.pkl", [])
    write(
        tmp_path / "Annotations/fine-grained_annotation_aqa.pkl",
        {KEY: ["5253b", 72.0, 3.2, np.array([4, 14, 18]), LABELS]},
    )
    for folder in ("FineDiving", "FineDiving_HM"):
        images = tmp_path / folder / KEY[0] / str(KEY[1])
        images.mkdir(parents=True)
        for number in range(480, 480 + len(LABELS)):
            (images / f"{number:05d}.jpg").touch()
    return tmp_path


def only(dataset):
    (record,) = dataset.records.values()
    return record


def test_first_and_last_transition_make_three_steps(root):
    dataset = load_finediving(root)
    record = only(dataset)
    assert (record.first_flight_frame, record.first_entry_frame, record.n_frames) == (5, 19, 25)
    assert record.has_steps
    assert (record.dive_number, record.board_m, record.split) == ("5253B", 10.0, "train")
    assert record.awards == ()
    assert not dataset.defects


def test_both_annotation_files_give_the_same_records(root):
    expected = load_finediving(root).records
    (root / "Annotations/fine-grained_annotation_aqa.pkl").unlink()
    values = {
        "action_type": "5253b",
        "sub-action_types": {2: "Back"},
        "steps_transit_frames": np.array([4, 14, 18]),
        "frames_labels": LABELS,
        "dive_score": 72.0,
        "difficulty": 3.2,
    }
    write(root / "FineDiving_fine-grained_annotation.pkl", {KEY: values})
    assert load_finediving(root).records == expected


def test_defects_are_reported_by_dive(root):
    write(root / "Annotations/fine-grained_annotation_aqa.pkl", {KEY: ["52b", 72.0, 3.2, np.array([-1, 18]), LABELS]})
    coarse = {"judge_scores": [7.0, 7.0, 7.0], "start_frame": 480}
    write(root / "Annotations/FineDiving_coarse_annotation.pkl", {KEY: coarse})
    dataset = load_finediving(root)
    number, score, transitions = dataset.defects.pop(KEY)
    assert not dataset.defects
    assert number.startswith("'52B'")
    assert score == "score 72, but awards times DD 3.2 give 67.20."
    assert transitions.startswith("transitions are stored after frames [-1, 18], labels change after")
    assert not only(dataset).has_steps
    assert only(dataset).start_frame == 480


def test_folders_without_the_files_are_refused_by_name(tmp_path, root):
    with pytest.raises(AnnotationError, match=r"holds neither fine-grained_annotation_aqa.pkl nor"):
        load_finediving(tmp_path / "nowhere")
    (root / "Annotations/test_split.pkl").unlink()
    with pytest.raises(AnnotationError, match=r"lacks test_split.pkl"):
        load_finediving(root)


@pytest.mark.parametrize(
    "annotations",
    [
        [1, 2, 3],
        {KEY: ["407c", "much", 3.2, np.array([4, 18]), LABELS]},
        {KEY: [float("nan"), 72.0, 3.2, np.array([4, 18]), LABELS]},
        {("../../elsewhere", 1): ["407c", 72.0, 3.2, np.array([4, 18]), LABELS]},
    ],
)
def test_files_of_another_kind_are_refused_by_name(root, annotations):
    write(root / "Annotations/fine-grained_annotation_aqa.pkl", annotations)
    with pytest.raises(AnnotationError, match=r"fine-grained_annotation_aqa.pkl is not an annotation file"):
        load_finediving(root)
