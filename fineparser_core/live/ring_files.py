"""Files of a ring: those of earlier runs, those that were finished, and the file that is being written."""

import logging
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock

from fineparser_core.live.packets import LivePacket, now_s
from fineparser_core.live.segments import Segment, SegmentMuxer, extent
from fineparser_core.support.files import plain_files

logger = logging.getLogger(__name__)

#: Gap in seconds that separates two recordings.
GAP_S = 1.0
# The same of earlier runs, which may lie apart by the time that a camera or the program was off.
_RECORDING_GAP_S = 3600.0


class OpenSegment:
    """The file that is being written, and its packets, which readers take from here."""

    def __init__(self, path: Path, first: LivePacket) -> None:
        self.path = path
        self.packets: list[LivePacket] = []
        self.start_s = first.time_s
        self.continues = not first.key
        self.n_bytes = 0
        self.muxer = SegmentMuxer(first)
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)

    def segment(self) -> Segment:
        """Return the segment as recorded so far."""
        end_s, n_frames = extent(self.packets)
        return Segment(self.path, self.start_s, end_s, n_frames, self.n_bytes, self.continues)


class RingFiles:
    """Files of a folder in order of time, for a single writer and any number of readers.

    Attributes:
        closed: the files that are whole.
        open: the file that is being written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changing = RLock()
        self._pins: list[tuple[float, float]] = []
        self._unflushed: set[Path] = set()
        self.open: OpenSegment | None = None
        self.closed = self._found()

    def segments(self) -> list[Segment]:
        """Return the files, in order of time; the open file comes last."""
        with self._changing:
            return self.closed + ([self.open.segment()] if self.open else [])

    def clear(self) -> None:
        """Delete what is recorded; what is being written stays."""
        with self._changing:
            for segment in list(self.closed):
                with suppress(OSError):  # Windows keeps what is being read
                    segment.path.unlink(missing_ok=True)
                    self.closed.remove(segment)

    def begin(self, opened: OpenSegment) -> None:
        """Read from a new file from now on."""
        with self._changing:
            self.open = opened

    def append(self, packet: LivePacket) -> None:
        """Let readers have a packet that was written to the open file."""
        assert self.open is not None
        with self._changing:
            self.open.packets.append(packet)

    def finish(self) -> None:
        """Name the open file, or delete it if nothing was written."""
        current = self.open
        assert current is not None
        segment = current.segment()
        with suppress(OSError):
            if current.packets:
                segment = segment.named()
            else:
                current.path.unlink()
        with self._changing:
            if current.packets:
                self.closed.append(segment)
                self._unflushed.add(segment.path)
            self.open = None

    def take_unflushed(self) -> set[Path]:
        """Return the files that were written to since the last call."""
        with self._changing:
            paths, self._unflushed = self._unflushed, set()
            if self.open is not None:
                paths.add(self.open.path)
        return paths

    @contextmanager
    def pinned(self, from_s: float, to_s: float) -> Iterator[None]:
        """Keep the files between two times."""
        pin = (from_s, to_s)
        with self._changing:
            self._pins.append(pin)
        try:
            yield
        finally:
            with self._changing:
                self._pins.remove(pin)

    def drop_oldest(self) -> bool:
        """Delete the oldest unused segment; return False if there is none besides the latest."""
        with self._changing:
            for index, segment in enumerate(self.closed[:-1]):
                if any(segment.end_s > from_s and segment.start_s < to_s for from_s, to_s in self._pins):
                    continue
                try:
                    segment.path.unlink(missing_ok=True)
                except OSError:  # Windows keeps what is being read
                    continue
                del self.closed[index]
                return True
        return False

    def since(self, from_s: float) -> Iterator[tuple[Segment | OpenSegment, Iterable[LivePacket]]]:
        """Yield files and their packets, from the file in which decoding starts for a time."""
        with self._changing:
            segment = self._starting(from_s)
        while segment is not None:
            if isinstance(segment, OpenSegment):
                with self._changing:
                    yielded: Iterable[LivePacket] = list(segment.packets)
            else:
                yielded = segment.packets()
            yield segment, yielded
            after_s = segment.start_s
            with self._changing:
                segment = self._after(after_s)

    def _starting(self, from_s: float) -> Segment | OpenSegment | None:
        """Return the segment where decoding starts for a time; the caller holds the lock."""
        entries: list[Segment | OpenSegment] = [*self.closed, *([self.open] if self.open else [])]
        at = max(bisect_right(entries, from_s, key=lambda one: one.start_s) - 1, 0)
        if at < len(self.closed) and at + 1 < len(entries) and self.closed[at].end_s <= from_s:
            at += 1  # nothing was recorded then
        while at > 0 and entries[at].continues:
            at -= 1
        return entries[at] if entries else None

    def _after(self, start_s: float) -> Segment | OpenSegment | None:
        """Return the next segment; the lock is held."""
        at = bisect_right(self.closed, start_s, key=lambda one: one.start_s)
        if at < len(self.closed):
            return self.closed[at]
        return self.open if self.open and self.open.start_s > start_s else None

    def _found(self) -> list[Segment]:
        """Return the segments of an earlier run, the file that it was writing included."""
        found = []
        for path in plain_files(self._folder):
            if (segment := Segment.of(path)) is None:
                continue
            segment = replace(segment, n_bytes=path.stat().st_size)
            if not segment.whole:
                end_s, n_frames = extent(list(segment.packets()))
                if not n_frames:
                    path.unlink()
                    continue
                segment = replace(segment, end_s=end_s, n_frames=n_frames).named()
            found.append(segment)
        found.sort(key=lambda segment: segment.start_s)
        return sorted(self._moved_back(found), key=lambda segment: segment.start_s)

    def _moved_back(self, segments: list[Segment]) -> Iterator[Segment]:
        """Yield the segments; recordings that lie ahead get times before now, so that what is new comes after them.

        They do where the computer's clock was set back. They come between others and now, or before the others where
        they take more than is between, never below 0.
        """
        recordings: list[list[Segment]] = []
        for segment in segments:
            if not recordings or segment.start_s - recordings[-1][-1].end_s > _RECORDING_GAP_S:
                recordings.append([])
            recordings[-1].append(segment)
        free_s = now_s()
        others = [recording for recording in recordings if recording[-1].end_s <= free_s + GAP_S]
        for recording in reversed(recordings):
            start_s, end_s = recording[0].start_s, recording[-1].end_s
            back_s = 0.0
            if recording not in others:
                if others and others[-1][-1].end_s > free_s - (end_s - start_s):
                    free_s = min(free_s, others[0][0].start_s)
                back_s = min(end_s - free_s, start_s)
                free_s = start_s - back_s
                logger.warning("%s: recordings are moved %.1f s back", self._folder, back_s)
            for segment in recording:
                moved = replace(segment, start_s=segment.start_s - back_s, end_s=segment.end_s - back_s)
                yield moved.named() if back_s else segment
