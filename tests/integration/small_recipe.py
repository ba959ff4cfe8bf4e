"""`fineparser train --config bundle` with small dives and small stages, as `python small_recipe.py OPTION...`."""

import sys
from dataclasses import replace
from functools import partial

from fineparser_core.commands import cli, train
from fineparser_core.synth import dataset
from fineparser_core.synth.render import DiveSpec, RenderedDive
from fineparser_core.training.recipe_config import RecipeConfig

SIZES = {
    "dives": 8,
    "whole_frame_dives": 2,
    "mask_iterations": 3,
    "mask_windows": 2,
    "whole_frame_windows": 1,
    "windows": 3,
    "sharpen_iterations": 3,
    "sharpen_batch": 2,
    "frame_iterations": 3,
    "frame_batch": 4,
    "refiner_iterations": 3,
    "posed_dives": 3,
    "track_iterations": 3,
    "steps_iterations": 3,
    "simulated_dives": 20,
    "static_iterations": 3,
    "group": 2,
    "parse_dives": 2,
    "parse_iterations": 3,
    "parse_batch": 2,
}


_RENDER = dataset.render_dive


def small_dive(spec: DiveSpec, seed: int) -> RenderedDive:
    """A dive of 40 frames of 96 rows."""
    timing = {"n_frames": 40, "first_flight_frame": 12, "first_entry_frame": 26}
    return _RENDER(replace(spec, **timing, height_px=96, aspect=4 / 3, clear=True), seed)


def patch() -> None:
    """Makes small dives, and stages of a few iterations."""
    dataset.render_dive = small_dive
    train.RecipeConfig = partial(RecipeConfig, **SIZES)  # type: ignore[misc, assignment]


if __name__ == "__main__":
    patch()
    sys.exit(cli.main(["train", "--config", "bundle", "--workers", "1", "--device", "cpu", *sys.argv[1:]]))
