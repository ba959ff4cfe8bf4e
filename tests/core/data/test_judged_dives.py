import json
from dataclasses import replace
from pathlib import Path

import pytest
from platforms import windows_only

from fineparser_core.data.judged_dives import JudgedDive, read_dives, write_dives
from fineparser_core.diving.judging import PhaseMarks
from fineparser_core.errors import AnnotationError

FULL = JudgedDive(
    video=Path("clips/a.mp4"),
    start_frame=10,
    end_frame=200,
    dive_number="107 b",
    board_m=3.0,
    difficulty=3.1,
    awards=(6.5, 7, 7, 6.5, 7),
    marks=PhaseMarks(take_off=6, entry=7.5),
    first_flight_frame=90,
    first_entry_frame=130,
    first_entry_range=(129, 131),
    first_water_contact_frame=140,
    real_fps=59.94,
    athlete="Zoë",
    event="club",
    date="2026-05-31",
    split="test",
)


def test_the_award_comes_from_score_then_judges_then_as_given():
    assert FULL.dive_number == "107B"
    assert FULL.award == pytest.approx(20.5 / 3)
    assert FULL.points == pytest.approx(20.5 * 3.1)
    assert replace(FULL, score=62.0).award == pytest.approx(62 / 9.3)
    # A score says nothing without a DD, which no table has for this dive.
    assert JudgedDive(video=Path("a"), dive_number="405A", board_m=10, score=50, award=6).award == 6
    assert JudgedDive(video=Path("a"), award=6.3).points is None
    assert JudgedDive(video=Path("a"), awards=(6, 7)).award == 6.5


def test_a_set_is_read_as_it_was_written_wherever_its_folder_goes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    inside = replace(FULL, video=tmp_path / "one/clips/a.mp4", masks=tmp_path / "one/a_masks.npz")
    outside = JudgedDive(video=Path("/videos/b.mov").absolute(), trim=True, labelled_by="fineparser-1")
    write_dives(tmp_path / "one/set.json", [inside, outside])
    assert read_dives(tmp_path / "one/set.json") == [replace(inside, n=1), replace(outside, n=2)]
    (tmp_path / "one/set.json").rename(tmp_path / "two/set.json")
    moved = read_dives(tmp_path / "two/set.json")
    assert [dive.video for dive in moved] == [tmp_path / "two/clips/a.mp4", outside.video]


@windows_only
def test_videos_of_other_drives_and_shares_keep_their_place(tmp_path):
    places = [Path(place) for place in (r"Q:\videos\a.mp4", r"\\server\share\a.mp4", str(tmp_path / "A.mp4").upper())]
    write_dives(tmp_path / "set.json", [JudgedDive(video=place) for place in places])
    assert [dive.video for dive in read_dives(tmp_path / "set.json")] == places


def test_labels_are_such_a_set(tmp_path):
    labels = {"dive": "back, 207C (by eye)", "in": 3, "out": 90, "official_score": 69.3, "marks": {"entry": 7}}
    (tmp_path / "labels.json").write_text(json.dumps({"a.avi": labels, "b.gif": {}}), encoding="utf-8")
    first, second = read_dives(tmp_path)
    assert (first.video, first.start_frame, first.end_frame, first.trim) == (tmp_path / "a.avi", 3, 90, True)
    assert (first.dive_number, first.marks.entry) == ("207C", 7)
    assert first.award == pytest.approx(7.0)
    assert (second.n, second.points) == (2, None)


def test_a_dive_whose_labeled_moments_are_in_no_order_is_read_without_them(tmp_path, caplog):
    dive = {"video": "a.mp4", "award": 6.5, "first_flight_frame": 50, "first_entry_frame": 40}
    path = tmp_path / "dives.json"
    path.write_text(json.dumps({"format": "fineparser-dives", "version": 1, "dives": [dive]}), encoding="utf-8")
    (read,) = read_dives(path)
    assert (read.award, read.first_flight_frame, read.first_entry_frame) == (6.5, None, None)
    assert "50 and 40 are not in order" in caplog.text


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"video": 3}, "name of a file"),
        ({"award": 65}, "award: 65"),
        ({"awards": [6.3]}, "one a judge can give"),
        ({"score": 200, "dive_number": "107B", "board_m": 3}, "more than a dive of DD 3.1"),
        ({"board_m": 2}, "no board at 2 m"),
        ({"dive_number": "612B", "board_m": 3, "difficulty": 2.0}, "no springboard"),
        ({"start_frame": 5, "end_frame": 5}, "start, end: 5 and 5"),
        ({"date": "31.5.2026"}, "not a day"),
        ({"split": "dev"}, "split"),
        ({"athlete": "x" * 256}, "athlete"),
        ({"real_fps": 0}, "real_fps"),
    ],
)
def test_what_no_dive_can_have_is_said_with_its_place(values, reason, tmp_path):
    dives = [{"video": "a.mp4"}, {"video": "a.mp4"} | values]
    (tmp_path / "set.json").write_text(
        json.dumps({"format": "fineparser-dives", "version": 1, "dives": dives}), encoding="utf-8"
    )
    with pytest.raises(AnnotationError, match=rf"set\.json, dive 2: .*{reason}"):
        read_dives(tmp_path / "set.json")


@pytest.mark.parametrize("content", ['{"format": "fineparser-dives", "version": 2, "dives": []}', "{"])
def test_other_files_are_refused(content, tmp_path):
    (tmp_path / "set.json").write_text(content, encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"set\.json"):
        read_dives(tmp_path / "set.json")
    with pytest.raises(AnnotationError, match=r"none\.json"):
        read_dives(tmp_path / "none.json")
