"""What was ordered, in the words of the order, pressed as its user would press it. These tests are never deleted.

"A Qt application that loads a dive video, runs the bundled FineParser core on the local GPU, shows a timeline of
predicted step transitions, per-frame predicted masks overlaid, per-step relative score contributions, and the chosen
exemplars side by side; the core also trains and evaluates headless. Used by: launching the app, drag-and-drop scoring,
exporting annotated clips, `python -m fineparser_core.train`."
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from fineparser_core.resources import resource

ROOT = Path(__file__).resolve().parents[1]


def python_module(name, *argv, folder):
    """What `python -m NAME ARGUMENT...` prints in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", name, *map(str, argv)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_core_trains_and_evaluates_headless_by_its_two_modules(tmp_path):
    clip = {"video": str(resource("samples", "sample.mp4")), "dive_number": "207C", "board_m": 10}
    dives = [clip | {"score": score, "split": split} for split, score in (("train", 89.1), ("test", 72.5))]
    file = tmp_path / "dives.json"
    file.write_text(json.dumps({"format": "fineparser-dives", "version": 1, "dives": dives}), encoding="utf-8")
    data = ("--data", file, "--cache", tmp_path / "cache", "--device", "cpu")
    small = ("--config", "i3d-mlp", "--window-count", "1", "--freeze", "i3d", "--epochs", "1", "--batch-size", "1")
    trained = python_module(
        "fineparser_core.train", *data, *small, "--validation-share", "0", "--out", "run", folder=tmp_path
    )
    assert f"of epoch 1 written to {Path('run', 'bundle')}" in trained
    evaluated = python_module("fineparser_core.eval", *data, "--weights", "run/bundle", folder=tmp_path)
    (error,) = {next(line for line in text.splitlines() if "score error" in line) for text in (trained, evaluated)}
    assert "1 dives, 1 scored" in evaluated
    assert error
