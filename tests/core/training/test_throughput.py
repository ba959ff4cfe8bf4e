"""Both ways of a training step compute the same losses and gradients; no time is asserted."""

import pytest
import torch

from fineparser_core.commands import profile
from fineparser_core.models.fineparser import FineParser
from fineparser_core.training.throughput import (
    TimedIteration,
    our_iteration,
    relative_differences,
    seconds_per_iteration,
    straightforward_iteration,
    synthetic_batch,
    with_all_pairs,
)

SIZE = 16


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return FineParser()


def test_the_straightforward_step_and_ours_give_equal_losses(model):
    batch = synthetic_batch(2, size=SIZE)
    plain, ours = straightforward_iteration(model, batch), our_iteration(model, batch, torch.float32)
    assert plain.pairs == ours.pairs == 4
    differences = relative_differences(ours.run(), plain.run())
    assert differences.keys() == {"total", "mask", "transitions", "regression"}
    assert max(differences.values()) < 1e-4


def test_pairs_and_their_order():
    batch = synthetic_batch(2, size=SIZE)
    assert batch.query.tolist() == [0, 1, 2, 3]
    assert batch.exemplar.tolist() == [2, 3, 0, 1]
    every = with_all_pairs(batch)
    assert len(every.query) == len(set(zip(every.query.tolist(), every.exemplar.tolist(), strict=True))) == 12
    assert torch.equal(every.video, synthetic_batch(2, size=SIZE).video)


def test_steps_take_turns():
    calls = []
    steps = {
        name: TimedIteration(run=lambda name=name: calls.append(name) or {"total": 1.0}, pairs=1) for name in ("a", "b")
    }
    seconds, losses = seconds_per_iteration(steps, 2)
    assert calls == ["a", "b"] * 3
    assert seconds.keys() == losses.keys() == {"a", "b"}
    with pytest.raises(ValueError, match="cannot be compared"):
        relative_differences({"total": 1.0}, {"mask": 1.0})


# What it measures is tested above.
@pytest.mark.slow
def test_the_command_prints_what_it_measured(capsys, monkeypatch):
    monkeypatch.setattr(profile, "choose_precision", lambda device: "fp32")  # the same work on every machine
    assert profile.main(["training", "--pairs", "1", "--repeats", "1", "--size", "16"]) == 0
    text = capsys.readouterr().out
    for part in ("CPU:", "pair by pair", "relative difference of each loss: total", "bound 2 times", "ordered pairs"):
        assert part in text
