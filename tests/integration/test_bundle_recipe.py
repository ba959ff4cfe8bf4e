"""The one command that makes the app's weights: the whole recipe on a few dives, killed on the way."""

import json
import logging
import os
import subprocess
import sys
from math import isfinite
from pathlib import Path

import pytest
import torch
from small_training import render_small, see_some

from fineparser_core.checkpoints.bundle import WeightsCard, card_of_method, load_model, read_card, save_bundle
from fineparser_core.checkpoints.networks import create_model
from fineparser_core.commands.bundle import SIZES, BundleOptions, Stages, main
from fineparser_core.config import ModelConfig
from fineparser_core.data.records import DataStamp
from fineparser_core.errors import ConfigError
from fineparser_core.export.results import AskedClip
from fineparser_core.inference.analyzer import Analyzer
from fineparser_core.models.i3d import I3D
from fineparser_core.progress import CancelToken, ignore_progress
from fineparser_core.resources import bundled_weights
from fineparser_core.synth import dataset

OPTIONS = ("--config", "bundle", "--size", "tiny", "--workers", "1")
COMMAND = (sys.executable, "-m", "small_training", "fineparser_core.commands.cli", "train", *OPTIONS)
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parent)}


@pytest.mark.timeout(1200)
def test_one_command_makes_a_bundle_that_scores_the_sample_whatever_kills_it(fineparser, tmp_path, monkeypatch, caplog):
    run = tmp_path / "run"
    command = [*COMMAND, "--out", str(run)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=ENVIRONMENT, encoding="utf-8") as cut:
        for line in cut.stderr:
            if "masks 1/2" in line:
                cut.kill()
    assert cut.returncode not in (0, 1), "the run ended before it was killed"
    kept = {path: path.stat().st_mtime_ns for path in (run / "dives" / ".records").iterdir()}
    assert {"dives", "crops", "pose"} <= json.loads((run / "recipe.json").read_text()).keys()

    monkeypatch.setattr(I3D, "forward", see_some)
    monkeypatch.setattr(dataset, "render_dive", render_small)
    with caplog.at_level(logging.INFO):
        gone_on = fineparser("train", *OPTIONS, "--out", run)
    assert gone_on.code == 0, gone_on.err
    assert "pose: going on at iteration 2 of 2" in caplog.text
    assert "the I3D networks start from random weights" in caplog.text
    assert kept == {path: path.stat().st_mtime_ns for path in (run / "dives" / ".records").iterdir()}

    card = read_card(run / "bundle")
    planned = SIZES["tiny"].minutes()
    assert planned.keys() <= card.provenance.stages.keys()
    assert card.commit
    assert card.metrics["test dives"] == SIZES["tiny"].test
    page = (run / "bundle" / "README.md").read_text(encoding="utf-8")
    assert f"\n# {card.id}\n" in page
    assert all(f"| {stage} |" in page for stage in planned)

    analyzer = Analyzer.open(weights=run / "bundle", library=run / "exemplars" / "library.sqlite")
    sample = json.loads((run / "sample" / "sample.json").read_text(encoding="utf-8"))
    asked = AskedClip(
        path=run / "sample" / sample["file"], dive_number=sample["dive_number"], board_m=sample["board_m"]
    )
    analysis = analyzer.analyze_file(asked, force=True)[1]
    assert isfinite(analysis.scoring.score)
    assert analysis.parse.joints is not None
    analyzer.library.close()


def test_a_pose_backbone_is_taken_as_it_is(tmp_path):
    options = BundleOptions(out=tmp_path, size="tiny", pose=bundled_weights())
    run, given = Stages(options, "", torch.device("cpu"), ignore_progress, CancelToken()), load_model()[0]
    assert "pose" not in run.planned
    taken, whole = run.network.static_encoder.backbone.state_dict(), given.static_encoder.backbone.state_dict()
    assert {name.split(".")[0] for name, value in taken.items() if not value.equal(whole[name])} == {"track"}
    card = run.card(DataStamp(name="", rendered=True, dives=3, labels=""), {"static": 1.0})
    bundled = read_card(bundled_weights())
    assert bundled.trained_on in card.trained_on
    assert any(bundled.id in notice and bundled.training in notice for notice in card.notices)
    assert card.provenance.inputs["pose backbone"] == bundled.id


def test_weights_without_a_pose_backbone_are_refused(tmp_path):
    save_bundle(
        create_model("usdl").state_dict(),
        WeightsCard(**card_of_method(ModelConfig(method="usdl"), rendered=True), trained_on="", synthetic=True),
        tmp_path / "usdl",
    )
    with pytest.raises(ConfigError, match=r"usdl-.* has no pose backbone"):
        main(["--config", "bundle", "--size", "tiny", "--out", str(tmp_path / "run"), "--pose", str(tmp_path / "usdl")])


def test_the_page_states_the_plan():
    page = (Path(__file__).parents[2] / "packaging" / "docs" / "weights.md").read_text(encoding="utf-8")
    minutes = SIZES["full"].minutes()
    assert sum(minutes.values()) <= 8 * 60
    for stage, planned in {**minutes, "in all": sum(minutes.values())}.items():
        (row,) = (line for line in page.splitlines() if line.startswith(f"| {stage} |"))
        assert row.endswith(f"| {planned:.0f} |")


def test_a_run_goes_on_with_its_own_settings_alone(tmp_path):
    (tmp_path / "run.json").write_text('{"settings": {"config": "bundle", "size": "tiny", "seed": 1, "kinetics": ""}}')
    (tmp_path / "recipe.json").write_text("{}")
    with pytest.raises(ConfigError, match="was started with seed = 1, not 2"):
        main(["--config", "bundle", "--size", "tiny", "--seed", "2", "--out", str(tmp_path)])


def test_a_missing_kinetics_file_is_named(tmp_path):
    missing = tmp_path / "kinetics.safetensors"
    with pytest.raises(ConfigError, match=f"{missing.name} cannot be read .*convert kinetics"):
        main(["--config", "bundle", "--size", "tiny", "--out", str(tmp_path / "run"), "--kinetics", str(missing)])
