"""A run of twelve iterations, in this process, as `python toy_run.py FOLDER EPOCHS`, or by torchrun.

torchrun adds how many batches make an update, and perhaps `--kill-after ITERATION`.
"""

import gc
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from brightness import built, config_of, some_dives
from torch.nn.parallel import DistributedDataParallel

from fineparser_core.config import RunSettings
from fineparser_core.training.loop import Trainer
from fineparser_core.training.ranks import join_ranks
from fineparser_core.training.validation import Splits

EPOCHS, AN_EPOCH = 3, 4
SPLITS = Splits(train=some_dives(8, 0), validation=some_dives(2, 1), test=())


def toy_run(out, *, cancel=None, settings=None, ranks=None, **changes):
    """Return a run with batch norm and dropout; eight pairs an epoch, two an iteration."""
    out.mkdir(exist_ok=True)
    config = config_of(method="noisy", batch_norm="train", batch_size=1, lr=0.05, i3d_lr=0.05, clip_norm=5.0)
    config = config_of(**{**vars(config), "epochs": EPOCHS, **changes})
    settings = settings or RunSettings(checkpoint_every=3)
    return Trainer(built(config), SPLITS, config, out, settings=settings, cancel=cancel, ranks=ranks)


def left_by(folder):
    """What two equal runs have equal: every tensor and number of the checkpoint, and the events."""
    saved = torch.load(folder / "train.pt", weights_only=True)
    parts = [tensor.numpy().tobytes() for _, tensor in sorted(_tensors(saved, ""))]
    numbers = json.dumps([saved["iteration"]]).encode() + (folder / "history.json").read_bytes()
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    return b"".join([*parts, numbers]), events


def _tensors(value, name):
    if isinstance(value, torch.Tensor):
        return [(name, value)]
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in items for found in _tensors(each, f"{name}.{key}")]


def slowly(trainer):
    """The same run with time to be killed in, and a byte of input for a batch."""

    def wait(*given):
        time.sleep(0.01)
        sys.stdin.buffer.read(1)

    trainer.objective.register_forward_pre_hook(wait)
    return trainer


def among_ranks(out, epochs, n_parts, kill_after=0):
    """Train among the processes of torchrun; the last is killed after an update."""
    with join_ranks("cpu") as ranks:
        torch.set_num_threads(1)
        trainer = toy_run(Path(out), ranks=ranks, epochs=int(epochs), grad_accum_steps=int(n_parts))

        def kill(*given):
            if trainer.iteration == kill_after and ranks.rank == ranks.world - 1:
                os.kill(os.getpid(), signal.SIGKILL)

        if kill_after:
            trainer.objective.register_forward_pre_hook(kill)
        trainer.run()
        # It would wait for ever, now and then, if it ended after the group of the processes.
        assert not any(isinstance(one, DistributedDataParallel) for one in gc.get_objects())


if __name__ == "__main__" and "WORLD_SIZE" in os.environ:
    among_ranks(*sys.argv[1:4], *map(int, sys.argv[5:]))
elif __name__ == "__main__":
    every = RunSettings(checkpoint_every=1)
    slowly(toy_run(Path(sys.argv[1]), settings=every, epochs=int(sys.argv[2]))).run()
