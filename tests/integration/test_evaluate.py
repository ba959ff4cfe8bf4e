"""`fineparser evaluate` on rendered dives, a clip with labels, and predictions: numbers, files, refusals."""

import csv
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from fineparser_core.checkpoints.bundle import WeightsCard, save_bundle
from fineparser_core.resources import bundled_weights
from fineparser_core.synth.dataset import SynthConfig, synthesize


def test_it_needs_something_to_measure(fineparser):
    outcome = fineparser("evaluate")
    assert outcome.code == 2
    assert "Neither --data nor --real is given" in outcome.err


def test_weights_of_another_method_are_refused(fineparser, tmp_path):
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
def test_rendered_and_real_dives(fineparser, clips, tmp_path):
    if not (bundled_weights() / "config.json").is_file():
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


NUMBERS = ("107B", "207C", "305B")


@pytest.fixture
def annotated(tmp_path):
    """A folder of FineDiving's annotations of six events of twelve dives, without images."""
    root, rng = tmp_path / "FINEDIVING", np.random.default_rng(1)
    root.mkdir()
    keys = [(f"Event{event}", index) for event in range(6) for index in range(12)]
    dives = {}
    for event, index in keys:
        flight = 30 + 6 * int(event[-1])
        labels = np.repeat([1, 2, 3], (20, flight, 100 - flight))
        score = round(float(rng.uniform(40, 90)), 2)
        dives[event, index] = [NUMBERS[index % 3], score, 3.0, np.array([19, 19 + flight]), labels]
    dives["Event5", 11][1] = -1.0
    for name, thing in (
        ("fine-grained_annotation_aqa.pkl", dives),
        ("train_split.pkl", keys[:36]),
        ("test_split.pkl", keys[36:]),
    ):
        (root / name).write_bytes(pickle.dumps(thing))
    return root


def test_two_files_against_labels_and_each_other(fineparser, annotated, tmp_path):
    dives = pickle.loads((annotated / "fine-grained_annotation_aqa.pkl").read_bytes())
    test = pickle.loads((annotated / "test_split.pkl").read_bytes())
    rng = np.random.default_rng(2)
    ours, other, out = tmp_path / "ours.csv", tmp_path / "other.json", tmp_path / "out"
    guesses = {key: dives[key][1] + rng.normal(0, 5) for key in test}
    with ours.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("id", "predicted", "transitions_first", "transitions_second"))
        table.writerows((f"{event}/{i}", guesses[event, i], 13, 40) for event, i in test)
    rows = [{"id": f"{event}/{i}", "predicted": rng.uniform(40, 90)} for event, i in test[:30]]
    rows.append({"id": "Event5/9", "predicted": None})  # as good as missing
    other.write_text(json.dumps({"format": "fineparser.predictions/1", "dives": rows}), encoding="utf-8")
    outcome = fineparser(
        *("evaluate", "--predictions", ours, "--against", other, "--data", annotated, "--out", out, "--seed", 3)
    )
    assert outcome.code == 0, outcome.err
    for words in (
        *("what: FineDiving, test split, 35 dives", "left out: 1 dives with labels of no dive, the first Event5/11"),
        *("predictions: ours.csv, 36 dives", "missing: 5 of 35 dives", "Event5", "score / DD"),
        *("difference", "ours.csv\n", "seed: 3"),
    ):
        assert words in outcome.out
    content = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    scored = test[:-1]
    true, guess = [dives[key][1] for key in scored], [guesses[key] for key in scored]
    metrics = content["data"]["metrics"]
    assert metrics["rho"]["value"] == pytest.approx(spearmanr(guess, true).statistic, abs=1e-12)
    of_training = {
        number: np.mean([d[1] for key, d in dives.items() if key not in test and d[0] == number]) for number in NUMBERS
    }
    errors = [abs(of_training[dives[key][0]] - dives[key][1]) for key in scored]
    assert metrics["score_error"]["baselines"]["training mean of number"] == pytest.approx(np.mean(errors))
    assert [row["name"] for row in content["data"]["by_event"]] == ["Event3", "Event4", "Event5"]
    assert (content["data"]["split"], content["data"]["seed"], content["data"]["split by"]) == ("test", 3, "data")
    assert len(content["data"]["labels"]) == 16
    assert len(content["predictions"]["sha256"]) == 64
    difference = content["against"]["differences"]["rho"]
    first = spearmanr(guess[:30], true[:30]).statistic
    assert difference["first"] == pytest.approx(first, abs=1e-12)
    assert (difference["n"], difference["low"] < difference["value"] < difference["high"]) == (30, True)
    # What is written is a file of predictions, too.
    for name in ("predictions.csv", "predictions.json"):
        again = fineparser("evaluate", "--predictions", out / name, "--data", annotated, "--out", tmp_path / name)
        assert again.code == 0, again.err
        repeated = json.loads((tmp_path / name / "evaluation.json").read_text(encoding="utf-8"))["data"]["metrics"]
        assert {key: one and one["value"] for key, one in repeated.items()} == {
            key: one and one["value"] for key, one in metrics.items()
        }
    # Of different protocols they are compared by force alone.
    protocol = content["protocol"]
    assert (protocol["name"], protocol["version"], protocol["dives"]) == ("fineparser-diving", 2, 35)
    written = json.loads((out / "predictions.json").read_text(encoding="utf-8"))
    assert written["protocol"] == protocol
    other = tmp_path / "other.json"
    other.write_text(json.dumps(written | {"protocol": protocol | {"labels": "others"}}), encoding="utf-8")
    both = ("evaluate", "--predictions", out / "predictions.json", "--against", other, "--data", annotated)
    refused = fineparser(*both)
    assert refused.code == 2
    assert "were measured by different protocols, of which labels is" in refused.err
    assert fineparser(*both, "--force").code == 0
    other.write_text(json.dumps(written | {"protocol": {"version": "new"}}), encoding="utf-8")
    assert "protocol" in fineparser(*both).err
    same = fineparser("evaluate", "--predictions", out / "predictions.csv", "--data", annotated, "--out", out)
    assert (same.code, "is the file of predictions that is measured" in same.err) == (2, True)


def test_it_loads_no_torch(annotated, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,predicted\nEvent3/0,60\nEvent3/1,61\n", encoding="utf-8")
    argv = ["evaluate", "--predictions", str(path), "--data", str(annotated), "--out", str(tmp_path / "out")]
    code = (
        f"import sys; from fineparser_core.commands.cli import main; assert main({argv!r}) == 0; "
        "print('loaded:', [name for name in ('torch', 'torchvision', 'onnxruntime') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["loaded: []"], done.stderr


@pytest.mark.parametrize(
    ("argv", "code", "sentence"),
    [
        (("--against", "p.csv", "--data", "."), 2, "give the first by --predictions"),
        (("--predictions", "p.csv"), 2, "--data is not given"),
        (("--predictions", "p.csv", "--data", ".", "--weights", "w"), 2, "--weights is of a network"),
        (("--predictions", "p.csv", "--data", ".", "--device", "cpu"), 2, "--device is of a network"),
        (("--predictions", "none.csv", "--data", "."), 6, "none.csv cannot be read"),
        (("--predictions", "p.csv", "--data", "empty"), 6, "holds no annotations"),
        (("--predictions", "p.csv", "--data", "FINEDIVING"), 6, "p.csv: FINEDIVING has no dive 'Nowhere/1'"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(fineparser, annotated, monkeypatch, argv, code, sentence):
    monkeypatch.chdir(annotated.parent)
    (annotated.parent / "empty").mkdir()
    Path("p.csv").write_text("id,predicted\nNowhere/1,60\n", encoding="utf-8")
    outcome = fineparser("evaluate", *argv)
    assert (outcome.code, outcome.out) == (code, "")
    assert sentence in outcome.err
    assert outcome.err.count("\n") == 1
