"""`fineparser train --config staged` from a random Kinetics file on a few rendered dives: whole, whole and cut."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fineparser_core.checkpoints.bundle import load_fineparser
from fineparser_core.checkpoints.kinetics import LOGITS, N_CLASSES, write_kinetics
from fineparser_core.commands import train
from fineparser_core.constants import FEATURE_SIZE
from fineparser_core.errors import Cancelled
from fineparser_core.models.i3d import I3D
from fineparser_core.progress import CancelToken
from fineparser_core.synth import dataset
from fineparser_core.synth.dataset import SynthConfig, synthesize
from fineparser_core.synth.render import DiveSpec, RenderedDive
from fineparser_core.training.initial import KINETICS_NOTICE

Fineparser = Callable[..., Any]
STAGES = {
    "masks": 2,
    "sharpen": 2,
    "frames": 2,
    "tracks": 2,
    "refiner": 2,
    "refiner-tracks": 2,
    "steps": 2,
    "parse": 2,
    "heads": 3,
    "static": 2,
}
OPTIONS = {"masks": "mask", "frames": "frame", "tracks": "track", "refiner-tracks": "track", "heads": "head"}
SMALL = (
    *(word for name, count in STAGES.items() for word in (f"--{OPTIONS.get(name, name)}-iterations", count)),
    *(
        "--mask-windows",
        2,
        "--sharpen-batch",
        2,
        "--whole-frame-windows",
        1,
        "--whole-frame-dives",
        2,
        "--frame-batch",
        4,
    ),
    *("--parse-batch", 2, "--head-batch", 2, "--synthetic-dives", 4, "--precision", "fp32"),
    *("--parse-dives", 2, "--weighting-dives", 2),
)


@pytest.fixture(scope="module")
def dives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two training dives of one number, 40 frames each."""
    root = tmp_path_factory.mktemp("dives") / "data"
    render = dataset.render_dive

    def small(spec: DiveSpec, seed: int) -> RenderedDive:
        timing = {"n_frames": 40, "first_flight_frame": 12, "first_entry_frame": 26}
        return render(replace(spec, **timing, height_px=96, aspect=4 / 3, clear=True), seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "render_dive", small)
        patch.setattr(os, "fsync", lambda descriptor: None)  # a slow disk is not what is tested
        synthesize(root, SynthConfig(train=2, test=0, seed=3, numbers=("107B",)))
    return root


@pytest.fixture(scope="module")
def kinetics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise in the format of converted Kinetics weights."""
    torch.manual_seed(7)
    weights = {name: value.numpy() for name, value in I3D().state_dict().items()}
    weights[f"{LOGITS}.conv3d.weight"] = np.zeros((N_CLASSES, FEATURE_SIZE, 1, 1, 1), np.float32)
    weights[f"{LOGITS}.conv3d.bias"] = np.zeros(N_CLASSES, np.float32)
    path = tmp_path_factory.mktemp("kinetics") / "kinetics.safetensors"
    write_kinetics(weights, path)
    return path


@pytest.fixture
def words(dives: Path, kinetics: Path, tmp_path: Path) -> tuple[object, ...]:
    return "--config", "staged", "--data", dives, "--kinetics", kinetics, "--cache", tmp_path / "cache", *SMALL


def events(out: Path) -> list[str]:
    path = out / "events.jsonl"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def cut_after(count: int, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the token of the next run once so many events are told."""

    class Token(CancelToken):
        @property
        def cancelled(self) -> bool:
            if len(events(out)) >= count:
                self.cancel()
            return super().cancelled

        def raise_if_cancelled(self) -> None:
            if self.cancelled:
                raise Cancelled

    @contextmanager
    def token() -> Iterator[CancelToken]:
        yield Token()

    monkeypatch.setattr(train, "cancel_on_signals", token)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_run_that_is_cut_in_every_stage_gives_the_same_weights(
    fineparser: Fineparser, words: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    outcome = fineparser("train", *words, "--out", whole)
    assert outcome.code == 0, outcome.err
    recorded = [json.loads(line) for line in events(whole)]
    assert [(event["stage"], event["iteration"]) for event in recorded] == [
        (stage, iteration + 1) for stage, count in STAGES.items() for iteration in range(count)
    ]
    assert {"focal", "dice", "joints"} <= recorded[0].keys()
    assert {"entropy", "dice"} <= recorded[2].keys()
    assert {"joints", "phase", "water", "splash"} <= recorded[4].keys()
    assert {"transitions", "steps", "regression", "contributions", "quality"} <= recorded[14].keys()
    network, card = load_fineparser(whole / "bundle")
    assert network.spatial_parser.decoder.refiner is not None
    assert (card.preprocessing, card.decoding) == ("follow", "flight")
    assert card.architecture == "fineparser-pose-i3d"
    assert card.trained_on == "2 dives rendered by this program; no real dive"
    assert card.synthetic
    assert KINETICS_NOTICE in card.notices

    for count in (1, 3, 5, 7, 9, 11, 13, 16, 18):
        with monkeypatch.context() as patch:
            cut_after(count, cut, patch)
            stopped = fineparser("train", *words, "--out", cut, "--resume")
        assert stopped.code == Cancelled.exit_code, stopped.err
        assert not (cut / "bundle").exists()
    finished = fineparser("train", *words, "--out", cut, "--resume")
    assert finished.code == 0, finished.err
    assert events(cut) == events(whole)
    assert load_fineparser(cut / "bundle")[1].shards == card.shards


def test_what_the_staged_recipe_needs_is_said_first(fineparser: Fineparser, tmp_path: Path) -> None:
    def refused(sentence: str, *argv: object) -> None:
        outcome = fineparser("train", "--config", "staged", "--data", tmp_path, "--out", tmp_path / "run", *argv)
        assert outcome.code == 2
        assert sentence in " ".join(outcome.err.split())
        assert not (tmp_path / "run").exists()

    refused("starts from Kinetics: give --kinetics")
    refused("6 of 6 windows show whole frames", "--kinetics", tmp_path, "--whole-frame-windows", "6")


def test_the_same_dives_twice_are_refused(
    fineparser: Fineparser, dives: Path, words: tuple[object, ...], tmp_path: Path
) -> None:
    outcome = fineparser("train", *words, "--extra-data", dives, "--out", tmp_path / "run")
    assert outcome.code == 2
    assert "give --extra-data a set of other dives, such as twins of another --variant" in " ".join(outcome.err.split())
    outcome = fineparser("train", "--data", dives, "--extra-data", dives, "--out", tmp_path / "run")
    assert outcome.code == 2
    assert "--extra-data is of the staged recipe" in outcome.err
    assert not (tmp_path / "run").exists()
