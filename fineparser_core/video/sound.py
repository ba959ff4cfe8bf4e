"""The sound of a part of a video for an MP4, where AAC is copied and anything else becomes it."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from fineparser_core.video.probe import inspect_video, intact_packets, open_video

logger = logging.getLogger(__name__)

_BITS_PER_S, _MOST_RATE_HZ = 160_000, 48_000
# Time before the part from which packets are decoded, in seconds: a decoder of AAC gives nothing for its first packet.
_PREROLL_S = 0.1


class Soundtrack:
    """The sound of a video between two times, used inside a `with` block; a file without any is silent.

    Undecodable parts are left out: a picture is worth writing without its sound.

    Attributes:
        found: whether the file has sound that can be read.
    """

    def __init__(self, path: Path, start_s: float, end_s: float) -> None:
        """Store the part, from start_s to end_s, counted from the file's first frame."""
        self.found = False
        self._path, self._start_s, self._end_s = path, start_s, end_s
        self._closing = ExitStack()
        self._ahead: tuple[float, Packet] | None = None
        self._packets: Iterator[tuple[float, Packet]] = iter(())

    def __enter__(self) -> Self:
        """Open the file. Raises: VideoError, if the file cannot be read."""
        index = inspect_video(self._path)[1]
        self._input, video = self._closing.enter_context(open_video(self._path))
        self._source = next((one for one in self._input.streams.audio if one.codec_context is not None), None)
        self.found = self._source is not None and self._source.time_base is not None
        # Files without usable stamps begin at zero, and so does their sound.
        self._origin_s = float(index.pts[0] * video.time_base) if index.seekable and video.time_base else 0.0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._packets = iter(())
        self._closing.close()

    def add_to(self, container: OutputContainer) -> None:
        """Give a file that is begun a stream for the sound, where there is any."""
        source = self._source
        if not self.found or source is None:
            return
        context = source.codec_context
        if context.name == "aac" and context.extradata:  # an MP4 begins with the latter, a broadcast has none
            made = container.add_stream_from_template(source)
            packets: Iterator[Packet] = (packet for packet in self._demuxed(source) if packet.size)
        else:
            rate = min(context.sample_rate or _MOST_RATE_HZ, _MOST_RATE_HZ)
            layout = "mono" if context.channels == 1 else "stereo"
            made = container.add_stream("aac", rate=rate, layout=layout, bit_rate=_BITS_PER_S)
            packets = self._encoded(source, made)
        self._packets = self._within(packets, made)

    def mux_until(self, container: OutputContainer, time_s: float) -> None:
        """Write what is heard before a time of the part."""
        while (ahead := self._ahead or next(self._packets, None)) is not None:
            self._ahead = ahead
            if ahead[0] >= time_s:
                return
            self._ahead = None
            container.mux(ahead[1])

    def _within(self, packets: Iterator[Packet], made: AudioStream) -> Iterator[tuple[float, Packet]]:
        """Yield the packets of the part, with their times in it; the first may begin before it, which players skip."""
        offset_s, last_dts = self._origin_s + self._start_s, None
        for packet in packets:
            tick_s = packet.time_base
            if packet.pts is None or not tick_s:
                continue
            time_s = float(packet.pts * tick_s) - offset_s
            if time_s >= self._end_s - self._start_s:
                return
            if time_s + float((packet.duration or 0) * tick_s) <= 0 or (
                last_dts is not None and packet.pts <= last_dts
            ):
                continue
            last_dts = packet.pts
            packet.pts = packet.dts = packet.pts - round(offset_s / tick_s)
            packet.stream = made
            yield time_s, packet

    def _demuxed(self, source: AudioStream) -> Iterator[Packet]:
        assert source.time_base is not None
        try:
            if self._start_s > 0:
                start = round((self._origin_s + max(self._start_s - _PREROLL_S, 0.0)) / source.time_base)
                self._input.seek(start, stream=source, backward=True)
            yield from intact_packets(self._input, source)
        except av.error.FFmpegError as error:
            logger.warning("%s: its sound stops early: %s", self._path, error)

    def _encoded(self, source: AudioStream, made: AudioStream) -> Iterator[Packet]:
        for packet in self._demuxed(source):
            try:
                packets = [one for frame in source.codec_context.decode(packet) for one in made.encode(frame)]
            except (av.error.FFmpegError, ValueError) as error:  # damaged, or in another form than before
                logger.info("%s: a part of its sound is left out: %s", self._path, error)
                continue
            yield from packets
        yield from made.encode(None)
