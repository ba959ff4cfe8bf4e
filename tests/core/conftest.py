"""Small data sets: rendered dives that are quick to make and easy to see, and noise in the layouts of the releases."""

import os
import pickle
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from narrow_networks import narrow

from fineparser_core.synth import dataset
from fineparser_core.synth.dataset import SynthConfig, synthesize

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("tests/golden", "packaging", "packaging/benchmarks")]

N_FRAMES = 20
TIMING = {"n_frames": 40, "first_flight_frame": 12, "first_entry_frame": 26}


def painted(dive, seed):
    gray = np.random.default_rng(seed).integers(80, 120, (*dive.masks.shape, 1)).repeat(3, axis=3)
    return replace(dive, frames=np.where(dive.masks[..., None] > 0, (220, 30, 30), gray).astype(np.uint8))


@pytest.fixture(scope="session")
def rendered_root(tmp_path_factory):
    """Two training dives and a test dive of one number, 40 frames of 192 x 144 pixels each, with masks and truths."""
    root = tmp_path_factory.mktemp("rendered") / "data"
    render = dataset.render_dive

    def small(spec, seed):
        return painted(render(replace(spec, **TIMING, height_px=144, aspect=4 / 3, clear=True), seed), seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "render_dive", small)
        patch.setattr(os, "fsync", lambda descriptor: None)  # a slow disk is not what is tested
        synthesize(root, SynthConfig(train=2, test=1, seed=4, numbers=("107B",)))
    return root


def write_pickle(path, thing):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(thing))


def write_images(folder, start, n, *, seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (n, 40, 60, 3), dtype=np.uint8)
    for number in range(n):
        cv2.imwrite(str(folder / f"{start + number:05d}.jpg"), noise[number])


@pytest.fixture
def finediving_root(tmp_path):
    """Four dives of one event and two of another, 20 frames each with masks; the last of each is a test dive."""
    root = tmp_path / "data"
    keys = [("A_10m", 1), ("A_10m", 2), ("A_10m", 3), ("A_10m", 4), ("B_3m", 1), ("B_3m", 2)]
    labels = np.repeat([4, 25, 36], (5, 8, 7))
    annotations = {key: ["407c", 60.0 + key[1], 3.2, np.array([4, 12]), labels] for key in keys}
    write_pickle(root / "fine-grained_annotation_aqa.pkl", annotations)
    write_pickle(root / "train_split.pkl", [*keys[:3], keys[4]])
    write_pickle(root / "test_split.pkl", [keys[3], keys[5]])
    for seed, (event, index) in enumerate(keys):
        write_images(root / "FineDiving" / event / str(index), 480, N_FRAMES, seed=seed)
        write_images(root / "FineDiving_HM" / event / str(index), 480, N_FRAMES, seed=seed + 100)
    return root


@pytest.fixture
def narrow_networks(request):
    """Make networks narrow, but in slow tests."""
    with nullcontext() if request.node.get_closest_marker("slow") else narrow():
        yield
