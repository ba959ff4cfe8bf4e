"""A run of twelve iterations, in this process or as `python toy_run.py FOLDER EPOCHS`."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from brightness import built, config_of, some_dives

from fineparser_core.config import RunSettings
from fineparser_core.training.loop import Trainer
from fineparser_core.training.validation import Splits

EPOCHS, AN_EPOCH = 3, 4
SPLITS = Splits(train=some_dives(8, 0), validation=some_dives(2, 1), test=())


def toy_run(out, *, cancel=None, settings=None, **changes):
    """Return a run with batch norm and dropout; eight pairs an epoch, two an iteration."""
    out.mkdir(exist_ok=True)
    config = config_of(method="noisy", batch_norm="train", batch_size=1, lr=0.05, i3d_lr=0.05, clip_norm=5.0)
    config = config_of(**{**vars(config), "epochs": EPOCHS, **changes})
    settings = settings or RunSettings(checkpoint_every=3)
    return Trainer(built(config), SPLITS, config, out, settings=settings, cancel=cancel)


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


if __name__ == "__main__":
    every = RunSettings(checkpoint_every=1)
    slowly(toy_run(Path(sys.argv[1]), settings=every, epochs=int(sys.argv[2]))).run()
