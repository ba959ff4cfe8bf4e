import contextlib
import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch
import two_processes
from platforms import windows_has_no
from torch import nn

from fineparser_core.errors import ConfigError
from fineparser_core.models.aqa_model import to_channels_last
from fineparser_core.training.distributed import first_node, processes

pytestmark = windows_has_no("torchrun that starts: PyTorch's wheel lacks libuv, which it asks for")

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def by_torchrun(argv):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *TORCHRUN, *argv], env=environment, capture_output=True, text=True)
    return [(done.returncode, done.stderr)]


def free_job():
    """Return the number of a job whose port nobody uses; systems hand out none of that range."""
    for job in np.random.default_rng().permutation(12_000).tolist():
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("", 20_000 + job))
            return int(job)
    raise OSError("no port is free")


def by_srun(argv):
    """Start two tasks as Slurm does, on this machine."""
    job = {"SLURM_JOB_ID": str(free_job()), "SLURM_NTASKS": "2", "SLURM_STEP_NUM_TASKS": "2"}
    job |= {"SLURM_STEP_NODELIST": "localhost", "OMP_NUM_THREADS": "1"}
    tasks = [
        subprocess.Popen(
            [sys.executable, *argv],
            env={**os.environ, **job, "SLURM_PROCID": rank, "SLURM_LOCALID": rank},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    try:
        errors = [task.communicate()[1] for task in tasks]
    finally:
        for task in tasks:
            task.kill()
    return [(task.returncode, error) for task, error in zip(tasks, errors, strict=True)]


def found_by_one(out):
    (out / "cut").mkdir(parents=True)
    n_threads = torch.get_num_threads()
    two_processes.main(out, 2)
    torch.set_num_threads(n_threads)
    return read(out)


def found_by_two(out, started=by_torchrun):
    (out / "cut").mkdir(parents=True)
    for code, error in started([two_processes.__file__, str(out), "1"]):
        assert code == 0, error
    return read(out)


def read(out):
    found = json.loads((out / "found.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What one process of two pairs a step finds, and two processes of one pair; and where."""
    folder = tmp_path_factory.mktemp("processes")
    return found_by_one(folder / "one"), found_by_two(folder / "two"), folder


def test_processes_hear_of_each_other(found):
    one, two, _ = found
    assert (one["world"], two["world"]) == (1, 2)
    assert two["gathered"] == [{"rank": 0}, {"rank": 1}]
    assert two["any"] == [False, True]
    assert one["stopped"] == [[True, True]]
    assert two["stopped"] == [[True, True], [True, True]]


def test_shards_together_are_the_results_of_one_process(found):
    one, two, _ = found
    assert two["untrained"] == one["untrained"]
    assert [result["id"] for result in two["untrained"]] == [f"event2/{i}" for i in range(5)]


def test_two_processes_of_one_pair_learn_as_one_of_two(found):
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


@pytest.mark.slow
def test_tasks_of_srun_are_processes_of_torchrun(found, tmp_path):
    assert found_by_two(tmp_path, by_srun) == found[1]


def test_the_script_of_a_slurm_job_is_no_task(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    for name, value in {"SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_JOB_ID": "7"}.items():
        monkeypatch.setenv(name, value)
    with processes("cpu") as peers:
        assert peers.world == 1
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "8")
    with pytest.raises(ConfigError, match="srun started 8 processes, but 'SLURM_STEP_NODELIST' is wrong or missing"):
        processes("cpu").__enter__()


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("gpu1", "gpu1"), ("gpu[007-009,12],x1", "gpu007"), ("a,b", "a"), ("rack[1-2]-node[03-04]", "rack1-node03")],
)
def test_processes_meet_at_the_first_node(nodes, first):
    assert first_node(nodes) == first


@pytest.mark.parametrize("size", [1, 3])
def test_kernels_lie_as_their_gradients_do(size):
    for kind, video in ((nn.Conv2d, torch.rand(2, 16, 8, 8)), (nn.Conv3d, torch.rand(2, 16, 4, 8, 8))):
        kernels = to_channels_last(kind(16, 32, size))
        kernels(video).sum().backward()
        assert kernels.weight.grad.stride() == kernels.weight.stride()  # DDP warns of others
