"""Judged dives of a data set and the data set itself, whatever its own format."""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.constants import LONGEST_NAME

#: Event (or video) and number of the dive in it.
Key = tuple[str, int]
#: Frames a second, nominally: no data set says. Of FineDiving's dives.
FPS = 25.0
_LONGEST_NUMBER = 16
_MOST_FRAMES = 1_000_000
_MOST_AWARDS = 16
# No dive has ever had a DD above 5.
_HIGHEST_DIFFICULTY = 10.0
# Three counted awards of 10, and what rounding adds.
_HIGHEST_AWARDS, _TOLERANCE = 30.0, 0.06


@dataclass(frozen=True, kw_only=True)
class DiveRecord:
    """A dive as a data set annotates it; frames are counted from the first frame of the trimmed clip.

    Attributes:
        key: event and index, the names of its folders.
        dive_number: in upper case, e.g. "407C".
        difficulty: DD as recorded.
        score: points as recorded, 3 * DD * mean counted award; NaN for labels without a score.
        board_m: board the event is held on; None where the event does not say.
        synchro: whether two divers dive at once.
        n_frames: frames of the trimmed clip, as annotated.
        start_frame: number of its first frame in the untrimmed recording, where recorded.
        first_flight_frame: first frame of the flight as recorded, see `has_steps`; None without step labels.
        first_entry_frame: first frame of the entry, likewise.
        awards: judges' awards, where recorded: 7 as given, or the 3 (synchro: 5) that counted.
        split: "train" or "test", or "" where the data set assigns it to none.
    """

    key: Key
    dive_number: str
    difficulty: float
    score: float
    board_m: float | None = None
    synchro: bool = False
    n_frames: int
    start_frame: int | None = None
    first_flight_frame: int | None = None
    first_entry_frame: int | None = None
    awards: tuple[float, ...] = ()
    split: str = ""

    def __post_init__(self) -> None:
        """Check the values. Raises: ValueError, for what no dive can have."""
        wrong = not all(map(math.isfinite, (self.difficulty, *self.awards))) or math.isinf(self.score)
        if wrong or len(self.awards) > _MOST_AWARDS:
            raise ValueError(f"difficulty {self.difficulty:g}, score {self.score:g}, {len(self.awards)} awards")
        event, number = self.key[0], self.dive_number
        if not (event + number).isprintable() or len(event) > LONGEST_NAME or len(number) > _LONGEST_NUMBER:
            raise ValueError(f"dive number {number[:_LONGEST_NUMBER]!r} of {event[:50]!r}")
        if self.n_frames > _MOST_FRAMES:
            raise ValueError(f"{self.n_frames} frames")

    @property
    def id(self) -> str:
        """Event and index as a single word: "event/index"."""
        return f"{self.key[0]}/{self.key[1]}"

    @property
    def score_fault(self) -> str | None:
        """Why score and DD are those of no dive, in a sentence; None where they may be."""
        if not 0 < self.difficulty <= _HIGHEST_DIFFICULTY:
            return f"DD {self.difficulty:g} is none that a dive can have."
        if math.isnan(self.score):
            return "no score is recorded (nan)."
        if not 0 <= self.score <= _HIGHEST_AWARDS * self.difficulty + _TOLERANCE:
            return f"score {self.score:g} is none that a dive of DD {self.difficulty:g} can have."
        return None

    @property
    def fault(self) -> str | None:
        """Why nothing can be learned from the labels, in a sentence; None where they may be right."""
        first, second = self.first_flight_frame, self.first_entry_frame
        if first is not None and second is not None and not self.has_steps:
            return f"transitions at {first} and {second} do not divide {self.n_frames} frames into three phases."
        return self.score_fault

    @property
    def has_steps(self) -> bool:
        """Whether the transitions make three steps of at least a frame each."""
        first, second = self.first_flight_frame, self.first_entry_frame
        return first is not None and second is not None and 0 < first < second < self.n_frames


@dataclass(frozen=True, kw_only=True)
class DiveSet(ABC):
    """The records of a data set, and the images of each.

    Attributes:
        root: the folder that holds the annotations, or their file.
        layout: "finediving", "mtl-aqa", "unlv-dive" or "dives".
        records: every annotated dive, by key.
        defects: what in the annotations of a dive does not fit together, a sentence each; reported, never repaired in
            silence.
    """

    root: Path
    layout: str
    records: dict[Key, DiveRecord]
    defects: dict[Key, tuple[str, ...]]

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the data set on the card of weights."""

    @property
    @abstractmethod
    def has_masks(self) -> bool:
        """Whether there are masks, which a dive then needs to be used."""

    @property
    @abstractmethod
    def lost_masks(self) -> str:
        """Sentence on where masks should be, with the way out; "" where there are some, or the layout has none."""

    @property
    @abstractmethod
    def lost_frames(self) -> str:
        """The way out where frames are missing, in a sentence."""

    @abstractmethod
    def counts(self, record: DiveRecord) -> tuple[int, int]:
        """Count the frames and masks of a dive; no image is read."""

    @abstractmethod
    def length(self, record: DiveRecord) -> int:
        """Count the frames of a dive that can be used; no image is read.

        Raises:
            AnnotationError: labels that are wrong by themselves (`DiveRecord.fault`), too few frames, transitions
                outside the clip, or frames without a mask. The text is the reason alone, without the dive's id.
        """

    @abstractmethod
    def frames(self, record: DiveRecord, chosen: Sequence[int] | None = None) -> Iterator[np.ndarray]:
        """Yield images (H, W, 3) uint8 RGB of the clip, of all frames that `length` counts or of chosen frames.

        Args:
            chosen: ascending; some may repeat.

        Raises:
            AnnotationError: as `length`, or an image is damaged.
        """

    @abstractmethod
    def masks(self, record: DiveRecord, chosen: Sequence[int] | None = None) -> Iterator[np.ndarray]:
        """Yield masks (H, W) bool, true on the athlete, of the same frames; none without masks. Raises likewise."""

    def split(self, name: str) -> list[DiveRecord]:
        """Return records of the "train" or "test" split, by key."""
        return [record for _, record in sorted(self.records.items()) if record.split == name]

    def fps(self, record: DiveRecord) -> float:
        """Return the nominal frames a second of real time."""
        return FPS

    def version(self, record: DiveRecord) -> tuple[object, ...]:
        """Return what a copy of a dive's images depends on besides its record."""
        return ()


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
        kept: np.ndarray = images[(at, *place)]
        return kept


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


#: Written by the renderer beside what it rendered.
_RENDERED = "rendered.json"


@dataclass(frozen=True, kw_only=True)
class DataStamp:
    """Identifies the dives of a run; equal stamps mean equal dives with equal labels."""

    name: str
    rendered: bool
    dives: int
    labels: str


def data_stamp(data: DiveSet, records: Sequence[DiveRecord]) -> DataStamp:
    """Return the stamp of some records of a data set."""
    rendered = (data.root / _RENDERED).is_file()
    labels = hashlib.sha256(repr([asdict(record) for record in records]).encode()).hexdigest()
    return DataStamp(
        name="rendered dives" if rendered else data.name, rendered=rendered, dives=len(records), labels=labels[:16]
    )
