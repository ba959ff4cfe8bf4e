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
# The file holds shapes of float32 tensors. Beside the statistics of a batch norm there is also a count of its batches.
MANIFEST = {
    name: {"shape": shape, "dtype": "float32"}
    for name, shape in json.loads((FOLDER / "manifest.json").read_text()).items()
}
MANIFEST |= {
    name.replace("running_var", "num_batches_tracked"): {"shape": [], "dtype": "int64"}
    for name in MANIFEST
    if name.endswith("running_var")
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
