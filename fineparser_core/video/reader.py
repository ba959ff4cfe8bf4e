"""Frame-exact reading: seek to the keyframe before, decode forward to the wanted time stamp."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.packet import Packet

from fineparser_core.errors import VideoError
from fineparser_core.types import VideoInfo
from fineparser_core.video.probe import inspect_video, intact_packets, open_video

logger = logging.getLogger(__name__)

# Nearer than this, decoding on is cheaper than starting the decoder anew at a keyframe on the way.
_DECODE_ON_FRAMES = 12


class VideoReader:
    """Any frame of a video, upright and with square pixels; one reader per thread.

    A frame that a damaged file lost shows what a player would show: the frame before it.

    Attributes:
        info: as from `probe`.
    """

    def __init__(self, path: Path) -> None:
        """Raises: VideoError, as for `probe`."""
        self.info: VideoInfo
        self.info, self._index, self._geometry = inspect_video(path)
        self._closing = ExitStack()
        self._decoded: Iterator[tuple[int, av.VideoFrame]] = iter(())
        self._shown: tuple[int, av.VideoFrame] | None = None
        self._ahead: tuple[int, av.VideoFrame] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; reading again opens it again."""
        self._decoded, self._shown, self._ahead = iter(()), None, None
        self._closing.close()

    def frame(self, index: int) -> np.ndarray:
        """Frame `index` of the file as (H, W, 3) uint8 RGB.

        Raises:
            VideoError: no such frame, or the file is damaged before it.
        """
        if not 0 <= index < self.info.n_frames:
            raise VideoError(
                f"{self.info.path}: there is no frame {index}: choose one from 0 to {self.info.n_frames - 1}."
            )
        if not self._reachable(index):
            self._start_before(index)
        return self._to_rgb(self._decode_to(index))

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

    def _reachable(self, index: int) -> bool:
        """Whether decoding on from where we are gets there, and sensibly so."""
        if self._shown is None or self._shown[0] > index:
            return False
        return index - self._shown[0] <= _DECODE_ON_FRAMES or self._keyframe_before(index) <= self._shown[0]

    def _keyframe_before(self, index: int) -> int:
        at = int(np.searchsorted(self._index.keyframes, index, side="right")) - 1
        return int(self._index.keyframes[at]) if at >= 0 else 0

    def _start_before(self, index: int) -> None:
        """Place the decoder at a keyframe at or before a frame."""
        keyframe = self._keyframe_before(index)
        if self._index.seekable and keyframe > 0:
            self._open_at(keyframe)
            self._ahead = next(self._decoded, None)
            if self._ahead is not None and self._ahead[0] <= index:
                return
            logger.info("%s: seeking to frame %d overshot; reading from the start", self.info.path, index)
        self._open_at(0)

    def _open_at(self, keyframe: int) -> None:
        self.close()
        container, stream = self._closing.enter_context(open_video(self.info.path))
        if keyframe > 0:
            try:
                container.seek(int(self._index.pts[keyframe]), stream=stream, backward=True)
            except av.error.FFmpegError as error:
                logger.info("%s: seeking failed: %s; reading from the start", self.info.path, error)
                self._open_at(0)
                return
        self._decoded = self._decode(intact_packets(container, stream), wait_for_keyframe=keyframe > 0)

    def _decode(self, packets: Iterator[Packet], wait_for_keyframe: bool) -> Iterator[tuple[int, av.VideoFrame]]:
        count = 0
        try:
            for packet in packets:
                if wait_for_keyframe and not packet.is_keyframe:
                    continue
                wait_for_keyframe = False
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

    def _decode_to(self, index: int) -> av.VideoFrame:
        while self._shown is None or self._shown[0] != index:
            if self._ahead is None:
                self._ahead = next(self._decoded, None)
            if self._ahead is None:
                raise VideoError(
                    f"{self.info.path}: frame {index} cannot be decoded, the file is damaged there: "
                    "end the clip before it or copy the file again."
                )
            if self._ahead[0] > index:  # the decoder passed over a damaged frame
                return (self._shown or self._ahead)[1]
            self._shown, self._ahead = self._ahead, None
        return self._shown[1]

    def _to_rgb(self, frame: av.VideoFrame) -> np.ndarray:
        geometry = self._geometry
        image = frame.to_ndarray(
            format="rgb24",
            width=geometry.stored_width_px,
            height=geometry.stored_height_px,
            interpolation="BICUBIC",
        )
        if geometry.mirrored:
            image = image[:, ::-1]
        return np.ascontiguousarray(np.rot90(image, geometry.quarter_turns))
