"""A stage that was cut goes on with the same batches to the same weights."""

import json

import numpy as np
import pytest
import torch

from fineparser_core.errors import Cancelled, FineParserError
from fineparser_core.progress import CancelToken
from fineparser_core.training.batches import by_number, draw_group, ordered_pairs
from fineparser_core.training.loop import Stage, run_stage


def stage(cancel: CancelToken | None = None, cancel_at: int = -1, iterations: int = 30) -> Stage:
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 1)

    def step(iteration: int) -> dict[str, torch.Tensor]:
        if iteration == cancel_at and cancel is not None:
            cancel.cancel()
        x = torch.from_numpy(np.random.default_rng(iteration).normal(size=(8, 4)).astype(np.float32))
        return {"total": (model(x) - x.sum(1, keepdim=True)).square().mean()}

    return Stage(
        name="toy",
        modules={"model": model},
        groups=[(list(model.parameters()), 0.05)],
        iterations=iterations,
        step=step,
    )


def test_a_cut_stage_resumes_to_the_same_weights(tmp_path):
    whole = stage()
    (tmp_path / "whole").mkdir()
    run_stage(whole, tmp_path / "whole", CancelToken())

    cut = tmp_path / "cut"
    cut.mkdir()
    token = CancelToken()
    with pytest.raises(Cancelled):
        run_stage(stage(token, cancel_at=11), cut, token)
    assert sorted(p.name for p in cut.iterdir()) == ["toy.pt"]
    resumed = stage()
    run_stage(resumed, cut, CancelToken())
    for a, b in zip(whole.modules["model"].parameters(), resumed.modules["model"].parameters(), strict=True):
        assert torch.equal(a, b)
    events = [json.loads(line) for line in (cut / "events.jsonl").read_text().splitlines()]
    assert [e["iteration"] for e in events] == [20, 30]

    finished = stage()
    run_stage(finished, cut, CancelToken())  # only loads
    assert torch.equal(next(finished.modules["model"].parameters()), next(whole.modules["model"].parameters()))


def test_a_loss_that_is_not_finite_is_named(tmp_path):
    broken = stage()
    step = broken.step
    bad = Stage(
        name="bad",
        modules=broken.modules,
        groups=broken.groups,
        iterations=5,
        step=lambda i: {"total": step(i)["total"] * (float("nan") if i == 3 else 1.0)},
    )
    with pytest.raises(FineParserError, match="stage 'bad' is nan at iteration 3"):
        run_stage(bad, tmp_path, CancelToken())


def test_groups_and_pairs():
    groups = by_number(["107B", "207C", "107B", "5253B", "207C", "107B"], 2)
    assert groups == [[0, 2, 5], [1, 4]]
    drawn = draw_group(groups, 8, np.random.default_rng(0))
    assert len(set(drawn)) == len(drawn)
    query, exemplar = ordered_pairs(4)
    assert len(query) == 12
    assert (query != exemplar).all()
