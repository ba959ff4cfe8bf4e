"""Rendered dives that are quick to make and easy to see: a red athlete before grey noise."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fineparser_core.synth import dataset
from fineparser_core.synth.dataset import SynthConfig, synthesize
from fineparser_core.synth.render import DiveSpec, RenderedDive

TIMING = {"n_frames": 40, "first_flight_frame": 12, "first_entry_frame": 26}


def painted(dive: RenderedDive, seed: int) -> RenderedDive:
    grey = np.random.default_rng(seed).integers(80, 120, (*dive.masks.shape, 1)).repeat(3, axis=3)
    return replace(dive, frames=np.where(dive.masks[..., None] > 0, (220, 30, 30), grey).astype(np.uint8))


@pytest.fixture(scope="session")
def rendered_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two training dives and a test dive of one number, 40 frames of 192 x 144 pixels each, with masks and truths."""
    root = tmp_path_factory.mktemp("rendered") / "data"
    render = dataset.render_dive

    def small(spec: DiveSpec, seed: int) -> RenderedDive:
        return painted(render(replace(spec, **TIMING, height_px=144, aspect=4 / 3, clear=True), seed), seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "render_dive", small)
        patch.setattr(os, "fsync", lambda descriptor: None)  # a slow disk is not what is tested
        synthesize(root, SynthConfig(train=2, test=1, seed=4, numbers=("107B",)))
    return root
