"""The dives of a data set and where their images are, whatever the data set's own layout."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from fineparser_core.data.records import Defect, DiveRecord, Key
from fineparser_core.errors import ConfigError

_MAX_DIGITS = 8

#: What a pattern may name of a dive, or of an image of it.
_FIELDS = {"event": "", "video": "", "index": 0, "frame": ""}


@dataclass(frozen=True, kw_only=True)
class DiveSet:
    """The records of a data set.

    Images are found by patterns, in which {event} (or {video}) and {index} are the parts of a key. A frame pattern
    that ends in {frame} names single frames of an untrimmed recording, without ".jpg"; any other names the folder
    that holds a dive's images and nothing else.

    Attributes:
        root: the folder that holds the annotations.
        layout: "finediving" or "mtl-aqa".
        records: every annotated dive, by key.
        defects: what in the annotations does not fit together.
        frames: the folder below which the frames are.
        frame_pattern: where the frames of a dive are below `frames`.
        mask_roots: folders below which the masks may be.
        mask_patterns: where the masks of a dive may be below these, named as its frames; empty for a layout that has
            no masks.
    """

    root: Path
    layout: str
    records: dict[Key, DiveRecord]
    defects: tuple[Defect, ...]
    frames: Path
    frame_pattern: str
    mask_roots: tuple[Path, ...] = ()
    mask_patterns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pattern in (self.frame_pattern, *self.mask_patterns):
            try:
                _check_pattern(pattern)
            except (KeyError, IndexError, ValueError) as error:
                raise ConfigError(
                    f'Frames cannot be found by "{pattern}" ({error!r}): use {{event}} or {{video}}, {{index}} and '
                    "{frame} in the pattern."
                ) from error

    @property
    def mask_folders(self) -> list[Path]:
        """The folders in which masks are looked for, the first choice first; they need not exist."""
        return [root / pattern.partition("{")[0] for root, pattern in self._mask_places]

    @property
    def has_masks(self) -> bool:
        """Whether there is a folder of masks."""
        return any(folder.is_dir() for folder in self.mask_folders)

    @property
    def lost_masks(self) -> bool:
        """Whether the layout has masks but none of their folders exists."""
        return bool(self.mask_patterns) and not self.has_masks

    @property
    def _mask_places(self) -> list[tuple[Path, str]]:
        return [(root, pattern) for root in self.mask_roots for pattern in self.mask_patterns]

    def split(self, name: str) -> list[DiveRecord]:
        """Records of the "train" or "test" split, by key."""
        return [record for _, record in sorted(self.records.items()) if record.split == name]

    def frame_folder(self, record: DiveRecord) -> Path:
        """The folder in which the frames of a dive belong."""
        return _folder(self.frames, self.frame_pattern, record)

    def frame_paths(self, record: DiveRecord) -> list[Path]:
        """Frames of a dive in order; empty where they are not on disk."""
        folder = self.frame_folder(record)
        if "{frame}" not in self.frame_pattern:
            return sorted(folder.glob("*.jpg"))
        return _numbered(folder, Path(self.frame_pattern).name, record) if folder.is_dir() else []

    def mask_paths(self, record: DiveRecord) -> list[Path]:
        """Masks of a dive in order, named as its frames; empty where they are not on disk."""
        folders = (_folder(root, pattern, record) for root, pattern in self._mask_places)
        return next((paths for folder in folders if (paths := sorted(folder.glob("*.jpg")))), [])

    def frame_defects(self) -> Iterator[Defect]:
        """Dives whose frames or masks on disk are not as many as annotated; reads folders, not images."""
        for record in self.records.values():
            frames, masks = self.frame_paths(record), self.mask_paths(record)
            if len(frames) != record.n_frames:
                text = f"{len(frames)} frames on disk, {record.n_frames} labelled."
                yield Defect(key=record.key, kind="frames", text=text)
            if masks and [path.name for path in masks] != [path.name for path in frames]:
                text = f"{len(masks)} masks for {len(frames)} frames, or other names."
                yield Defect(key=record.key, kind="masks", text=text)


def _folder(root: Path, pattern: str, record: DiveRecord) -> Path:
    folder = str(Path(pattern).parent) if "{frame}" in pattern else pattern
    event, index = record.key
    return root / folder.format(event=event, video=event, index=index)


def _numbered(folder: Path, name: str, record: DiveRecord) -> list[Path]:
    """Frames of a recording, their numbers padded with zeros to whatever width they have.

    Files are asked for one by one, as the folder of a recording holds a hundred times as many as a dive.
    """
    event, index = record.key
    start, width, paths = record.start_frame or 0, 0, []
    for number in range(start, start + record.n_frames):
        for digits in (width, *range(_MAX_DIGITS + 1)):
            path = folder / f"{name.format(event=event, video=event, index=index, frame=str(number).zfill(digits))}.jpg"
            if path.is_file():
                width = digits
                paths.append(path)
                break
    return paths


def _check_pattern(pattern: str) -> None:
    """Raises: KeyError, IndexError or ValueError for other fields, for their attributes, or for a width beyond 99."""
    for _, name, width, conversion in Formatter().parse(pattern):
        if name not in (None, *_FIELDS) or conversion or not re.fullmatch(r"0?\d{0,2}[ds]?", width or ""):
            raise KeyError(name)
    pattern.format(**_FIELDS)
