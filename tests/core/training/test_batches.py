from dataclasses import replace

import numpy as np
import pytest
import torch

from fineparser_core.data.records import DatasetDive, DiveRecord
from fineparser_core.errors import ConfigError
from fineparser_core.training.batches import BatchPlan, RunSampler, epoch_batches, make_batch
from fineparser_core.training.presets import get_config

NUMBERS = ("107B", "107B", "107B", "5253B", "5253B", "301B")
ROWS = 200


def a_dive(index, number="107B", *, labeled=True):
    """20 frames of noise whose red channel is the mask."""
    frames = np.random.default_rng(index).integers(0, 256, (20, ROWS, 112, 3), dtype=np.uint8)
    first, second = (6, 13) if labeled else (None, None)
    record = DiveRecord(
        key=("event", index),
        dive_number=number,
        difficulty=3.0 + index / 10,
        score=50.0 + index,
        n_frames=20,
        first_flight_frame=first,
        first_entry_frame=second,
    )
    masks = frames[..., 0].copy() if labeled else None
    return DatasetDive(record=record, frames=frames, masks=masks, first_flight_frame=first, first_entry_frame=second)


DIVES = [a_dive(index, number) for index, number in enumerate(NUMBERS)]
RECORDS = [dive.record for dive in DIVES]
STEP = BatchPlan(place=(0, 0), dives=(0, 2), query=(0, 1), exemplar=(1, 0), paired=True)


def at(epoch, index):
    return replace(STEP, place=(epoch, index))


def settings(**values):
    return replace(get_config("fineparser"), **values)


def tensors(batch):
    return {name: value for name, value in vars(batch).items() if isinstance(value, torch.Tensor)}


def test_pairs_go_both_ways_between_dives_of_one_number():
    config = settings(batch_size=2)
    steps = epoch_batches(RECORDS, config, 0)
    assert [len(step.dives) for step in steps] == [4, 4, 2]
    queries = [step.dives[row] for step in steps for row in step.query[: len(step.dives) // 2]]
    assert sorted(queries) == [0, 1, 2, 3, 4]  # the only dive of its number has nobody to meet
    assert [step.place for step in steps] == [(0, 0), (0, 1), (0, 2)]
    for step in steps:
        assert step.paired
        half = len(step.dives) // 2
        assert step.query == (*range(half), *range(half, 2 * half))
        assert step.exemplar == (*range(half, 2 * half), *range(half))
        for query, exemplar in zip(step.query, step.exemplar, strict=True):
            assert step.dives[query] != step.dives[exemplar]
            assert NUMBERS[step.dives[query]] == NUMBERS[step.dives[exemplar]]
    assert epoch_batches(RECORDS, config, 0) == steps
    assert epoch_batches(RECORDS, config, 1) != steps
    assert epoch_batches(RECORDS, settings(batch_size=2, seed=1), 0) != steps


def test_in_a_batch_every_dive_meets_every_other():
    for step in epoch_batches(RECORDS, settings(batch_size=3, all_pairs=True), 0):
        n = len(step.dives)
        assert not step.paired
        assert len(set(step.dives)) == n
        assert len({NUMBERS[dive] for dive in step.dives}) == 1
        assert set(zip(step.query, step.exemplar, strict=True)) == {
            (i, j) for i in range(n) for j in range(n) if i != j
        }


def test_a_batch_holds_what_the_network_and_the_losses_look_at():
    batch = make_batch(DIVES, STEP, settings()).to(torch.device("cpu"))
    assert {name: tuple(value.shape) for name, value in tensors(batch).items()} == {
        "video": (2, 3, 96, 112, 112),
        "scores": (2,),
        "difficulty": (2,),
        "query": (2,),
        "exemplar": (2,),
        "masks": (2, 96, 112, 112),
        "transitions": (2, 2),
        "awards": (2, 3),
        "elements": (2, 5),
    }
    assert batch.paired
    assert batch.scores.tolist() == [50.0, 52.0]
    assert 0 <= float(batch.masks.min()) < float(batch.masks.max()) <= 1
    # Masks are drawn as the frames are: here they are the red channel before it is normalised.
    red = batch.video[:, 0] * 0.229 + 0.485
    torch.testing.assert_close(red, batch.masks, rtol=0, atol=1e-5)


def test_a_batch_depends_on_its_place_alone():
    config = settings(temporal_shift=3)
    first = tensors(make_batch(DIVES, at(3, 5), config))
    np.random.seed(1)
    torch.manual_seed(1)
    again = tensors(make_batch(DIVES, at(3, 5), config))
    assert all(torch.equal(value.nan_to_num(-1), again[name].nan_to_num(-1)) for name, value in first.items())
    for place in ((3, 6), (4, 5)):
        assert not torch.equal(make_batch(DIVES, at(*place), config).video, first["video"])


EIGHT = [replace(RECORDS[0], key=("event", index)) for index in range(8)]
THREE_STEPS = {"batch_size": 3, "epochs": 3}  # of three, three and two pairs


def dealt(sampler, epoch):
    return [plan for update in sampler.updates(epoch) for plan in update]


def test_a_run_deals_every_batch_of_an_epoch_once_and_none_leaks_into_the_next():
    config = settings(**THREE_STEPS, grad_accum_steps=2)
    sampler = RunSampler(EIGHT, config)
    assert sampler.iterations == 2
    for epoch in range(3):
        assert [len(update) for update in sampler.updates(epoch)] == [2, 1]
        assert dealt(sampler, epoch) == epoch_batches(EIGHT, config, epoch)
    every = list(sampler)
    assert every == [plan for epoch in range(3) for plan in dealt(sampler, epoch)]
    for iteration, batches in ((1, 2), (2, 3), (5, 8), (6, 9)):
        sampler.load_state_dict({"iteration": iteration})
        assert list(sampler) == every[batches:]


def test_dives_that_may_not_be_compared_are_refused():
    for records in (EIGHT[:1], []):
        with pytest.raises(ConfigError, match=r"no two may be compared \('dive-number'\)"):
            RunSampler(records, settings())
