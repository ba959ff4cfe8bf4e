from dataclasses import replace

import pytest
import torch
from narrow_networks import narrow
from toy_run import toy_run

from fineparser_core.config import RunSettings
from fineparser_core.data.dataset import load_dataset
from fineparser_core.errors import ConfigError
from fineparser_core.training.plan import StepCost, describe, measure_step, plan_run
from fineparser_core.training.presets import get_config

CPU = torch.device("cpu")


def test_a_step_costs_the_operations_of_its_products_forward_and_backward():
    weights, rows = torch.zeros(64, 32, requires_grad=True), torch.ones(8, 64)
    cost = measure_step(lambda: (rows @ weights).sum().backward(), CPU)
    assert cost.flop == 2 * 2 * 8 * 64 * 32
    assert cost.seconds > 0
    text = StepCost(flop=1_256_000_000_000, seconds=2.0, memory_bytes=9_800_000_000).text(3600)
    assert text == "1256 GFLOP, 2.00 s, 9.8 GB of memory; 3600 of them 4.5e+15 FLOP, about 2.0 h"


def test_the_release_is_said_to_be_the_release_and_others_what_differs():
    release = get_config("release")
    assert describe(release, CPU) == (
        "16 pairs an update, 8 x 2, as batch norms see them; fp32, TF32 convolutions; "
        "every setting is that of the release"
    )
    larger = describe(replace(release, batch_size=8, grad_accum_steps=2), CPU)
    assert larger.startswith("16 pairs an update, 2 x 8, as")
    assert larger.endswith("differs from the release in batch_size 8 (2), grad_accum_steps 2 (8)")
    assert describe(get_config("usdl"), CPU).endswith(
        "4 dives an update, 1 x 4, as batch norms see them; fp32, TF32 off"
    )


def test_a_plan_says_what_a_run_takes_and_leaves_nothing(rendered_root, tmp_path):
    data, settings = load_dataset(rendered_root), RunSettings(cache=tmp_path / "cache")
    config = replace(get_config("i3d-mlp"), window_count=1, epochs=3, validation_share=0.0)
    with narrow():
        lines = plan_run(config, data, settings, CPU).splitlines()
    assert lines[0] == "dives: 2 train, 0 validation, 1 test"
    assert lines[1].startswith("updates: 3 in 3 epochs; 4 dives an update")
    assert "a batch on cpu: " in lines[3]
    assert "3 of them about" in lines[3]
    assert lines[4].startswith("disk: 0.01 GB for frames in ")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match="starts from Kinetics: give --kinetics"):
        plan_run(get_config("release"), data, settings, CPU)


def test_the_first_update_of_a_run_says_what_all_will_cost(tmp_path, caplog):
    with caplog.at_level("INFO"):
        toy_run(tmp_path).run()
    (line,) = [record.getMessage() for record in caplog.records if "the first update" in record.getMessage()]
    assert "12 of them about" in line
