"""`fineparser evaluate` on rendered dives and on a clip with labels."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest
import torch

from fineparser_core.checkpoints.bundle import WeightsCard, save_bundle
from fineparser_core.resources import bundled_weights
from fineparser_core.synth.dataset import SynthConfig, synthesize

Fineparser = Callable[..., Any]


def test_it_needs_something_to_measure(fineparser: Fineparser) -> None:
    outcome = fineparser("evaluate")
    assert outcome.code == 2
    assert "Neither --data nor --real is given" in outcome.err


def test_weights_of_another_method_are_refused(fineparser: Fineparser, tmp_path: Path) -> None:
    outcome = fineparser("evaluate", "--method", "usdl", "--real", tmp_path)
    assert outcome.code == 2
    assert "--method is 'usdl', and the weights are of 'fineparser-pose'" in " ".join(outcome.err.split())
    save_bundle(
        {"a": torch.ones(2)}, WeightsCard(name="release", trained_on="unknown", synthetic=False), tmp_path / "w"
    )
    outcome = fineparser("evaluate", "--method", "usdl", "--weights", tmp_path / "w", "--real", tmp_path)
    assert outcome.code == 2
    assert "the weights are of 'fineparser'" in outcome.err


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_rendered_and_real_dives(fineparser: Fineparser, clips: Path, tmp_path: Path) -> None:
    if not (bundled_weights() / "card.json").is_file():
        pytest.skip("no weights are bundled yet")
    data, real, out = tmp_path / "dives", tmp_path / "real", tmp_path / "out"
    synthesize(data, SynthConfig(train=5, test=2, seed=1, numbers=("107B",)))
    real.mkdir()
    shutil.copy(clips / "dive.mp4", real)
    shutil.copy(clips / "three_frames.mp4", real)
    labels = {"first_flight_frame": 10, "first_entry_frame": 30}
    (real / "labels.json").write_text(json.dumps({"dive.mp4": labels, "three_frames.mp4": {}}), encoding="utf-8")
    outcome = fineparser("evaluate", "--data", data, "--real", real, "--out", out, "--cache", tmp_path / "cache")
    assert outcome.code == 0, outcome.err
    for words in ("Spearman rho", "AIoU@0.75", "S-measure", "median transitions", "contribution fidelity", "off by"):
        assert words in outcome.out
    assert "three_frames.mp4 is left out" in outcome.out
    content = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert content["data"]["n_dives"] == 2
    # Two dives against five exemplars each are ten pairs.
    assert content["data"]["contribution_fidelity"]["n_pairs"] == 10
    assert set(content["real"]) == {"dive.mp4"}
    predictions = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["dives"]
    for dive in predictions:
        scores = {
            e: json.loads((data / "rendered.json").read_text(encoding="utf-8"))[e]["score"] for e in dive["exemplars"]
        }
        votes = [sum(p) + scores[e] for e, p in zip(dive["exemplars"], dive["contributions"], strict=True)]
        assert sum(votes) / 5 == pytest.approx(dive["predicted"], abs=1e-3)
    assert cv2.imread(str(out / "dive.png")) is not None
