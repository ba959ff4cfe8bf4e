"""A dive of a data set with its decoded images."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.data.records import FPS, DiveRecord


@dataclass(frozen=True)
class StoredImages:
    """Images in a file that are read when they are indexed: `images[index]` is an array, as of an array in memory.

    The file is mapped anew at every access, because a mapping keeps its file open, and there are more dives than a
    process may have open files. Pickling copies the path, not the images.

    Attributes:
        path: .npy file of (T, bytes of a frame) uint8.
        start: where in a row the images begin.
        shape: of all images, (T, rows, 112, 3) or (T, rows, 112).
    """

    path: Path
    start: int
    shape: tuple[int, ...]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        return self._mapped()[index]

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self._mapped())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._mapped(), dtype=dtype)

    def _mapped(self) -> np.ndarray:
        stored = np.load(self.path, mmap_mode="r", allow_pickle=False)
        length = int(np.prod(self.shape[1:]))
        return np.asarray(stored)[:, self.start : self.start + length].reshape(self.shape)


@dataclass(frozen=True, kw_only=True)
class DatasetDive:
    """A dive of a data set with its squeezed frames.

    Attributes:
        record: what is annotated.
        frames: (T, rows, columns, 3) uint8 RGB, as the preprocessing stores them: squeezed but not cropped.
        masks: (T, rows, columns) uint8, 255 = athlete; None where the data set has none.
        first_flight_frame: first frame of the flight; None without step labels.
        first_entry_frame: first frame of the entry, likewise.
        squares: (T, 16) uint8, four float32 a frame: left, top, width and height of what `frames` show, as shares of
            the frame they were cut from; None where they show all of it.
        fps: frames a second of real time.
    """

    record: DiveRecord
    frames: np.ndarray | StoredImages = field(repr=False)
    masks: np.ndarray | StoredImages | None = field(repr=False)
    first_flight_frame: int | None
    first_entry_frame: int | None
    squares: np.ndarray | StoredImages | None = field(default=None, repr=False)
    fps: float = FPS

    @property
    def key(self) -> str:
        """Event and index as one word that may be part of a file's name: "event-index"."""
        return f"{self.record.key[0]}-{self.record.key[1]}"

    @property
    def dive_number(self) -> str:
        """In upper case, e.g. "407C"."""
        return self.record.dive_number

    @property
    def seconds(self) -> float:
        """From the first frame to the last, of real time."""
        return (len(self.frames) - 1) / self.fps

    @property
    def score(self) -> float:
        """Points as recorded."""
        return self.record.score
