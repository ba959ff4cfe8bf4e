import logging
from dataclasses import replace

import pytest
import torch
from brightness import Brightness, BrightnessObjective, config_of

from fineparser_core.errors import ConfigError
from fineparser_core.training.optimizer import learning_rate, parameter_groups
from fineparser_core.training.presets import get_config


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step\\(\\)`")
def test_rates_are_those_of_torchs_own_schedulers():
    """The cosine runs from the first iteration, beneath the warm-up: `SequentialLR` would start it after that."""
    config = replace(get_config("fineparser"), epochs=10, warmup_epochs=2.0)
    weight = torch.nn.Parameter(torch.zeros(1))
    for peak in (config.lr, config.i3d_lr):
        warm, cold = (torch.optim.SGD([weight], lr=peak) for _ in range(2))
        linear = torch.optim.lr_scheduler.LinearLR(warm, config.warmup_lr / peak, total_iters=20)
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(cold, T_max=100, eta_min=config.final_lr)
        for iteration in range(101):
            expected = (linear if iteration < 20 else cosine).get_last_lr()[0]
            assert learning_rate(config, iteration, 100, peak) == pytest.approx(expected, rel=1e-9), iteration
            linear.step()
            cosine.step()


def test_what_is_frozen_stays_and_what_is_unknown_is_told(caplog):
    objective = BrightnessObjective(Brightness(), config_of())
    with caplog.at_level(logging.WARNING):
        groups = parameter_groups(objective, config_of(freeze=("i3d.bias", "psnet")))
    assert "nothing of this network is called psnet" in caplog.text
    assert [len(parameters) for parameters, _ in groups] == [1]
    assert not objective.model.get_parameter("i3d.bias").requires_grad
    with pytest.raises(ConfigError, match="freeze leaves nothing to train"):
        parameter_groups(objective, config_of(freeze=("i3d",)))
