"""A few seconds of a stream in a file that a kill at any byte leaves readable.

MPEG-TS for codecs that carry their parameters in the stream: no header, no index, and one decoder reads on from file to
file, as leading pictures need. It does not take MJPEG, which goes to QuickTime with a fragment a picture. Both keep
stamps to 1/90000 s, where Matroska has milliseconds, and both play in any player.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import av
from av.container import OutputContainer
from av.stream import Stream

from fineparser_core.live.packets import TICK, LivePacket, StreamFormat, as_av_packet

#: Suffix of a segment's file by codec, and FFmpeg's name and options of its format.
_FORMATS = {
    ".ts": ("mpegts", {"mpegts_copyts": "1"}),
    ".mov": ("mov", {"movflags": "empty_moov+frag_every_frame+default_base_moof+skip_trailer"}),
}


#: FFmpeg does not look ahead for what it is about to get.
_AT_ONCE = {"probesize": "2048", "analyzeduration": "0", "fpsprobesize": "0"}


def suffix_of(kind: StreamFormat) -> str:
    """Of the file of a segment."""
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
        """What FFmpeg writes."""
        self._bytes += data
        return len(data)

    def add(self, packet: LivePacket) -> bytes:
        """What is to be appended to the file for a packet.

        Raises:
            av.error.FFmpegError: its format does not take it.
        """
        made = as_av_packet(packet, self._base_s)
        made.stream = self._stream
        self._container.mux_one(made)
        return self._taken()

    def close(self) -> bytes:
        """What is to be appended at last."""
        self._container.close()
        return self._taken()

    def _taken(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


def read_segment(path: Path, start_s: float, growing: IO[bytes] | None = None) -> Iterator[LivePacket]:
    """The packets of a segment's file, as far as it is whole.

    Args:
        start_s: the time of its first picture.
        growing: reads it while it is written; its packets then come at once, and need not say the size.

    Raises:
        av.error.FFmpegError: nothing can be read.
        OSError: it is missing.
    """
    name = _FORMATS[path.suffix][0]
    options = {"protocol_whitelist": "file"} if growing is None else _AT_ONCE
    source = str(path) if growing is None else growing
    with av.open(source, "r", format=name, options=options, metadata_errors="replace") as container:
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


def write_clip(path: Path, packets: Iterable[LivePacket]) -> int:
    """Write packets of one format as an MP4 file, whose times start at the first picture; returns their number.

    Raises:
        av.error.FFmpegError, OSError: the file cannot be written.
    """
    count = 0
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream: Stream | None = None
        base_s = 0.0
        for packet in packets:
            if stream is None:
                stream, base_s = mux_stream(container, packet.format), packet.decode_s
            made = as_av_packet(packet, base_s)
            made.stream = stream
            container.mux_one(made)
            count += 1
    return count


def mux_stream(container: OutputContainer, kind: StreamFormat) -> Stream:
    """A stream of a file for packets as they are."""
    size = {"width": kind.width_px, "height": kind.height_px}
    return container.add_mux_stream(kind.codec, rate=round(kind.fps) or None, time_base=TICK, **size)
