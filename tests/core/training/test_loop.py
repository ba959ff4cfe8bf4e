"""A stage that was cut, killed or refused the disk goes on to the same weights; what cannot go on says why."""

import contextlib
import errno
import math
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import torch
from platforms import needs_full_device
from torch import nn
from toy_stage import ITERATIONS, left_by, toy_stage

from fineparser_core.checkpoints.state_dicts import save_checkpoint
from fineparser_core.errors import Cancelled, CheckpointError, ConfigError, ExportError, FineParserError
from fineparser_core.progress import CancelToken
from fineparser_core.training.distributed import Processes
from fineparser_core.training.loop import After, Stage, load_checkpoint, make_optimizer, run_stage

CPU = torch.device("cpu")
LONG = 300


def finished(folder: Path, stage: Stage | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    run_stage(stage or toy_stage(), folder, CancelToken())
    return folder


def cut_at(iteration: int, stage: Stage, folder: Path) -> None:
    """Runs a stage whose token is set while it computes an iteration."""
    token = CancelToken()

    def compute_losses(now: int, part: int) -> dict[str, torch.Tensor]:
        if now == iteration:
            token.cancel()
        return stage.compute_losses(now, part)

    folder.mkdir(exist_ok=True)
    with pytest.raises(Cancelled):
        run_stage(replace(stage, compute_losses=compute_losses), folder, token)


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)]
)
def test_every_optimizer_goes_on_where_it_was_cut(tmp_path: Path, name: str, kind: type) -> None:
    def stage() -> Stage:
        return toy_stage(optimizer=name, momentum=0.9, weight_decay=0.01)

    optimizer = make_optimizer(stage())
    assert type(optimizer) is kind
    assert optimizer.defaults["weight_decay"] == 0.01
    assert optimizer.defaults.get("momentum", 0.9) == 0.9
    whole = finished(tmp_path / "whole", stage())
    cut_at(11, stage(), tmp_path / "cut")
    assert left_by(finished(tmp_path / "cut", stage())) == left_by(whole)


def test_another_optimizer_is_refused() -> None:
    with pytest.raises(ConfigError, match="Unknown optimizer 'lion': use adam, adamw or sgd"):
        make_optimizer(toy_stage(optimizer="lion"))


def bad_at(iteration: int, factor: float) -> Stage:
    stage = toy_stage()

    def compute_losses(now: int, part: int) -> dict[str, torch.Tensor]:
        losses = stage.compute_losses(now, part)
        return losses | {"total": losses["total"] * (factor if now == iteration else 1.0)}

    return replace(stage, compute_losses=compute_losses)


def test_a_cut_stage_resumes_to_the_same_bits(tmp_path: Path) -> None:
    whole, cut = finished(tmp_path / "whole"), tmp_path / "cut"
    for iteration in (0, 11, 19, 30):
        cut_at(iteration, toy_stage(), cut)
        assert load_checkpoint(cut / "toy.pt", CPU)["iteration"] == iteration + 1
    assert left_by(finished(cut)) == left_by(whole)
    before = (cut / "toy.pt").stat().st_mtime_ns
    again = toy_stage()
    state = run_stage(again, cut, CancelToken())  # only loads
    assert (cut / "toy.pt").stat().st_mtime_ns == before
    assert [entry[0] for entry in state] == [10, 20, 30, 40]
    saved = load_checkpoint(whole / "toy.pt", CPU)["modules"]["model"]
    assert all(torch.equal(value, saved[name]) for name, value in again.modules["model"].state_dict().items())


def test_what_comes_between_iterations_is_done_once_and_kept(tmp_path: Path) -> None:
    done = []

    def work(iteration: int, modules: Any, state: Any) -> Any:
        done.append(iteration)
        if done == [10, 20]:
            raise Cancelled()  # as an evaluation that is cut
        return [*(state or []), iteration]

    stage = replace(toy_stage(), after=After(due=lambda i: i % 10 == 0, work=work))
    with pytest.raises(Cancelled):
        run_stage(stage, tmp_path, CancelToken())
    stage = replace(toy_stage(), after=stage.after)
    assert run_stage(stage, tmp_path, CancelToken()) == [10, 20, 30, 40]
    assert done == [10, 20, 20, 30, 40]


def test_kill_at_random_moments_costs_nothing(tmp_path: Path) -> None:
    whole, killed = finished(tmp_path / "whole", toy_stage(iterations=LONG)), tmp_path / "killed"
    killed.mkdir()
    checkpoint = killed / "toy.pt"
    rng = np.random.default_rng()
    reached = 0
    for _ in range(3):
        command = [sys.executable, str(Path(__file__).with_name("toy_stage.py")), str(killed), str(LONG)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdin is not None
        try:
            process.stdin.write(bytes(LONG * 3 // 10))  # for a fifth of the iterations, however late it is killed
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
        assert reached < now < LONG
        reached = now
    # What the killed process told after its last checkpoint, and half a line.
    with (killed / "events.jsonl").open("a", encoding="utf-8") as events:
        events.write('{"stage": "toy", "iteration": 299}\n{"stage": "toy", "iter')
    assert left_by(finished(killed, toy_stage(iterations=LONG))) == left_by(whole)


def test_a_run_killed_while_it_writes_goes_on_from_the_checkpoint_before(
    tmp_path: Path, left_half_written: Callable[[Path], Path]
) -> None:
    whole, cut = finished(tmp_path / "whole"), tmp_path / "cut"
    cut_at(11, toy_stage(), cut)
    left_half_written(cut / "toy.pt")
    assert left_by(finished(cut)) == left_by(whole)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_named(tmp_path: Path, value: float) -> None:
    with pytest.raises(FineParserError, match=rf"stage 'toy' is {value} at iteration 17: lower the learning rate"):
        run_stage(bad_at(17, value), tmp_path, CancelToken())
    assert load_checkpoint(tmp_path / "toy.pt", CPU)["iteration"] == 14
    assert left_by(finished(tmp_path)) == left_by(finished(tmp_path.with_name("whole")))


def refuses_to_keep(stage: Stage, folder: Path) -> None:
    with pytest.raises(FineParserError, match=r"no longer finite after iteration 20: .* is from before it"):
        run_stage(replace(stage, checkpoint_every=1), folder, CancelToken())
    saved = load_checkpoint(folder / "toy.pt", CPU)
    assert saved["iteration"] == 19
    assert all(bool(value.isfinite().all()) for value in saved["modules"]["model"].values())


def test_weights_that_an_update_blew_up_are_never_kept(tmp_path: Path) -> None:
    stage = toy_stage()
    refuses_to_keep(replace(stage, schedule=lambda i, peak: math.inf if i == 19 else peak), tmp_path)


def test_statistics_that_blew_up_are_never_kept(tmp_path: Path) -> None:
    stage = toy_stage()
    variance = stage.modules["model"].get_buffer("1.running_var")

    def compute_losses(now: int, part: int) -> dict[str, torch.Tensor]:
        if now == 19:
            variance.fill_(math.inf)
        return stage.compute_losses(now, part)

    refuses_to_keep(replace(stage, compute_losses=compute_losses), tmp_path)


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_at(10, toy_stage(), tmp_path)
    before = (tmp_path / "toy.pt").read_bytes()

    def no_room(content: object, stream: BinaryIO) -> None:
        stream.write(b"as much as fits")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", no_room)
        with pytest.raises(ExportError, match=r"toy\.pt cannot be written \(No space left on device\)"):
            finished(tmp_path)
    assert (tmp_path / "toy.pt").read_bytes() == before
    assert not list(tmp_path.glob(".*"))
    assert left_by(finished(tmp_path)) == left_by(finished(tmp_path.with_name("whole")))


@needs_full_device
def test_a_device_that_is_full_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def onto_full_device(self: Path, name: str) -> Path:
        path = self.parent / name
        path.symlink_to("/dev/full")
        return path

    with monkeypatch.context() as patch:
        patch.setattr(Path, "with_name", onto_full_device)
        with pytest.raises(ExportError, match=r"toy\.pt cannot be written \(No space left on device\)"):
            save_checkpoint({"weights": torch.zeros(1_000_000)}, tmp_path / "toy.pt")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_within_a_checkpoint_says_so(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))  # some of it is written
    try:
        with pytest.raises(ExportError, match=r"toy\.pt cannot be written \(File too large\)"):
            save_checkpoint({"weights": torch.zeros(1_000_000)}, tmp_path / "toy.pt")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_damaged_checkpoints_are_named(tmp_path: Path) -> None:
    path = finished(tmp_path) / "toy.pt"
    good = path.read_bytes()
    for bad in (b"", b"not a checkpoint", good[: len(good) // 2], good[:-100]):
        path.write_bytes(bad)
        with pytest.raises(CheckpointError, match=r"toy\.pt cannot be read \(.*\): delete it"):
            run_stage(toy_stage(), tmp_path, CancelToken())
    rng = np.random.default_rng(0)
    for _ in range(300):  # no flipped bit is worse than a sentence
        bad = bytearray(good)
        bad[rng.integers(len(bad))] ^= 1 << rng.integers(8)
        path.write_bytes(bad)
        with contextlib.suppress(CheckpointError):
            load_checkpoint(path, CPU)
    torch.save([1, 2], path)
    with pytest.raises(CheckpointError, match="is not a checkpoint of a training run"):
        run_stage(toy_stage(), tmp_path, CancelToken())


def test_a_checkpoint_that_holds_code_runs_none(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "owned",)

    torch.save({"modules": Evil()}, tmp_path / "toy.pt")
    with pytest.raises(CheckpointError):
        run_stage(toy_stage(), tmp_path, CancelToken())
    assert not (tmp_path / "owned").exists()


def test_a_checkpoint_of_other_modules_is_refused(tmp_path: Path) -> None:
    finished(tmp_path)
    other = nn.Linear(3, 1)
    with pytest.raises(CheckpointError, match=r"toy\.pt does not fit this run"):
        run_stage(
            toy_stage(modules={"model": other}, groups=[(list(other.parameters()), 0.1)]), tmp_path, CancelToken()
        )
    with pytest.raises(CheckpointError, match="does not fit this run"):
        run_stage(toy_stage(modules={"another": toy_stage().modules["model"]}), tmp_path, CancelToken())


def line_stage(**changes: Any) -> Stage:
    """One number per part: its gradient is iteration + part + 1."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)

    def compute_losses(iteration: int, part: int) -> dict[str, torch.Tensor]:
        return {"total": model.weight.sum() * (iteration + part + 1)}

    values: dict[str, Any] = {
        "name": "line",
        "modules": {"model": model},
        "iterations": 1,
        "compute_losses": compute_losses,
        "schedule": lambda iteration, peak: peak,
    }
    return Stage(**values | {"groups": [(list(model.parameters()), 1.0)]} | changes)


def test_parts_sum_their_gradients_and_average_their_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = torch.optim.Adam.step

    def spy(self: torch.optim.Adam, *args: Any, **kwargs: Any) -> Any:
        seen.append(float(self.param_groups[0]["params"][0].grad))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.Adam, "step", spy)
    run_stage(line_stage(parts=lambda i: 3, iterations=2), tmp_path, CancelToken())
    assert seen == [1 + 2 + 3, 2 + 3 + 4]
    seen.clear()
    run_stage(line_stage(name="clipped", parts=lambda i: 3, clip_norm=0.5), tmp_path, CancelToken())
    assert seen == pytest.approx([0.5], rel=1e-4)


def test_the_log_says_what_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="fineparser_core.training.loop"):
        finished(tmp_path)
    assert f"toy {ITERATIONS}/{ITERATIONS}: total" in caplog.text
    assert "s left)" in caplog.text


def test_the_last_checkpoints_stay_where_they_are_asked_for(tmp_path: Path) -> None:
    finished(tmp_path, toy_stage(kept=2))
    assert sorted(path.name for path in tmp_path.glob("*.pt")) == ["toy-00000035.pt", "toy-00000040.pt", "toy.pt"]
    assert load_checkpoint(tmp_path / "toy-00000035.pt", CPU)["iteration"] == 35


def test_losses_that_are_read_later_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = left_by(finished(tmp_path / "at once"))
    monkeypatch.setattr(Processes, "unwatched", 16)
    assert left_by(finished(tmp_path / "later")) == at_once
