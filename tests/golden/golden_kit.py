"""Loads the parity kit: seeded weights in the authors' layout, inputs, and what their code computes from them."""

import importlib.util
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torchvision.models import resnet34

from fineparser_core.checkpoints.reference import from_reference
from fineparser_core.models.fineparser import FineParser

FOLDER = Path(__file__).resolve().parent
_OF_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def _tensors(full: str, shape: "list[int] | int") -> dict[str, dict]:
    """Shape and type of an entry of the file: of a tensor, of those of a batch norm of so many channels, or of a kernel
    of the I3D and the batch norm after it."""
    if isinstance(shape, int):
        found = {f"{full}.{name}": {"shape": [shape], "dtype": "float32"} for name in _OF_BATCH_NORM}
        return {**found, f"{full}.num_batches_tracked": {"shape": [], "dtype": "int64"}}
    if full.endswith(("weight", "bias")):
        return {full: {"shape": shape, "dtype": "float32"}}
    return _tensors(f"{full}.conv3d.weight", shape) | _tensors(f"{full}.batch3d", shape[0])


with torch.device("meta"):
    _RESNET = resnet34().state_dict()  # the release takes torchvision's
#: The file has the shapes of all else, by the beginnings of names that share them.
MANIFEST = {
    f"video_encoder/backbone.{name}": {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}
    for name, tensor in _RESNET.items()
} | {
    name: tensor
    for beginnings, shapes in json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8")).items()
    for beginning in beginnings.split()
    for rest, shape in shapes.items()
    for name, tensor in _tensors(beginning + rest, shape).items()
}

_spec = importlib.util.spec_from_file_location("golden_rule", FOLDER / "rule.py")
assert _spec is not None
assert _spec.loader is not None
rule = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(rule)


@lru_cache(maxsize=1)
def entries(seed: int) -> dict[str, dict[str, torch.Tensor]]:
    return {
        group: {key: torch.from_numpy(np.asarray(value)) for key, value in state.items()}
        for group, state in rule.make_state(seed, MANIFEST).items()
    }


@lru_cache(maxsize=1)
def model(seed: int) -> FineParser:
    network = FineParser()
    network.load_state_dict(from_reference(entries(seed)), strict=True)
    return network.eval()


@lru_cache(maxsize=2)
def golden(seed: int) -> dict[str, np.ndarray]:
    with np.load(FOLDER / f"golden_seed{seed}.npz") as data:
        return dict(data)


def video(seed: int, name: str) -> torch.Tensor:
    return torch.from_numpy(rule.make_video(seed, name))
