import json
from pathlib import Path

import numpy as np
import pytest
from made_analysis import blank_parse, transitions_at

from fineparser_core.constants import KEYPOINT_FLIP, KEYPOINT_NAMES
from fineparser_core.errors import AnnotationError
from fineparser_core.evaluation.joint_labels import joint_table, measure_joints, read_joint_labels
from fineparser_core.records import Clip

# In the order of MPII: a body 100 px tall whose trunk is 30 px long.
LABELLED = [
    (106, 200), (105, 175), (104, 150), (96, 150), (95, 175), (94, 200), (100, 150), (100, 120), (100, 115), (100, 95),
    (116, 160), (114, 140), (110, 120), (90, 120), (86, 140), (84, 160),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
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


def test_errors_are_told_in_torso_lengths(folder):
    ((_, labels),) = read_joint_labels(folder)
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
