"""Frame-exact reading: seeks to the keyframe before a frame and decodes forward to its time stamp."""

import logging
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self, TypeVar

import av
import numpy as np
from av.codec.context import CodecContext
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from fineparser_core.errors import VideoError
from fineparser_core.records import VideoInfo
from fineparser_core.video.picture import Picture, Scaler
from fineparser_core.video.probe import inspect_video, intact_packets, open_video

logger = logging.getLogger(__name__)

Made = TypeVar("Made")

# Over distances up to this, decoding forward is cheaper than a seek to a keyframe in between.
_MAX_FRAMES_FORWARD = 12
# Decoding threads beyond these need memory, a frame each, and gain little.
_MAX_THREADS = 8
_MAX_PIXELS_AT_ONCE = 100_000_000
# Pixels of a frame from which on a device decodes it: bringing smaller frames back takes as long as decoding them.
_ACCELERATED_PIXELS = 2560 * 1440
# Maximum number of frames, and of their pixels, that are decoded ahead.
_MOST_AHEAD, _MAX_PIXELS_AHEAD = 4, 33_000_000


class VideoReader:
    """Random access to the frames of a video, upright and with square pixels. Not thread-safe.

    In place of a frame that is missing in a damaged file, the frame before it is returned, as players show it.

    Attributes:
        info: see `probe`.
        geometry: transform from a decoded frame to an upright frame.
        keyframes: (k,) int64 ascending, frames at which decoding can start.
        damaged: frames read that could not be decoded, or not whole.
    """

    def __init__(self, path: Path) -> None:
        """Open a video.

        Raises:
            VideoError: see `probe`.
        """
        self.info: VideoInfo
        self.info, self._index, self.geometry = inspect_video(path)
        # Only these mark frames that no other frame refers to.
        self._can_skip = self._index.seekable and self.info.codec in ("h264", "hevc")
        self.keyframes = self._index.keyframes if self._index.seekable else np.zeros(1, np.int64)
        self.damaged: set[int] = set()
        self._scaler = Scaler(self.geometry)
        self._closing = ExitStack()
        self._source: tuple[InputContainer, VideoStream] | None = None
        self._decoded: Iterator[tuple[int, av.VideoFrame]] = iter(())
        self._current: tuple[int, av.VideoFrame] | None = None
        self._next: tuple[int, av.VideoFrame] | None = None
        self._needed_from = 0  # non-reference frames before this frame are skipped
        self._skipped_before = 0  # the latest `_needed_from` since decoding started at a keyframe
        self._wanted_pts: frozenset[int] | None = None  # frames that are not among them are skipped likewise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the next read opens it again."""
        self._decoded, self._current, self._next, self._source = iter(()), None, None, None
        self._closing.close()

    def frame(self, index: int) -> np.ndarray:
        """Return frame `index` of the file as (H, W, 3) uint8 RGB.

        Raises:
            VideoError: the frame does not exist, or nothing before it can be decoded.
        """
        return self._scaler.rgb(self.decoded(index))

    def decoded(self, index: int) -> av.VideoFrame:
        """Return frame `index` as decoded: neither rotated nor scaled.

        Raises:
            VideoError: see `frame`.
        """
        self.seek(index)
        assert self._current is not None
        return self._current[1]

    def picture(self, size_px: tuple[int, int]) -> Picture:
        """Return the frame at which the last `seek` ended, scaled to (width, height) of the upright picture."""
        assert self._current is not None
        return self._scaler.picture(self._current[1], size_px)

    def frames(self, indices: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (index, frame) for ascending indices, which may repeat; decodes each part of the file once.

        Raises:
            VideoError: see `frame`.
        """
        last: tuple[int, np.ndarray] | None = None
        for index in map(int, indices):
            if last is None or last[0] != index:
                last = (index, self.frame(index))
            yield last

    def frames_ahead(
        self, indices: Iterable[int], make: Callable[[np.ndarray], np.ndarray] = lambda frame: frame
    ) -> Generator[tuple[int, np.ndarray]]:
        """Yield `decoded_ahead` of the results made of full-size RGB frames."""
        return self.decoded_ahead(indices, lambda decoded: make(self._scaler.rgb(decoded)))

    def decoded_ahead(
        self, indices: Iterable[int], make: Callable[[av.VideoFrame], Made]
    ) -> Generator[tuple[int, Made]]:
        """Yield what is made of frames at ascending indices; a thread decodes and makes the next few meanwhile.

        Frames between them that no other frame refers to are not decoded. Nothing else may use the reader before the
        generator is exhausted or closed.

        Raises:
            VideoError: see `frame`.
        """
        wanted = [int(index) for index in indices]
        if self._can_skip:
            known = (index for index in wanted if 0 <= index < self.info.n_frames)
            self._wanted_pts = frozenset(self._index.pts[list(known)].tolist())
        items = ((index, make(self.decoded(index))) for index in wanted)
        ahead = min(_MOST_AHEAD, max(1, _MAX_PIXELS_AHEAD // (self.info.width_px * self.info.height_px)))
        try:
            with ThreadPoolExecutor(1, thread_name_prefix="decode") as thread:
                pending = deque(thread.submit(next, items, None) for _ in range(ahead))
                try:
                    while (item := pending.popleft().result()) is not None:
                        pending.append(thread.submit(next, items, None))
                        yield item
                finally:
                    for future in pending:
                        future.cancel()
        finally:
            if self._wanted_pts is not None:  # skipped frames may be read next
                self._wanted_pts, self._current, self._next = None, None, None

    def seek(self, index: int, *, needed_from: int = 0, stop: Callable[[], bool] = lambda: False) -> bool:
        """Decode up to a frame.

        Args:
            needed_from: first frame that the caller will read; frames before it are skipped if no other frame refers to
                them.
            stop: called before every frame; True abandons the seek.

        Returns:
            False if the seek was abandoned.

        Raises:
            VideoError: the frame does not exist, or nothing before it can be decoded.
        """
        if not 0 <= index < self.info.n_frames:
            raise VideoError(
                "{0}: there is no frame {1}: choose one from 0 to {2}.", self.info.path, index, self.info.n_frames - 1
            )
        needed_from = min(max(needed_from, 0), index) if self._can_skip else 0
        if self._is_reachable(index):
            self._needed_from, self._skipped_before = needed_from, max(self._skipped_before, needed_from)
        else:
            self._start_before(index, needed_from)
        while self._current is None or self._current[0] != index:
            if stop():
                return False
            if self._next is None:
                self._next = next(self._decoded, None)
            if self._next is None:
                if self._current is not None:  # the rest of the file is damaged
                    break
                raise VideoError(
                    "{0}: frame {1} cannot be decoded, nor any frame before it: copy the file again.",
                    self.info.path,
                    index,
                )
            if self._next[0] <= index:
                self._current, self._next = self._next, None
            elif index < self._skipped_before:  # the frame may have been skipped
                self._start_before(index, needed_from)
            else:  # the frame is damaged
                self._current = self._current or self._next
                break
        if self._current[0] != index or self._current[1].is_corrupt:
            self.damaged.add(index)
        return True

    def keyframe_before(self, index: int) -> int:
        """Return the keyframe at which decoding must start to reach a frame."""
        at = int(np.searchsorted(self.keyframes, index, side="right")) - 1
        return int(self.keyframes[at]) if at >= 0 else 0

    def _is_reachable(self, index: int) -> bool:
        """Return True if decoding forward from the current frame is the cheapest way to a frame."""
        if self._current is None or self._current[0] > index:
            return False
        return index - self._current[0] <= _MAX_FRAMES_FORWARD or self.keyframe_before(index) <= self._current[0]

    def _start_before(self, index: int, needed_from: int) -> None:
        """Place the decoder at a keyframe at or before a frame."""
        self._needed_from = self._skipped_before = needed_from
        keyframe = self.keyframe_before(index)
        # For the first keyframe of a file that is not open yet, opening alone is more reliable than a seek.
        if self._index.seekable and (keyframe > 0 or self._source is not None):
            self._start_at(keyframe)
            self._next = next(self._decoded, None)
            if self._next is not None and self._next[0] <= index:
                return
            logger.info("%s: seeking to frame %d overshot; reading from the start", self.info.path, index)
        self._start_at(None)

    def _start_at(self, keyframe: int | None) -> None:
        """Seek to a keyframe; None reopens the file."""
        self._decoded, self._current, self._next = iter(()), None, None
        if keyframe is None:
            self.close()
        if self._source is None:
            n_pixels = self.info.width_px * self.info.height_px
            video = open_video(self.info.path, accelerated=n_pixels >= _ACCELERATED_PIXELS)
            self._source = self._closing.enter_context(video)
            at_once = _MAX_PIXELS_AT_ONCE // n_pixels
            self._source[1].codec_context.thread_count = max(1, min(os.cpu_count() or 1, _MAX_THREADS, at_once))
        container, stream = self._source
        if keyframe is not None:
            try:
                container.seek(int(self._index.pts[keyframe]), stream=stream, backward=True)
            except av.error.FFmpegError as error:
                logger.info("%s: seeking failed: %s; reading from the start", self.info.path, error)
                self._start_at(None)
                return
        packets = intact_packets(container, stream)
        self._decoded = self._decode(packets, stream, wait_for_keyframe=keyframe is not None)

    def _decode(
        self, packets: Iterator["Packet[VideoStream]"], stream: VideoStream, wait_for_keyframe: bool
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        count, context = 0, stream.codec_context
        can_skip = self._can_skip and not _has_temporal_layers(context)
        try:
            for packet in packets:
                if wait_for_keyframe and not packet.is_keyframe:
                    continue
                wait_for_keyframe = False
                if can_skip and packet.pts is not None:
                    needed = packet.pts >= self._index.pts[self._needed_from]
                    needed &= self._wanted_pts is None or packet.pts in self._wanted_pts
                    context.skip_frame = "DEFAULT" if needed else "NONREF"
                try:
                    frames = packet.decode()
                except av.error.FFmpegError as error:  # continue after a damaged packet
                    logger.info("%s: a packet could not be decoded: %s", self.info.path, error)
                    continue
                for frame in frames:
                    if self._index.seekable:
                        if frame.pts is None:
                            continue
                        yield int(np.searchsorted(self._index.pts, frame.pts, side="right")) - 1, frame
                    else:
                        yield count, frame
                    count += 1
        except av.error.FFmpegError as error:
            logger.info("%s: reading stopped early: %s", self.info.path, error)


def _has_temporal_layers(context: CodecContext) -> bool:
    """Return True if HEVC frames that no frame of their layer refers to may be referred to by another layer."""
    settings = context.extradata or b""
    return context.name == "hevc" and (len(settings) < 23 or settings[0] != 1 or (settings[21] >> 3) & 7 != 1)
