"""The dives of a data set and their images, whatever the data set's own layout: folders of JPEGs, or videos."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fineparser_core.data.records import FPS, Defect, DiveRecord, Key
from fineparser_core.progress import CancelToken


@dataclass(frozen=True, kw_only=True)
class DiveSet(ABC):
    """The records of a data set, and the images of each.

    Attributes:
        root: the folder that holds the annotations, or their file.
        layout: "finediving", "mtl-aqa" or "dives".
        records: every annotated dive, by key.
        defects: what in the annotations does not fit together.
    """

    root: Path
    layout: str
    records: dict[Key, DiveRecord]
    defects: tuple[Defect, ...]

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

    @abstractmethod
    def frame_defects(self) -> Iterator[Defect]:
        """Yield defects of dives whose frames or masks are not as many as annotated; no images are read."""

    @abstractmethod
    def damaged(self, record: DiveRecord, cancel: CancelToken) -> Iterator[str]:
        """Yield a sentence for every image of a dive that cannot be read; reads all."""

    def split(self, name: str) -> list[DiveRecord]:
        """Return records of the "train" or "test" split, by key."""
        return [record for _, record in sorted(self.records.items()) if record.split == name]

    def fps(self, record: DiveRecord) -> float:
        """Return the nominal frames a second of real time."""
        return FPS

    def version(self, record: DiveRecord) -> tuple[object, ...]:
        """Return what a copy of a dive's images depends on besides its record."""
        return ()
