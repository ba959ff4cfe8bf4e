"""Training dives in memory: every frame at network size, with masks, transitions and score."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from fineparser_core.data.finediving import FineDiving
from fineparser_core.data.records import DiveRecord
from fineparser_core.errors import AnnotationError
from fineparser_core.progress import CancelToken
from fineparser_core.types import N_SAMPLES
from fineparser_core.video.atomic import atomic_file
from fineparser_core.video.preprocess import get_preprocessing
from fineparser_core.video.sampling import WINDOW_LENGTH, frame_to_sample

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrainingDive:
    """frames (T, 112, 112, 3) uint8 RGB; masks (T, 112, 112) uint8, 255 = athlete; transitions in frames."""

    key: str
    dive_number: str
    score: float
    first_flight_frame: int
    first_entry_frame: int
    frames: np.ndarray = field(repr=False)
    masks: np.ndarray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class View:
    """One way to look at a dive, drawn from a generator; the same generator gives the same view.

    Attributes:
        sampled: (96,) int64 frames.
        flip: mirrored left to right.
        gain, bias: (3,) colour jitter in normalised units, per channel.
    """

    sampled: np.ndarray = field(repr=False)
    flip: bool = False
    gain: np.ndarray = field(default_factory=lambda: np.ones(3, np.float32))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(3, np.float32))

    def transitions(self, dive: TrainingDive) -> tuple[int, int]:
        """Samples of the two transitions in this view."""
        st = frame_to_sample(self.sampled, dive.first_flight_frame)
        return st, max(st + 1, frame_to_sample(self.sampled, dive.first_entry_frame))


def plain_view(dive: TrainingDive) -> View:
    """The whole clip, as inference sees it."""
    return View(sampled=np.linspace(0, len(dive.frames) - 1, N_SAMPLES).astype(np.int64))


def random_view(dive: TrainingDive, rng: np.random.Generator) -> View:
    """Trimmed a little differently, perhaps mirrored, in other colours.

    Trims keep at least two frames of each outer step; the release only shortens the end, by 0 to 3 frames.
    """
    last = len(dive.frames) - 1
    start = int(rng.integers(0, max(1, min(dive.first_flight_frame - 2, last // 5) + 1)))
    end = last - int(rng.integers(0, max(1, min(last - dive.first_entry_frame - 2, last // 6) + 1)))
    contrast = rng.uniform(0.8, 1.25)
    return View(
        sampled=np.linspace(start, end, N_SAMPLES).astype(np.int64),
        flip=bool(rng.random() < 0.5),
        gain=(contrast * rng.uniform(0.9, 1.1, 3)).astype(np.float32),
        bias=(rng.normal(0, 0.25) + rng.normal(0, 0.1, 3)).astype(np.float32),
    )


def load_dives(
    data: FineDiving,
    split: str,
    preprocessing: str,
    cache: Path,
    cancel: CancelToken,
    *,
    limit: int | None = None,
) -> list[TrainingDive]:
    """Reads the dives of a split at network size; each is decoded once and kept in the cache folder.

    Dives without frames, masks or three steps are skipped and counted in the log.

    Raises:
        AnnotationError: where no dive at all can be read.
        Cancelled: once the token is set.
    """
    cache.mkdir(parents=True, exist_ok=True)
    records = data.split(split)[:limit]
    dives, skipped = [], []
    for record in records:
        cancel.raise_if_cancelled()
        try:
            dives.append(_load_dive(data, record, preprocessing, cache))
        except AnnotationError as error:
            skipped.append(str(error))
    if skipped:
        logger.warning("%d of %d dives skipped, the first: %s", len(skipped), len(records), skipped[0])
    if not dives:
        raise AnnotationError(
            f"{data.root} holds no readable dive of the {len(records)} in its {split} split: check its frame folders."
        )
    return dives


def _load_dive(data: FineDiving, record: DiveRecord, preprocessing: str, cache: Path) -> TrainingDive:
    path = cache / f"{record.key[0]}-{record.key[1]}-{preprocessing}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as stored:
            frames, masks = stored["frames"], stored["masks"]
    else:
        frames, masks = _decode(data, record, preprocessing)
        with atomic_file(path) as temporary, temporary.open("wb") as stream:
            np.savez(stream, frames=frames, masks=masks)
    first, second = record.first_flight_frame, record.first_entry_frame
    if first is None or second is None or not 0 < first < second < len(frames):
        raise AnnotationError(
            f"{record.id}: transitions {first} and {second} do not cut {len(frames)} frames in three."
        )
    return TrainingDive(
        key=f"{record.key[0]}-{record.key[1]}",
        dive_number=record.dive_number,
        score=record.score,
        first_flight_frame=first,
        first_entry_frame=second,
        frames=frames,
        masks=masks,
    )


def _decode(data: FineDiving, record: DiveRecord, preprocessing: str) -> tuple[np.ndarray, np.ndarray]:
    shape = get_preprocessing(preprocessing)
    frame_paths, mask_paths = data.frame_paths(record), data.mask_paths(record)
    if len(frame_paths) < WINDOW_LENGTH or len(mask_paths) != len(frame_paths):
        raise AnnotationError(f"{record.id}: {len(frame_paths)} frames and {len(mask_paths)} masks on disk.")
    frames, masks = [], []
    for frame_path, mask_path in zip(frame_paths, mask_paths, strict=True):
        image = cv2.imread(str(frame_path), cv2.IMREAD_COLOR)
        mask = cv2.imread(str(mask_path), cv2.IMREAD_GRAYSCALE)
        if image is None or mask is None:
            raise AnnotationError(f"{frame_path if image is None else mask_path} is damaged: fetch it again.")
        frames.append(shape.apply(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)))
        masks.append(np.rint(shape.apply_mask(mask > 127) * 255).astype(np.uint8))
    return np.stack(frames), np.stack(masks)
