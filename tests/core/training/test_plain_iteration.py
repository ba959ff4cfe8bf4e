"""Both ways of a training step compute the same losses."""

import pytest
import torch
from narrow_networks import narrow
from plain_iteration import our_losses, straightforward_losses, synthetic_batch

from fineparser_core.models.fineparser import FineParser

SIZE = 16


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    with narrow():
        return FineParser()


def test_the_straightforward_step_and_ours_give_equal_losses(model):
    batch = synthetic_batch(2, size=SIZE)
    plain, ours = straightforward_losses(model, batch), our_losses(model, batch)
    assert ours.keys() == plain.keys() == {"total", "mask", "transitions", "regression"}
    assert max(abs(ours[name] - value) / abs(value) for name, value in plain.items()) < 1e-4
