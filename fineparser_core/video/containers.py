"""Containers of video: their opening, and the declarations of their headers, read before FFmpeg allocates by them."""

import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

import av
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"sidx")
_MOST_HEADER_BYTES = 64_000_000
# Samples and edits of a track; at worst each edit repeats all samples.
_SAMPLES = re.compile(rb"stsz.{8}(.{4})|stz2.{8}(.{4})", re.DOTALL)
_EDITS = re.compile(rb"elst.{4}(.{4})", re.DOTALL)
_IS_VIDEO = re.compile(rb"hdlr.{8}vide", re.DOTALL)
_MATROSKA, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"

#: PyAV before 19 refuses titles that are not UTF-8 unless this is set; 19 lacks this argument and takes any encoding.
_ANY_TITLE: dict[str, Any] = {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}


#: FFmpeg's devices that decode videos, by system.
_DECODERS = {"win32": ("d3d11va",), "darwin": ("videotoolbox",), "linux": ("vaapi",)}
# Files that name other files, and pictures by a pattern: a video is a single file.
_NOT_ONE_FILE = {"concat", "hls", "dash", "imf", "sdp", "rtp", "rtsp", "sap", "image2", "tty", "webm_dash_manifest"}
#: Options for local files, and only those that are videos themselves.
_ONE_FILE = {"protocol_whitelist": "file", "format_whitelist": ",".join(sorted(av.formats_available - _NOT_ONE_FILE))}


def open_container(
    source: str | IO[bytes],
    *,
    form: str | None = None,
    options: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
    accelerated: bool = False,
) -> InputContainer:
    """Open a file, an address or a stream of bytes for reading, whatever the encoding of its titles.

    Args:
        form: FFmpeg's name of the format; None: found by the content.
        options: FFmpeg's options of the format and the protocol; a single local file is opened, unless they allow other
            protocols or formats.
        timeout_s: of opening and of each read; None: without end.
        accelerated: decode on a device where the system has one that takes the video.

    Raises:
        av.error.FFmpegError: it holds no format that FFmpeg knows.
        OSError: it cannot be read.
    """
    allowed = {**_ONE_FILE, **(options or {})}
    settings: dict[str, Any] = {"format": form, "options": allowed, "timeout": timeout_s, **_ANY_TITLE}
    device = next((one for one in _DECODERS.get(sys.platform, ()) if one in hwdevices_available()), None)
    if accelerated and device is not None:
        with suppress(av.error.FFmpegError):
            container: InputContainer = av.open(
                source, "r", hwaccel=HWAccel(device, allow_software_fallback=True), **settings
            )
            return container
    container = av.open(source, "r", **settings)
    return container


def demuxed(container: InputContainer, stream: Stream) -> Iterator["Packet[Any]"]:
    """Yield the packets of a stream; PyAV before 19 fails at its end where damage has made up further streams."""
    with suppress(IndexError):
        yield from container.demux(stream)


def read_declared(path: Path) -> tuple[int, bool]:
    """Read what the header of an MP4, MOV, AVI or Matroska file declares; nothing for other files.

    Returns:
        Frames of its largest video track, as FFmpeg would list them, 0 where the header lacks it; and whether the file
        is shorter than declared: for an MP4, its last fragment is, as headers of others count frames.

    Raises:
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[4:8] in _FIRST_BOXES:
            return _of_boxes(file, size)
        if head[:4] == b"RIFF":
            return 0, int.from_bytes(head[4:8], "little") + 8 > size
        if head[:4] == _MATROSKA:
            return 0, _matroska_end(file) > size
    return 0, False


def _of_boxes(file: BinaryIO, size: int) -> tuple[int, bool]:
    frames, fragmented, cut_off = 0, False, False
    for kind, start, end in _boxes(file, size):
        fragmented |= kind == b"moof"
        cut_off = fragmented and end > size and kind in (b"moof", b"mdat")
        if kind == b"moov":
            file.seek(start)
            frames = max(frames, _declared_frames(file.read(min(end - start, _MOST_HEADER_BYTES))))
    return frames, cut_off


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start and end of the content) of every box of the top level; the last may end beyond the file."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, header = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - at
        if length < header:
            return
        yield head[4:8], at + header, at + length
        at += length


def _declared_frames(movie: bytes) -> int:
    packed = movie.find(b"cmvd", 0, 64)
    if packed >= 0:  # a compressed header, as QuickTime once wrote
        try:
            movie = zlib.decompressobj().decompress(movie[packed + 8 :], _MOST_HEADER_BYTES)
        except zlib.error:
            return 0
    frames = 0
    for track in movie.split(b"trak")[1:]:
        if _IS_VIDEO.search(track):
            samples = max((_number(found) for found in _SAMPLES.finditer(track)), default=0)
            frames = max(frames, samples * max((_number(found) for found in _EDITS.finditer(track)), default=1))
    return frames


def _number(found: re.Match[bytes]) -> int:
    return int.from_bytes(next(group for group in found.groups() if group is not None), "big")


def _matroska_end(file: BinaryIO) -> int:
    """Return the end that the segment declares; 0 where it declares none."""
    file.seek(4)
    length = _variable_number(file)
    if length is None:
        return 0
    file.seek(length, 1)
    if file.read(4) != _SEGMENT:
        return 0
    length = _variable_number(file)
    return 0 if length is None else file.tell() + length


def _variable_number(file: BinaryIO) -> int | None:
    """Return an EBML number of 1 to 8 bytes; None where it is unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    n_bits = 7 * (9 - first[0].bit_length())
    number = int.from_bytes(first + file.read(8 - first[0].bit_length()), "big") & ((1 << n_bits) - 1)
    return None if number == (1 << n_bits) - 1 else number
