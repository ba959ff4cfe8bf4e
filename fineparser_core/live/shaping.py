"""Packets of a source as the ring keeps them: decodable from every key frame, in a codec that it knows."""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from fineparser_core.live.packets import TICK, LivePacket, PacketDecoder, StreamFormat
from fineparser_core.video.picture import Scaler
from fineparser_core.video.probe import inspect_video

# Codecs whose packets are kept as they come.
_KEPT = ("h264", "hevc", "mpeg2video", "mjpeg")
#: Options of x264 for codecs that are not kept, at a quality that measures no differently.
ENCODER = {"preset": "superfast", "crf": "18", "tune": "zerolatency", "bf": "0"}
#: Pictures a second of a source that does not tell.
USUAL_FPS = 25
# Part of a key frame that holds the size: sequence parameter set, sequence header, start of a JPEG frame.
_MARKS = {
    "h264": re.compile(rb"\x00\x00\x01[\x07\x27\x47\x67].+?(?=\x00\x00[\x00\x01])", re.DOTALL),
    "hevc": re.compile(rb"\x00\x00\x01[\x42\x43].+?(?=\x00\x00[\x00\x01])", re.DOTALL),
    "mpeg2video": re.compile(rb"\x00\x00\x01\xb3.{8}", re.DOTALL),
    "mjpeg": re.compile(rb"\xff[\xc0-\xc2].{7}", re.DOTALL),
}


class PacketShaper:
    """Makes packets for the ring: decodable from every key frame, in a codec that it knows."""

    def __init__(self, stream: VideoStream, fps: float, turned: Scaler | None) -> None:
        self._stream, self._turned = stream, turned
        self._times: dict[int | None, float] = {}
        context = stream.codec_context
        self._codec = context.name
        extra = context.extradata or b""
        self._filter = None
        if extra[:1] == b"\x01" and self._codec in ("h264", "hevc"):  # lengths in place of start codes, as in MP4
            self._filter = BitStreamFilterContext(f"{self._codec}_mp4toannexb,dump_extra=freq=keyframe", stream)
            extra = b""
        self._sets = extra
        self._format = StreamFormat(self._codec, context.width, context.height, fps)
        self._mark: bytes | None = None
        self._encoder: VideoCodecContext | None = None
        self._base_s = 0.0

    def shaped(self, packet: "Packet[Any]", time_s: float, decode_s: float) -> Iterator[LivePacket]:
        """Yield the packets made of a packet; raises FFmpegError."""
        if self._codec not in _KEPT or self._turned:
            self._times[packet.pts] = time_s
            yield from self._encoded(packet.decode())
            return
        for one in self._filter.filter(packet) if self._filter else [packet]:
            data, key = bytes(one), one.is_keyframe or self._codec == "mjpeg"
            made = LivePacket(data, time_s, decode_s, key, self._format)
            yield self._checked(made) if key else made

    def flushed(self) -> Iterator[LivePacket]:
        """Yield the packets still in the decoder at the end."""
        if self._encoder:
            yield from self._encoded(self._stream.codec_context.decode(None))

    def _checked(self, packet: LivePacket) -> LivePacket:
        """Return a key frame with its parameter sets, and the size that it has."""
        found = _MARKS[self._codec].search(packet.data)
        if found is None:
            return replace(packet, data=self._sets + packet.data)
        if found[0] != self._mark:
            if self._mark is not None or not self._format.width_px:
                decoder = PacketDecoder()
                if frames := decoder.decode(replace(packet, follows=False)) + decoder.flush():
                    picture = frames[0].picture
                    self._format = replace(self._format, width_px=picture.width, height_px=picture.height)
            self._mark = found[0]
        return replace(packet, format=self._format)

    def _encoded(self, pictures: list[av.VideoFrame]) -> Iterator[LivePacket]:
        for picture in pictures:
            if not self._times:
                return
            # Not that of the last packet, where their order differs.
            time_s = self._times.get(picture.pts, min(self._times.values()))
            self._times = {pts: at_s for pts, at_s in self._times.items() if at_s > time_s}
            if self._turned:
                picture = av.VideoFrame.from_ndarray(self._turned.rgb(picture), "rgb24")
            size = picture.width // 2 * 2, picture.height // 2 * 2
            if self._encoder is None or size != (self._encoder.width, self._encoder.height):
                self._encoder = _encoder(*size, self._format.fps)
                self._format = StreamFormat(self._encoder.codec.canonical_name, *size, self._format.fps)
                self._base_s = time_s
            even = picture.reformat(*size, self._encoder.pix_fmt)
            even.pts, even.time_base = round((time_s - self._base_s) / TICK), TICK
            for made in self._encoder.encode(even):
                at_s = self._base_s + (made.pts or 0) * float(TICK)
                yield LivePacket(bytes(made), at_s, at_s, made.is_keyframe, self._format)


def seconds_of(packet: "Packet[Any]", stamp: int) -> float:
    """Return a stamp of a packet in seconds."""
    return float(stamp * packet.time_base)


def _encoder(width_px: int, height_px: int, fps: float) -> VideoCodecContext:
    name = "libx264" if "libx264" in av.codecs_available else "mjpeg"
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = width_px, height_px
    context.pix_fmt = "yuvj420p" if name == "mjpeg" else "yuv420p"
    context.time_base = TICK
    context.framerate = Fraction(fps or USUAL_FPS).limit_denominator(1001)
    context.gop_size = round(fps or USUAL_FPS)
    context.options = dict(ENCODER) if name == "libx264" else {"q": "3"}
    return context


def upright_scaler(path: Path) -> Scaler | None:
    """Return a scaler that makes pictures of a file upright; None where they are."""
    _, _, geometry = inspect_video(path)
    return Scaler(geometry) if geometry.quarter_turns or geometry.mirrored else None
