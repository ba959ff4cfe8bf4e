"""Labels of entries by people, and errors of measures against them."""

import json
from pathlib import Path

import numpy as np
import pytest
from measured_dive import FPS, measured_parse

from fineparser_core.errors import AnnotationError
from fineparser_core.evaluation.entry_labels import entry_summary, measure_entry, read_entry_labels
from fineparser_core.measures import measure_dive
from fineparser_core.records import Analysis, VideoInfo

CONTACT = round((1.0 + 1.1) * FPS)


def labeled(legs_deg):
    frames = {str(at): {"legs_deg": legs_deg[at], "trunk_deg": legs_deg[at], "hip_bend_deg": 0.0} for at in legs_deg}
    return {"water": CONTACT, "rotates_to": "right", "end_deg": None, "frames": frames, "note": "by eye"}


def video(**shape):
    shape = {"width_px": 640, "height_px": 640} | shape
    return VideoInfo(
        path=Path("dive.mp4"), n_frames=96, fps=FPS, duration_s=3.2, rotation_deg=0, codec="h264",
        variable_frame_rate=False, pts_s=np.arange(96) / FPS, **shape,
    )  # fmt: skip


def test_no_file_is_no_labels(tmp_path):
    assert read_entry_labels(tmp_path) == {}


def test_sets_of_entries_beside_the_folder_are_read(tmp_path):
    content = {"about": {"points": "by eye"}, "clips": {"a.mp4": labeled({60: 1.0})}, "others": {"b.mp4": labeled({})}}
    (tmp_path / "entries.json").write_text(json.dumps(content))
    entries = read_entry_labels(tmp_path / "clips")
    assert list(entries) == ["a.mp4", "b.mp4"]
    assert entries["a.mp4"].frames[60].legs_deg == 1.0


@pytest.mark.parametrize("content", ["[]", '{"clips": {"a.mp4": {"water": "soon"}}}', "{"])
def test_other_content_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / "entries.json").write_text(content)
    with pytest.raises(AnnotationError, match=r"entries\.json does not hold labeled entries"):
        read_entry_labels(tmp_path)


def test_errors_of_a_body_whose_line_is_known(tmp_path):
    turned = 180 + 30 - 8.0 * (CONTACT - np.arange(96))  # head down, the feet 30 degrees to the right at the touch
    analysis_of = measured_parse(turned_deg=turned)
    measures = measure_dive(analysis_of, dive_number="103B").measures
    analysis = Analysis(parse=analysis_of, scoring=None, measures=measures)
    truth = {at: 30 - 8.0 * (CONTACT - at) for at in range(CONTACT - 2, CONTACT + 3)}
    (tmp_path / "entries.json").write_text(json.dumps({"clips": {"dive.mp4": labeled(truth)}}))
    errors = measure_entry(analysis, read_entry_labels(tmp_path)["dive.mp4"], video())
    assert len(errors.frames) == 2 * len(truth)
    assert np.abs(errors.frames[:, 0]).max() < 3
    assert errors.measures["legs_at_touch"] == (30.0, pytest.approx(30.0, abs=3))
    summary = entry_summary([errors])
    assert summary["legs at the first touch: median error, worst, measured"].endswith("1 of 1")
    assert summary["legs and trunk in frames: median error, within the stated deviation"].endswith("100% of 10")


def test_a_set_without_labeled_entries_has_no_summary_of_them():
    assert entry_summary([]) == {}
