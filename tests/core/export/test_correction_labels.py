"""Corrected transitions in FineDiving's layout, read back by its loader."""

import json
import math
import pickle
from dataclasses import replace

import pytest

from fineparser_core.data.finediving import load_finediving
from fineparser_core.data.judged_dives import read_dives
from fineparser_core.diving.details import DiveDetails
from fineparser_core.errors import ExportError
from fineparser_core.export.corrections import CorrectedDive, label_error, provenance_path, write_corrections

NAME = "fine-grained_annotation_aqa.pkl"


@pytest.fixture
def corrected(make_analysis, small_video):
    parse = make_analysis(small_video, 10, 100).parse
    frames = (parse.clip.in_frame + 5, parse.clip.in_frame + 9)
    return CorrectedDive(model_parse=parse, transitions=frames, details=DiveDetails(dive_number="207C", board_m=10.0))


def test_the_loader_reads_the_transitions_that_the_coach_set(corrected, tmp_path):
    assert write_corrections([corrected, corrected], tmp_path / NAME) == ("Dives with labels: 2.",)
    (tmp_path / "train_split.pkl").write_bytes(pickle.dumps([("corrected_10m", 1), ("corrected_10m", 2)]))
    (tmp_path / "test_split.pkl").write_bytes(pickle.dumps([]))
    dataset = load_finediving(tmp_path)
    assert dataset.defects == ()
    record = dataset.records["corrected_10m", 2]
    clip = corrected.model_parse.clip
    assert (record.first_flight_frame, record.first_entry_frame) == (5, 9)
    assert record.n_frames == clip.out_frame - clip.in_frame + 1
    assert (record.dive_number, record.board_m, record.difficulty) == ("207C", 10.0, 3.3)
    assert math.isnan(record.score)


def test_the_provenance_records_file_correction_and_prediction(corrected, tmp_path):
    write_corrections([corrected], tmp_path / NAME)
    content = json.loads(provenance_path(tmp_path / NAME).read_bytes())
    (dive,) = content["dives"]
    own = corrected.model_parse.transitions
    assert dive["path"] == str(corrected.model_parse.clip.path)
    assert (dive["first_flight_frame"], dive["first_entry_frame"]) == corrected.transitions
    assert dive["first_water_contact_frame"] is None
    assert dive["predicted"] == {
        "first_flight_frame": own.first_flight_frame,
        "first_entry_frame": own.first_entry_frame,
        "first_water_contact_frame": None,
    }
    assert dive["model"]["id"] == corrected.model_parse.model.id
    assert dive["difficulty_source"] == "board"
    (read,) = read_dives(provenance_path(tmp_path / NAME))
    assert (read.video, read.dive_number, read.board_m) == (corrected.model_parse.clip.path, "207C", 10)
    assert (read.first_flight_frame, read.first_entry_frame) == corrected.transitions


def test_a_contact_with_the_water_is_kept_after_the_entry_alone(corrected, tmp_path):
    entry, last = corrected.transitions[1], corrected.model_parse.clip.out_frame
    write_corrections([replace(corrected, contact_frame=entry + 3)], tmp_path / NAME)
    content = json.loads(provenance_path(tmp_path / NAME).read_bytes())
    assert content["dives"][0]["first_water_contact_frame"] == entry + 3
    for frame in (entry - 1, last + 1):
        error = label_error(replace(corrected, contact_frame=frame))
        assert error is not None
        assert f"contact with the water at frame {frame}" in error
        assert f"frames {entry} (its entry) to {last}" in error


def test_invalid_labels_are_not_written(corrected, tmp_path):
    with pytest.raises(ExportError, match="nothing to export"):
        write_corrections([], tmp_path / NAME)
    outside = CorrectedDive(
        model_parse=corrected.model_parse, transitions=(0, 10**6), details=DiveDetails(dive_number="207C", board_m=10.0)
    )
    with pytest.raises(ExportError, match=r"nothing to export.*lie outside"):
        write_corrections([outside], tmp_path / NAME)
    for number, way_out in (("612B", "choose 5, 7.5 or 10 m"), (None, "type it in the dive's details")):
        with pytest.raises(ExportError, match=way_out):
            write_corrections(
                [replace(corrected, details=DiveDetails(dive_number=number, board_m=3.0))], tmp_path / NAME
            )
    with pytest.raises(ExportError, match=r"ends in \.pkl"):
        write_corrections([corrected], tmp_path / "labels.json")
    assert list(tmp_path.glob("*.pkl")) == list(tmp_path.glob("*.json")) == []


def test_skipped_dives_are_reported(corrected, tmp_path):
    unknown = replace(corrected, details=DiveDetails(dive_number="5299D", board_m=10.0))
    assert "give the DD yourself" in label_error(unknown)
    assert label_error(replace(unknown, details=replace(unknown.details, difficulty=3.9))) is None
    summary, left_out, unnamed = write_corrections(
        [unknown, corrected, replace(corrected, details=DiveDetails(board_m=10.0))], tmp_path / NAME
    )
    assert summary == "Dives with labels: 1."
    assert left_out.startswith("Skipped: small.mp4 from frame 10. The DD of 5299D from 10 m is not known:")
    assert "type it in the dive's details" in unnamed
    assert list(pickle.loads((tmp_path / NAME).read_bytes())) == [("corrected_10m", 1)]
