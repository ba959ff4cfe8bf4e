"""A cache of frames: each is decoded and resized once, into uncompressed files that training maps into memory."""

import itertools
import logging
import os
import shutil
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.data.records import DatasetDive, DiveRecord, DiveSet, StoredImages, stored_numbers
from fineparser_core.data.transforms import asked_frames
from fineparser_core.errors import AnnotationError, ConfigError, ExportError
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.support.atomic import atomic_file, sweep_leftovers
from fineparser_core.video.athlete_crop import crop_image, crop_mask, square_to_xyxy, track_athlete
from fineparser_core.video.preprocess import WHOLE, AthleteCrop, get_preprocessing

logger = logging.getLogger(__name__)

_CHANNELS = 3
# Part of the files' names: those that hold something else are never read.
_LAYOUT = 2


def frame_bytes(preprocessing: str, *, masks: bool) -> int:
    """Return the bytes of a squeezed frame, with its mask or without.

    Raises:
        ConfigError: an unknown preprocessing.
    """
    rows, columns = get_preprocessing(preprocessing).stored_px
    return rows * columns * (_CHANNELS + masks)


def default_cache(data: DiveSet) -> Path:
    """Return the data set's own folder below the user's cache folder, named after its root; not made yet."""
    root = data.root.resolve()
    name = f"{root.name}-{zlib.crc32(os.fsencode(root)):08x}"
    return platformdirs.user_cache_path("fineparser", appauthor=False) / "frames" / name


@dataclass(frozen=True, kw_only=True)
class CachePlan:
    """Frames and bytes that preparing would write.

    Attributes:
        missing: dives that are not in the cache, or are damaged there.
        absent: those of them whose images are not there, and why those of the first are not; "" where all are.
        bytes_needed: what the others take at their annotated lengths.
        free_bytes: what the disk has left.
    """

    missing: list[DiveRecord]
    absent: tuple[int, str]
    bytes_needed: int
    free_bytes: int


def check_room(folder: Path, plans: Sequence[CachePlan]) -> None:
    """Check the free space, and warn of dives whose images are not there.

    Raises: ExportError where a folder has too little space for all that is to be written to it.
    """
    absent = sum(plan.absent[0] for plan in plans)
    needed, dives = sum(plan.bytes_needed for plan in plans), sum(len(plan.missing) for plan in plans) - absent
    if absent:
        first = next(plan.absent[1] for plan in plans if plan.absent[0])
        logger.warning("images of %d of %d dives are not there, the first: %s", absent, dives + absent, first)
    if needed > (free := plans[0].free_bytes):
        raise ExportError(
            f"{folder} needs {needed / 1e9:.2f} GB for {dives} dives, and {free / 1e9:.2f} GB are free: make room or "
            "choose a folder on another disk."
        )


class DatasetCache:
    """Squeezed frames and masks of a data set in a folder, a file for each dive.

    A file holds what `StoredImages` reads: the numbers of the frames that can be sampled, and of each its RGB image
    and, where the data set has masks, its mask. Where the preprocessing is an athlete crop, its square is found in the
    true masks, as inference finds it in those of its coarse pass. The file's name holds key, preprocessing and a
    checksum of the annotation, so that dives of another data set or edition are never taken for these.
    """

    def __init__(self, folder: Path, data: DiveSet, preprocessing: str, temporal_shift: int = 0) -> None:
        """Store the settings; nothing is read or written yet.

        Args:
            folder: made when something is written.
            data: whose dives.
            preprocessing: its name; the whole squeezed frame is stored, so that its rows can be chosen later.
            temporal_shift: of the views that will be drawn, see `draw_view`: what these can sample is stored, with 0
                the 96 samples alone. A file that holds more serves as well.

        Raises:
            ConfigError: an unknown preprocessing, or a preprocessing that needs masks where the data set has none.
        """
        self.folder = folder
        self._data = data
        self._preprocessing = get_preprocessing(preprocessing)
        self._temporal_shift = temporal_shift
        self._has_masks = data.has_masks
        if isinstance(self._preprocessing, AthleteCrop) and not self._has_masks:
            way_out = f"; {data.lost_masks}" if data.lost_masks else ""
            raise ConfigError(
                f"{data.root} has no masks, by which preprocessing '{preprocessing}' follows the athlete: use "
                f"'whole'{way_out}."
            )
        self._frame_bytes = frame_bytes(preprocessing, masks=self._has_masks)

    def plan(self, records: Iterable[DiveRecord]) -> CachePlan:
        """Return what `prepare` would write, from the annotations alone."""
        missing = [record for record in records if self._stored_length(record) is None]
        reasons = {record.key: reason for record in missing if (reason := self._unusable(record))}
        there = [record for record in missing if record.key not in reasons]
        existing = next(path for path in (self.folder, *self.folder.absolute().parents) if path.is_dir())
        return CachePlan(
            missing=missing,
            absent=(len(reasons), next(iter(reasons.values()), "")),
            bytes_needed=sum(1 + len(self._asked(record, record.n_frames)) for record in there) * self._frame_bytes,
            free_bytes=shutil.disk_usage(existing).free,
        )

    def usable(self, records: Iterable[DiveRecord], limit: int | None = None) -> list[DiveRecord]:
        """Return the dives that are in the cache or whose images can be used, in order; reads names, not images.

        Args:
            records: the dives to choose from.
            limit: how many are wanted; None takes all.
        """
        return list(itertools.islice(filter(self._is_usable, records), limit))

    def _is_usable(self, record: DiveRecord) -> bool:
        return self._stored_length(record) is not None or not self._unusable(record)

    def _unusable(self, record: DiveRecord) -> str:
        """Return why the images of a dive cannot be used, "" where they can; reads names, not images."""
        try:
            self._data.length(record)
        except AnnotationError as error:
            return str(error)
        return ""

    def prepare(
        self,
        records: Sequence[DiveRecord],
        *,
        workers: int = 1,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> list[str]:
        """Decode what is missing; may be interrupted at any moment and called again.

        Args:
            records: the dives wanted.
            workers: threads that decode.
            progress: stage "decode", in dives.
            cancel: asked between frames.

        Returns:
            A sentence for every dive that cannot be used: its id and why.

        Raises:
            ExportError: too little space, before anything is written; or a file cannot be written.
            Cancelled: once the token is set; finished dives stay.
        """
        cancel = cancel or CancelToken()
        plan = self.plan(records)
        if not plan.missing:
            return []
        check_room(self.folder, [plan])
        logger.info(
            "writing %.2f GB, the frames of %d dives, to %s (%.0f GB free)",
            plan.bytes_needed / 1e9,
            len(plan.missing) - plan.absent[0],
            self.folder,
            plan.free_bytes / 1e9,
        )
        self._make_folder()
        reasons: dict[str, str] = {}
        with ThreadPoolExecutor(workers) as pool:
            futures = {pool.submit(self._store, record, cancel): record for record in plan.missing}
            try:
                for done, future in enumerate(as_completed(futures), start=1):
                    if reason := future.result():
                        reasons[futures[future].id] = reason
                    progress(Progress("decode", done, len(futures)))
                    cancel.raise_if_cancelled()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return [f"{record.id}: {reasons[record.id]}" for record in plan.missing if record.id in reasons]

    def load(self, record: DiveRecord) -> DatasetDive:
        """Return a dive that `prepare` has stored; its images are read when they are indexed.

        Raises:
            AnnotationError: it is not in the cache.
        """
        length = self._stored_length(record)
        if length is None:
            raise AnnotationError(f"{record.id} is not in {self.folder}: prepare it first.")
        path, (rows, columns) = self._path(record), self._preprocessing.stored_px
        frames = StoredImages(path, 0, (length, rows, columns, _CHANNELS))
        masks = StoredImages(path, rows * columns * _CHANNELS, (length, rows, columns))
        return DatasetDive(
            record=record,
            frames=frames,
            masks=masks if self._has_masks else None,
            first_flight_frame=record.first_flight_frame,
            first_entry_frame=record.first_entry_frame,
            fps=self._data.fps(record),
        )

    def _path(self, record: DiveRecord) -> Path:
        annotated = (
            record.score,
            record.n_frames,
            record.start_frame,
            record.first_flight_frame,
            record.first_entry_frame,
        )
        named = (_LAYOUT, record.key, record.dive_number, *annotated, *self._data.version(record))
        checksum = zlib.crc32(repr(named).encode())
        return self.folder / f"{record.key[0]}-{record.key[1]}-{self._preprocessing.name}-{checksum:08x}.npy"

    def _asked(self, record: DiveRecord, length: int) -> np.ndarray:
        return asked_frames(length, record.first_entry_frame, self._temporal_shift)

    def _stored_length(self, record: DiveRecord) -> int | None:
        """Return the number of frames of the dive.

        None where its file is missing or damaged or lacks some, or its labels are wrong.
        """
        if record.fault:
            return None
        try:
            stored = np.load(self._path(record), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if stored.ndim != 2 or stored.shape[1] != self._frame_bytes or stored.dtype != np.uint8 or len(stored) < 2:
            return None
        numbers = stored_numbers(stored)
        length = int(numbers[-1]) + 1
        fits = MIN_FRAMES <= length <= record.n_frames and (np.diff(numbers, prepend=-1) > 0).all()
        return length if fits and np.isin(self._asked(record, length), numbers).all() else None

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExportError(f"{self.folder} cannot be written ({error.strerror}): choose another folder.") from error
        sweep_leftovers(self.folder)

    def _store(self, record: DiveRecord, cancel: CancelToken) -> str:
        """Write a dive; return why it cannot be used, or ""."""
        try:
            images = self._decode(record, cancel)
        except AnnotationError as error:
            return str(error)
        with atomic_file(self._path(record)) as temporary, temporary.open("wb") as stream:
            np.save(stream, images, allow_pickle=False)
        return ""

    def _decode(self, record: DiveRecord, cancel: CancelToken) -> np.ndarray:
        data, length = self._data, self._data.length(record)
        if (on_disk := data.counts(record)[0]) != record.n_frames:
            count = f"{on_disk} frames on disk, {record.n_frames} labelled"
            logger.warning("%s: %s: the first %d are used.", record.id, count, length)
        numbers = self._asked(record, length)
        images = np.zeros((1 + len(numbers), self._frame_bytes), np.uint8)
        images[0, : 4 * len(numbers)] = numbers.astype(np.int32).view(np.uint8)
        chosen = numbers.tolist()
        if isinstance(self._preprocessing, AthleteCrop):
            _fill_squares(images[1:], data, record, chosen, self._preprocessing, cancel)
            return images
        masks = data.masks(record, chosen)
        for row, image in zip(images[1:], data.frames(record, chosen), strict=True):
            cancel.raise_if_cancelled()
            frame = self._preprocessing.resize(image).reshape(-1)
            row[: len(frame)] = frame
            if self._has_masks:
                row[len(frame) :] = np.rint(self._preprocessing.resize_mask(next(masks)) * 255).reshape(-1)
        return images


def _fill_squares(
    images: np.ndarray, data: DiveSet, record: DiveRecord, chosen: list[int], shape: AthleteCrop, cancel: CancelToken
) -> None:
    height, width = next(data.masks(record)).shape
    squares = track_athlete(np.stack([WHOLE.resize_mask(mask) for mask in data.masks(record)]), width, height)
    each = zip(images, chosen, data.frames(record, chosen), data.masks(record, chosen), strict=True)
    for row, number, image, mask in each:
        cancel.raise_if_cancelled()
        if image.shape[:2] != (height, width) or mask.shape != (height, width):
            raise AnnotationError(
                f"frame {number} has {image.shape[1]} x {image.shape[0]} pixels, its mask {mask.shape[1]} x "
                f"{mask.shape[0]} and the first mask {width} x {height}: for an athlete crop they must be equal."
            )
        place, size = square_to_xyxy(squares[number], shape.stored_scale), shape.stored_px[0]
        frame = crop_image(image, place, size).reshape(-1)
        row[: len(frame)] = frame
        row[len(frame) :] = np.rint(crop_mask(mask, place, size) * 255).reshape(-1)


def load_dives(
    data: DiveSet,
    records: Sequence[DiveRecord],
    cache: DatasetCache,
    cancel: CancelToken,
    *,
    workers: int | None = None,
    progress: ProgressCallback = ignore_progress,
) -> list[DatasetDive]:
    """Prepare and load dives; those that cannot be used are left out and counted in the log.

    Args:
        records: of a split, in the order that the dives shall have.
        workers: threads that decode; None takes a thread for every core.

    Raises:
        AnnotationError: no dive at all can be used.
        ExportError: the cache cannot be written.
        Cancelled: once the token is set.
    """
    if not records:
        raise AnnotationError(f"{data.root} has no dive in this split: check its split files.")
    skipped = cache.prepare(records, workers=workers or os.cpu_count() or 1, progress=progress, cancel=cancel)
    if len(skipped) == len(records):
        raise AnnotationError(
            f"{data.root} has no readable dive among {len(records)}, the first: {skipped[0]} {data.lost_frames}"
        )
    if skipped:
        logger.warning("%d of %d dives are left out, the first: %s", len(skipped), len(records), skipped[0])
    left_out = {sentence.partition(": ")[0] for sentence in skipped}
    return [cache.load(record) for record in records if record.id not in left_out]
