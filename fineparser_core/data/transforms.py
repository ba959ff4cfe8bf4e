"""Looking at a dive in different ways: parameters are drawn first, then applied to clip and masks alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fineparser_core.data.dives import Dive
from fineparser_core.errors import AnnotationError
from fineparser_core.types import MASK_SIZE, N_SAMPLES
from fineparser_core.video.preprocess import get_preprocessing
from fineparser_core.video.sampling import frame_to_sample

# Trims leave each outer step at least this many frames.
_KEPT_FRAMES = 2


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far views may stray from the plain one; the defaults are the release's.

    Attributes:
        flip: probability of a mirrored view.
        shift: the clip ends up to this many frames earlier.
        rows: whether the 112 rows begin anywhere in the squeezed frame.
        trim: share of the clip that may go at either end.
        colour: strength of random contrast and tint; 1 is strong.

    Deviation: the release mirrors and moves the crop of a clip as well, but never trims the start nor touches colours.
    """

    flip: float = 0.5
    shift: int = 3
    rows: bool = True
    trim: float = 0.0
    colour: float = 0.0


@dataclass(frozen=True, kw_only=True)
class View:
    """One way to look at a dive.

    Attributes:
        sampled: (96,) int64 frames.
        flip: mirrored left to right.
        first_row: of the 112 rows that are kept of the squeezed frame.
        gain, bias: (3,) float32 colour jitter by channel, for whoever normalises: pixel * gain + bias.
    """

    sampled: np.ndarray = field(repr=False)
    flip: bool = False
    first_row: int = 0
    gain: np.ndarray = field(default_factory=lambda: np.ones(3, np.float32), repr=False)
    bias: np.ndarray = field(default_factory=lambda: np.zeros(3, np.float32), repr=False)

    def transitions(self, dive: Dive) -> tuple[int, int]:
        """Samples of the two transitions in this view.

        Raises:
            AnnotationError: the dive has no step labels.
        """
        if dive.first_flight_frame is None or dive.first_entry_frame is None:
            raise AnnotationError(f"{dive.record.id} has no labelled steps: use a data set that has them.")
        first = frame_to_sample(self.sampled, dive.first_flight_frame)
        return first, max(first + 1, frame_to_sample(self.sampled, dive.first_entry_frame))


def plain_view(dive: Dive, preprocessing: str) -> View:
    """The whole clip, as inference sees it.

    Raises:
        ConfigError: an unknown preprocessing.
    """
    sampled = _sampled(0, len(dive.frames) - 1)
    return View(sampled=sampled, first_row=get_preprocessing(preprocessing).first_row)


def draw_view(dive: Dive, preprocessing: str, augmentation: Augmentation, rng: np.random.Generator) -> View:
    """A random view; the same generator gives the same one.

    The shift never cuts off the first frame of the entry, and a trim keeps two frames of both outer steps.

    Raises:
        ConfigError: an unknown preprocessing.
    """
    shape = get_preprocessing(preprocessing)
    last = len(dive.frames) - 1
    flight = last if dive.first_flight_frame is None else dive.first_flight_frame
    entry = 0 if dive.first_entry_frame is None else dive.first_entry_frame
    trim = int(augmentation.trim * last)
    start = int(rng.integers(0, max(0, min(flight - _KEPT_FRAMES, trim)) + 1))
    cut = int(rng.integers(0, max(0, min(last - entry - _KEPT_FRAMES, trim)) + 1))
    shift = int(rng.integers(0, augmentation.shift + 1))
    flip = bool(rng.random() < augmentation.flip)
    rows = int(rng.integers(0, shape.squeezed_height_px - MASK_SIZE + 1))
    contrast = rng.uniform(0.8, 1.25) * rng.uniform(0.9, 1.1, 3)
    tint = rng.normal(0, 0.25) + rng.normal(0, 0.1, 3)
    return View(
        sampled=_sampled(start, max(entry, start + 1, last - cut - shift)),
        flip=flip,
        first_row=rows if augmentation.rows else shape.first_row,
        gain=(1 + augmentation.colour * (contrast - 1)).astype(np.float32),
        bias=(augmentation.colour * tint).astype(np.float32),
    )


def view_frames(dive: Dive, view: View, samples: np.ndarray | Sequence[int]) -> np.ndarray:
    """Samples (n,) of a view as (n, 112, 112, 3) uint8 RGB: its frames, rows and mirror, not its colours."""
    rows = slice(view.first_row, view.first_row + MASK_SIZE)
    frames = dive.frames[view.sampled[np.asarray(samples)], rows]
    return np.ascontiguousarray(frames[:, :, ::-1] if view.flip else frames)


def view_masks(dive: Dive, view: View, samples: np.ndarray | Sequence[int]) -> np.ndarray:
    """Masks of the same samples, (n, 112, 112) uint8, 255 = athlete.

    Raises:
        AnnotationError: the data set has no masks.
    """
    if dive.masks is None:
        raise AnnotationError(f"{dive.record.id} has no masks: use a data set that has them.")
    rows = slice(view.first_row, view.first_row + MASK_SIZE)
    masks = dive.masks[view.sampled[np.asarray(samples)], rows]
    return np.ascontiguousarray(masks[:, :, ::-1] if view.flip else masks)


def _sampled(first: int, last: int) -> np.ndarray:
    return np.linspace(first, last, N_SAMPLES).astype(np.int64)
