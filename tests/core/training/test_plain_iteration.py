"""Both ways of a training step compute the same losses."""

import pytest
import torch
from narrow_networks import narrow
from plain_iteration import our_losses, straightforward_losses, synthetic_batch, with_all_pairs

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


def test_pairs_and_their_order():
    batch = synthetic_batch(2, size=SIZE)
    assert batch.query.tolist() == [0, 1, 2, 3]
    assert batch.exemplar.tolist() == [2, 3, 0, 1]
    every = with_all_pairs(batch)
    assert len(every.query) == len(set(zip(every.query.tolist(), every.exemplar.tolist(), strict=True))) == 12
    assert torch.equal(every.video, synthetic_batch(2, size=SIZE).video)
