"""What a network sees of a dive in evaluation, and where the athlete truly is in it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fineparser_core.data.dive_set import DiveSet
from fineparser_core.data.dives import Dive
from fineparser_core.data.images import clip_images, read_frame, read_mask
from fineparser_core.data.transforms import plain_view, view_frames, view_masks
from fineparser_core.inference.encoder import ClipEncoder
from fineparser_core.inference.samples import closer_look, first_look
from fineparser_core.types import MASK_SIZE, N_SAMPLES
from fineparser_core.video.follow import cut_mask
from fineparser_core.video.preprocess import WHOLE

_ALL = np.arange(N_SAMPLES)
_ATHLETE = 128


class Seen(NamedTuple):
    """The 96 samples of a dive as a network sees them.

    Attributes:
        frames: (96, 112, 112, 3) uint8 RGB.
        truth: (96, 112, 112) bool, the athlete in them; None where the data set has no masks.
        missed: (96,) bool, samples whose athlete is in the frame and nowhere in what is seen of it; None likewise.
    """

    frames: np.ndarray
    truth: np.ndarray | None
    missed: np.ndarray | None


Look = Callable[[Dive], Seen]


def stored_look(preprocessing: str) -> Look:
    """Dives as the cache stores them; where that follows the athlete, it does so by the true masks."""

    def look(dive: Dive) -> Seen:
        view = plain_view(dive, preprocessing)
        truth = None if dive.masks is None else view_masks(dive, view, _ALL) >= _ATHLETE
        return Seen(view_frames(dive, view, _ALL), truth, None if truth is None else np.zeros(N_SAMPLES, bool))

    return look


def following_look(data: DiveSet, encoder: ClipEncoder) -> Look:
    """Dives as the encoder's own first look follows the athlete, in the images of the data set, as inference does."""

    def look(dive: Dive) -> Seen:
        paths = clip_images(data, dive.record)
        chosen = [paths[i] for i in plain_view(dive, WHOLE.name).sampled]
        images = [read_frame(path) for path, _ in chosen]
        frames, crops = closer_look(images, first_look(images, encoder)[1], encoder)
        whole = [read_mask(mask) for _, mask in chosen if mask is not None]
        if not whole:
            return Seen(frames, None, None)
        places = [(int(x0), int(y0), int(x1), int(y1)) for x0, y0, x1, y1 in crops]
        shares = np.stack([cut_mask(mask, place, MASK_SIZE) for mask, place in zip(whole, places, strict=True)])
        # A sliver that is seen but fills no half of a pixel is not missed; as in every look it leaves the truth empty.
        missed = np.array([mask.any() for mask in whole]) & ~shares.any(axis=(1, 2))
        return Seen(frames, shares > 0.5, missed)

    return look
