"""The network input of a dive in evaluation, with the true masks that belong to it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fineparser_core.constants import MASK_SIZE, N_SAMPLES
from fineparser_core.data.records import DatasetDive, DiveSet
from fineparser_core.data.transforms import plain_view, view_frames, view_masks
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.inference.samples import coarse_pass, crop_frames, follow_masks, squares_around_body
from fineparser_core.video.athlete_crop import crop_mask
from fineparser_core.video.preprocess import WHOLE

_ALL = np.arange(N_SAMPLES)
_ATHLETE = 128


class EvalInput(NamedTuple):
    """The 96 samples of a dive at the input size of a network.

    Attributes:
        frames: (96, 112, 112, 3) uint8 RGB.
        truth: (96, 112, 112) bool, true on the athlete; None where the data set has no masks.
        missed: (96,) bool, true where the athlete is in the source frame but outside the input; None likewise.
    """

    frames: np.ndarray
    truth: np.ndarray | None
    missed: np.ndarray | None


InputSource = Callable[[DatasetDive], EvalInput]


def stored_inputs(preprocessing: str) -> InputSource:
    """Return inputs from the frame cache. In an athlete crop these are cut around the true masks."""

    def read(dive: DatasetDive) -> EvalInput:
        view = plain_view(dive, preprocessing)
        truth = None if dive.masks is None else view_masks(dive, view, _ALL) >= _ATHLETE
        return EvalInput(view_frames(dive, view, _ALL), truth, None if truth is None else np.zeros(N_SAMPLES, bool))

    return read


def athlete_crop_inputs(data: DiveSet, encoder: ClipEncoder) -> InputSource:
    """Return inputs cut from the source images around the masks of the encoder's coarse pass, as in inference."""

    def read(dive: DatasetDive) -> EvalInput:
        chosen = plain_view(dive, WHOLE.name).sampled.tolist()
        images = list(data.frames(dive.record, chosen))
        squares = follow_masks(coarse_pass(images, encoder)[1], images[0])
        squares = squares_around_body(images, squares, encoder)
        ((frames, crops),) = crop_frames(images, squares, (MASK_SIZE, 1.0))
        whole = list(data.masks(dive.record, chosen))
        if not whole:
            return EvalInput(frames, None, None)
        places = [(int(x0), int(y0), int(x1), int(y1)) for x0, y0, x1, y1 in crops]
        shares = np.stack([crop_mask(mask, place, MASK_SIZE) for mask, place in zip(whole, places, strict=True)])
        # A sliver inside the crop that fills less than half of a pixel leaves the truth empty, but is not missed.
        missed = np.array([mask.any() for mask in whole]) & ~shares.any(axis=(1, 2))
        return EvalInput(frames, shares > 0.5, missed)

    return read
