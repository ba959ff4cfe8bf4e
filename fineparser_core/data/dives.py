"""A dive of a data set with its decoded images."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.data.records import FPS, DiveRecord


@dataclass(frozen=True)
class StoredImages:
    """Images in a file that are read when they are indexed: `images[frames, rows, columns]`, as of an array in memory.

    The file is mapped anew at every access, because a mapping keeps its file open, and there are more dives than a
    process may have open files. Pickling copies the path, not the images.

    Attributes:
        path: .npy file of (1 + n, bytes of a frame) uint8: the numbers of n frames, as int32, and these frames.
        start: where in a row the images begin.
        shape: of all images of the dive, (T, rows, 112, 3) or (T, rows, 112); T - 1 is the last of the numbers.
    """

    path: Path
    start: int
    shape: tuple[int, ...]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return a frame. Raises: KeyError for a frame that is not stored, as nothing samples it."""
        frames, *place = index if isinstance(index, tuple) else (index,)
        stored = np.asarray(np.load(self.path, mmap_mode="r", allow_pickle=False))
        numbers = stored_numbers(stored)
        at = np.searchsorted(numbers, frames)
        if np.max(frames) > numbers[-1] or np.any(numbers[at] != frames):
            raise KeyError(f"{self.path} does not hold all of frames {frames}")
        images = stored[1:, self.start : self.start + int(np.prod(self.shape[1:]))].reshape(-1, *self.shape[1:])
        return images[(at, *place)]


def stored_numbers(stored: np.ndarray) -> np.ndarray:
    """Return frame numbers (n,) int32 in the first row of what a file of `StoredImages` holds."""
    return np.ascontiguousarray(stored[0, : 4 * (len(stored) - 1)]).view(np.int32)


@dataclass(frozen=True, kw_only=True)
class DatasetDive:
    """A dive of a data set with its squeezed frames.

    Attributes:
        record: what is annotated.
        frames: (T, rows, columns, 3) uint8 RGB, as the preprocessing stores them: squeezed but not cropped.
        masks: (T, rows, columns) uint8, 255 = athlete; None where the data set has none.
        first_flight_frame: first frame of the flight; None without step labels.
        first_entry_frame: first frame of the entry, likewise.
        fps: frames a second of real time.
    """

    record: DiveRecord
    frames: np.ndarray | StoredImages = field(repr=False)
    masks: np.ndarray | StoredImages | None = field(repr=False)
    first_flight_frame: int | None
    first_entry_frame: int | None
    fps: float = FPS

    @property
    def key(self) -> str:
        """Event and index as a single word that may be part of a file's name: "event-index"."""
        return f"{self.record.key[0]}-{self.record.key[1]}"

    @property
    def dive_number(self) -> str:
        """Dive number in upper case, e.g. "407C"."""
        return self.record.dive_number

    @property
    def seconds(self) -> float:
        """Real time from the first frame to the last."""
        return (len(self.frames) - 1) / self.fps

    @property
    def score(self) -> float:
        """Points as recorded."""
        return self.record.score
