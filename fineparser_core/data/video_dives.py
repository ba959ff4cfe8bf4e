"""Judged dives of videos as a data set: their frames are read out of the videos, their masks out of an analysis."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from fineparser_core.constants import LONGEST_DIVE_S, MASK_SIZE, MIN_FRAMES, N_SAMPLES
from fineparser_core.data.judged_dives import PERSON, JudgedDive, read_dives
from fineparser_core.data.records import DiveRecord, DiveSet, Key
from fineparser_core.diving.judging import counting
from fineparser_core.errors import AnnotationError, VideoError
from fineparser_core.records import Clip, VideoInfo
from fineparser_core.support.array_file import DAMAGE, read_array
from fineparser_core.support.documents import reading
from fineparser_core.video.athlete_crop import uncrop_mask
from fineparser_core.video.clips import make_clip
from fineparser_core.video.probe import probe
from fineparser_core.video.reader import VideoReader
from fineparser_core.video.writer import VideoWriter

_NAMES = {"unlv-dive": "UNLV-Dive"}
_WITHOUT_EVENT, _LONGEST_EVENT = "dives", 100
#: Side of a crop.
_LARGEST_PX = 8192
#: The way out where transitions or masks are missing.
IMPORT = "let the weights find them by `fineparser data import TABLE --label`"


@dataclass(frozen=True, kw_only=True)
class VideoDives(DiveSet):
    """Judged dives of videos; their first and last frames are those of the dive, or of its masks where it has some.

    Attributes:
        dives: by key.
        faults: why the images of a dive cannot be used, by key.
        masked: keys of the dives whose masks an analysis found.
    """

    dives: Mapping[Key, JudgedDive]
    faults: Mapping[Key, str]
    masked: frozenset[Key]

    @property
    def name(self) -> str:
        by = [dive.labelled_by for dive in self.dives.values() if dive.labelled_by != PERSON]
        steps = f", transitions of {len(by)} found by {', '.join(sorted(set(by)))}" if by else ""
        name = _NAMES.get(self.layout, self.root.name)
        return f"{name}{steps}" + (f", masks of {len(self.masked)} by weights" if self.masked else "")

    @property
    def has_masks(self) -> bool:
        return bool(self.masked)

    @property
    def lost_masks(self) -> str:
        return "" if self.masked else IMPORT

    @property
    def lost_frames(self) -> str:
        return "Correct the file, or import the table again."

    def counts(self, record: DiveRecord) -> tuple[int, int]:
        there = 0 if record.key in self.faults else record.n_frames
        return there, there if record.key in self.masked else 0

    def length(self, record: DiveRecord) -> int:
        dive, fault = self.dives[record.key], self.faults.get(record.key)
        if fault is None and difficulty_of(dive) is None:
            fault = f"{dive.name}: no DD is known: give dive number and board, or the DD."
        elif fault is None and dive.points is None:
            fault = f"{dive.name}: no score is known: give the score or the judges' awards."
        if fault := fault or record.fault:
            raise AnnotationError(fault)
        if record.n_frames < MIN_FRAMES:
            raise AnnotationError(f"{record.n_frames} frames, {MIN_FRAMES} needed.")
        if self.masked and record.key not in self.masked:
            raise AnnotationError(f"other dives have masks, it has none: {IMPORT}.")
        return record.n_frames

    def frames(self, record: DiveRecord, chosen: Sequence[int] | None = None) -> Iterator[np.ndarray]:
        numbers, start = range(self.length(record)) if chosen is None else chosen, record.start_frame or 0
        try:
            with VideoReader(self.dives[record.key].video) as reader:
                for _, image in reader.frames(start + number for number in numbers):
                    yield image
        except VideoError as error:
            raise AnnotationError(str(error)) from None

    def masks(self, record: DiveRecord, chosen: Sequence[int] | None = None) -> Iterator[np.ndarray]:
        dive, start = self.dives[record.key], record.start_frame or 0
        numbers = range(self.length(record)) if chosen is None else chosen
        if record.key not in self.masked or dive.masks is None:
            return
        info = probe(dive.video)
        frames, probability, crops = _read_track(dive.masks)
        for number in numbers:
            sample = int(np.abs(frames - (start + number)).argmin())
            full = uncrop_mask(probability[sample].astype(np.float32), crops[sample], (info.height_px, info.width_px))
            yield full >= 0.5

    def fps(self, record: DiveRecord) -> float:
        dive = self.dives[record.key]
        return dive.real_fps or probe(dive.video).fps

    def version(self, record: DiveRecord) -> tuple[object, ...]:
        files = [path for path in (self.dives[record.key].video, self.dives[record.key].masks) if path is not None]
        return tuple((str(path), path.stat().st_mtime_ns) for path in files if os.path.isfile(path))


def load_video_dives(path: Path) -> VideoDives:
    """Return the data set of a file that `read_dives` reads, or of a folder with a `labels.json`.

    Dives of no split are for training. A dive without start and end is its whole video.

    Raises:
        AnnotationError: see `read_dives`; or it holds no dive.
    """
    read = read_dives(path)
    if not read:
        raise AnnotationError(f"{path} holds no dive: import a table by `fineparser data import`.")
    return video_dives(path, [replace(dive, split=dive.split or "train") for dive in read])


def difficulty_of(dive: JudgedDive) -> float | None:
    """Return the DD of a dive, which data sets without dive numbers state themselves; None where it is not known."""
    known = dive.known_difficulty
    return dive.difficulty if known is None else known.value


def video_dives(root: Path, judged: Sequence[JudgedDive], layout: str = "dives") -> VideoDives:
    """Return the data set of judged dives, which probes their videos."""
    dives: dict[Key, JudgedDive] = {}
    records: dict[Key, DiveRecord] = {}
    faults: dict[Key, str] = {}
    masked = set()
    for dive in judged:
        event = re.sub(r"[^\w.+-]+", "_", dive.event)[:_LONGEST_EVENT].strip("._") or _WITHOUT_EVENT
        key = event, dive.n
        first, last = dive.start_frame or 0, dive.end_frame
        try:
            info = probe(dive.video)
            first, last = _range(dive, info)
            if dive.masks is not None and (track := _track_range(dive.masks)):
                first, last = max(first, track[0]), min(last, track[1])
                masked.add(key)
        except (AnnotationError, VideoError) as error:
            faults[key] = str(error)
        flight, entry = dive.first_flight_frame, dive.first_entry_frame
        difficulty, score = difficulty_of(dive), dive.points
        dives[key] = dive
        records[key] = DiveRecord(
            key=key,
            dive_number=dive.dive_number or "",
            difficulty=0.0 if difficulty is None else difficulty,
            score=float("nan") if score is None else score,
            board_m=dive.board_m,
            n_frames=max(first if last is None else last + 1 - first, 0),
            start_frame=first,
            first_flight_frame=None if flight is None else flight - first,
            first_entry_frame=None if entry is None else entry - first,
            awards=tuple(compress(dive.awards, counting(dive.awards))),
            split=dive.split,
        )
    return VideoDives(
        root=root, layout=layout, records=records, defects={}, dives=dives, faults=faults, masked=frozenset(masked)
    )


def dive_clip(data: DiveSet, record: DiveRecord, path: Path) -> Clip:
    """Return the clip of a dive: from its video file, or from a video that its images are written into.

    Args:
        path: of the video to write, where the dive has none.

    Raises:
        AnnotationError: its images cannot be read. The text is the reason alone.
        VideoError: its video cannot be read.
    """
    if isinstance(data, VideoDives):
        first, length = record.start_frame or 0, data.length(record)
        return make_clip(data.dives[record.key].video, first, first + length - 1)
    frames, fps = data.frames(record), data.fps(record)
    first_frame = next(frames)
    height, width = first_frame.shape[:2]
    with VideoWriter(path, width_px=width, height_px=height, fps=fps) as writer:
        writer.write(first_frame, 0.0)
        for number, frame in enumerate(frames, start=1):
            writer.write(frame, number / fps)
    return make_clip(path)


def _range(dive: JudgedDive, info: VideoInfo) -> tuple[int, int]:
    """Return the first and last frame of a dive in its video."""
    first = dive.start_frame or 0
    last = info.n_frames - 1 if dive.end_frame is None else dive.end_frame
    if not first < last < info.n_frames:
        raise AnnotationError(f"{dive.video} has {info.n_frames} frames, not those from {first} to {last}.")
    if (dive.start_frame, dive.end_frame) == (None, None) and info.duration_s > LONGEST_DIVE_S:
        raise AnnotationError(f"{dive.video} is {info.duration_s:.0f} s long: give the start and the end of the dive.")
    return first, last


def _track_range(path: Path) -> tuple[int, int] | None:
    """Return the first and last frame of the masks that an analysis found.

    None for masks that a person drew of some frames.

    Raises:
        AnnotationError: see `_read_track`.
    """
    with reading(partial(_no_masks, path), *DAMAGE), ZipFile(path) as archive:
        if "frame.npy" not in archive.namelist():
            return None
    frames = _read_track(path)[0]
    return int(frames[0]), int(frames[-1])


def _read_track(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frames (96,), probabilities (96, 112, 112) and crops (96, 4) of masks that an analysis found.

    Raises:
        AnnotationError: the file cannot be read, or holds something else.
    """
    shapes = {"frame": (N_SAMPLES,), "probability": (N_SAMPLES, MASK_SIZE, MASK_SIZE), "crop_xyxy": (N_SAMPLES, 4)}
    with reading(partial(_no_masks, path), *DAMAGE), ZipFile(path) as archive:
        arrays = [read_array(archive, name, 8 * int(np.prod(shape))) for name, shape in shapes.items()]
        frames, probability, crops = arrays
        if [array.shape for array in arrays] != list(shapes.values()):
            raise ValueError(f"arrays of {[array.shape for array in arrays]}")
        sides = crops[:, 2:] - crops[:, :2]
        if frames[0] < 0 or (np.diff(frames) < 0).any() or not ((sides >= 1) & (sides <= _LARGEST_PX)).all():
            raise ValueError("frames that are not in order, or crops that are none")
    return frames.astype(np.int64), probability, crops


def _no_masks(path: Path, reason: str) -> AnnotationError:
    return AnnotationError(f"{path} does not hold masks ({reason}): import the table again.")
