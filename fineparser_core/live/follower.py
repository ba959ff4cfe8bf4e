"""Follows what another process records into its ring, from any moment that is still there."""

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import av

from fineparser_core.live.packets import LiveFrame, LivePacket, PacketDecoder, StreamFormat
from fineparser_core.live.segments import Segment, read_segment
from fineparser_core.support.files import plain_files

_POLL_S = 0.015
# A folder that changed within the last moments is listed again: its time has steps.
_STEP_NS = 50_000_000


class RingFollower:
    """Reads the files of a ring and changes none."""

    def __init__(self, folder: Path) -> None:
        """Prepare; the folder need not be there yet."""
        self._folder = folder
        self._known: tuple[int, list[Segment]] = 0, []

    def span(self) -> tuple[float, float] | None:
        """Return the first recorded time, and that of the newest file; None if nothing is recorded."""
        listed = self._listed()
        return (listed[0].start_s, listed[-1].start_s) if listed else None

    def packets(self, from_s: float, stop: Event) -> Iterator[LivePacket]:
        """Yield packets from the key frame before a time on; waits for what comes until `stop` is set."""
        done_s: float | None = None
        kind: StreamFormat | None = None
        while not stop.is_set():
            listed = self._listed()
            if done_s is None:
                before = [place for place, one in enumerate(listed) if one.start_s <= from_s]
                at = before[-1] if before else 0
                while 0 < at < len(listed) and listed[at].continues:
                    at -= 1
                following = listed[at : at + 1]
            else:
                following = [one for one in listed if one.start_s > done_s][:1]
            if not following:
                stop.wait(_POLL_S)
                continue
            segment = following[0]
            follows = done_s is not None
            try:
                for packet in self._read(segment, stop):
                    kind = kind if segment.continues and kind is not None else packet.format
                    yield replace(packet, format=kind, follows=follows)
                    follows = True
            except FileNotFoundError:  # it has its final name by now, or was dropped
                if any(one.start_s == segment.start_s for one in self._listed()):
                    continue
            except (OSError, av.error.FFmpegError):  # it is not whole
                pass
            done_s = segment.start_s

    def frames(self, from_s: float, stop: Event) -> Iterator[LiveFrame]:
        """Yield pictures from a time on, as they come; see `packets`.

        The first may be that of the key frame before it.
        """
        decoder = PacketDecoder()
        first = True
        before: list[LivePacket] = []  # since the last key frame before that time, which alone are decoded
        for packet in self.packets(from_s, stop):
            if packet.time_s < from_s:
                before = [] if packet.key else before
                before.append(packet)
                continue
            for one in (*before, packet):
                needed = one.time_s >= from_s
                yield from (frame for frame in decoder.decode(one, needed=needed) if frame.time_s >= from_s or first)
                first = False
            before = []

    def _listed(self) -> list[Segment]:
        """Return the files, in order of time; the folder is read where it has changed."""
        try:
            changed_ns = self._folder.stat().st_mtime_ns
            if changed_ns == self._known[0]:
                return self._known[1]
            segments = map(Segment.of, plain_files(self._folder))
            listed = sorted((one for one in segments if one is not None), key=lambda one: (one.start_s, one.path))
        except OSError:
            return []
        if time.time_ns() - changed_ns > _STEP_NS:
            self._known = changed_ns, listed
        return listed

    def _read(self, segment: Segment, stop: Event) -> Iterator[LivePacket]:
        with segment.path.open("rb") as file:
            source = file if segment.whole else io.BufferedReader(_Growing(file, self, segment, stop))
            yield from read_segment(segment.path, segment.start_s, source)

    def ended(self, segment: Segment) -> bool:
        """Return True if nothing more is written to a file: it has its final name, or there is a newer file."""
        return not segment.path.exists() or any(one.start_s > segment.start_s for one in self._listed()[-1:])


class _Growing(io.RawIOBase):
    """A file that is written, read to its end and then as it grows."""

    def __init__(self, file: io.BufferedReader, follower: RingFollower, segment: Segment, stop: Event) -> None:
        self._file, self._follower, self._segment, self._stop = file, follower, segment, stop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        while not (data := self._file.read(len(buffer))):
            ended = self._stop.is_set() or self._follower.ended(self._segment)
            if ended and not (data := self._file.read(len(buffer))):
                return 0
            if data:
                break
            self._stop.wait(_POLL_S)
        buffer[: len(data)] = data
        return len(data)
