"""Packets of a live source with their times, a queue for listeners that may drop, and a decoder."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from threading import Condition
from typing import Any

import av
from av.video.codeccontext import VideoCodecContext

from fineparser_core.video.probe import MOST_PIXELS, Geometry

#: Unit of stamps in files: that of MPEG-TS, in which 24 to 60 frames a second are whole numbers.
TICK = Fraction(1, 90_000)
# Wall time at the start of the process, and monotonic from there: neither a set clock nor summer time moves it.
_EPOCH_S = time.time() - time.monotonic()


def now_s() -> float:
    """Return the clock of everything live: seconds since 1970 that only grow while the process runs."""
    return _EPOCH_S + time.monotonic()


@dataclass(frozen=True)
class StreamFormat:
    """Format of the packets of a stream.

    Attributes:
        codec: FFmpeg's name: "h264", "hevc" and "mpeg2video" with parameter sets in every key frame, or "mjpeg".
        fps: nominal frames a second, 0 if the source does not give it; ignored when formats are compared.
    """

    codec: str
    width_px: int
    height_px: int
    fps: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class LivePacket:
    """One encoded picture.

    Attributes:
        time_s: when it is shown, on the clock of `now_s`; distances are those of the source's own stamps.
        decode_s: when it is decoded; grows from packet to packet.
        key: whether decoding can start here.
        follows: False if pictures before it are missing: the first of a connection, or after what was dropped.
    """

    data: bytes
    time_s: float
    decode_s: float
    key: bool
    format: StreamFormat
    follows: bool = True


@dataclass(frozen=True)
class LiveFrame:
    """One decoded picture with the time of its packet; `Scaler` of `video/picture.py` converts it.

    Attributes:
        aspect: width of a pixel, in heights.
    """

    time_s: float
    picture: av.VideoFrame
    aspect: float = 1.0

    @property
    def geometry(self) -> Geometry:
        """The transform to square pixels."""
        return Geometry.of_pixels(self.picture.width, self.picture.height, self.aspect)


class PacketDecoder:
    """Decodes packets of any source in order; starts at a key frame, and anew where the format changes."""

    def __init__(self) -> None:
        self._format: StreamFormat | None = None
        self._context: VideoCodecContext | None = None
        self._base_s = 0.0

    def decode(self, packet: LivePacket, *, needed: bool = True) -> list[LiveFrame]:
        """Return the pictures that are ready after a packet, in order of time; damaged pictures are left out.

        Args:
            needed: False lets the decoder skip the picture if no other picture refers to it.
        """
        frames: list[LiveFrame] = []
        if not needed and packet.format.codec == "mjpeg":  # none refers to it, which FFmpeg does not know
            return frames
        if packet.format != self._format or not packet.follows:
            frames = self.flush()
            self._format, self._context = packet.format, None
        if self._context is None:
            if not packet.key:
                return frames
            self._context = _context(packet)
            self._base_s = packet.decode_s
        self._context.skip_frame = "DEFAULT" if needed else "NONREF"
        return frames + self._decoded(as_av_packet(packet, self._base_s))

    def flush(self) -> list[LiveFrame]:
        """Return the pictures that are still in the decoder, which starts anew after them."""
        frames = self._decoded(None) if self._context else []
        self._context = None
        return frames

    def _decoded(self, packet: "av.Packet[Any] | None") -> list[LiveFrame]:
        assert self._context is not None
        try:
            pictures = self._context.decode(packet)
        except av.error.FFmpegError:
            return []
        aspect = float(self._context.sample_aspect_ratio or 1)
        times = ((self._base_s + one.pts * float(TICK), one) for one in pictures if one.pts is not None)
        return [LiveFrame(time_s, picture, aspect) for time_s, picture in times]


class PacketQueue:
    """Hands packets of a reader's thread to another thread; when that falls behind, it drops up to a key frame.

    Attributes:
        dropped: packets that were not handed on.
        dropped_s: duration of what was dropped, up to the packet after which packets were handed on again, in seconds.
        closed: whether no more are taken.
    """

    def __init__(self, most_bytes: int = 64_000_000) -> None:
        self._most_bytes = most_bytes
        self._packets: deque[LivePacket] = deque()
        self._bytes = 0
        self._changed = Condition()
        self.closed = False
        self._waits_for_key = False
        self.dropped, self.dropped_s = 0, 0.0
        self._dropped_from_s = 0.0

    def put(self, packet: LivePacket) -> bool:
        """Take a packet, at once; False if it is dropped. A listener of `LiveReader`."""
        with self._changed:
            if self.closed:
                return False
            full = self._bytes + len(packet.data) > self._most_bytes
            if full or (self._waits_for_key and not packet.key):
                if not self._waits_for_key:
                    self._waits_for_key, self._dropped_from_s = True, packet.time_s
                self.dropped += 1
                return False
            if self._waits_for_key:
                self.dropped_s += packet.time_s - self._dropped_from_s
                packet = replace(packet, follows=False)
                self._waits_for_key = False
            self._packets.append(packet)
            self._bytes += len(packet.data)
            self._changed.notify_all()
        return True

    def get(self, timeout_s: float | None = None) -> LivePacket | None:
        """Return the next packet; None after the time, or once the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._packets or self.closed, timeout_s)
            if not self._packets:
                return None
            packet = self._packets.popleft()
            self._bytes -= len(packet.data)
            return packet

    def __iter__(self) -> Iterator[LivePacket]:
        """Yield packets until the queue is closed and empty."""
        while (packet := self.get()) is not None:
            yield packet

    def close(self) -> None:
        """Close the queue; its packets can still be read."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


def as_av_packet(packet: LivePacket, base_s: float) -> "av.Packet[Any]":
    """Return the packet for FFmpeg, with stamps in `TICK` from a base."""
    made = av.Packet(packet.data)
    made.pts, made.dts = (round((one - base_s) / TICK) for one in (packet.time_s, packet.decode_s))
    made.time_base = TICK
    made.is_keyframe = packet.key
    return made


def _context(first: LivePacket) -> VideoCodecContext:
    context = av.CodecContext.create(first.format.codec, "r")
    assert isinstance(context, VideoCodecContext)
    context.thread_type, context.thread_count = "SLICE", 1  # so that no picture waits for the next picture
    context.options = {"max_pixels": str(MOST_PIXELS)}
    if first.time_s - first.decode_s > float(TICK):
        # Pictures are not sent in their order, and the stream may not say by how many they are moved: without this the
        # decoder guesses, and shows the first pictures too early. Where they are in order, it delays none.
        context.options["strict"] = "strict"
    return context
