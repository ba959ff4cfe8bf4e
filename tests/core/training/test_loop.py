import contextlib
import csv
import errno
import json
import logging
import math
import multiprocessing
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from brightness import Brightness, BrightnessObjective, built, config_of, some_dives
from platforms import windows_has_no
from toy_run import AN_EPOCH, EPOCHS, left_by, toy_run

from fineparser_core.config import RunSettings
from fineparser_core.errors import Cancelled, CheckpointError, ConfigError, ExportError, FineParserError
from fineparser_core.progress import CancelToken
from fineparser_core.training import loop
from fineparser_core.training.batches import BatchDataset, RunSampler, batch_loader
from fineparser_core.training.loop import Events, Trainer, load_checkpoint
from fineparser_core.training.optimizer import learning_rate, parameter_groups
from fineparser_core.training.presets import get_config
from fineparser_core.training.validation import Splits

CPU = torch.device("cpu")
LONG = 25  # epochs
SPLITS = Splits(train=some_dives(8, 0), validation=some_dives(3, 1), test=some_dives(4, 2))
RECORDS = [dive.record for dive in SPLITS.train]


def finished(folder, **changes):
    toy_run(folder, **changes).run()
    return folder


def cut_at(iteration, folder, **changes):
    """Runs until its token is set while it computes an iteration."""
    token = CancelToken()
    trainer = toy_run(folder, cancel=token, **changes)
    trainer.objective.register_forward_pre_hook(
        lambda *given: token.cancel() if trainer.iteration == iteration else None
    )
    with pytest.raises(Cancelled):
        trainer.run()


def test_a_cut_run_resumes_to_the_same_bits(tmp_path):
    whole, cut = finished(tmp_path / "whole"), tmp_path / "cut"
    for iteration in (0, 2, 3, 9):
        cut_at(iteration, cut)
        assert load_checkpoint(cut / "train.pt", CPU)["iteration"] == iteration + 1
    assert left_by(finished(cut)) == left_by(whole)
    before = (cut / "train.pt").stat().st_mtime_ns
    again = toy_run(cut)
    history = again.run()  # only loads
    assert (cut / "train.pt").stat().st_mtime_ns == before
    assert [entry["epoch"] for entry in history] == [1, 2, 3]
    saved = load_checkpoint(whole / "train.pt", CPU)["modules"]["objective"]
    assert all(torch.equal(value, saved[name]) for name, value in again.objective.state_dict().items())


def test_metrics_are_a_table_of_the_events_after_a_resume_too(tmp_path):
    cut_at(5, tmp_path)
    with (finished(tmp_path) / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    events = left_by(tmp_path)[1]
    assert [{name: str(value) for name, value in event.items()} for event in events] == [
        {name: value for name, value in row.items() if value} for row in rows
    ]
    assert {row["stage"] for row in rows} == {"train", "validation"}


def test_tensorboard_gets_the_events_by_its_own_writer(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="pip install tensorboard"):
        toy_run(tmp_path, settings=RunSettings(tensorboard=True))
    written = []

    class SummaryWriter:
        def __init__(self, folder, purge_step):
            written.append((Path(folder).name, purge_step))

        def add_scalar(self, name, value, step):
            written.append((name, step))

        def flush(self):
            pass

    monkeypatch.setattr(loop, "find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", SimpleNamespace(SummaryWriter=SummaryWriter))
    finished(tmp_path, settings=RunSettings(tensorboard=True))
    assert written[0] == ("tensorboard", 1)
    assert {("train/total", EPOCHS * AN_EPOCH), ("train/lr", 1), ("validation/rho", EPOCHS)} <= set(written)


@pytest.mark.parametrize("kills", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_kill_at_random_moments_costs_nothing(tmp_path, kills):
    whole, killed = finished(tmp_path / "whole", epochs=LONG), tmp_path / "killed"
    killed.mkdir()
    checkpoint = killed / "train.pt"
    rng = np.random.default_rng()
    reached = 0
    for _ in range(kills):
        command = [sys.executable, str(Path(__file__).with_name("toy_run.py")), str(killed), str(LONG)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            process.stdin.write(
                bytes(LONG * AN_EPOCH * 2 // 5)
            )  # for a fifth of the batches, however late it is killed
            process.stdin.flush()
            while not checkpoint.exists() or load_checkpoint(checkpoint, CPU)["iteration"] <= reached:
                assert process.poll() is None
                time.sleep(0.02)
            time.sleep(rng.uniform(0, 0.3))
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
        now = load_checkpoint(checkpoint, CPU)["iteration"]
        assert reached < now < LONG * AN_EPOCH
        reached = now
    # What the killed process told after its last checkpoint, and half a line.
    with (killed / "events.jsonl").open("a", encoding="utf-8") as events:
        events.write('{"stage": "train", "iteration": 99}\n{"stage": "train", "iter')
    assert left_by(finished(killed, epochs=LONG)) == left_by(whole)


def test_a_run_killed_while_it_writes_goes_on_from_the_checkpoint_before(tmp_path, left_half_written):
    whole, cut = finished(tmp_path / "whole"), tmp_path / "cut"
    cut_at(4, cut)
    left_half_written(cut / "train.pt")
    assert left_by(finished(cut)) == left_by(whole)


def test_a_loss_that_is_not_finite_is_named(tmp_path):
    trainer = toy_run(tmp_path / "bad")

    def spoiled(objective, given, losses):
        return losses | {"total": losses["total"] * (math.nan if trainer.iteration == 7 else 1.0)}

    trainer.objective.register_forward_hook(spoiled)
    with pytest.raises(FineParserError, match=r"The loss is nan at iteration 7: lower the learning rate"):
        trainer.run()
    assert load_checkpoint(tmp_path / "bad" / "train.pt", CPU)["iteration"] == 6
    assert left_by(finished(tmp_path / "bad")) == left_by(finished(tmp_path / "whole"))


def test_weights_that_an_update_blew_up_are_never_kept(tmp_path):
    trainer = toy_run(tmp_path, settings=RunSettings(checkpoint_every=1))

    def last_rate(objective, given):
        if trainer.iteration == 6:
            trainer.optimizer.param_groups[0]["lr"] = math.inf

    trainer.objective.register_forward_pre_hook(last_rate)
    with pytest.raises(FineParserError, match=r"no longer finite after iteration 7: .* is from before it"):
        trainer.run()
    saved = load_checkpoint(trainer.out / "train.pt", CPU)
    assert saved["iteration"] == 6
    assert all(bool(value.isfinite().all()) for value in saved["modules"]["objective"].values())


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    cut_at(4, tmp_path / "cut")
    before = (tmp_path / "cut" / "train.pt").read_bytes()

    def no_room(content, stream):
        stream.write(b"as much as fits")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", no_room)
        with pytest.raises(ExportError, match=r"train\.pt cannot be written \(No space left on device\)"):
            finished(tmp_path / "cut")
    assert (tmp_path / "cut" / "train.pt").read_bytes() == before
    assert not list((tmp_path / "cut").glob(".*"))
    assert left_by(finished(tmp_path / "cut")) == left_by(finished(tmp_path / "whole"))


def test_damaged_checkpoints_are_named(tmp_path):
    path = finished(tmp_path) / "train.pt"
    good, whole = path.read_bytes(), str(load_checkpoint(path, CPU))
    for bad in (b"", b"not a checkpoint", good[: len(good) // 2], good[:-100]):
        path.write_bytes(bad)
        with pytest.raises(CheckpointError, match=r"train\.pt cannot be read \(.*\): delete it"):
            finished(tmp_path)
    rng = np.random.default_rng(0)
    for _ in range(300):  # no flipped bit is read as something else
        bad = bytearray(good)
        bad[rng.integers(len(bad))] ^= 1 << rng.integers(8)
        path.write_bytes(bad)
        with contextlib.suppress(CheckpointError):
            assert str(load_checkpoint(path, CPU)) == whole
    torch.save([1, 2], path)
    with pytest.raises(CheckpointError, match="is not a checkpoint of a training run"):
        finished(tmp_path)


def test_a_checkpoint_that_holds_code_runs_none(tmp_path):
    class Evil:
        def __reduce__(self):
            return Path.touch, (tmp_path / "owned",)

    torch.save({"modules": Evil()}, tmp_path / "train.pt")
    with pytest.raises(CheckpointError):
        finished(tmp_path)
    assert not (tmp_path / "owned").exists()


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    finished(tmp_path)
    with pytest.raises(CheckpointError, match=r"train\.pt does not fit this run"):
        finished(tmp_path, method="brightness")
    content = load_checkpoint(tmp_path / "train.pt", CPU)
    del content["modules"]
    torch.save(content, tmp_path / "train.pt")
    with pytest.raises(CheckpointError, match="does not fit this run"):
        finished(tmp_path)


@pytest.mark.parametrize(("clip_norm", "expected"), [(0.0, [1 + 2, 3 + 4]), (0.5, [0.5, 0.5])])
def test_batches_sum_their_gradients(tmp_path, monkeypatch, clip_norm, expected):
    """The gradient of a batch is its number, by a loss that is a multiple of one weight."""
    seen, calls = [], []
    original = torch.optim.Adam.step
    trainer = toy_run(tmp_path, method="brightness", clip_norm=clip_norm, epochs=1, freeze=("i3d.weight",))

    def spy(self, *args, **kwargs):
        seen.append(float(self.param_groups[0]["params"][0].grad))
        return original(self, *args, **kwargs)

    def numbered(objective, given, losses):
        calls.append(1)
        return {"total": objective.model.i3d.bias.sum() * len(calls)}

    trainer.objective.register_forward_hook(numbered)
    monkeypatch.setattr(torch.optim.Adam, "step", spy)
    trainer.run()
    assert seen[:2] == pytest.approx(expected, rel=1e-4)


def train(out, config, splits=SPLITS, **options):
    out.mkdir(exist_ok=True)
    model = built(config)
    return model, Trainer(model, splits, config, out, **options).run()


def lines(out):
    return [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_run_that_dies_in_its_evaluation_tells_nothing_twice(tmp_path, monkeypatch):
    config = config_of()
    splits = Splits(train=SPLITS.train[:4], validation=SPLITS.validation[:2], test=())
    whole, _ = train(tmp_path / "whole", config, splits)
    write = Events.write
    for epoch in (1, 3):

        def dies(self, stage, iteration, values, epoch=epoch):
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
    assert left_by(tmp_path / "cut") == left_by(tmp_path / "whole")
    assert all(torch.equal(v, whole.state_dict()[k]) for k, v in resumed.state_dict().items())


def test_half_precision_without_cuda_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="fp16 trains on CUDA alone"):
        train(tmp_path, config_of(precision="fp16"))


def test_batches_are_the_same_whoever_makes_them(tmp_path):
    config, told = config_of(method="noisy", epochs=2), []
    for loaders in (0, 2):
        train(tmp_path / str(loaders), config, settings=RunSettings(loaders=loaders))
        told.append(left_by(tmp_path / str(loaders)))
    assert told[0] == told[1]


@windows_has_no("signals to processes: it ends them")
def test_a_signal_to_all_processes_leaves_those_that_make_batches():
    config = config_of(epochs=2)
    sampler = RunSampler(RECORDS, config)
    batches = iter(batch_loader(BatchDataset(SPLITS.train, config), sampler, RunSettings(loaders=1), CPU))
    next(batches)
    pids = [str(worker.pid) for worker in multiprocessing.active_children()]
    assert pids
    subprocess.run(["kill", "-TERM", *pids], check=True)  # not by this process, whose signals torch lets through
    for _ in range(2 * sampler.iterations * config.grad_accum_steps - 2):
        next(batches)
    del batches  # with a batch left, as a run that is stopped does
    assert not multiprocessing.active_children()


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
