"""A few seconds of a stream in a file that a kill at any byte leaves readable.

MPEG-TS for codecs that carry their parameters in the stream: no header, no index, and a decoder reads on from file to
file, as leading pictures need. It does not take MJPEG, which goes to QuickTime with a fragment a picture. Both keep
stamps to 1/90000 s, where Matroska has milliseconds, and both play in any player.
"""

import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import av
from av.container import OutputContainer
from av.stream import Stream

from fineparser_core.live.packets import TICK, LivePacket, StreamFormat, as_av_packet
from fineparser_core.video.containers import open_container

logger = logging.getLogger(__name__)

# Name of a file of the ring: start and end in microseconds, pictures; see `ring`.
_SEGMENT_NAME = re.compile(r"(\d{1,17})(?:-(\d{1,17})-(\d{1,9}))?(c?)\.(?:ts|mov)")
MICROSECONDS = 1e6
#: Suffix of a segment's file by codec, and FFmpeg's name and options of its format.
_FORMATS = {
    ".ts": ("mpegts", {"mpegts_copyts": "1"}),
    ".mov": ("mov", {"movflags": "empty_moov+frag_every_frame+default_base_moof+skip_trailer"}),
}
#: FFmpeg does not look ahead for what it is about to get.
_AT_ONCE = {"probesize": "2048", "analyzeduration": "0", "fpsprobesize": "0"}


@dataclass(frozen=True)
class Segment:
    """A file of the ring.

    Attributes:
        start_s: time of its first picture.
        end_s: when its last picture ends.
        continues: whether it starts without a key frame.
    """

    path: Path
    start_s: float
    end_s: float
    n_frames: int
    n_bytes: int
    continues: bool

    @classmethod
    def of(cls, path: Path) -> "Segment | None":
        """Return what the name of a file says of a segment, without its bytes; None for another file."""
        if not (name := _SEGMENT_NAME.fullmatch(path.name)):
            return None
        start_s, end_s = (int(each or 0) / MICROSECONDS for each in name.group(1, 2))
        return cls(path, start_s, end_s, int(name[3] or 0), 0, bool(name[4]))

    @property
    def whole(self) -> bool:
        """Whether nothing more is written to it; else its name says neither its end nor its pictures."""
        return self.end_s > 0

    def named(self) -> "Segment":
        """Give a whole segment its name, and return it."""
        times = f"{round(self.start_s * MICROSECONDS)}-{round(self.end_s * MICROSECONDS)}-{self.n_frames}"
        path = self.path.with_name(f"{times}{'c' if self.continues else ''}{self.path.suffix}")
        os.replace(self.path, path)
        return replace(self, path=path)

    def packets(self) -> Iterator[LivePacket]:
        """Yield its packets, as far as the file is whole."""
        try:
            yield from read_segment(self.path, self.start_s)
        except (OSError, av.error.FFmpegError) as error:
            logger.info("%s: %s", self.path, error)


def suffix_of(kind: StreamFormat) -> str:
    """Return the suffix of a segment's file."""
    return ".mov" if kind.codec == "mjpeg" else ".ts"


class SegmentMuxer:
    """Packets to the bytes of a segment; who writes them decides what happens when the disk is full."""

    def __init__(self, first: LivePacket) -> None:
        """Prepare a segment that starts with a packet."""
        self._bytes = bytearray()
        self._base_s = first.decode_s
        name, options = _FORMATS[suffix_of(first.format)]
        self._container = av.open(self, "w", format=name, options={"flush_packets": "1", **options})
        self._stream = mux_stream(self._container, first.format)

    def write(self, data: bytes) -> int:
        """Collect the bytes that FFmpeg writes."""
        self._bytes += data
        return len(data)

    def add(self, packet: LivePacket) -> bytes:
        """Return the bytes to append to the file for a packet.

        Raises:
            av.error.FFmpegError: its format does not take it.
        """
        made = as_av_packet(packet, self._base_s)
        made.stream = self._stream
        self._container.mux_one(made)
        return self._taken()

    def close(self) -> bytes:
        """Return the bytes to append at the end."""
        self._container.close()
        return self._taken()

    def _taken(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def read_segment(path: Path, start_s: float, growing: IO[bytes] | None = None) -> Iterator[LivePacket]:
    """Yield the packets of a segment's file, as far as it is whole.

    Args:
        start_s: the time of its first picture.
        growing: reads it while it is written; its packets then come at once, and need not say the size.

    Raises:
        av.error.FFmpegError: nothing can be read.
        OSError: it is missing.
    """
    name = _FORMATS[path.suffix][0]
    options = None if growing is None else _AT_ONCE
    source = str(path) if growing is None else growing
    with open_container(source, form=name, options=options) as container:
        if not container.streams.video:
            return
        stream = container.streams.video[0]
        context = stream.codec_context
        kind = StreamFormat(context.name, context.width, context.height, float(stream.average_rate or 0))
        base_s: float | None = None
        for packet in container.demux(stream):
            if not packet.size or packet.pts is None or packet.dts is None:
                continue
            tick = float(packet.time_base)
            base_s = start_s - packet.pts * tick if base_s is None else base_s
            times = base_s + packet.pts * tick, base_s + packet.dts * tick
            yield LivePacket(bytes(packet), *times, packet.is_keyframe, kind)


def write_clip(path: Path, packets: Sequence[LivePacket]) -> None:
    """Write packets of a single format as an MP4 file, whose times start at the first picture.

    Raises:
        av.error.FFmpegError, OSError: the file cannot be written.
    """
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = mux_stream(container, packets[0].format)
        for packet in packets:
            made = as_av_packet(packet, packets[0].decode_s)
            made.stream = stream
            container.mux_one(made)


def mux_stream(container: OutputContainer, kind: StreamFormat) -> Stream:
    """Return a stream of a file for packets as they are."""
    size = {"width": kind.width_px, "height": kind.height_px}
    return container.add_mux_stream(kind.codec, rate=round(kind.fps) or None, time_base=TICK, **size)


def extent(packets: list[LivePacket]) -> tuple[float, int]:
    """Return when the last picture ends, and how many there are."""
    if not packets:
        return 0.0, 0
    times = sorted(packet.time_s for packet in packets)
    interval_s = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.0
    return times[-1] + interval_s, len(times)
