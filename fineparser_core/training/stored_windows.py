"""Stores windows of training dives with unsharpened masks on disk, for the training of `MaskSharpener`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from fineparser_core.constants import N_SAMPLES, WINDOW_LENGTH
from fineparser_core.data.dives import Dive
from fineparser_core.data.transforms import View
from fineparser_core.inference.device import autocast
from fineparser_core.pose.fineparser_pose import FineParserPose
from fineparser_core.pose.mask_refiner import RefinedMaskDecoder
from fineparser_core.progress import CancelToken
from fineparser_core.support.atomic import atomic_file
from fineparser_core.training.batches import window_batch
from fineparser_core.training.recipe_config import RecipeConfig
from fineparser_core.training.stored_views import random_view

#: Quantisation step of stored logits.
LOGIT_STEP = 0.1


@dataclass(frozen=True, kw_only=True)
class StoredWindow:
    """A window of a view with the decoder's output before sharpening.

    Attributes:
        start: first sample of the window.
        logits: (16, 112, 112) int8, multiples of `LOGIT_STEP`.
        middle: (32, 8, 28, 28) float16, output of `MaskRefiner.middle`.
    """

    dive: Dive
    view: View
    start: int
    logits: np.ndarray = field(repr=False)
    middle: np.ndarray = field(repr=False)


@torch.inference_mode()
def store_windows(
    model: FineParserPose,
    dives: Iterable[Dive],
    config: RecipeConfig,
    folder: Path,
    cancel: CancelToken,
) -> list[StoredWindow]:
    """Decode one random window of a random view of every dive without the sharpener, and store the results."""
    folder.mkdir(parents=True, exist_ok=True)
    parser = model.spatial_parser.eval()
    decoder = parser.decoder
    assert isinstance(decoder, RefinedMaskDecoder)
    stored = []
    for index, dive in enumerate(dives):
        cancel.raise_if_cancelled()
        rng = np.random.default_rng((config.seed, 8, index))
        view, start = random_view(dive, config.preprocessing, rng), int(rng.integers(0, N_SAMPLES - WINDOW_LENGTH + 1))
        path = folder / f"{dive.key}.npz"
        if not path.exists():
            frames = window_batch([dive], [view], [start])[0].to(config.device)
            with autocast(frames.device, config.precision):
                logits, middle = decoder.unsharpened(parser.taps(frames))
            steps = (logits[0].float() / LOGIT_STEP).round().clamp(-127, 127).to(torch.int8)
            with atomic_file(path) as temporary, temporary.open("wb") as stream:
                np.savez(stream, logits=steps.cpu().numpy(), middle=middle[0].half().cpu().numpy())
        with np.load(path, allow_pickle=False) as data:
            kept = {name: data[name] for name in ("logits", "middle")}
        stored.append(StoredWindow(dive=dive, view=view, start=start, **kept))
    return stored
