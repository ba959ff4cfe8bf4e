import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_analysis import made_analysis

from fineparser_core.commands.cli import main
from fineparser_core.commands.data import disagreement, shows_another, with_moments
from fineparser_core.commands.options import WeightsOptions, parse
from fineparser_core.commands.train import TrainOptions
from fineparser_core.data.judged_dives import JudgedDive, read_dives
from fineparser_core.resources import bundled_weights
from fineparser_core.scoring.rescore import correct_contact


def test_the_bundled_weights_have_a_name_for_every_command():
    assert parse(WeightsOptions, "score", ["--weights", "bundled"]).weights == bundled_weights()
    run = parse(TrainOptions, "train", ["--data", "dives", "--out", "run", "--weights", "bundled"])
    assert run.weights == bundled_weights()
    assert parse(WeightsOptions, "score", ["--weights", "./bundled"]).weights == Path("bundled")
    assert parse(WeightsOptions, "score", []).weights is None


def test_a_set_is_imported_like_a_table(small_video, tmp_path, capsys):
    (tmp_path / "a.mp4").write_bytes(small_video.read_bytes())
    labels = {"a.mp4": {"dive_number": "103B", "board_m": 1, "marks": {"award": 6}}}
    (tmp_path / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    assert main(["data", "import", str(tmp_path), "--out", str(tmp_path / "set.json")]) == 0
    assert main(["data", "import", str(tmp_path / "set.json"), "--out", str(tmp_path / "again.json")]) == 0
    assert read_dives(tmp_path / "again.json") == read_dives(tmp_path)
    assert main(["data", "import", str(tmp_path), "--out", str(tmp_path / "set.json"), "--map", "date=Day"]) == 2
    assert "is no table: leave it out" in capsys.readouterr().err


def test_an_import_overwrites_neither_an_input_nor_a_file_of_another_kind(small_video, tmp_path, capsys):
    video, other = tmp_path / "a.mp4", tmp_path / "other.mp4"
    for path in (video, other):
        path.write_bytes(small_video.read_bytes())
    table = tmp_path / "dives.csv"
    table.write_text("video,dive,board,award\na.mp4,103B,1,6\n", encoding="utf-8")
    (tmp_path / "labels.json").write_text('{"a.mp4": {}}', encoding="utf-8")
    (tmp_path / "bare").symlink_to(video)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for asked, out, reason in (
        (table, video, "the video of one of the dives"),
        (table, tmp_path / "bare", "the video of one of the dives"),
        (table, other, "no .json file"),
        (table, table, "the table itself"),
        (tmp_path, tmp_path / "labels.json", "the table itself"),
    ):
        assert main(["data", "import", str(asked), "--out", str(out)]) == 2
        assert reason in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_is_filled_in_never_contradicts_what_is_given(small_video, capsys):
    parse = made_analysis(small_video, 3, 110).parse
    flight, entry = parse.transitions.first_flight_frame, parse.transitions.first_entry_frame
    parse = correct_contact(parse, entry + 4)
    filled = with_moments(JudgedDive(video=small_video), parse)
    assert (filled.first_flight_frame, filled.first_entry_frame) == (flight, entry)
    assert (filled.first_water_contact_frame, filled.labelled_by) == (entry + 4, parse.model.id)
    late = with_moments(JudgedDive(video=small_video, first_entry_frame=entry + 9), parse)
    assert (late.first_flight_frame, late.first_entry_frame) == (flight, entry + 9)
    assert late.first_water_contact_frame is None
    assert f"no contact is kept: frame {entry + 4} is before the entry" in capsys.readouterr().err
    own = JudgedDive(video=small_video, first_flight_frame=flight, first_entry_frame=entry)
    assert with_moments(own, parse) == own
    with pytest.raises(ValueError, match="after the given contact"):
        with_moments(JudgedDive(video=small_video, first_water_contact_frame=entry - 1), parse)


def test_labels_far_off_are_said_and_those_of_another_dive_get_no_masks(small_video):
    parse = made_analysis(small_video, 3, 110).parse
    flight, entry = parse.transitions.first_flight_frame, parse.transitions.first_entry_frame
    near = JudgedDive(video=small_video, first_flight_frame=flight + 1, first_entry_frame=entry)
    assert (disagreement(near, parse), shows_another(near, parse)) == ("", False)
    far = replace(near, first_flight_frame=flight - 30)
    assert f"first flight frame {flight - 30} (found {flight})" in disagreement(far, parse)
    assert not shows_another(far, parse)
    assert shows_another(JudgedDive(video=small_video, first_flight_frame=0, first_entry_frame=flight - 1), parse)
    assert shows_another(JudgedDive(video=small_video, first_flight_frame=entry + 200), parse)
