"""Follows what another process records into its ring, from any moment that is still there."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import NamedTuple

import av

from fineparser_core.live.packets import Decoder, LiveFrame, LivePacket, StreamFormat
from fineparser_core.live.ring import SEGMENT_NAME
from fineparser_core.live.segments import read_segment

_MICRO = 1e6
_POLL_S = 0.015


class _Listed(NamedTuple):
    start_s: float
    path: Path
    whole: bool
    continues: bool


class RingFollower:
    """Reads the files of a ring and changes none."""

    def __init__(self, folder: Path) -> None:
        """Prepare; the folder need not be there yet."""
        self._folder = folder

    def span(self) -> tuple[float, float] | None:
        """First time that is recorded, and that of the newest file; None if nothing is."""
        listed = self._listed()
        return (listed[0].start_s, listed[-1].start_s) if listed else None

    def packets(self, from_s: float, stop: Event) -> Iterator[LivePacket]:
        """Packets from the key frame before a time on; waits for what comes until `stop` is set."""
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
            except (OSError, av.error.FFmpegError):  # it was dropped meanwhile, or is not whole
                pass
            done_s = segment.start_s

    def frames(self, from_s: float, stop: Event) -> Iterator[LiveFrame]:
        """Pictures from a time on, as they come; see `packets`."""
        decoder = Decoder()
        for packet in self.packets(from_s, stop):
            needed = packet.time_s >= from_s
            yield from (one for one in decoder.decode(packet, needed=needed) if one.time_s >= from_s)

    def _listed(self) -> list[_Listed]:
        try:
            names = [(path, SEGMENT_NAME.fullmatch(path.name)) for path in self._folder.iterdir()]
        except OSError:
            return []
        return sorted(
            _Listed(int(name[1]) / _MICRO, path, bool(name[2]), bool(name[4])) for path, name in names if name
        )

    def _read(self, segment: _Listed, stop: Event) -> Iterator[LivePacket]:
        if segment.whole:
            yield from read_segment(segment.path, segment.start_s)
            return
        with segment.path.open("rb") as file:
            growing = io.BufferedReader(_Growing(file, self, segment, stop))
            yield from read_segment(segment.path, segment.start_s, growing)

    def ended(self, segment: _Listed) -> bool:
        """Whether nothing more is written to a file: it has its final name, or there is a newer one."""
        return not segment.path.exists() or self._listed()[-1].start_s > segment.start_s


class _Growing(io.RawIOBase):
    """A file that is written, read to its end and then as it grows."""

    def __init__(self, file: io.BufferedReader, follower: RingFollower, segment: _Listed, stop: Event) -> None:
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
