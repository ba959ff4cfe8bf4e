"""Views of a dive: random parameters are drawn first, then applied to frames and masks alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from fineparser_core.constants import MASK_SIZE, N_SAMPLES
from fineparser_core.data.records import DatasetDive, DiveRecord, StoredImages
from fineparser_core.errors import AnnotationError
from fineparser_core.video.clips import frame_to_sample
from fineparser_core.video.preprocess import WHOLE, AthleteCrop, get_preprocessing

# Range of the zoom of random views of an athlete crop.
_NEARER, _FARTHER = 0.85, 1.2


@dataclass(frozen=True, kw_only=True)
class View:
    """A view of a dive: the frames that are sampled, and the part of them that is cut out.

    Attributes:
        sampled: (96,) int64 frames.
        flip: mirrored left to right.
        first_row, first_column: of the rows and columns that are kept of the stored frame.
        side_px: how many rows and columns are kept; other than 112 they are resized to it.
    """

    sampled: np.ndarray = field(repr=False)
    flip: bool = False
    first_row: int = 0
    first_column: int = 0
    side_px: int = MASK_SIZE

    def transitions(self, dive: DatasetDive) -> tuple[int, int]:
        """Return the samples of the two transitions in this view.

        Raises:
            AnnotationError: the dive has no step labels.
        """
        if dive.first_flight_frame is None or dive.first_entry_frame is None:
            raise AnnotationError(f"{dive.record.id} has no labelled phases: use a data set that has them.")
        return _transitions(self.sampled, dive.first_flight_frame, dive.first_entry_frame)


def plain_view(dive: DatasetDive, preprocessing: str = WHOLE.name) -> View:
    """Return the whole clip, as inference sees it; its samples and transitions are the same in every preprocessing.

    Raises:
        ConfigError: an unknown preprocessing.
    """
    shape = get_preprocessing(preprocessing)
    column = shape.first_row if isinstance(shape, AthleteCrop) else 0
    return View(sampled=sampled_frames(len(dive.frames) - 1), first_row=shape.first_row, first_column=column)


def labeled_transitions(record: DiveRecord) -> tuple[int, int] | None:
    """Return the samples of the two transitions in the plain view of a dive, from its annotation alone.

    None without labels.
    """
    if record.first_flight_frame is None or record.first_entry_frame is None:
        return None
    return _transitions(sampled_frames(record.n_frames - 1), record.first_flight_frame, record.first_entry_frame)


def draw_view(
    dive: DatasetDive, preprocessing: str, rng: np.random.Generator, *, flip: float = 0.5, temporal_shift: int = 3
) -> View:
    """Draw a random view; the same generator gives the same view.

    The 112 rows begin anywhere in the squeezed frame; a square that follows the athlete is moved and zoomed. The shift
    never cuts off the first frame of the entry. Deviation: the paper's text names no augmentation; this is the
    release's, which may cut the entry off.

    Args:
        flip: probability of a mirrored view.
        temporal_shift: the clip ends up to this many frames earlier.

    Raises:
        ConfigError: an unknown preprocessing.
    """
    shape = get_preprocessing(preprocessing)
    last = len(dive.frames) - 1
    entry = 0 if dive.first_entry_frame is None else dive.first_entry_frame
    shift = int(rng.integers(0, temporal_shift + 1))
    mirrored = bool(rng.random() < flip)
    first_row, first_column, side = int(rng.integers(0, shape.stored_px[0] - MASK_SIZE + 1)), 0, MASK_SIZE
    if isinstance(shape, AthleteCrop):
        side = int(rng.integers(int(_NEARER * MASK_SIZE), int(_FARTHER * MASK_SIZE) + 1))
        first_row, first_column = rng.integers(0, shape.stored_px[0] - side + 1, 2).tolist()
    return View(
        sampled=_until(last - shift, entry), flip=mirrored, first_row=first_row, first_column=first_column, side_px=side
    )


def asked_frames(n_frames: int, first_entry_frame: int | None, temporal_shift: int = 0) -> np.ndarray:
    """Return the frames (n,) int64, ascending, that the plain view or a shift of `draw_view` samples.

    Without a shift these are 96, or all of a shorter clip; the first and the last frame are always among them.
    """
    ends = range(n_frames - 1, n_frames - 2 - temporal_shift, -1)
    return np.unique(np.concatenate([_until(end, first_entry_frame or 0) for end in ends]))


def sampled_frames(last: int) -> np.ndarray:
    """Return the 96 frames (96,) int64 that the plain view of a clip samples.

    Args:
        last: the last frame of the clip.
    """
    return np.linspace(0, last, N_SAMPLES).astype(np.int64)


def view_frames(dive: DatasetDive, view: View, samples: np.ndarray | Sequence[int]) -> np.ndarray:
    """Return samples (n,) of a view as (n, 112, 112, 3) uint8 RGB."""
    return _cut(dive.frames, view, samples)


def view_masks(dive: DatasetDive, view: View, samples: np.ndarray | Sequence[int]) -> np.ndarray:
    """Return the masks of the same samples, (n, 112, 112) uint8, 255 = athlete.

    Raises:
        AnnotationError: the data set has no masks.
    """
    if dive.masks is None:
        raise AnnotationError(f"{dive.record.id} has no masks: use a data set that has them.")
    return _cut(dive.masks, view, samples)


def _cut(images: np.ndarray | StoredImages, view: View, samples: np.ndarray | Sequence[int]) -> np.ndarray:
    rows = slice(view.first_row, view.first_row + view.side_px)
    columns = slice(view.first_column, view.first_column + view.side_px)
    seen = images[view.sampled[np.asarray(samples)], rows, columns]
    if view.side_px != MASK_SIZE:
        size, how = (MASK_SIZE, MASK_SIZE), cv2.INTER_AREA if view.side_px > MASK_SIZE else cv2.INTER_LINEAR
        seen = np.stack([cv2.resize(image, size, interpolation=how) for image in np.ascontiguousarray(seen)])
    return np.ascontiguousarray(seen[:, :, ::-1] if view.flip else seen)


def _transitions(sampled: np.ndarray, first_flight_frame: int, first_entry_frame: int) -> tuple[int, int]:
    first = frame_to_sample(sampled, first_flight_frame)
    return first, max(first + 1, frame_to_sample(sampled, first_entry_frame))


def _until(last: int, entry: int) -> np.ndarray:
    return sampled_frames(max(entry, 1, last))
