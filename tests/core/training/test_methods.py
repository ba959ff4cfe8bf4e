import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torchvision.models import video

from fineparser_core.checkpoints.bundle import WeightsCard, card_of_method, load_model, save_bundle
from fineparser_core.checkpoints.networks import create_model
from fineparser_core.commands.cli import main
from fineparser_core.config import ModelConfig
from fineparser_core.methods import register_method
from fineparser_core.training.objective import make_objective
from fineparser_core.training.presets import method_config

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "packaging" / "docs" / "methods.md").read_text(encoding="utf-8")
CODE, SWIN = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
TRAIN = ("--method", "colors:colors", "--batch-size", "1", "--device", "cpu")


@pytest.fixture
def elsewhere(tmp_path):
    """A folder with the example of the page."""
    (tmp_path / "colors.py").write_text(CODE, encoding="utf-8")
    return tmp_path


def environment(folder):
    return {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), "OMP_NUM_THREADS": "1"}


def run(folder, *argv):
    command = [sys.executable, *map(str, argv)]
    return subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)


def words(elsewhere, rendered_root):
    return ("--data", rendered_root, "--cache", elsewhere / "cache")


def train(elsewhere, rendered_root, epochs):
    shares = ("--validation-share", "0", "--checkpoint-every", "1", "--epochs", epochs, "--evaluate-every", epochs)
    return ("-m", "fineparser_core.commands.cli", "train", *words(elsewhere, rendered_root), *TRAIN, *shares)


def test_a_method_elsewhere_trains_and_is_measured(elsewhere, rendered_root, capfd, monkeypatch):
    done = run(elsewhere, *train(elsewhere, rendered_root, "2"), "--out", elsewhere / "run")
    assert done.returncode == 0, done.stderr
    weights = ("--weights", elsewhere / "run" / "bundle", "--device", "cpu")
    evaluate = ("eval", *words(elsewhere, rendered_root), *weights)
    assert main([*map(str, evaluate)]) == 5
    assert "is of your own method colors:colors: name it again (--method colors:colors)." in capfd.readouterr().err
    report = ("--method", "colors:colors", "--out", elsewhere / "report")
    monkeypatch.syspath_prepend(elsewhere)
    assert main([*map(str, (*evaluate, *report))]) == 0
    trained = json.loads((elsewhere / "run" / "results.json").read_bytes())
    found = json.loads((elsewhere / "report" / "evaluation.json").read_bytes())["data"]
    assert found["metrics"] == trained["picked"]["test"]["metrics"]


@pytest.mark.slow
def test_a_killed_method_elsewhere_goes_on(elsewhere, rendered_root):
    argv = train(elsewhere, rendered_root, "30")
    events, resume = elsewhere / "run" / "events.jsonl", ("--out", elsewhere / "run", "--resume")
    command = [sys.executable, *map(str, (*argv, *resume))]
    process = subprocess.Popen(command, cwd=elsewhere, env=environment(elsewhere), stderr=subprocess.PIPE, text=True)
    try:
        while process.poll() is None and (not events.exists() or events.read_bytes().count(b"\n") < 2):
            time.sleep(0.02)
        assert process.poll() is None, process.communicate()[1]
    finally:
        process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        process.communicate()
    done = run(elsewhere, *argv, *resume)
    assert done.returncode == 0, done.stderr
    assert "going on at iteration" in done.stderr
    whole = run(elsewhere, *argv, "--out", elsewhere / "whole")
    assert whole.returncode == 0, whole.stderr
    assert (elsewhere / "whole" / "events.jsonl").read_bytes() == events.read_bytes()  # dropout included


def test_an_installed_package_registers_its_method_and_a_broken_one_is_named(elsewhere):
    for name, target in (("colors", "colors:colors"), ("broken", "nowhere:method")):
        info = elsewhere / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[fineparser.methods]\n{name} = {target}\n", encoding="utf-8")
    code = (
        "from fineparser_core.methods import get_method, list_models\n"
        "from fineparser_core.training.presets import get_config\n"
        "print([row['name'] for row in list_models()][-1], get_config('colors').epochs)\n"
        "get_method('another')\n"
    )
    done = run(elsewhere, "-c", code)
    assert done.stdout.split() == ["colors", "20"], done.stderr
    assert "The method 'broken' of the package broken cannot be loaded (ModuleNotFoundError" in done.stderr


def test_a_video_transformer_is_a_method_by_the_page(monkeypatch, tmp_path):
    def small(weights):
        # trunc_normal_ draws until the values fit, as others may, which hangs where nothing is drawn.
        for draw in (torch.Tensor.normal_, torch.nn.init.normal_):
            assert draw(torch.full((8,), 9.0)).max() < 9
        assert weights in video.Swin3D_T_Weights.__members__
        return video.SwinTransformer3d([2, 4, 4], 24, [1, 1, 1, 1], [1, 2, 4, 8], [8, 7, 7], num_classes=3)

    monkeypatch.setattr(video, "swin3d_t", small)
    made = {"__name__": "swin"}
    exec(compile(SWIN, "swin", "exec"), made)
    method = register_method(made["swin"]())
    model = create_model(method.name)
    clip = torch.rand(2, 3, 96, 112, 112)
    assert model.features(clip[:1]).shape == (1, 192)
    config = method_config(method.name)
    batch = SimpleNamespace(video=clip, scores=torch.tensor([60.0, 80.0]))
    total = make_objective(model, config, [])(batch, 0.0)["total"]
    total.backward()
    assert torch.isfinite(total)
    assert all(p.grad is not None for p in model.parameters())
    assert (config.optimizer, config.weight_decay) == ("adamw", 0.05)
    card = WeightsCard(
        **card_of_method(ModelConfig(method=method.name), rendered=False), trained_on="nothing", synthetic=True
    )
    save_bundle(model.state_dict(), card, tmp_path / "weights", half=False)
    loaded, _ = load_model(tmp_path / "weights")
    torch.testing.assert_close(loaded.state_dict(), model.state_dict())
