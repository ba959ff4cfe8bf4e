"""A stage that trains in milliseconds, in this process or as `python toy_stage.py FOLDER ITERATIONS`."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fineparser_core.progress import CancelToken
from fineparser_core.training.loop import After, Stage, run_stage

ITERATIONS = 40


def toy_stage(**changes: Any) -> Stage:
    """A line with batch norm, learned from data drawn of (iteration, part); looked at after every tenth iteration."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))

    def compute_losses(iteration: int, part: int) -> dict[str, torch.Tensor]:
        x = torch.from_numpy(np.random.default_rng((iteration, part)).normal(size=(8, 4)).astype(np.float32))
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        return {"total": loss, "part": loss / 2}

    def work(iteration: int, modules: Mapping[str, nn.Module], state: Any) -> Any:
        weight = float(modules["model"].get_parameter("0.weight").detach().sum())
        return [*(state or []), [iteration, weight]]

    stage = Stage(
        name="toy",
        modules={"model": model},
        groups=[(list(model.parameters()), 0.05)],
        iterations=ITERATIONS,
        compute_losses=compute_losses,
        schedule=lambda iteration, peak: peak / (1 + iteration / 20),
        parts=lambda iteration: 1 + iteration % 2,
        clip_norm=5.0,
        checkpoint_every=7,
        after=After(due=lambda iteration: iteration % 10 == 0, work=work),
    )
    return replace(stage, **changes)


def left_by(folder: Path) -> tuple[bytes, list[dict[str, Any]]]:
    """What two equal runs have equal: every tensor and number of the checkpoint, and the events."""
    saved = torch.load(folder / "toy.pt", weights_only=True)
    parts = [tensor.numpy().tobytes() for _, tensor in sorted(_tensors(saved, ""))]
    numbers = json.dumps([saved["iteration"], saved["worked"], saved["state"]]).encode()
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    return b"".join([*parts, numbers]), events


def _tensors(value: Any, name: str) -> list[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        return [(name, value)]
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in items for found in _tensors(each, f"{name}.{key}")]


def slowly(stage: Stage) -> Stage:
    """The same stage with a checkpoint after every iteration, time to be killed in, and a byte of input for a part."""

    def compute_losses(iteration: int, part: int) -> dict[str, torch.Tensor]:
        time.sleep(0.01)
        sys.stdin.buffer.read(1)
        return stage.compute_losses(iteration, part)

    return replace(stage, compute_losses=compute_losses, checkpoint_every=1)


if __name__ == "__main__":
    run_stage(slowly(toy_stage(iterations=int(sys.argv[2]))), Path(sys.argv[1]), CancelToken())
