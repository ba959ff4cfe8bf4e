import pytest
import torch
from torch import nn

from fineparser_core.checkpoints.backbones import load_c3d
from fineparser_core.config import RunSettings
from fineparser_core.errors import CheckpointError, ConfigError
from fineparser_core.models.baselines.c3d_models import C3D, C3DModel
from fineparser_core.training.initial import C3D_NOTICE, initial_model
from fineparser_core.training.presets import get_config


@pytest.mark.slow
def test_a_state_dict_becomes_the_start_of_a_baseline(tmp_path):
    network = C3D()
    out = tmp_path / "c3d.pickle"
    torch.save({**network.state_dict(), "fc8.weight": torch.zeros(487, 4096)}, out)
    model, notices = initial_model(get_config("c3d-lstm"), RunSettings(c3d=out))
    assert isinstance(model, C3DModel)
    assert C3D_NOTICE in notices
    assert torch.equal(model.c3d.fc6.weight, network.fc6.weight)


def test_another_network_is_refused(tmp_path):
    torch.save(nn.Linear(2, 3).state_dict(), tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"does not fit C3D: 'conv1\.weight' differs \(20 tensors\)"):
        load_c3d(tmp_path / "other.pth")


def test_a_network_takes_no_weights_for_what_it_lacks(tmp_path):
    with pytest.raises(ConfigError, match=r"A 'mscadc' has no part for such weights: leave --kinetics away\."):
        initial_model(get_config("mscadc"), RunSettings(kinetics=tmp_path / "any"))
    with pytest.raises(ConfigError, match=r"A 'usdl-i3d' has no part for such weights: leave --c3d away\."):
        initial_model(get_config("usdl"), RunSettings(c3d=tmp_path / "any"))
