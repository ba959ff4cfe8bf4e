"""The rows of the papers' tables: what is printed, and that each is trained by a preset."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision.models as zoo
from narrow_networks import narrow

from fineparser_core.checkpoints.build import build_model
from fineparser_core.checkpoints.bundle import WeightsCard, card_of_method
from fineparser_core.config import RunSettings
from fineparser_core.data.dataset import load_dataset
from fineparser_core.evaluation.summary import METRICS
from fineparser_core.models.baselines import c3d
from fineparser_core.pose.pose_backbone import PoseBackbone
from fineparser_core.progress import CancelToken
from fineparser_core.training.batches import Batch
from fineparser_core.training.dives import load_splits
from fineparser_core.training.loop import Trainer
from fineparser_core.training.paper import beside_paper, paper_rows
from fineparser_core.training.presets import PRESETS, get_config

PAPER = Path(__file__).resolve().parents[3] / "../shared/paper/fineparser.txt"
OF_TABLES = [row for row in paper_rows() if row.table.startswith("Table")]
#: A preset of each network and objective that the tables have.
TRAINED = {(config.model, config.mask_weight): name for name, config in PRESETS.items() if name != "fine-tune"}


def test_every_row_has_a_preset_of_its_data_set_and_every_number_a_metric():
    assert [sum(row.table == f"Table {n}" for row in OF_TABLES) for n in range(1, 6)] == [9, 10, 5, 3, 4]
    layouts = {"FineDiving": "auto", "MTL-AQA": "mtl-aqa"}
    assert all(PRESETS[row.preset].layout == layouts[row.data] for row in OF_TABLES)
    assert len({row.preset for row in OF_TABLES}) == len(OF_TABLES)
    assert all(row.values.keys() <= METRICS.keys() for row in paper_rows())
    assert all(row.preset or row.source for row in paper_rows())


@pytest.mark.skipif(not PAPER.is_file(), reason="needs the paper's text")
def test_the_paper_prints_every_number_of_its_rows():
    printed = set(map(float, re.findall(r"\d\.\d{4}", PAPER.read_text(encoding="utf-8"))))
    assert {value for row in OF_TABLES for value in row.values.values()} <= printed


def card_of(preset):
    return WeightsCard(trained_on="", synthetic=False, **card_of_method(get_config(preset).model, rendered=False))


def test_a_run_stands_below_the_row_of_its_method_and_data_set():
    text = beside_paper(card_of("fineparser"), "FineDiving", {"rho": 0.9, "aiou_75": 0.8, "mae": 0.01})
    assert [re.split(r"  +", line.strip()) for line in text.splitlines()[1:]] == [
        ["rho", "R-l2 x100", "AIoU@0.5", "AIoU@0.75"],
        ["Table 1: FineParser", "0.9435", "0.2602", "0.9946", "0.9467"],
        ["Table 5: ResNet34", "0.9435", "0.2602", "-", "-"],
        ["here, equal to released code", "0.9000", "-", "-", "0.8000"],
    ]
    assert re.search(r"Table 2: MUSDL +0\.9273", beside_paper(card_of("musdl"), "MTL-AQA", {"rho": 0.5}))
    assert "MAGR" in beside_paper(card_of("usdl"), "UNLV-Dive", {"rho": 0.5})
    assert beside_paper(card_of("fineparser"), "rendered dives", {"rho": 0.9}) == ""
    assert beside_paper(card_of("c3d-svr"), "FineDiving", {"rho": 0.9}) == ""


@pytest.fixture(scope="module")
def splits(rendered_root, tmp_path_factory):
    """Rendered dives by preprocessing, cached once."""
    data, cache, known = load_dataset(rendered_root), tmp_path_factory.mktemp("cache"), {}

    def load(config):
        records = {"train": data.split("train"), "validation": [], "test": []}
        if config.preprocessing not in known:
            settings = RunSettings(cache=cache)
            known[config.preprocessing] = load_splits(data, records, config, settings, CancelToken())
        return known[config.preprocessing]

    return load


@pytest.fixture
def small(monkeypatch):
    """Make networks small, and batches of 16 x 16 pixels."""
    transformer, to = zoo.VisionTransformer, Batch.to

    def see_some(batch, device):
        some = to(batch, device)
        masks = None if some.masks is None else some.masks[..., ::7, ::7]
        return replace(some, video=some.video[..., ::7, ::7], masks=masks)

    monkeypatch.setattr(Batch, "to", see_some)
    monkeypatch.setattr(
        PoseBackbone, "features_and_keypoints", lambda net, x: (None, 0 * net.aux.bias[0] + x[:, :1, :, :3])
    )
    thin = {name: (min(before, 8), 8, pooled) for name, (before, _, pooled) in c3d._C3D.items()}
    for name, value in (("_C3D", thin), ("POOLED_SIZE", 8 * 16), ("WIDE_SIZE", 8)):
        monkeypatch.setattr(c3d, name, value)
    monkeypatch.setattr(zoo, "VisionTransformer", lambda *px, **like: transformer(16, 16, **like | {"num_layers": 1}))
    with narrow():
        yield


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("preset", TRAINED.values())
def test_every_preset_trains_two_updates_on_rendered_dives(preset, splits, tmp_path):
    changes = {"layout": "auto", "epochs": 2, "batch_size": 1, "grad_accum_steps": 1, "validation_share": 0.0}
    config = get_config(preset)
    config = type(config)(
        **{**vars(config), **changes, "pick_on": "validation", "test_epochs": False, "pairing": "random"}
    )
    torch.manual_seed(0)
    trainer = Trainer(build_model(config.model), splits(config), config, tmp_path)
    assert trainer.iterations >= 2
    before = {name: value.clone() for name, value in trainer.objective.named_parameters() if value.requires_grad}
    trainer.iterations = 2
    for _ in range(2):
        trainer.batches = iter(trainer.loader)
        losses = trainer._step(1, 0.0)
        assert np.isfinite(float(losses["total"]))
    moved = [
        not torch.equal(value, before[name]) for name, value in trainer.objective.named_parameters() if name in before
    ]
    assert np.mean(moved) > 0.5
