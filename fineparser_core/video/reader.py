"""Frame-exact reading: seek to the keyframe before, decode forward to the wanted time stamp."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from fineparser_core.errors import VideoError
from fineparser_core.types import VideoInfo
from fineparser_core.video.picture import Picture, Scaler
from fineparser_core.video.probe import inspect_video, intact_packets, open_video

logger = logging.getLogger(__name__)

# Nearer than this, decoding on is cheaper than starting the decoder anew at a keyframe on the way.
_DECODE_ON_FRAMES = 12
# More decoding threads hold more frames in memory and gain little.
_MOST_THREADS = 8


class VideoReader:
    """Any frame of a video, upright and with square pixels; one reader per thread.

    A frame that a damaged file lost shows what a player would show: the frame before it.

    Attributes:
        info: as from `probe`.
        geometry: how a decoded frame becomes an upright one.
        keyframes: (k,) int64 ascending, frames that decoding can start from.
    """

    def __init__(self, path: Path) -> None:
        """Raises: VideoError, as for `probe`."""
        self.info: VideoInfo
        self.info, self._index, self.geometry = inspect_video(path)
        # Only H.264 says of every frame whether any other one needs it.
        self._may_leave_out = self._index.seekable and self.info.codec == "h264"
        self.keyframes = self._index.keyframes if self._index.seekable else np.zeros(1, np.int64)
        self._scaler = Scaler(self.geometry)
        self._closing = ExitStack()
        self._source: tuple[InputContainer, VideoStream] | None = None
        self._decoded: Iterator[tuple[int, av.VideoFrame]] = iter(())
        self._shown: tuple[int, av.VideoFrame] | None = None
        self._ahead: tuple[int, av.VideoFrame] | None = None
        self._all_from = 0  # earlier frames are left out where no other needs them
        self._left_out_to = 0  # the latest `_all_from` since decoding started at a keyframe

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; reading again opens it again."""
        self._decoded, self._shown, self._ahead, self._source = iter(()), None, None, None
        self._closing.close()

    def frame(self, index: int) -> np.ndarray:
        """Frame `index` of the file as (H, W, 3) uint8 RGB.

        Raises:
            VideoError: no such frame, or the file is damaged before it.
        """
        return self._scaler.rgb(self.decoded(index))

    def decoded(self, index: int) -> av.VideoFrame:
        """Frame `index` as it was decoded: neither upright nor scaled.

        Raises:
            VideoError: as for `frame`.
        """
        self.seek(index)
        assert self._shown is not None
        return self._shown[1]

    def picture(self, size_px: tuple[int, int]) -> Picture:
        """The frame that `seek` has found, scaled to (width, height) upright pixels."""
        assert self._shown is not None
        return self._scaler.picture(self._shown[1], size_px)

    def frames(self, indices: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
        """(index, frame) for ascending indices, decoding every stretch once; repeats are allowed.

        Raises:
            VideoError: as for `frame`.
        """
        last: tuple[int, np.ndarray] | None = None
        for index in map(int, indices):
            if last is None or last[0] != index:
                last = (index, self.frame(index))
            yield last

    def seek(self, index: int, *, all_from: int = 0, stop: Callable[[], bool] = lambda: False) -> bool:
        """Decode to a frame; False where `stop`, asked before every frame on the way, said so.

        Args:
            all_from: frames before this one are not wanted, so the way is made without those that no other needs.

        Raises:
            VideoError: no such frame, or the file is damaged before it.
        """
        if not 0 <= index < self.info.n_frames:
            raise VideoError(
                f"{self.info.path}: there is no frame {index}: choose one from 0 to {self.info.n_frames - 1}."
            )
        all_from = min(max(all_from, 0), index) if self._may_leave_out else 0
        if self._reachable(index):
            self._all_from, self._left_out_to = all_from, max(self._left_out_to, all_from)
        else:
            self._start_before(index, all_from)
        while self._shown is None or self._shown[0] != index:
            if stop():
                return False
            if self._ahead is None:
                self._ahead = next(self._decoded, None)
            if self._ahead is None:
                raise VideoError(
                    f"{self.info.path}: frame {index} cannot be decoded, the file is damaged there: "
                    "end the clip before it or copy the file again."
                )
            if self._ahead[0] <= index:
                self._shown, self._ahead = self._ahead, None
            elif index < self._left_out_to:  # it may be one of those
                self._start_before(index, all_from)
            else:  # the decoder passed over a damaged frame
                self._shown = self._shown or self._ahead
                break
        return True

    def keyframe_before(self, index: int) -> int:
        """The frame that decoding has to start from to get at a frame."""
        at = int(np.searchsorted(self.keyframes, index, side="right")) - 1
        return int(self.keyframes[at]) if at >= 0 else 0

    def _reachable(self, index: int) -> bool:
        """Whether decoding on from where we are gets there, and sensibly so."""
        if self._shown is None or self._shown[0] > index:
            return False
        return index - self._shown[0] <= _DECODE_ON_FRAMES or self.keyframe_before(index) <= self._shown[0]

    def _start_before(self, index: int, all_from: int) -> None:
        """Place the decoder at a keyframe at or before a frame."""
        self._all_from = self._left_out_to = all_from
        keyframe = self.keyframe_before(index)
        # At the first keyframe, opening anew is the surer way where the file is not open yet.
        if self._index.seekable and (keyframe > 0 or self._source is not None):
            self._start_at(keyframe)
            self._ahead = next(self._decoded, None)
            if self._ahead is not None and self._ahead[0] <= index:
                return
            logger.info("%s: seeking to frame %d overshot; reading from the start", self.info.path, index)
        self._start_at(None)

    def _start_at(self, keyframe: int | None) -> None:
        """Seek to a keyframe; None opens the file anew."""
        self._decoded, self._shown, self._ahead = iter(()), None, None
        if keyframe is None:
            self.close()
        if self._source is None:
            self._source = self._closing.enter_context(open_video(self.info.path))
            self._source[1].codec_context.thread_count = min(os.cpu_count() or 1, _MOST_THREADS)
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
        self, packets: Iterator[Packet], stream: VideoStream, wait_for_keyframe: bool
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        count = 0
        try:
            for packet in packets:
                if wait_for_keyframe and not packet.is_keyframe:
                    continue
                wait_for_keyframe = False
                if self._may_leave_out and packet.pts is not None:
                    wanted = packet.pts >= self._index.pts[self._all_from]
                    stream.codec_context.skip_frame = "DEFAULT" if wanted else "NONREF"
                try:
                    frames = packet.decode()
                except av.error.FFmpegError as error:  # one damaged packet does not end a video
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
