"""Variants of labelled clips, and tables of what was found in them, of packaging/benchmarks/steadiness.py."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clip_variants import PICTURES, VARIANTS, plan

from fineparser_core.data.judged_dives import JudgedDive
from fineparser_core.records import VideoInfo

FOLDER = Path("variants")


def video(n_frames=240, fps=30.0, path=Path("platform.mp4")):
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


def planned(name, labels=LABELS, info=None):
    return plan(name, labels, info or video(), FOLDER)


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
