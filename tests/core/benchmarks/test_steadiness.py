"""Variants of labelled clips, and tables of what was found in them, of packaging/benchmarks/steadiness.py."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clip_variants import PICTURES, VARIANTS, Plan, plan, write
from steadiness import (
    Result,
    awards_table,
    from_median,
    main,
    measures_table,
    outliers,
    read_results,
    same_person,
    scored_as,
)

from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.records import VideoInfo
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

FOLDER = Path("variants")


def video(n_frames: int = 240, fps: float = 30.0, path: Path = Path("platform.mp4")) -> VideoInfo:
    return VideoInfo(
        path=path,
        width_px=320,
        height_px=240,
        n_frames=n_frames,
        fps=fps,
        duration_s=n_frames / fps,
        rotation_deg=0,
        codec="h264",
        variable_frame_rate=False,
        pts_s=np.arange(n_frames) / fps,
    )


LABELS = JudgedDive(
    video=Path("platform.mp4"),
    start_frame=20,
    end_frame=200,
    first_flight_frame=120,
    first_entry_frame=140,
    first_water_contact_frame=151,
    first_entry_range=(139, 142),
    real_fps=30.0,
    dive_number="207C",
    masks=Path("dive_masks.npz"),
)


def planned(name: str, labels: JudgedDive = LABELS, info: VideoInfo | None = None) -> Plan:
    made = plan(name, labels, info or video(), FOLDER)
    assert made is not None
    return made


@pytest.mark.parametrize("name", VARIANTS)
def test_labels_name_the_frames_that_show_the_same(name):
    made = planned(name)
    moved = made.labels(LABELS)
    assert moved.video == made.path == (LABELS.video if name == "whole" else FOLDER / "platform.mp4")
    assert moved.masks is None
    start, end = made.dive
    for before, after in (
        (LABELS.first_flight_frame, moved.first_flight_frame),
        (LABELS.first_entry_frame, moved.first_entry_frame),
        (LABELS.first_water_contact_frame, moved.first_water_contact_frame),
    ):
        assert start <= after < end
        assert 0 <= made.sources[after] - before <= (1 if name == "rate" else 0)
        # Times of the variant are those of the file but for a constant, whatever is dropped or repeated.
        assert made.times_s[after] + made.later_s == pytest.approx(made.sources[after] / 30, abs=0.034)
    first, last = moved.first_entry_range or (0, 0)
    assert (made.sources[first], made.sources[last]) == (139, 142)


def test_cuts_begin_and_end_as_their_names_say():
    shown = {name: planned(name).sources[[0, -1]].tolist() for name in ("cut", "earlier", "later", "tight")}
    assert shown == {"cut": [20, 200], "earlier": [5, 185], "later": [29, 209], "tight": [90, 181]}
    # A cut leaves the take-off and what follows the contact; where there is nothing else to cut off, it is no variant.
    close = replace(LABELS, start_frame=0, end_frame=165, first_flight_frame=8)
    assert planned("later", close, video(166)).sources[[0, -1]].tolist() == [2, 165]
    whole = replace(close, first_flight_frame=5)
    assert plan("later", whole, video(166), FOLDER) is None


def test_another_rate_keeps_real_time():
    fewer = planned("rate")
    assert fewer.times_s[-1] == pytest.approx(video().pts_s[-1], abs=1 / 25)
    assert fewer.labels(LABELS).real_fps == pytest.approx(25)
    slowed = planned("rate", replace(LABELS, real_fps=75.0), video(fps=25.0))
    assert slowed.labels(replace(LABELS, real_fps=75.0)).real_fps == pytest.approx(90)
    assert (np.diff(slowed.sources) == 0).sum() == pytest.approx(240 / 5, abs=1)  # every fifth frame is there twice


def test_a_recording_of_two_minutes_holds_one_dive():
    made = planned("recording")
    start, end = made.dive
    assert made.times_s[-1] == pytest.approx(120, abs=0.1)
    assert (np.diff(made.times_s) > 0).all()
    waiting = np.concatenate([made.sources[:start], made.sources[end:]])
    assert not ((waiting > 120 - 1.7 * 30) & (waiting < 151 + 1.4 * 30)).any()
    assert np.abs(np.diff(made.sources)).max() == 1  # no cut
    # Without frames of waiting one stands still.
    assert set(planned("recording", replace(LABELS, first_flight_frame=30)).sources[:start].tolist()) == {20}


@pytest.mark.parametrize("name", [*PICTURES, "recording"])
def test_places_are_taken_back_to_the_untouched_picture(name):
    info = replace(video(), width_px=1280, height_px=720)
    made = planned(name, info=info)
    frame = np.zeros((720, 1280, 3), np.uint8)
    frame[200:220, 400:420] = 255
    changed = made.picture.change(frame, 100)
    bright = changed[..., 1] > 120
    bright[:, changed.shape[1] * 9 // 10 :] = bright[changed.shape[0] * 8 // 10 :] = False  # the overlays
    bright[: changed.shape[0] * 15 // 100] = False
    y, x = (float(np.median(index)) for index in np.nonzero(bright)) if name != "darker" else (210.0, 410.0)
    index = int(np.flatnonzero(made.sources == 100)[0])
    found = made.followed(
        np.array([index]), np.array([made.times_s[index]]), np.array([[x - 30, y - 30, x + 30, y + 30]])
    )
    assert found[0, 1:3] == pytest.approx([410, 210], abs=3)
    assert found[0, 3] == pytest.approx(60 * {"smaller": 1.5, "recording": 2, "tilted": 1 / 1.05}.get(name, 1))


def test_a_variant_is_written_frame_by_frame(tmp_path):
    source = tmp_path / "platform.mp4"
    with VideoWriter(source, width_px=64, height_px=48, fps=30) as writer:
        for i in range(40):
            writer.write(np.full((48, 64, 3), 4 * i, np.uint8), i / 30)
    labels = replace(
        LABELS, video=source, start_frame=4, end_frame=35, first_flight_frame=15, first_water_contact_frame=18
    )
    made = plan("later", labels, probe(source), tmp_path / "later")
    write(made, source)
    with VideoReader(made.path) as reader:
        assert reader.info.pts_s == pytest.approx(made.times_s)
        shown = [float(frame.mean()) for _, frame in reader.frames(range(len(made.sources)))]
    assert shown == pytest.approx(4.0 * made.sources, abs=3)


def test_clips_are_scored_as_what_they_are():
    assert scored_as(LABELS) == ("207C", 10.0)
    assert scored_as(replace(LABELS, video=Path("phone.mp4"), board_m=1.0)) == ("207C", 1.0)
    assert scored_as(replace(LABELS, dive_number="413A")) == (None, 10.0)


def result(variant: str = "whole", *, clip: str = "a.mp4", **changes: Any) -> Result:
    followed = [[t / 10, 100 + 5.0 * t, 50 + t**2, 80.0] for t in range(30)]
    facts: dict[str, Any] = {
        "code": "c",
        "seconds": 1.0,
        "flight_s": (1.0, 2.0),
        "moments_s": {"take_off": 1.0, "come_out": 1.7, "contact": 2.0},
        "errors": {"take_off": 0.0, "come_out": 1.0, "contact": -1.0},
        "clip_s": (0.0, 2.9),
        "award": 6.0,
        "own_award": 5.0,
        "measures": {"flight_time": (1.0, 0.05, "s")},
        "followed": followed,
    }
    return Result(clip=clip, variant=variant, **facts | changes)


def moved(by: float) -> list[list[float]]:
    return [[t, x + by, y, side] for t, x, y, side in result().followed]


def test_the_same_person_is_whom_most_follow_in_the_flight():
    late = {"take_off": 2.1, "come_out": 2.5, "contact": None}
    results = [
        result(),
        result("cut", followed=moved(20)),
        result("mirrored", followed=moved(-90)),
        result("smaller", moments_s=late),
        result("framed", error="It is no video.", followed=[], moments_s={}, errors={}, measures={}),
    ]
    assert same_person(results) == [True, True, False, False, False]
    lines = outliers(results)
    assert "a.mp4, mirrored: another person" in lines
    assert lines[-1] == (
        "a.mp4, framed: take_off not seen; come_out not seen; contact not seen; another person; It is no video."
    )


def test_moments_are_held_against_their_own_median_in_real_time():
    times = (1.0, 1.1, 1.3, None)
    results = [result(moments_s={"take_off": time}, real_s=1 / 3) for time in times]
    assert from_median(results, "take_off") == [pytest.approx(-1), pytest.approx(0), pytest.approx(2), None]
    assert from_median(results, "contact") == [None] * 4


def test_awards_spread_over_all_and_over_the_basic_variants():
    results = [result("whole", award=6.0), result("crf28", award=6.3), result("shaken", award=7.0)]
    results += [result("whole", clip="b.mp4", award=5.0), result("cut", clip="b.mp4", award=5.1)]
    rows = awards_table(results).splitlines()
    assert rows[2] == "| a.mp4 | 3 | 6.30 | 1.00 | 0.51 | 0.30 | 0.21 | 0.00 | 0.00 |"
    assert rows[-2:] == [
        "| median |  |  | 0.55 | 0.29 | 0.20 | 0.14 | 0.00 | 0.00 |",
        "| worst |  |  | 1.00 | 0.51 | 0.30 | 0.21 | 0.00 | 0.00 |",
    ]


def test_measures_spread_beside_what_they_state():
    values = {"whole": 1.0, "cut": 1.1, "later": 1.2}
    results = [result(name, measures={"flight_time": (value, 0.04, "s")}) for name, value in values.items()]
    results += [result("rate", measures={}), result("whole", clip="b.mp4")]
    assert measures_table(results).splitlines()[2] == "| flight_time | s | 4 of 5 | 0.1 | 0.1 | 0.04 |"


def test_the_latest_results_are_read_and_printed(tmp_path, capsys):
    path = tmp_path / "results.jsonl"
    lines = [json.dumps(asdict(one)) for one in (result(award=1.0), result(), result("cut", award=6.25))]
    path.write_text("\n".join(lines) + "\n" + lines[0][:100], encoding="utf-8")  # killed while it wrote
    assert [one.award for one in read_results(path).values()] == [6.0, 6.25]
    assert main(["--table", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "| a.mp4 | 2 | 6.12 | 0.25 | 0.18 | 0.25 | 0.18 | 0.00 | 0.00 |" in printed
    assert "| all | 2 | 2 of 2 | 2 of 2 |" in printed
    assert printed.endswith("Nothing is amiss.\n")
