"""`fineparser train` and `eval` as real processes on a few rendered dives."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_training import see_some

from fineparser_core.checkpoints.bundle import load_bundle, read_card
from fineparser_core.data.dataset import load_dataset
from fineparser_core.errors import Cancelled
from fineparser_core.evaluation.protocol import write_pool
from fineparser_core.models.i3d import I3D
from fineparser_core.synth import dataset
from fineparser_core.synth.dataset import SynthConfig, synthesize

PATHS = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(PATHS)}
# A whole network would take minutes: the smallest method with steps, on a backbone that stays as it starts.
SMALL = ("--config", "tsa", "--freeze", "i3d", "--batch-norm", "fixed", "--grad-accum-steps", "1", "--exemplars", "2")
TWO_EPOCHS = (*SMALL, "--epochs", "2", "--batch-size", "2", "--all-pairs", "--validation-share", "0.3")


@pytest.fixture(scope="session")
def dives(tmp_path_factory):
    """Four training dives and three test dives of one number."""
    root = tmp_path_factory.mktemp("dives") / "data"
    timing = {"n_frames": 40, "first_flight_frame": 12, "first_entry_frame": 26}
    render = dataset.render_dive

    def small(spec, seed):
        return render(replace(spec, **timing, height_px=96, aspect=4 / 3, clear=True), seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "render_dive", small)
        synthesize(root, SynthConfig(train=4, test=3, seed=3, numbers=("107B",)))
    return root


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("frames")


@pytest.fixture(scope="session")
def words(dives, cache):
    """Arguments of every run: the folders of the dives and of the cache."""
    return "--data", dives, "--cache", cache, "--device", "cpu"


def command(*argv):
    return [
        sys.executable,
        "-m",
        "small_training",
        "fineparser_core.commands.cli",
        "train",
        *(str(word) for word in argv),
    ]


def finish(argv):
    done = subprocess.run(argv, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def stop(argv, out, number, *, after):
    """Starts a run and sends it a signal once so many events are written; its exit code."""
    process = subprocess.Popen(argv, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while len(events(out)) < after and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(number)
        return process.wait()
    finally:
        process.kill()


def events(out):
    path = out / "events.jsonl"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def same_weights(one, other):
    ours, theirs = (torch.load(out / "train.pt", weights_only=True)["modules"]["objective"] for out in (one, other))
    return ours.keys() == theirs.keys() and all(torch.equal(value, theirs[name]) for name, value in ours.items())


def results(out):
    content = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="session")
def whole(words, tmp_path_factory):
    """An uninterrupted run."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    finish(command(*words, *TWO_EPOCHS, "--out", out))
    return out


def test_a_run_leaves_weights_events_and_results(whole):
    recorded = [json.loads(line) for line in events(whole)]
    assert [(event["stage"], event["iteration"]) for event in recorded] == [
        ("train", 1),
        ("validation", 1),
        ("train", 2),
        ("validation", 2),
    ]
    assert {"total", "regression", "transitions", "lr"} <= recorded[0].keys()
    found = results(whole)
    assert found["picked"]["epoch"] in (1, 2)
    assert found["picked"]["test"]["n_dives"] == 3
    assert "best epoch on test, per metric (the release's way)" in found
    assert found["settings"]["freeze"] == ["i3d"]
    card = read_card(whole / "bundle")
    assert card.id == found["weights"]
    assert re.fullmatch(r"tsa-[0-9a-f]{8}", card.id)
    assert "no masks" in card.limitations
    assert (card.architecture, card.synthetic) == ("tsa-i3d", True)
    assert card.trained_on == "3 dives rendered by this program; no real dive"
    assert set(card.metrics) >= {"test rho", "test aiou_75"}
    assert load_bundle(whole / "bundle")[0]


def test_a_cancelled_run_says_how_it_goes_on(fineparser, words, tmp_path, monkeypatch):
    def cancelled(*_, **__):
        raise Cancelled()

    monkeypatch.setattr("fineparser_core.training.run.train", cancelled)
    outcome = fineparser("train", *words, "--out", tmp_path)
    assert outcome.code == Cancelled.exit_code
    assert "Cancelled: the same command with --resume goes on." in outcome.err


@pytest.mark.slow
@pytest.mark.parametrize("loaders", [0, 1])
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(words, whole, tmp_path, loaders):
    argv = command(*words, *TWO_EPOCHS, "--out", tmp_path, "--resume")
    stopped = stop([*argv, "--loaders", str(loaders)], tmp_path, signal.SIGTERM, after=1)
    assert stopped == Cancelled.exit_code
    assert (tmp_path / "train.pt").is_file()
    assert not (tmp_path / "bundle").exists()
    finish(argv)
    assert same_weights(tmp_path, whole)
    assert events(tmp_path) == events(whole)
    assert results(tmp_path) == results(whole)


def test_masks_that_are_not_found_stop_a_run_that_would_learn_from_them(fineparser, dives, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(dives, bare, ignore=shutil.ignore_patterns("FineDiving_HM"))
    where = ("--data", bare, "--cache", tmp_path / "cache", "--device", "cpu")
    refused = fineparser("train", *where, "--out", tmp_path / "run")
    assert refused.code == 6
    assert f"no masks for the spatial parser to learn from; looked for {bare / 'FineDiving_HM'}" in refused.err
    assert "--mask-pattern" in refused.err
    assert not (tmp_path / "run").exists()


def test_eval_measures_the_bundle_of_a_run(fineparser, words, dives, whole, tmp_path, monkeypatch):
    # Another process with as many threads as training had, so that sums are rounded alike.
    argv = [sys.executable, "-m", "small_training", "fineparser_core.commands.cli", "eval", *map(str, words)]
    text = finish([*argv, "--weights", str(whole / "bundle"), "--out", str(tmp_path / "eval")])
    assert {path.name for path in (tmp_path / "eval").iterdir()} >= {
        "evaluation.json",
        "predictions.csv",
        "predictions.json",
    }
    summary = json.loads(
        (tmp_path / "eval" / "evaluation.json").read_text(encoding="utf-8"), parse_constant=pytest.fail
    )["data"]
    assert summary["n_dives"] == 3
    # Seed, precision, exemplars and the dives they are drawn from are in the bundle: the same numbers come out.
    tested = results(whole)["picked"]["test"]
    assert {name: summary[name] for name in tested} == tested
    assert tested["metrics"]["rho"] is not None
    assert "up to 2 of the 3 dives that training compared with by dive-number, seed 10086" in text
    monkeypatch.setattr(I3D, "forward", see_some)
    assert "no test" not in text
    shutil.copytree(whole / "bundle", tmp_path / "bundle")
    data = load_dataset(dives)
    write_pool(tmp_path / "bundle", [*data.split("train"), data.split("test")[0]])
    leaked = fineparser("eval", *words, "--weights", tmp_path / "bundle", "--limit", "1")
    assert "no test: 1 of them were trained on: give --split-by as in training" in leaked.out
    other = fineparser("eval", *words, "--weights", whole / "bundle", "--exemplars", "3", "--limit", "2")
    assert other.code == 0, other.err
    assert "2 dives, 2 scored" in other.out
    assert len((tmp_path / "eval" / "predictions.csv").read_text(encoding="utf-8").splitlines()) == 1 + 3
