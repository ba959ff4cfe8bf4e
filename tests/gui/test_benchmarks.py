"""The table of what the app promises: every row named and bound, what is missed decides the exit code."""

import sys
from pathlib import Path

import numpy as np
import pytest

from fineparser_core.video.probe import probe

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging" / "benchmarks"))

import bench_clips
import window
from outcome import Outcome

PROMISED = 12


def test_every_promise_has_a_row():
    rows = window.rows()
    assert len(rows) == len({row.name for row in rows}) == PROMISED
    assert all(row.what and row.bound for row in rows)


@pytest.mark.parametrize(("met", "code"), [(True, 0), (False, 1)])
def test_a_missed_bound_is_said_and_is_the_exit_code(met, code, monkeypatch, capsys):
    outcome = Outcome(measured="12 ms", met=met, notes=("median 3",))
    monkeypatch.setattr(window, "_measure_in_process", lambda row: outcome)
    assert window.main(["--only", "seek", "drop"]) == code
    text = capsys.readouterr().out
    assert text.count("12 ms") == 2
    assert text.count("MISSED") == (0 if met else 2)
    assert f"{2 if met else 0} of 2 bounds met" in text


def test_clips_are_made_once_and_a_long_one_is_the_short_one_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr(bench_clips, "folder", lambda: tmp_path)
    for name, value in {"WIDTH_PX": 96, "HEIGHT_PX": 64, "GROUP_FRAMES": 20, "_TEN_MINUTES_FRAMES": 180}.items():
        monkeypatch.setattr(bench_clips, name, value)
    made = bench_clips.long_groups()
    written = made.stat().st_mtime_ns
    assert probe(made).n_frames == 60
    assert bench_clips.long_groups().stat().st_mtime_ns == written
    long = probe(bench_clips.ten_minutes(1))
    assert long.n_frames == 180
    assert not long.variable_frame_rate
    np.testing.assert_allclose(np.diff(long.pts_s), 1 / 30, atol=1e-6)
    assert bench_clips.ten_minutes(2) != bench_clips.ten_minutes(1)
