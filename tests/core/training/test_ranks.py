"""Two processes of torchrun learn what one learns."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import toy_run
from platforms import windows_has_no

from fineparser_core.errors import ConfigError
from fineparser_core.training.loop import Trainer
from fineparser_core.training.ranks import Ranks, join_ranks, world_size

pytestmark = windows_has_no("torchrun that starts: PyTorch's wheel lacks libuv, which it asks for")
#: Eight batches an epoch of which three make an update: two processes share three, and the last two, unevenly.
UNEVEN = 3
MACOS = sys.platform == "darwin"


def by_torchrun(*argv):
    """Run two processes on the loopback alone, at a free port: the machine's name may lead nowhere, and be slow to."""
    meeting = ("--nnodes", "1", "--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", "--local-addr", "127.0.0.1")
    command = (sys.executable, "-m", "torch.distributed.run", *meeting, "--nproc-per-node", "2", toy_run.__file__)
    # A thread a process: threads that spin for each other starve the other process on a loaded machine.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo0" if MACOS else "lo"}
    return subprocess.run([*command, *map(str, argv)], env=environment, capture_output=True, text=True)


def losses_of(folder):
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    return np.array([[event[name] for name in ("iteration", "total", "half")] for event in events if "total" in event])


@pytest.mark.timeout(900)  # six processes start torch, beside whatever else the machine does
def test_two_processes_reach_the_losses_of_one_and_a_run_goes_on_with_either(tmp_path):
    one, two, cut = (tmp_path / name for name in ("one", "two", "cut"))
    toy_run.toy_run(one, grad_accum_steps=UNEVEN).run()
    killed = by_torchrun(two, toy_run.EPOCHS, UNEVEN, "--kill-after", 5)
    assert killed.returncode != 0  # torchrun ends the other, too
    shutil.copytree(two, cut)
    done = by_torchrun(two, toy_run.EPOCHS, UNEVEN)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(losses_of(two), losses_of(one), rtol=1e-5)
    assert {path.name for path in two.iterdir()} == {path.name for path in one.iterdir()}
    toy_run.toy_run(cut, grad_accum_steps=UNEVEN).run()  # what two processes began, one ends
    np.testing.assert_allclose(losses_of(cut), losses_of(one), rtol=1e-5)


def test_processes_that_cannot_meet_or_have_nothing_to_share_are_refused(tmp_path, monkeypatch):
    for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORLD_SIZE", "1")
    with join_ranks("cpu") as ranks:
        assert (ranks.world, ranks.any(True), ranks.gather(3)) == (1, True, [3])
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(
        ConfigError, match=r"WORLD_SIZE is set to '2' and LOCAL_RANK, MASTER_ADDR, .* start training by"
    ):
        world_size()
    config = toy_run.config_of()
    with pytest.raises(
        ConfigError, match=r"An update has 2 batches to share among 3 processes: give --grad-accum-steps"
    ):
        Trainer(toy_run.built(config), toy_run.SPLITS, config, tmp_path, ranks=Ranks(world=3))
