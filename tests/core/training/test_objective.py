from dataclasses import replace

import numpy as np
import pytest
import torch
from pairs_of_noise import synthetic_batch, with_all_pairs
from torch import nn

from fineparser_core.checkpoints.build import build_model
from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.training.objective import FineParserObjective, focal_loss, mask_loss
from fineparser_core.training.optimizer import fix_batch_norms, parameter_groups
from fineparser_core.training.presets import PRESETS, get_config

pytestmark = pytest.mark.usefixtures("narrow_networks")
SIZE = 16
# What each module of Table 3 adds to the network.
MODULES = {
    "sap": {"spatial_parser"},
    "sve": {"static_encoder", "static_stream"},
    "tap": {"psnet"},
    "always": {"i3d", "reducers", "dynamic_stream"},
}
TABLE_3 = {"A": {"sap"}, "B": {"sve"}, "C": {"tap"}, "D": {"sve", "tap"}, "E": {"sap", "sve", "tap"}}


def two_dives(size=SIZE):
    """Noise in which a square falls, which is the mask; the two differ in strength, place, steps and score."""
    batch = synthetic_batch(1, size=size)
    batch.video[0] *= 0.3
    masks = torch.zeros_like(batch.video[:, 0])
    side = size // 3
    for dive, left in enumerate((size // 8, 3 * size // 8)):
        for sample in range(masks.shape[1]):
            top = sample * (size - side) // masks.shape[1]
            masks[dive, sample, top : top + side, left : left + side] = 1
    return replace(batch, masks=masks)


def objective_of(config):
    torch.manual_seed(0)
    network = to_channels_last(build_model(config.model))
    return FineParserObjective(network, config)


def settled(objective, batch):
    """Takes the statistics of the batch for those of the data: an untrained network fades to nothing without."""
    norms = [module for module in objective.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        objective.train()(batch, 0.0)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
    return objective


def gradients(objective, batch):
    """Names of the parameters that a step reaches."""
    objective.zero_grad(set_to_none=True)
    objective(batch, 0.0)["total"].backward()
    return {n for n, p in objective.named_parameters() if p.grad is not None and bool(p.grad.abs().sum() > 0)}


@pytest.mark.parametrize("row", TABLE_3)
def test_every_row_of_table_3_has_its_modules_and_no_dead_branch(row):
    config = PRESETS[f"table3-{row}"]
    batch = two_dives()
    objective = settled(objective_of(config), batch)
    expected = MODULES["always"].union(*(MODULES[name] for name in TABLE_3[row]))
    assert {name.split(".")[0] for name in objective.model.state_dict()} == expected
    fix_batch_norms(objective, config.batch_norm)
    assert gradients(objective, batch) == {name for name, _ in objective.named_parameters()}


@pytest.mark.parametrize("preset", ["table4-2", "table5-resnet50"])
def test_the_other_presets_learn_with_every_part_they_have(preset):
    config, batch = get_config(preset), two_dives()
    objective = settled(objective_of(config), batch)
    fix_batch_norms(objective, "release")
    assert gradients(objective, batch) == {name for name, _ in objective.named_parameters()}


def test_all_pairs_of_a_batch_reach_every_weight():
    batch = with_all_pairs(two_dives())
    objective = settled(objective_of(replace(get_config("fineparser"), all_pairs=True)), batch)
    assert set(objective(batch, 0.0)) == {"total", "mask", "transitions", "regression"}
    assert gradients(objective, batch) == {name for name, _ in objective.named_parameters()}


def test_terms_without_labels_are_left_out():
    batch = replace(two_dives(), masks=None, transitions=None)
    objective = settled(objective_of(PRESETS["fineparser"]), batch)
    assert set(objective(batch, 0.0)) == {"total", "regression"}
    reached = gradients(objective, batch)
    dead = {name for name, _ in objective.named_parameters()} - reached
    assert {".".join(name.split(".")[1:3]) for name in dead} >= {"spatial_parser.decoder"}
    assert all(name.startswith(("model.spatial_parser.decoder", "model.psnet")) for name in dead)


def test_batch_norms_are_fixed_as_asked():
    objective = objective_of(PRESETS["fineparser"])
    norms = {n: m for n, m in objective.named_modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)}

    def fixed(how):
        fix_batch_norms(objective, how)
        assert objective.training
        return {name for name, norm in norms.items() if not norm.training}

    assert fixed("train") == set()
    assert fixed("release") == {name for name in norms if name.startswith("model.i3d.")}
    assert fixed("fixed") == set(norms)
    assert fixed("train") == set()


def test_rates_go_where_the_release_and_the_paper_put_them():
    config = replace(
        get_config("fineparser"), lr=1.0, i3d_lr=2.0, psnet_lr=3.0, mask_encoder_lr=4.0, freeze=("i3d.conv",)
    )
    objective = objective_of(config)
    names = {id(parameter): name for name, parameter in objective.named_parameters()}
    rates = {names[id(p)]: rate for group, rate in parameter_groups(objective, config) for p in group}
    for name, parameter in objective.named_parameters():
        frozen = name.startswith("model.i3d.conv")
        assert parameter.requires_grad is not frozen
        assert (name in rates) is not frozen
    starts = {"model.i3d.": 2, "model.psnet.": 3, "model.spatial_parser.encoder.": 4}
    for name, rate in rates.items():
        assert rate == next((value for start, value in starts.items() if name.startswith(start)), 1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_one_batch_is_learned_by_heart():
    """In float32, at a share of the release's learning rates, which stay."""
    batch = two_dives(32)
    config = replace(get_config("fineparser"), batch_norm="fixed")
    objective = settled(objective_of(config), batch)
    groups = [{"params": params, "lr": 0.3 * peak} for params, peak in parameter_groups(objective, config)]
    optimizer = torch.optim.Adam(groups)
    history = []
    for _ in range(260):
        fix_batch_norms(objective, config.batch_norm)
        losses = objective(batch, 0.0)
        optimizer.zero_grad()
        losses["total"].backward()
        optimizer.step()
        history.append({name: float(loss.detach()) for name, loss in losses.items()})
    assert set(history[0]) == {"total", "mask", "transitions", "regression"}
    last = {name: float(np.median([entry[name] for entry in history[-3:]])) for name in history[0]}
    left = {name: value / history[0][name] for name, value in last.items()}
    assert max(left.values()) < 0.2, left


def test_alpha_and_gamma_of_the_focal_loss():
    torch.manual_seed(0)
    logits, target = torch.randn(2, 5, 3, 4, 4), (torch.rand(2, 3, 4, 4) < 0.3).float()
    probability = torch.where(target == 1, logits[:, 4].sigmoid(), 1 - logits[:, 4].sigmoid())
    weight = torch.where(target == 1, 0.25, 0.75)
    for gamma in (0.0, 1.5):
        plain = -((1 - probability) ** gamma) * probability.log()
        torch.testing.assert_close(focal_loss(logits[:, 4], target, gamma=gamma), plain.mean())
        weighed = focal_loss(logits[:, 4], target, alpha=0.25, gamma=gamma)
        torch.testing.assert_close(weighed, (weight * plain).mean())
    five = sum(focal_loss(logits[:, i], target, alpha=0.25, gamma=1.5) for i in range(5))
    torch.testing.assert_close(mask_loss(logits, target, alpha=0.25, gamma=1.5), five)
