"""Properties and frame index of a video file, found by reading its packets and decoding a frame.

Frames are addressed by their presentation time stamps, never by index / fps, which selects wrong frames at a variable
frame rate.
"""

import logging
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from fineparser_core.constants import MIN_FRAMES
from fineparser_core.errors import VideoError
from fineparser_core.language import Phrase
from fineparser_core.records import VideoInfo
from fineparser_core.video.containers import demuxed, open_container, read_declared

logger = logging.getLogger(__name__)

# Otherwise FFmpeg's messages go through Python's logging, which can deadlock with FFmpeg's decoding threads.
av.logging.set_level(None)

#: Maximum number of frames, over 18 hours of video; a header that declares more is damaged or a trap.
MOST_FRAMES = 2_000_000
#: Maximum pixels of a frame, 8192 x 4320. FFmpeg refuses larger frames before it allocates them.
MOST_PIXELS = 36_000_000
_NOT_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails
# A pixel is not 20 times as wide as it is high; a header that says so is damaged.
_MOST_ASPECT = 20
# Longer intervals between time stamps mean damage.
_MOST_DURATION_S = 30 * 24 * 3600
_LEAST_RATE, _MOST_RATE = Fraction(1, 100), 100_000
# Clocks that were never set begin in 1904, 1970 or 1980.
_FIRST_YEAR, _LAST_YEAR = 1985, 2100
_NO_STAMPS = 0x80  # FFmpeg's AVFMT_NOTIMESTAMPS
# Frames by which the sound of a file may outlast its pictures.
_LONGER_SOUND = 2

_CONTAINER_MARKS = (b"ftyp", b"moov", b"mdat", b"RIFF", b"\x1a\x45\xdf\xa3", b"GIF8")


@dataclass(frozen=True, kw_only=True)
class FrameIndex:
    """Time stamps and keyframes of a file.

    Attributes:
        pts: (n_frames,) int64 ascending, presentation time stamps in units of the stream's time base.
        keyframes: (k,) int64 ascending, frames at which decoding can start.
        seekable: False if decoded frames do not carry the stamps of `pts` (B-frames in AVI, raw streams); their frames
            are counted from the start of the file.
    """

    pts: np.ndarray
    keyframes: np.ndarray
    seekable: bool


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """The transform from a decoded frame to an upright frame with square pixels.

    Attributes:
        stored_width_px: width after correction of the pixel aspect ratio, before rotation.
        stored_height_px: height after correction of the pixel aspect ratio, before rotation.
        quarter_turns: number of counter-clockwise quarter turns to apply, 0-3.
        mirrored: whether to flip left and right before the rotation.
    """

    stored_width_px: int
    stored_height_px: int
    quarter_turns: int = 0
    mirrored: bool = False

    @classmethod
    def of_pixels(cls, width: int, height: int, aspect: float) -> "Geometry":
        """Return that of frames of pixels `aspect` times as wide as high; what no video has counts as square."""
        if not 1 / _MOST_ASPECT <= aspect <= _MOST_ASPECT or width * height * max(aspect, 1 / aspect) > 2 * MOST_PIXELS:
            aspect = 1.0
        stored_width_px, stored_height_px = round(width * max(aspect, 1.0)), round(height / min(aspect, 1.0))
        return cls(stored_width_px=stored_width_px, stored_height_px=stored_height_px)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the upright frame."""
        size = (self.stored_width_px, self.stored_height_px)
        return size[::-1] if self.quarter_turns % 2 else size


def probe(path: Path) -> VideoInfo:
    """Read the properties of a video file.

    Raises:
        VideoError: the file is missing, a folder, empty, not a video, without a video stream, damaged, or has fewer
            than 16 frames.
    """
    return inspect_video(path)[0]


def inspect_video(path: Path) -> tuple[VideoInfo, FrameIndex, Geometry]:
    """Probe a video and return the frame index and geometry that a reader needs, too; cached until the file changes.

    Raises:
        VideoError: see `probe`.
    """
    path = Path(path)
    try:
        state = path.stat()
    except (OSError, ValueError):  # a null character in the name is a ValueError
        raise VideoError("{0}: there is no such file: check the name and the folder.", path) from None
    if stat.S_ISDIR(state.st_mode):
        raise VideoError("{0} is a folder, not a video: choose a file in it.", path)
    if not stat.S_ISREG(state.st_mode):
        raise VideoError("{0} is a pipe or a device, not a video: choose a file.", path)
    if state.st_size == 0:
        raise VideoError("{0} is empty (0 bytes): copy it again or choose another clip.", path)
    return _inspect(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _inspect(path: Path, _mtime_ns: int, _size: int) -> tuple[VideoInfo, FrameIndex, Geometry]:
    try:
        n_declared, is_cut_off = read_declared(path)
    except OSError as error:
        raise VideoError(_why_not_opened(path, error)) from None
    _refuse_too_many(path, n_declared)
    with open_video(path) as (container, stream):
        index, time_base, n_missing, n_damaged = _index_packets(path, container, stream, is_cut_off)
    n_frames = len(index.pts)
    if n_frames < MIN_FRAMES:
        found = Phrase("1 frame") if n_frames == 1 else Phrase("{0} frames", n_frames)
        cut_off = Phrase(" (the file is cut off, {0} more are missing)", n_missing) if n_missing else ""
        raise VideoError("{0}: found {1}{2}, need at least {3}: pick a longer clip.", path, found, cut_off, MIN_FRAMES)
    with open_video(path) as (container, stream):
        codec, geometry = _inspect_first_frame(path, container, stream)
        recorded_on = recording_day(container.metadata)
    if n_missing:
        logger.warning("%s is cut off: %d of %d frames are there", path, n_frames, n_frames + n_missing)

    pts_s = ((index.pts - index.pts[0]) * float(time_base)).astype(np.float64)
    pts_s.setflags(write=False)
    intervals_s = np.diff(pts_s)
    width_px, height_px = geometry.size_px
    info = VideoInfo(
        path=path,
        width_px=width_px,
        height_px=height_px,
        n_frames=n_frames,
        fps=float((n_frames - 1) / (int(index.pts[-1] - index.pts[0]) * time_base)),
        duration_s=float(pts_s[-1] + np.median(intervals_s)),
        rotation_deg=-90 * geometry.quarter_turns % 360,
        codec=codec,
        variable_frame_rate=_is_variable_rate(intervals_s, float(time_base)),
        n_frames_missing=n_missing,
        n_parts_damaged=0 if n_missing else n_damaged,  # the last packet of a truncated file is corrupt
        recorded_on=recorded_on,
        pts_s=pts_s,
    )
    return info, index, geometry


def recording_day(metadata: Mapping[str, str]) -> str | None:
    """Return the day of a recording by the metadata of its file, YYYY-MM-DD.

    A time in UTC is converted to the local zone. None where it is missing, or that of a camera without a clock.
    """
    for key in ("com.apple.quicktime.creationdate", "creation_time", "date"):
        try:
            # FFmpeg 9 joins what a file says twice.
            said = datetime.fromisoformat(metadata.get(key, "").split(";")[0].strip())
        except ValueError:
            continue
        if _FIRST_YEAR <= said.year <= _LAST_YEAR:  # Windows has no local time of years before 1970
            return (said.astimezone() if said.tzinfo == UTC else said).date().isoformat()
    return None


@contextmanager
def open_video(path: Path, *, accelerated: bool = False) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and yield its container and video stream; closes the file at the end.

    Of several video streams the first that is marked as the default is used.

    Args:
        accelerated: of `open_container`.

    Raises:
        VideoError: the file is not a video, has no video stream, or is larger than any video.
    """
    try:
        options = {"max_pixels": str(MOST_PIXELS)}
        container = open_container(str(path.resolve()), options=options, accelerated=accelerated)
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(_why_not_opened(path, error)) from None
    with container:
        # FFmpeg reports the cover picture of a sound file as a stream of a single frame.
        pictures = [s for s in container.streams.video if not s.disposition & _NOT_VIDEO]
        if not pictures and container.streams.audio:
            raise VideoError("{0} has sound but no picture: choose a video.", path)
        if not pictures:
            raise VideoError("{0} is not a video: choose an MP4, MOV, MKV or AVI file.", path)
        stream = next((s for s in pictures if s.disposition & Disposition.default), pictures[0])
        _refuse_too_many(path, stream.frames)
        context = stream.codec_context
        if context is None:
            raise VideoError("{0} is in a format that cannot be decoded: convert it to H.264 MP4.", path)
        if context.width * context.height > MOST_PIXELS:
            shape = (context.width, context.height)
            raise VideoError("{0} has frames of {1} x {2} pixels: convert it to at most 8192 x 4320.", path, *shape)
        context.options = {"max_pixels": str(MOST_PIXELS)}
        stream.thread_type = "AUTO"
        yield container, stream


def _refuse_too_many(path: Path, n_frames: int) -> None:
    if n_frames > MOST_FRAMES:
        raise VideoError(
            "{0} declares {1:,} frames, and at most {2:,} are read: cut it shorter.", path, n_frames, MOST_FRAMES
        )


def intact_packets(container: InputContainer, stream: VideoStream) -> Iterator["Packet[VideoStream]"]:
    """Return the stream's packets without corrupt packets, which end truncated files and stop the decoder."""
    return (packet for packet in demuxed(container, stream) if not packet.is_corrupt)


def _why_not_opened(path: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return Phrase("{0} may not be read: give yourself permission or copy the file.", path)
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as read_error:
        return Phrase("{0} cannot be read ({1}): copy it to another place.", path, read_error.strerror)
    if any(mark in head for mark in _CONTAINER_MARKS):
        return Phrase("{0} is cut off or damaged, no frame can be read: copy it again from the camera.", path)
    return Phrase("{0} is not a video: choose an MP4, MOV, MKV or AVI file.", path)


def _index_packets(
    path: Path, container: InputContainer, stream: VideoStream, cut_off: bool
) -> tuple[FrameIndex, Fraction, int, int]:
    """Read all packets: the frame index, the time base of its stamps, and the numbers of missing and damaged parts."""
    stamps: list[int | None] = []
    key_flags: list[bool] = []
    n_packets = n_damaged = 0
    try:
        for packet in demuxed(container, stream):
            if packet.is_corrupt:
                n_damaged += 1
                continue
            if packet.size == 0 and packet.dts is None:  # end of stream
                continue
            n_packets += 1
            _refuse_too_many(path, n_packets)
            # Empty packets repeat the last frame; discarded packets lie outside the edit list.
            if packet.size and not packet.is_discard:
                stamps.append(packet.pts)
                key_flags.append(packet.is_keyframe)
    except av.error.FFmpegError as error:
        logger.warning("reading packets stopped early: %s", error)
        n_damaged += 1
    n_missing = _count_missing(container, stream, n_packets, cut_off)
    known = [stamp for stamp in stamps if stamp is not None]
    time_base = stream.time_base
    # A raw stream has no stamps: FFmpeg makes them up, and others after a seek.
    raw = container.format.flags & _NO_STAMPS
    distinct = len(set(known)) == len(stamps)
    if raw or time_base is None or not distinct or (known and _span_s(known, time_base) > _MOST_DURATION_S):
        # Stamps are missing, repeated or impossible: number the frames at the nominal rate.
        pts = np.arange(len(stamps), dtype=np.int64)
        index = FrameIndex(pts=pts, keyframes=np.zeros(1, np.int64), seekable=False)
        return index, 1 / _rate(stream), n_missing, n_damaged
    order = np.argsort(np.array(known, dtype=np.int64))
    # AVI stores no presentation times; the demuxer guesses them in decoding order, which B-frames make wrong.
    guessed = container.format.name == "avi" and not all(key_flags)
    index = FrameIndex(
        pts=np.array(known, dtype=np.int64)[order],
        keyframes=np.flatnonzero(np.array(key_flags, dtype=bool)[order]),
        seekable=not guessed,
    )
    return index, time_base, n_missing, n_damaged


def _span_s(stamps: list[int], time_base: Fraction) -> float:
    return (max(stamps) - min(stamps)) * float(time_base)


def _rate(stream: VideoStream) -> Fraction:
    """Return the frames per second by the header, or a usual rate."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and _LEAST_RATE <= rate <= _MOST_RATE:
            return Fraction(rate)
    return Fraction(25)


def _count_missing(container: InputContainer, stream: VideoStream, n_packets: int, cut_off: bool) -> int:
    """Count the frames that the header announces and the file lacks."""
    # Frame counts of other headers are unreliable: they are estimates or include repeated frames.
    if stream.frames and ("mov" in container.format.name.split(",") or (cut_off and container.format.name == "avi")):
        return max(int(cut_off), stream.frames - n_packets)
    if not cut_off:
        return 0
    if container.duration is None:
        return 1
    n_missing = round(container.duration / av.time_base * _rate(stream)) - n_packets
    return n_missing if n_missing > _LONGER_SOUND else 0


def _inspect_first_frame(path: Path, container: InputContainer, stream: VideoStream) -> tuple[str, Geometry]:
    codec = stream.codec_context.name
    stream.codec_context.thread_count = 1
    frame = None
    for packet in intact_packets(container, stream):
        try:
            frame = next(iter(packet.decode()), None)
        except av.error.FFmpegError as error:
            logger.info("%s: a packet could not be decoded: %s", path, error)
        if frame is not None:
            break
    if frame is None:
        raise VideoError("{0}: no frame of its {1} video can be decoded: convert it to H.264 MP4.", path, codec)
    geometry = Geometry.of_pixels(frame.width, frame.height, float(stream.sample_aspect_ratio or 1))
    quarter_turns, mirrored = _orientation(frame)
    return codec, replace(geometry, quarter_turns=quarter_turns, mirrored=mirrored)


def _orientation(frame: av.VideoFrame) -> tuple[int, bool]:
    """Return (counter-clockwise quarter turns, whether to mirror before them) from the frame's display matrix."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return 0, False
    # Rows of a 3 x 3 matrix of fixed-point numbers: x' = a x + c y, y' = b x + d y, with y downwards.
    a, b, _, c, d = np.frombuffer(matrix, dtype=np.int32)[:5].astype(np.float64)
    mirrored = bool(a * d - b * c < 0)
    if mirrored:  # remove the flip to get the pure rotation
        a, b = -a, -b
    return round(np.degrees(np.arctan2(-b, a)) / 90) % 4, mirrored


def _is_variable_rate(intervals_s: np.ndarray, tick_s: float) -> bool:
    median_s = float(np.median(intervals_s))
    tolerance_s = 0.01 * median_s
    if tick_s < median_s / 4:  # a constant rate jitters by a tick in a coarse time base (Matroska: 33, 33, 34 ms)
        tolerance_s = max(tolerance_s, 1.01 * tick_s)
    return bool(np.abs(intervals_s - median_s).max() > tolerance_s)
