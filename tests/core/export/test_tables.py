import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from fineparser_core.constants import STEP_NAMES
from fineparser_core.diving.details import DiveDetails
from fineparser_core.export.analysis_json import analysis_to_dict
from fineparser_core.export.coach_marks import LINE, NOTE, Mark
from fineparser_core.export.tables import COLUMNS, FORMAT, ExportedDive, write_csv, write_json
from fineparser_core.records import Measure


@pytest.fixture
def dives(small_video, make_analysis):
    return [
        ExportedDive(
            path=small_video,
            details=DiveDetails(athlete='Ana "Aňa", the first'),
            analysis=make_analysis(small_video, 3, 110),
        ),
        ExportedDive(
            path=small_video,
            analysis=make_analysis(small_video, scored=False),
            corrected=True,
            details=DiveDetails(note="Low,\nbut straight."),
            marks=(
                Mark(kind=NOTE, frame=70, points=((1.0, 2.0),), text="Füße"),
                Mark(kind=LINE, frame=44, points=((0.0, 0.0), (10.0, 10.0))),
                Mark(kind=NOTE, frame=12, points=((3.0, 4.0),), text="early"),
            ),
        ),
        ExportedDive(
            path=Path("=cmd.mp4"), details=DiveDetails(dive_number="5253B", board_m=3.0, outcome="balk"), state="waits"
        ),
    ]


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table(dives, tmp_path):
    write_csv(dives, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = rows_of(tmp_path / "t.csv")
    assert list(rows[0]) == list(COLUMNS)
    first, second, third = rows
    scoring = dives[0].analysis.scoring
    assert first["diver"] == 'Ana "Aňa", the first'
    assert float(first["score"]) == pytest.approx(scoring.score, abs=5e-4)
    assert float(first["interval_low"]) < scoring.score < float(first["interval_high"])
    points = sum(float(first[f"{step}_points"]) for step in ("take_off", "flight", "entry"))
    assert points == pytest.approx(scoring.score - float(first["mean_exemplar_score"]), abs=3e-3)
    assert float(first["take_off_s"]) == pytest.approx((24 - 3) / 30, abs=1e-3)
    total_s = sum(float(first[name]) for name in ("take_off_s", "flight_s", "entry_s"))
    assert total_s == pytest.approx(108 / 30, abs=2e-3)
    assert (first["transitions_by"], second["transitions_by"], third["transitions_by"]) == ("model", "person", "")
    assert (second["diver"], second["score"], second["start_frame"]) == ("", "", "0")
    assert (third["file"], third["dive_number"], third["board_m"]) == ("'=cmd.mp4", "5253B", "3")
    assert (second["outcome"], third["outcome"]) == ("", "balk")
    assert (first["coach_notes"], second["coach_notes"]) == ("", "Low, but straight.; frame 12: early; frame 70: Füße")
    assert third["state"] == "waits"
    assert first["trained_on"] == "rendered dives"


def test_the_table_says_who_placed_the_moments(small_video, make_analysis, tmp_path):
    analysis = make_analysis(small_video)
    touched = replace(analysis, parse=replace(analysis.parse, first_water_contact_frame=70))
    every = (False, False, analysis), (True, False, touched), (False, True, touched), (True, True, touched)
    dives = [
        ExportedDive(path=small_video, analysis=one, corrected=moved, contact_corrected=contact)
        for moved, contact, one in every
    ]
    write_csv(dives, tmp_path / "t.csv")
    assert [(row["transitions_by"], row["water_contact_by"]) for row in rows_of(tmp_path / "t.csv")] == [
        ("model", ""), ("person", "model"), ("model", "person"), ("person", "person"),
    ]  # fmt: skip


def test_ranges_name_their_source(dives, tmp_path):
    known = {"uncertainty": 0.05, "frame": 30, "step": "take-off"}
    found = (
        Measure(name="flight_time", value=1.5, unit="s", **known),
        Measure(name="closest_approach", value=0.9, unit="m", **known),
        Measure(name="jump_height", value=0.4, unit="m", **known),
    )
    dive = replace(dives[0], analysis=replace(dives[0].analysis, measures=found))
    write_csv([dive], tmp_path / "t.csv")
    (row,) = rows_of(tmp_path / "t.csv")
    assert row["good_ranges"] == (
        "flight_time 1.6 to 1.88 (real); closest_approach 0.3 to inf (rules); jump_height 0.27 to 0.46 (rendered)"
    )
    ranges = analysis_to_dict(dive.analysis)["good_ranges"]
    assert (ranges["flight_time"]["source"], ranges["closest_approach"]["high"]) == ("real", None)
    assert "UNLV-Dive" in ranges["flight_time"]["about"]


def test_the_data(dives, tmp_path):
    write_json(dives, tmp_path / "t.json")
    data = json.loads((tmp_path / "t.json").read_bytes())
    assert data["format"] == FORMAT
    assert [one["diver"] for one in data["dives"]] == ['Ana "Aňa", the first', None, None]
    assert data["dives"][0]["analysis"] == analysis_to_dict(dives[0].analysis)
    assert data["dives"][2]["analysis"] is None
    assert [one["note"] for one in data["dives"]] == [None, "Low,\nbut straight.", None]
    assert data["dives"][0]["drawings"] == []
    note, line, _ = data["dives"][1]["drawings"]
    assert note == {"kind": "note", "frame": 12, "points": [[3.0, 4.0]], "text": "early", "degrees": None}
    assert (line["kind"], line["frame"], line["degrees"]) == ("line", 44, 45.0)


def test_tables_are_columns_of_one_length(small_video, make_analysis):
    analysis = make_analysis(small_video, 1)
    tables = analysis.tables()
    assert all(len({len(column) for column in columns.values()}) <= 1 for columns in tables.values())
    assert tables["phases"]["name"] == list(STEP_NAMES)
    assert tables["phases"]["points"] == [part.points for part in analysis.scoring.contributions]
    assert tables["phases"]["start_frame"][1] == analysis.parse.transitions.first_flight_frame
    assert tables["moments"]["moment"][0] == "take_off"
    assert [len(tables["exemplars"]["vote"]), len(tables["samples"]["frame"])] == [len(analysis.scoring.exemplars), 96]
