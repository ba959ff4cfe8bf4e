import pytest
import torch

from fineparser_core.errors import ConfigError
from fineparser_core.support.device import choose_device


def test_mps_is_chosen_only_where_it_runs_the_network(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)

    def no_kernel(*args):
        raise NotImplementedError("max_pool3d is not implemented for MPS")

    zeros = torch.zeros
    monkeypatch.setattr(torch, "zeros", lambda *shape, device=None: zeros(*shape))
    assert choose_device().type == "mps"
    monkeypatch.setattr(torch.nn.functional, "max_pool3d", no_kernel)
    assert choose_device().type == "cpu"
    with pytest.raises(ConfigError, match="no device 'mps' that runs the network"):
        choose_device("mps")
