"""Ring of the last minutes of a source on disk, kept over a crash, cut and played from any moment.

A folder with a file for every few seconds. Its name holds all that is known of it, so that there is no index to lose:
"START-END-PICTURES.ts", in microseconds since 1970, "START.ts" while it is written; a "c" behind it says that it
continues the file before, as no key frame has come.
"""

import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Self

import av

from fineparser_core.errors import ConfigError, ExportError, VideoError
from fineparser_core.language import Phrase
from fineparser_core.live.packets import LivePacket, PacketQueue, StreamFormat
from fineparser_core.live.ring_files import GAP_S, OpenSegment, RingFiles
from fineparser_core.live.segments import MICROSECONDS, extent, suffix_of, write_clip
from fineparser_core.support.atomic import atomic_file, is_full, sync_folder
from fineparser_core.support.files import lock_file

logger = logging.getLogger(__name__)

# Without a key frame for so long, the next file continues this file: its packets stay in memory meanwhile.
_LONGEST_SEGMENT_S, _MOST_SEGMENT_BYTES = 30.0, 64_000_000
# Seconds of recording that a power cut may cost.
_FLUSH_S = 1.0
# Space that other programs on the disk need.
_LEAST_FREE_BYTES = 500_000_000
_QUEUE_BYTES = 256_000_000
# Files keep times to a tick: what is nearer is the same picture.
_SAME_S = 1e-4
# Longest part of a fall that a clip may lack, in seconds.
_MOST_UNSEEN_S = 0.4


class Ring:
    """Records the packets of a source and gives them back; any thread may read, a single reader writes.

    Attributes:
        files: what is recorded.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most_minutes: float = 30.0,
        most_bytes: int = 20_000_000_000,
        segment_s: float = 4.0,
        on_event: Callable[[Phrase], None] = lambda said: None,
    ) -> None:
        """Open a ring, with what is in it.

        Args:
            folder: of this ring alone; made if it is missing.
            most_minutes: of recording that is kept, oldest first out.
            most_bytes: the same on disk.
            segment_s: shortest length of a file.
            on_event: a word about the disk, on any thread.

        Raises:
            ConfigError: another program records there, or the folder cannot be written to.
        """
        self._folder = folder
        self._most_s, self._most_bytes, self._segment_s = most_minutes * 60, most_bytes, segment_s
        self._on_event = on_event
        self._failed = 0
        self._troubled = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = lock_file(folder / ".lock")
        except OSError as error:
            raise ConfigError(
                "{0} cannot be written to ({1}): choose another folder for recordings.", folder, error.strerror
            ) from None
        if lock is None:
            raise ConfigError("Another window or program records to {0}: close it, or choose another folder.", folder)
        self._lock = lock
        self.files = RingFiles(folder)
        self._queue = PacketQueue(_QUEUE_BYTES)
        self._ending = Event()
        self._writer = Thread(target=self._record, name="ring-writer", daemon=True)
        self._flusher = Thread(target=self._flush_often, name="ring-flusher", daemon=True)
        self._writer.start()
        self._flusher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def write(self, packet: LivePacket) -> None:
        """Record a packet, at once: a thread writes it. A listener of `LiveReader`."""
        if not self._queue.put(packet) and not self._queue.closed:
            self._trouble(Phrase("The disk is too slow: pictures of the recording are missing."))

    @property
    def missing(self) -> int:
        """Packets that could not be recorded, as the disk was too slow or full."""
        return self._queue.dropped + self._failed

    @property
    def span(self) -> tuple[float, float] | None:
        """(first, last) time that is recorded; None if nothing is."""
        segments = self.files.segments()
        return (segments[0].start_s, segments[-1].end_s) if segments else None

    def clear(self) -> None:
        """Delete what is recorded; what is being written stays."""
        self.files.clear()

    def cut(self, from_s: float, to_s: float, path: Path, *, fall_s: tuple[float, float] | None = None) -> float:
        """Write a part as an MP4 file, whole or not at all, its packets as they came: from the key frame before.

        It ends early where the format of the stream changes.

        Args:
            fall_s: first and last moment of what the clip is about; there is no clip if pictures of it are missing.

        Returns:
            the time of the file's first picture.

        Raises:
            VideoError: nothing of it is recorded, or not the fall.
            ExportError: the file cannot be written.
        """
        with self.files.pinned(from_s - self._segment_s - _LONGEST_SEGMENT_S, to_s):
            packets = list(self._part(from_s, to_s))
            if not packets:
                raise VideoError("{0}: nothing is recorded of this time.", self._folder)
            if fall_s is not None and _longest_gap_s([one.time_s for one in packets], *fall_s) > _MOST_UNSEEN_S:
                raise VideoError("{0} is not kept: pictures of the dive are missing in the recording.", path.name)
            try:
                with atomic_file(path) as temporary:
                    temporary.touch()  # says why it fails, which FFmpeg would not
                    write_clip(temporary, packets)
            except av.error.FFmpegError as error:
                raise ExportError(
                    "{0} cannot be written ({1}): choose a folder that has room.", path, error.strerror
                ) from None
        return packets[0].time_s

    def packets(self, from_s: float) -> Iterator[LivePacket]:
        """Yield packets from the key frame before a time on, of what is recorded by now.

        `RingFollower` waits for more.
        """
        follows, end_s = False, 0.0
        kind: StreamFormat | None = None
        for segment, packets in self.files.since(from_s + _SAME_S):
            follows = follows and segment.start_s - end_s < GAP_S
            for packet in packets:
                if segment.continues and kind is not None:  # its file does not say
                    packet = replace(packet, format=kind)
                yield packet if follows else replace(packet, follows=False)
                follows, end_s, kind = True, packet.time_s, packet.format

    def close(self) -> None:
        """Write what is waiting, and let go of the folder."""
        self._queue.close()
        self._writer.join()
        self._ending.set()
        self._flusher.join()
        self._lock.close()

    def _record(self) -> None:
        for packet in self._queue:
            try:
                self._take(packet)
            except (OSError, av.error.FFmpegError, ValueError) as error:
                self._failed += 1
                if isinstance(error, OSError) and is_full(error):
                    said = Phrase("The disk is full: pictures of the recording are missing. Make room on it.")
                else:
                    said = Phrase("The recording cannot be written ({0}).", getattr(error, "strerror", "") or error)
                self._trouble(said)
                self._finish(whole=False)
        self._finish()

    def _take(self, packet: LivePacket) -> None:
        """Write a packet to the file that is open, or to a new file."""
        continues = False
        if (current := self.files.open) is not None:
            length_s = packet.time_s - current.start_s
            too_long = length_s > _LONGEST_SEGMENT_S or current.n_bytes > _MOST_SEGMENT_BYTES
            new = packet.format != current.packets[0].format or not packet.follows
            if new or too_long or (packet.key and length_s >= self._segment_s):
                self._finish()
                continues = not new
        if self.files.open is None:
            if not packet.key and not continues:
                self._failed += 1
                return
            self._make_room()
            mark = "" if packet.key else "c"
            name = f"{round(packet.time_s * MICROSECONDS)}{mark}{suffix_of(packet.format)}"
            self.files.begin(OpenSegment(self._folder / name, packet))
        current = self.files.open
        assert current is not None
        self._append(current, current.muxer.add(packet))
        self.files.append(packet)

    def _append(self, current: OpenSegment, data: bytes) -> None:
        """Write to the file, whole; a full disk gives up the oldest segments for it."""
        written = 0
        while written < len(data):
            try:
                written += os.write(current.file, data[written:])
            except OSError as error:
                if not is_full(error) or not self.files.drop_oldest():
                    os.ftruncate(current.file, current.n_bytes)
                    raise
        current.n_bytes += written

    def _finish(self, *, whole: bool = True) -> None:
        """Close the file that is open."""
        current = self.files.open
        if current is None:
            return
        try:
            with suppress(OSError, av.error.FFmpegError):
                rest = current.muxer.close()
                if whole:
                    self._append(current, rest)
                    self._troubled = False
        finally:
            os.close(current.file)
        self.files.finish()

    def _flush_often(self) -> None:
        """Flush to the disk, beside the writing: a slow disk takes seconds for it."""
        ended = False
        while not ended:
            ended = self._ending.wait(_FLUSH_S)
            for path in (paths := self.files.take_unflushed()):
                with suppress(OSError), path.open("rb+") as file:  # it may have another name by now
                    os.fsync(file.fileno())
            if paths:
                sync_folder(self._folder)

    def _make_room(self) -> None:
        """Drop what is beyond the bounds, oldest first."""
        while True:
            kept = self.files.closed
            length_s = sum(one.end_s - one.start_s for one in kept)
            beyond = length_s > self._most_s or sum(one.n_bytes for one in kept) > self._most_bytes
            if not beyond and shutil.disk_usage(self._folder).free > _LEAST_FREE_BYTES:
                break
            if not self.files.drop_oldest():
                break

    def _trouble(self, said: Phrase) -> None:
        if not self._troubled:
            self._troubled = True
            logger.warning("%s: %s", self._folder, said)
            self._on_event(said)

    def _part(self, from_s: float, to_s: float) -> Iterator[LivePacket]:
        """Yield packets of a single format from the key frame before a time to another time."""
        first: LivePacket | None = None
        group: list[LivePacket] = []
        for packet in self.packets(from_s):
            if packet.decode_s >= to_s - _SAME_S or (first and packet.format != first.format):
                break
            if packet.key and packet.time_s <= from_s + _SAME_S:  # a later key frame to start from
                group, first = [], packet
            first = first or packet
            group.append(packet)
        if extent(group)[0] > from_s:
            yield from (one for one in group if one.time_s >= group[0].time_s)  # none that need what is before


def _longest_gap_s(times_s: Sequence[float], from_s: float, to_s: float) -> float:
    """Return the longest time without a picture between two moments."""
    within = sorted(time_s for time_s in times_s if from_s < time_s < to_s)
    return max(after - before for before, after in pairwise([from_s, *within, to_s]))
