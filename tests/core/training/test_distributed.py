"""Two processes give what one gives."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import two_processes
from platforms import windows_has_no
from torch import nn

from fineparser_core.inference.encoder import to_channels_last
from fineparser_core.training import end_to_end
from fineparser_core.training.distributed import Processes, processes

pytestmark = windows_has_no("torchrun that starts: PyTorch's wheel lacks libuv, which it asks for")

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def found_by_one(out: Path) -> dict[str, Any]:
    (out / "cut").mkdir(parents=True)
    n_threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(end_to_end, "make_objective", None)  # which it sets, and which is put back
        two_processes.main(out, 2)
    torch.set_num_threads(n_threads)
    return read(out)


def found_by_two(out: Path) -> dict[str, Any]:
    (out / "cut").mkdir(parents=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    argv = [sys.executable, *TORCHRUN, two_processes.__file__, str(out), "1"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return read(out)


def read(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "found.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """What one process of two pairs a step finds, and two processes of one pair; and where."""
    folder = tmp_path_factory.mktemp("processes")
    return found_by_one(folder / "one"), found_by_two(folder / "two"), folder


def test_processes_hear_of_each_other(found: Any) -> None:
    one, two, _ = found
    assert (one["world"], two["world"]) == (1, 2)
    assert two["gathered"] == [{"rank": 0}, {"rank": 1}]
    assert two["any"] == [False, True]
    assert one["stopped"] == [[True, True]]
    assert two["stopped"] == [[True, True], [True, True]]


def test_shards_together_are_the_results_of_one_process(found: Any) -> None:
    one, two, _ = found
    assert two["untrained"] == one["untrained"]
    assert [result["id"] for result in two["untrained"]] == [f"event2/{i}" for i in range(5)]


def test_two_processes_of_one_pair_learn_as_one_of_two(found: Any) -> None:
    one, two, folder = found
    assert one["trained"] != one["untrained"]
    for ours, theirs in zip(two["trained"], one["trained"], strict=True):
        assert ours["predicted"] == pytest.approx(theirs["predicted"], rel=1e-5)
    for ours, theirs in zip(two["history"], one["history"], strict=True):
        assert ours["validation"] == pytest.approx(theirs["validation"], rel=1e-4)
    n_events = [
        len((folder / name / "events.jsonl").read_text(encoding="utf-8").splitlines()) for name in ("one", "two")
    ]
    assert n_events[0] == n_events[1] == 2 * (2 + 1)  # each epoch two updates and a measurement, by one process


@pytest.mark.parametrize("name", ["one", "two"])
def test_tensorboard_shows_the_weights_of_each_part_once_an_epoch(found: Any, name: str) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    board = accumulator.EventAccumulator(str(found[2] / name / "tensorboard"), {"histograms": 0}).Reload()
    assert [(event.step, event.histogram_value.num) for event in board.Histograms("weights/i3d")] == [(1, 4), (2, 4)]


def test_one_process_is_its_own_company() -> None:
    alone = Processes()
    assert alone.writes
    assert alone.gather(3) == [3]
    assert (alone.any(True), alone.any(False)) == (True, False)
    alone.wait()


def test_without_torchrun_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with processes("cpu") as peers:
        assert (peers.rank, peers.world, peers.device.type) == (0, 1, "cpu")


@pytest.mark.parametrize("size", [1, 3])
def test_kernels_lie_as_their_gradients_do(size: int) -> None:
    for kind, video in ((nn.Conv2d, torch.rand(2, 16, 8, 8)), (nn.Conv3d, torch.rand(2, 16, 4, 8, 8))):
        kernels = to_channels_last(kind(16, 32, size))
        kernels(video).sum().backward()
        assert kernels.weight.grad is not None
        assert kernels.weight.grad.stride() == kernels.weight.stride()  # DDP warns of others
