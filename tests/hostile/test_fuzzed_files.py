"""Valid small files of every kind that is read without trust, damaged: read, or refused in one sentence."""

import hashlib
import json
import pickle
import shutil

import numpy as np
import pytest
from damage import damaged, for_examples
from numbered_video import write_video
from odd_videos import AVI_BASE
from sandbox import RIGHT
from test_bundles import read_bundle, small_bundle
from test_pickles import DIVE, KEYS, read_annotations
from test_videos import read_video

from fineparser_core.checkpoints.bundle import read_card
from fineparser_core.constants import CARD_NAME
from fineparser_core.data.dive_table import read_table
from fineparser_core.data.finediving import AQA_FILE, SPLIT_FILES
from fineparser_core.data.judged_dives import read_dives
from fineparser_core.data.video_dives import load_video_dives
from fineparser_core.evaluation.calibration import read_scored
from fineparser_core.evaluation.predictions import read_predictions
from fineparser_core.evaluation.protocol import POOL_FILE, read_pool
from fineparser_core.evaluation.results import PREDICTIONS_FORMAT
from fineparser_core.export.analysis_json import read_masks_npz
from fineparser_core.scoring.profile import CrossValidated, Gain, Profile, read_profile, write_profile

#: Of each kind, in every run and where that is asked for.
FEW, MANY = 6, 46


def read_fuzzed(path):
    """What the reader of a file's kind makes of it, in short."""
    return READERS[path.name](path)


def _bundle(path):
    return int(read_bundle(path.parent)[0])


def _weights(path):
    """The bundle of weights whose checksum its card is told."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card = path.with_name(CARD_NAME)
    card.write_text(json.dumps(json.loads(card.read_text(encoding="utf-8")) | {"sha256": digest}), encoding="utf-8")
    return _bundle(path)


def _predictions(path):
    return len(read_predictions(path).dives)


READERS = {
    "a.mp4": lambda path: read_video(path)["n_frames"],
    "a.mkv": lambda path: read_video(path)["n_frames"],
    "a.avi": lambda path: read_video(path)["n_frames"],
    "a.webm": lambda path: read_video(path)["n_frames"],
    CARD_NAME: lambda path: read_card(path.parent).id,
    "model.safetensors": _weights,
    AQA_FILE: read_annotations,
    "labels.json": lambda path: len(read_dives(path.parent)),
    "dives.json": lambda path: len(load_video_dives(path).records),
    "dives.csv": lambda path: len(read_table(path)[0]),
    "predictions.json": lambda path: len(read_scored(path)),
    "others.csv": _predictions,
    "others.json": _predictions,
    "profile.json": lambda path: read_profile(path).stream().profile is not None,
    POOL_FILE: lambda path: len(read_pool(path.parent) or ()),
    "masks.npz": lambda path: list(read_masks_npz(path).mask_probability.shape),
}


GAIN = Gain(over="shipped", off=0.9, rank_correlation=0.2, gain=0.3, low=0.1, high=0.5)
PROFILE = Profile(
    name="club",
    dives=40,
    athletes=5,
    model="weights",
    offset=-0.5,
    scale=0.8,
    weights={"hip_angle": 1.2},
    network_share=0.1,
    numbers={"103B 1": 0.1},
    emphasis=(0.3, 0.5, 0.2),
    checked=CrossValidated(
        left_out="athlete", times=5, off=0.6, off_80=1.0, rank_correlation=0.5, gains=(GAIN, GAIN, GAIN)
    ),
)


def write_valid(folder):
    """A good file of each kind, and what it needs beside it."""
    write_video(folder / "a.mp4", 24, encoder={"g": "8"}, container={"movflags": "faststart"})
    write_video(folder / "a.mkv", 24, encoder={"g": "8", "bf": "2"})
    write_video(folder / "a.avi", 24, codec="mpeg4", encoder={"g": "8"}, **AVI_BASE)
    write_video(folder / "a.webm", 24, codec="libvpx", encoder={"g": "8"})
    small_bundle(folder)
    (folder / AQA_FILE).write_bytes(pickle.dumps(dict.fromkeys(KEYS, DIVE), protocol=4))
    for name, file in SPLIT_FILES.items():
        (folder / file).write_bytes(pickle.dumps([KEYS[name == "test"]]))
    labels = {"a.mp4": {"in": 0, "out": 20, "first_flight_frame": 5, "first_entry_frame": 12}}
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    dive = {"video": "a.mp4", "start_frame": 2, "award": 6.5, "dive_number": "107B", "masks": "masks.npz"}
    content = {"format": "fineparser-dives", "version": 1, "dives": [dive]}
    (folder / "dives.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "dives.csv").write_text(
        "Clip,Start,Dive,J1,J2,J3,Date\na.mp4,2,107 B,6.5,7,7,2026-05-31\n", encoding="utf-8"
    )
    rows = [{"predicted": 60.5, "score": 61.0, "spread": 2.5, "difficulty": 3.2}] * 3
    (folder / "predictions.json").write_text(json.dumps({"dives": rows}), encoding="utf-8")
    (folder / "others.csv").write_text("id,predicted\nA/1,60.5\nA/2,61\n", encoding="utf-8")
    (folder / "others.json").write_text(
        json.dumps(
            {"format": PREDICTIONS_FORMAT, "dives": [{"id": "A/1", "predicted": 60.5, "transitions": [30, 60]}]}
        ),
        encoding="utf-8",
    )
    write_profile(PROFILE, folder / "profile.json")
    (folder / POOL_FILE).write_text(json.dumps({"A_10m": [1, 2], "B_3m": [3]}), encoding="utf-8")
    np.savez_compressed(
        folder / "masks.npz",
        frame=np.arange(96),
        probability=np.zeros((96, 112, 112), np.float16),
        crop_xyxy=np.zeros((96, 4), np.float32),
    )


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """A folder of good files."""
    folder = tmp_path_factory.mktemp("valid")
    write_valid(folder)
    return folder


@pytest.mark.parametrize("name", READERS)
def test_good_files_are_read(name, valid, sandbox):
    assert sandbox.run("test_fuzzed_files:read_fuzzed", valid / name).kind == RIGHT


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("n", [FEW, pytest.param(MANY, marks=pytest.mark.hostile)])
@pytest.mark.parametrize("name", READERS)
def test_fuzzed_files(name, n, valid, sandbox, tmp_path):
    folder = tmp_path / "case"

    def check(data):
        shutil.copytree(valid, folder)
        (folder / name).write_bytes(data)
        outcome = sandbox.run("test_fuzzed_files:read_fuzzed", folder / name)
        shutil.rmtree(folder)
        assert not outcome.fault, outcome

    for_examples(n, damaged((valid / name).read_bytes(), text=name.endswith(".json")), check)
