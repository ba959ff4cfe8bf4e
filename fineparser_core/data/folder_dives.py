"""Dives whose frames and masks are JPEGs in folders, as FineDiving and rendered dives have them."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from string import Formatter

import cv2
import numpy as np

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.data.records import DiveRecord, DiveSet
from fineparser_core.errors import AnnotationError, ConfigError
from fineparser_core.support.files import plain_files, read_bounded

_NAMES = {"finediving": "FineDiving", "mtl-aqa": "MTL-AQA"}
_END_OF_JPEG = b"\xff\xd9"
# A JPEG may have a few bytes of something else after its end.
_TAIL_BYTES = 1024
_MOST_BYTES = 100_000_000

#: Fields that a pattern may name, with an example each.
_FIELDS = {"event": "", "index": 0}


@dataclass(frozen=True, kw_only=True)
class FolderDives(DiveSet):
    """A data set in folders.

    Images are found by patterns, in which {event} and {index} are the parts of a key: each names the folder that holds
    a dive's images and nothing else.

    Attributes:
        frame_root: the folder below which the frames are.
        frame_pattern: where the frames of a dive are below that.
        mask_roots: folders below which the masks may be.
        mask_patterns: where the masks of a dive may be below these, named as its frames; empty for a layout that has
            no masks.
    """

    frame_root: Path
    frame_pattern: str
    mask_roots: tuple[Path, ...] = ()
    mask_patterns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pattern in (self.frame_pattern, *self.mask_patterns):
            try:
                _check_pattern(pattern)
            except (KeyError, IndexError, ValueError) as error:
                raise ConfigError(
                    f'Frames cannot be found by "{pattern}" ({error!r}): use {{event}} and {{index}} in the pattern.'
                ) from error

    @property
    def name(self) -> str:
        return _NAMES[self.layout]

    @property
    def mask_folders(self) -> list[Path]:
        """The folders in which masks are looked for, the first choice first; they need not exist."""
        return [root / pattern.partition("{")[0] for root, pattern in self._mask_places]

    @property
    def has_masks(self) -> bool:
        return any(folder.is_dir() for folder in self.mask_folders)

    @property
    def lost_masks(self) -> str:
        if not self.mask_patterns or self.has_masks:
            return ""
        folders = ", ".join(str(folder) for folder in self.mask_folders)
        return f'looked for {folders}. Name their place by --mask-pattern, e.g. "FineDiving_HM/{{event}}/{{index}}"'

    @property
    def lost_frames(self) -> str:
        return "Put the frames there or name their folder with --frames."

    @property
    def _mask_places(self) -> list[tuple[Path, str]]:
        return [(root, pattern) for root in self.mask_roots for pattern in self.mask_patterns]

    def frame_folder(self, record: DiveRecord) -> Path:
        """Return the folder in which the frames of a dive belong."""
        return _folder(self.frame_root, self.frame_pattern, record)

    def frame_paths(self, record: DiveRecord) -> list[Path]:
        """Return the frames of a dive in order; empty where they are not on disk."""
        return [path for path in plain_files(self.frame_folder(record)) if path.suffix == ".jpg"]

    def mask_paths(self, record: DiveRecord) -> list[Path]:
        """Return the masks of a dive in order, named as its frames; empty where they are not on disk."""
        folders = (_folder(root, pattern, record) for root, pattern in self._mask_places)
        found = ([path for path in plain_files(folder) if path.suffix == ".jpg"] for folder in folders)
        return next(filter(None, found), [])

    def counts(self, record: DiveRecord) -> tuple[int, int]:
        return len(self.frame_paths(record)), len(self.mask_paths(record))

    def length(self, record: DiveRecord) -> int:
        return len(self._images(record))

    def frames(self, record: DiveRecord, chosen: Sequence[int] | None = None) -> Iterator[np.ndarray]:
        yield from _of_one_size(read_frame, [path for path, _ in self._images(record)], chosen)

    def masks(self, record: DiveRecord, chosen: Sequence[int] | None = None) -> Iterator[np.ndarray]:
        if self.has_masks:
            yield from _of_one_size(read_mask, [mask for _, mask in self._images(record) if mask is not None], chosen)

    def _images(self, record: DiveRecord) -> list[tuple[Path, Path | None]]:
        """Return every frame of a clip with its mask, if the data set has masks; reads names, not images.

        Where frames and labels are not equally many, as in some dives of FineDiving, the clip ends with whichever ends
        first.

        Raises:
            AnnotationError: see `length`.
        """
        if record.fault:
            raise AnnotationError(record.fault)
        found = self.frame_paths(record)
        paths = found[: record.n_frames]
        if len(paths) < MIN_FRAMES:
            folder = self.frame_folder(record)
            raise AnnotationError(f"{len(found)} frames in {folder}, {record.n_frames} labelled, {MIN_FRAMES} needed.")
        if len(found) < record.n_frames and (lost := _lost_name(paths)):
            raise AnnotationError(f"{lost} is missing in {self.frame_folder(record)}: fetch it again.")
        first, second = record.first_flight_frame, record.first_entry_frame
        if first is not None and second is not None and not 0 < first < second < len(paths):
            raise AnnotationError(
                f"transitions at {first} and {second} do not divide {len(paths)} frames into three phases."
            )
        if not self.has_masks:
            return [(path, None) for path in paths]
        masks = {path.name: path for path in self.mask_paths(record)}
        if unmasked := [path.name for path in paths if path.name not in masks]:
            raise AnnotationError(f"{len(unmasked)} of {len(paths)} frames lack a mask, the first is {unmasked[0]}.")
        return [(path, masks[path.name]) for path in paths]


def _folder(root: Path, pattern: str, record: DiveRecord) -> Path:
    event, index = record.key
    return root / pattern.format(event=event, index=index)


def _check_pattern(pattern: str) -> None:
    """Check a pattern. Raises: KeyError, IndexError, ValueError for other fields, attributes, or a width beyond 99."""
    for _, name, width, conversion in Formatter().parse(pattern):
        if name not in (None, *_FIELDS) or conversion or not re.fullmatch(r"0?\d{0,2}[ds]?", width or ""):
            raise KeyError(name)
    pattern.format(**_FIELDS)


def _lost_name(paths: Sequence[Path]) -> str:
    """Return the name of the first frame that is missing between others, which are numbered one by one; "" if none."""
    for path, following in pairwise(paths):
        if path.stem.isdecimal() and following.stem.isdecimal() and int(following.stem) > (lost := int(path.stem) + 1):
            return f"{lost:0{len(path.stem)}d}{path.suffix}"
    return ""


def _of_one_size(
    read: Callable[[Path], np.ndarray], paths: Sequence[Path], chosen: Sequence[int] | None
) -> Iterator[np.ndarray]:
    """Yield the chosen images. Raises: AnnotationError as `read`, and for one of another size than the first."""
    size: tuple[int, ...] | None = None
    for i in range(len(paths)) if chosen is None else chosen:
        image = read(paths[i])
        size = size or image.shape
        if image.shape != size:
            raise AnnotationError(
                f"{paths[i]} has {image.shape[1]} x {image.shape[0]} pixels, the first one {size[1]} x {size[0]}: "
                "fetch it again."
            )
        yield image


def read_frame(path: Path) -> np.ndarray:
    """Read an image (H, W, 3) uint8 RGB.

    Raises:
        AnnotationError: the file is missing, is no image, or ends too early.
    """
    return cv2.cvtColor(_read(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_mask(path: Path) -> np.ndarray:
    """Read a mask (H, W) bool, true on the athlete: masks are JPEGs, so that white is nearly 255 and black nearly 0.

    Raises:
        AnnotationError: the file is missing, is no image, or ends too early.
    """
    return _read(path, cv2.IMREAD_GRAYSCALE) > 127


def _read(path: Path, flags: int) -> np.ndarray:
    try:
        data = read_bounded(path, _MOST_BYTES)
    except OSError as error:
        raise AnnotationError(f"{path} cannot be read ({error.strerror}): fetch it again.") from error
    image = None
    if _END_OF_JPEG in data[-_TAIL_BYTES:]:  # one that ends too early is filled with gray, with a warning on stderr
        with suppress(cv2.error):  # a size that is too large
            image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None:
        raise AnnotationError(f"{path} is damaged ({len(data):,} bytes): fetch it again.")
    return image
