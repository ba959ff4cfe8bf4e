"""`fineparser train --config bundle`: killed at any moment it goes on, within its minutes, to a bundle that scores."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_recipe import SIZES

from fineparser_core.checkpoints.bundle import load_fineparser, read_card
from fineparser_core.checkpoints.kinetics import LOGITS, N_CLASSES, write_kinetics
from fineparser_core.constants import FEATURE_SIZE
from fineparser_core.errors import Cancelled
from fineparser_core.models.i3d import I3D
from fineparser_core.resources import resource
from fineparser_core.training.initial import KINETICS_NOTICE
from fineparser_core.training.recipe import SHARES

Fineparser = Callable[..., Any]
PATHS = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(PATHS)}
# Of the moments at which a run is killed, the stages that have just begun.
KILLED_IN = ("dives", "masks", "frames", "refiner", "static", "parse")
SAMPLE = resource("samples", "sample.json")


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


class Run:
    """A run of the recipe in a process of its own."""

    def __init__(self, kinetics: Path, out: Path, minutes: float) -> None:
        self.out = out
        options = ("--kinetics", kinetics, "--out", out, "--minutes", minutes, "--resume")
        self._command = [sys.executable, "-m", "small_recipe", *(str(word) for word in options)]

    def finish(self) -> str:
        done = subprocess.run(self._command, env=ENVIRONMENT, capture_output=True, text=True, timeout=1800)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kill_in(self, stage: str, after_s: float) -> bool:
        """Kills it so long after it began a stage; False if it had ended before."""
        with subprocess.Popen(
            self._command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                deadline = time.monotonic() + 900
                while stage not in self.budget["ends_s"] and process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.02)
                time.sleep(after_s)
            finally:
                process.send_signal(signal.SIGKILL)
            return process.wait() == -signal.SIGKILL

    @property
    def budget(self) -> dict[str, Any]:
        path = self.out / "budget.json"
        empty = {"ends_s": {}, "units": {}, "spent_s": 0.0}
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else empty

    @property
    def events(self) -> list[str]:
        return (self.out / "events.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_run_of_a_minute_that_is_killed_at_many_moments_scores_the_sample(
    fineparser: Fineparser, kinetics: Path, tmp_path: Path
) -> None:
    run = Run(kinetics, tmp_path / "run", minutes=1)
    rng = np.random.default_rng()
    n_kills = sum(run.kill_in(stage, rng.uniform(0, 3)) for stage in KILLED_IN)
    assert n_kills >= 2
    run.finish()
    assert set(run.budget["units"]) == set(SHARES) - {"bundle"}
    assert not list(run.out.rglob(".*.tmp"))

    bundle = run.out / "bundle"
    card = read_card(bundle)
    assert card.trained_on.startswith("8 dives rendered by this program, and ")
    assert card.trained_on.endswith("more of which only the joints were simulated; no real dive")
    for told in ("--config bundle --minutes 1 --seed 10086`", " minutes on cpu (", "masks "):
        assert told in card.training
    assert (card.preprocessing, card.decoding, card.seed) == ("follow", "flight", 10086)
    assert card.architecture == "fineparser-pose-i3d"
    assert card.synthetic
    assert KINETICS_NOTICE in card.notices

    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    dive = ("--dive-number", sample["dive_number"], "--board", sample["board_m"], "--exemplars", 1)
    options = ("--weights", bundle, "--force", "--quiet", "--json", "-")
    outcome = fineparser("score", SAMPLE.parent / sample["file"], *dive, *options)
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["score"] is not None


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_same_seed_gives_the_same_weights_whether_or_not_it_was_killed(kinetics: Path, tmp_path: Path) -> None:
    whole, killed = (Run(kinetics, tmp_path / name, minutes=600) for name in ("whole", "killed"))
    whole.finish()
    for stage in KILLED_IN:
        killed.kill_in(stage, 1.0)
    killed.finish()
    assert whole.budget["units"] == killed.budget["units"]
    assert whole.budget["units"]["masks"] == SIZES["mask_iterations"]  # the minutes suffice for all
    assert whole.events == killed.events
    assert load_fineparser(whole.out / "bundle")[1].shards == read_card(killed.out / "bundle").shards
    before = read_card(killed.out / "bundle")
    killed.finish()  # everything is loaded
    assert read_card(killed.out / "bundle").shards == before.shards


def test_what_the_recipe_needs_is_said_first(fineparser: Fineparser, kinetics: Path, tmp_path: Path) -> None:
    def refused(code: int, sentence: str, *argv: object) -> None:
        outcome = fineparser("train", "--config", "bundle", "--out", tmp_path / "run", *argv)
        assert outcome.code == code
        assert sentence in " ".join(outcome.err.split())
        assert not (tmp_path / "run").exists()

    refused(2, "--kinetics")
    refused(2, "--minutes is 0: give more than 0", "--kinetics", kinetics, "--minutes", 0)
    refused(2, "Unrecognized options: --data", "--kinetics", kinetics, "--data", tmp_path)
    refused(5, "nowhere", "--kinetics", tmp_path / "nowhere")


def test_a_run_is_gone_on_with_by_the_same_settings_alone(
    fineparser: Fineparser, kinetics: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = tmp_path / "run"

    def stop(*args: object) -> None:
        raise Cancelled

    monkeypatch.setattr("fineparser_core.training.recipe.render_dives", stop)
    words = ("train", "--config", "bundle", "--kinetics", kinetics, "--out", stopped, "--device", "cpu")
    assert fineparser(*words, "--minutes", 5).code == Cancelled.exit_code
    (stopped / "budget.json").write_text("{}", encoding="utf-8")
    for more, sentence in (
        ((), "holds a run already: add --resume"),
        (("--resume",), "was started with minutes = 5.0, not 120.0"),
        (("--resume", "--minutes", 5, "--seed", 3), "config.seed = 10086, not 3"),
        (("--resume", "--minutes", 5), "budget.json is damaged"),
    ):
        outcome = fineparser(*words, *more)
        assert outcome.code == 2
        assert sentence in " ".join(outcome.err.split())


def test_the_recipe_has_few_options(fineparser: Fineparser) -> None:
    outcome = fineparser("train", "--config", "bundle", "--help")
    assert outcome.code == 0
    options = {word.strip(",") for word in outcome.out.split() if word.startswith("--")}
    known = {
        "--config",
        "--kinetics",
        "--out",
        "--minutes",
        "--seed",
        "--device",
        "--workers",
        "--resume",
        "--renderer",
    }
    assert options <= known | {"--help"}
