"""Writes MP4 files atomically, with exact time stamps, and verifies them."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from fineparser_core.errors import ExportError
from fineparser_core.language import Phrase
from fineparser_core.support.atomic import atomic_file
from fineparser_core.video.planes import ColorMatrix

logger = logging.getLogger(__name__)

# Represents 24, 25, 30, 50, 60 and 29.97 frames a second exactly; MPEG-4 part 2 allows no finer time base.
_TIME_BASE = Fraction(1, 60_000)
# x264's macroblock tree depends on thread scheduling; without it the same frames give the same file.
_DETERMINISTIC = {"x264-params": "mbtree=0"}
# H.264 if FFmpeg was built with x264, else MPEG-4 part 2 (larger and softer), which FFmpeg always has.
_CODECS = {"libx264": {"crf": "18", "preset": "veryfast", **_DETERMINISTIC}, "mpeg4": {"qmin": "2", "qmax": "4"}}
# A quarter of the size of the same pictures in H.264, for bundled clips. Not every program plays AV1, FFmpeg does.
_COMPACT = {
    "libsvtav1": {"crf": "44", "preset": "4"},
    "libx264": {"crf": "26", "preset": "slow", **_DETERMINISTIC},
    "mpeg4": {"qmin": "4", "qmax": "8"},
}


def keep_apart(path: Path, *videos: Path) -> None:
    """Check that a file to write is none of the videos that it is made of. Raises: ExportError."""
    if path.resolve() in [video.resolve() for video in videos]:
        raise ExportError("{0} is the clip itself: choose another name.", path)


class VideoWriter:
    """An MP4 file, written frame by frame inside a `with` block.

    The file is written under a temporary name. It is renamed at the end of the block once it has been read back and all
    time stamps match; after an exception it is deleted. Odd sides are padded by a pixel, as the codecs need even sides.

    Attributes:
        codec: "libx264", or "mpeg4" if that is missing; "libsvtav1" for a compact file.
    """

    def __init__(
        self,
        path: Path,
        *,
        width_px: int,
        height_px: int,
        fps: float,
        matrix: ColorMatrix = ColorMatrix.BT709,
        compact: bool = False,
        title: str = "",
    ) -> None:
        """Prepare the writer; the file is opened by `__enter__`.

        Args:
            fps: nominal frame rate for the header; the frames have their own times.
            matrix: color matrix of the frames.
            compact: write a smaller file, more slowly and slightly softer.
            title: of the file's metadata.
        """
        options = _COMPACT if compact else _CODECS
        self.codec = next(name for name in options if name in av.codecs_available)
        if self.codec == "mpeg4":
            logger.warning("there is no H.264 encoder here, %s is written as %s", path, self.codec)
        self._path = path
        self._size_px = (width_px, height_px)
        self._fps = Fraction(fps).limit_denominator(1001)
        self._matrix = matrix
        self._options = options[self.codec]
        self._title = title
        self._pts: list[int] = []
        self._writing = self._open()
        self._container: OutputContainer
        self._stream: VideoStream

    def __enter__(self) -> Self:
        """Open the file. Raises: ExportError, if the file cannot be created."""
        self._writing.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Complete the file. Raises: ExportError, if the file cannot be completed."""
        return self._writing.__exit__(kind, error, trace)

    @property
    def note(self) -> str | None:
        """A sentence for the user about the substitute codec; None for others."""
        if self.codec != "mpeg4":
            return None
        return Phrase(
            "There is no H.264 encoder here: {0} is written as MPEG-4 part 2, larger and softer.", self._path.name
        )

    def write(self, frame: np.ndarray, time_s: float) -> None:
        """Append a frame.

        Args:
            frame: (height, width, 3) uint8 RGB.
            time_s: presentation time, seconds from the start of the file; must increase from frame to frame.

        Raises:
            ExportError: the file cannot be written.
        """
        height, width = frame.shape[:2]
        assert (width, height) == self._size_px
        frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=self._matrix.tag, dst_color_range=ColorRange.MPEG
        )
        self.write_picture(picture, time_s)

    def write_picture(self, picture: av.VideoFrame, time_s: float) -> None:
        """Append a yuv420p frame of the writer's matrix and size.

        Args:
            picture: its time stamp is overwritten.
            time_s: see `write`.

        Raises:
            ExportError: the file cannot be written.
        """
        picture.pts = max(round(time_s / _TIME_BASE), self._pts[-1] + 1 if self._pts else 0)
        picture.time_base = _TIME_BASE
        self._pts.append(picture.pts)
        self._encode(picture)

    @contextmanager
    def _open(self) -> Iterator[None]:
        with atomic_file(self._path) as temporary:
            temporary.touch()  # raises a specific OSError, which FFmpeg would not
            file = str(temporary.resolve())
            with av.open(file, "w", format="mp4") as self._container:
                self._stream = self._add_stream()
                if self._title:
                    self._container.metadata["title"] = self._title
                yield
                self._encode(None)
            self._check(file)

    def _add_stream(self) -> VideoStream:
        os.environ.setdefault("SVT_LOG", "1")  # the encoder of AV1 prints its settings else
        stream = self._container.add_stream(self.codec, rate=self._fps, options=self._options)
        assert isinstance(stream, VideoStream)
        width, height = self._size_px
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = _TIME_BASE
        # Tagged explicitly, because players guess differently.
        matrix = self._matrix
        context.colorspace, context.color_primaries, context.color_trc = matrix.tag, matrix.primaries, matrix.primaries
        context.color_range = ColorRange.MPEG
        return stream

    def _check(self, file: str) -> None:
        """Check the finished file. Raises: ExportError, if it lacks a frame or a frame has another time."""
        try:
            with av.open(file, format="mp4") as written:
                stream = written.streams.video[0]
                found = sorted(packet.pts for packet in written.demux(stream) if packet.size and packet.pts is not None)
                ticks = stream.time_base / _TIME_BASE if stream.time_base else 0
        except (av.error.FFmpegError, IndexError) as error:
            raise ExportError("{0} cannot be read back: write it to another disk.", self._path) from error
        if len(found) != len(self._pts):
            values = (self._path, len(found), len(self._pts))
            raise ExportError("{0}: {1} of {2} frames could be read back: write it to another disk.", *values)
        if [(pts - found[0]) * ticks for pts in found] != [pts - self._pts[0] for pts in self._pts]:
            raise ExportError(
                "{0}: the times of its frames are not those written: write it as another file.", self._path
            )

    def _encode(self, picture: av.VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(picture))
        except (av.error.FFmpegError, OSError) as error:
            raise ExportError(
                "{0} cannot be written ({1}): choose a folder that has room.", self._path, error.strerror
            ) from error
