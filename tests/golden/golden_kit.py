"""Loads the parity kit: seeded weights in the authors' layout, inputs, and what their code computes from them."""

import importlib.util
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from fineparser_core.checkpoints.reference import from_reference
from fineparser_core.models.fineparser import FineParser

FOLDER = Path(__file__).resolve().parent
# The file holds shapes; what counts batches is the one kind of tensor that is not float32.
MANIFEST = {
    name: {"shape": shape, "dtype": "int64" if name.endswith("num_batches_tracked") else "float32"}
    for name, shape in json.loads((FOLDER / "manifest.json").read_text()).items()
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
