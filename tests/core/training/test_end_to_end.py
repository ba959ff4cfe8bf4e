"""The plan of a run, its rates, and what a run that was cut tells and keeps."""

import json
import logging
import multiprocessing
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from platforms import windows_has_no
from two_processes import Brightness, BrightnessObjective, settings, some_dives

from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.errors import Cancelled, ConfigError
from fineparser_core.progress import CancelToken
from fineparser_core.training import end_to_end
from fineparser_core.training.distributed import Processes
from fineparser_core.training.end_to_end import (
    BEST,
    STAGE,
    Plan,
    Splits,
    load_best,
    parameter_groups,
    schedule,
    train_end_to_end,
)
from fineparser_core.training.events import Events
from fineparser_core.training.loader import BatchLoader
from fineparser_core.training.loop import load_checkpoint
from fineparser_core.training.presets import get_config

SPLITS = Splits(train=some_dives(8, 0), validation=some_dives(3, 1), test=some_dives(4, 2))
CPU = torch.device("cpu")
SMALL: dict[str, Any] = {"preprocessing": "whole", "epochs": 3, "batch_size": 2, "grad_accum_steps": 2}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of four numbers."""
    monkeypatch.setattr(end_to_end, "make_objective", lambda model, *others: BrightnessObjective(model))


def config_of(**values: Any) -> TrainConfig:
    return replace(get_config("release"), **{**SMALL, **values})


def train(out: Path, config: TrainConfig, splits: Splits = SPLITS) -> tuple[Brightness, list[dict[str, Any]]]:
    out.mkdir(exist_ok=True)
    torch.manual_seed(0)
    model = Brightness()
    history = train_end_to_end(model, splits, config, out, cancel=CancelToken(), peers=Processes())
    return model, history


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_plan_deals_every_step_of_an_epoch_once() -> None:
    plan = Plan(SPLITS.train, config_of(batch_size=3), Processes())
    assert plan.ends == [2, 4, 6]  # three steps of three, three and two pairs, two at a time
    for epoch in range(3):
        dealt = [part for i in (2 * epoch, 2 * epoch + 1) for part in plan.parts(i)]
        assert dealt == plan.batches(epoch)
        assert [index for index, _ in dealt] == [0, 1, 2]
    assert [plan.epoch_of(i) for i in range(6)] == [0, 0, 1, 1, 2, 2]
    assert [len(plan.parts(i)) for i in range(4)] == [2, 1, 2, 1]  # no step leaks into the next epoch


def test_processes_share_the_steps_of_one() -> None:
    config = config_of(batch_size=3, grad_accum_steps=1)
    alone = Plan(SPLITS.train, config, Processes()).batches(0)
    first, second = (Plan(SPLITS.train, config, Processes(rank=rank, world=2)) for rank in (0, 1))
    assert first.ends == second.ends == [2, 4, 6]
    assert first.batches(0) == [alone[0], alone[2]]
    assert second.batches(0) == [alone[1], alone[0]]  # dealt again, so that both take two


def test_more_processes_than_steps_take_as_many_each() -> None:
    config = config_of(batch_size=3, grad_accum_steps=1)
    plans = [Plan(SPLITS.train, config, Processes(rank=rank, world=8)) for rank in range(8)]
    assert all(plan.ends == [1, 2, 3] for plan in plans)


def test_dives_that_may_not_be_compared_are_refused() -> None:
    for dives in (SPLITS.train[:1], []):
        with pytest.raises(ConfigError, match=r"no two may be compared \('dive-number'\)"):
            Plan(dives, config_of(), Processes())


def test_rates_warm_up_and_fall_as_released() -> None:
    config = replace(get_config("release"), epochs=10, warmup_epochs=2.0)
    rates = [schedule(config, i, 100, 1e-3) for i in range(101)]
    assert rates[0] == pytest.approx(1e-4)
    assert rates[10] == pytest.approx((1e-4 + 1e-3) / 2)
    assert rates[20] == pytest.approx(1e-4 + 9e-4 * 0.5 * (1 + np.cos(np.pi * 0.2)))
    assert rates[50] == pytest.approx((1e-3 + 1e-4) / 2)
    assert rates[100] == pytest.approx(1e-4)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step\\(\\)`")
def test_rates_are_those_of_torchs_own_schedulers() -> None:
    """The cosine runs from the first iteration, beneath the warm-up: `SequentialLR` would start it after that."""
    config = replace(get_config("release"), epochs=10, warmup_epochs=2.0)
    weight = torch.nn.Parameter(torch.zeros(1))
    for peak in (config.lr, config.i3d_lr):
        warm, cold = (torch.optim.SGD([weight], lr=peak) for _ in range(2))
        linear = torch.optim.lr_scheduler.LinearLR(warm, config.warmup_lr / peak, total_iters=20)
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(cold, T_max=100, eta_min=config.final_lr)
        for iteration in range(101):
            expected = (linear if iteration < 20 else cosine).get_last_lr()[0]
            assert schedule(config, iteration, 100, peak) == pytest.approx(expected, rel=1e-9), iteration
            linear.step()
            cosine.step()


def test_what_is_frozen_stays_and_what_is_unknown_is_told(caplog: pytest.LogCaptureFixture) -> None:
    objective = BrightnessObjective(Brightness())
    with caplog.at_level(logging.WARNING):
        groups = parameter_groups(objective, config_of(freeze=("i3d.bias", "psnet")))
    assert "nothing of this network is called psnet" in caplog.text
    assert [len(parameters) for parameters, _ in groups] == [1]
    assert not objective.model.get_parameter("i3d.bias").requires_grad
    with pytest.raises(ConfigError, match="freeze leaves nothing to train"):
        parameter_groups(objective, config_of(freeze=("i3d",)))


def test_a_run_keeps_the_weights_of_the_picked_epoch(tmp_path: Path) -> None:
    _, history = train(tmp_path, settings(2))
    assert [entry["epoch"] for entry in history] == [1, 2]
    assert all(set(entry) == {"epoch", "validation"} for entry in history)
    best = Brightness()
    load_best(best, tmp_path)
    assert best.state_dict().keys() == load_checkpoint(tmp_path / BEST, CPU).keys()


def test_the_test_split_is_told_only_where_it_is_asked_for(tmp_path: Path) -> None:
    _, history = train(tmp_path, config_of(test_epochs=True, evaluate_every=2, validation_share=0.0))
    assert [(entry["epoch"], set(entry)) for entry in history] == [
        (2, {"epoch", "validation", "test"}),
        (3, {"epoch", "validation", "test"}),
    ]


def test_a_run_that_dies_in_its_evaluation_tells_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of(exemplars=1)
    splits = Splits(train=SPLITS.train[:4], validation=SPLITS.validation[:2], test=())
    whole, _ = train(tmp_path / "whole", config, splits)
    write = Events.write
    for epoch in (1, 3):

        def dies(self: Events, stage: str, iteration: int, values: Any, epoch: int = epoch) -> None:
            write(self, stage, iteration, values)
            if (stage, iteration) == ("validation", epoch):
                raise Cancelled()

        with monkeypatch.context() as patch:
            patch.setattr(Events, "write", dies)
            with pytest.raises(Cancelled):
                train(tmp_path / "cut", config, splits)
    resumed, _ = train(tmp_path / "cut", config, splits)
    assert lines(tmp_path / "cut") == lines(tmp_path / "whole")
    assert [e["stage"] for e in lines(tmp_path / "whole")] == ["train", "validation"] * 3
    ours, theirs = (load_checkpoint(tmp_path / name / f"{STAGE}.pt", CPU)["modules"] for name in ("cut", "whole"))
    for name, state in theirs.items():
        assert all(torch.equal(value, ours[name][key]) for key, value in state.items())
    assert all(torch.equal(v, whole.state_dict()[k]) for k, v in resumed.state_dict().items())


def test_half_precision_without_cuda_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fp16 trains on CUDA alone"):
        train(tmp_path, config_of(precision="fp16"))


def test_batches_are_the_same_whoever_makes_them(tmp_path: Path) -> None:
    config = config_of(epochs=2, temporal_shift=3)
    told = []
    for loaders in (0, 2):
        out = tmp_path / str(loaders)
        out.mkdir()
        torch.manual_seed(0)
        settings = RunSettings(loaders=loaders)
        train_end_to_end(Brightness(), SPLITS, config, out, settings=settings, cancel=CancelToken(), peers=Processes())
        told.append(lines(out))
    assert told[0] == told[1]


@windows_has_no("signals to processes: it ends them")
def test_a_signal_to_all_processes_leaves_those_that_make_batches() -> None:
    config = config_of(epochs=2)
    plan = Plan(SPLITS.train, config, Processes())
    loader = BatchLoader(SPLITS.train, config, plan, plan.ends[-1], workers=1, pinned=False)
    places = [(i, part) for i in range(plan.ends[-1]) for part in range(len(plan.parts(i)))]
    loader.batch(*places[0])
    pids = [str(worker.pid) for worker in multiprocessing.active_children()]
    assert pids
    subprocess.run(["kill", "-TERM", *pids], check=True)  # not by this process, whose signals torch lets through
    for place in places[1:-1]:
        loader.batch(*place)
    loader.close()  # with a batch left, as a run that is stopped does
    assert not multiprocessing.active_children()
