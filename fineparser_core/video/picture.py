"""Decoded frames: upright RGB in full, or small ones kept in a player's cache."""

from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from fineparser_core.video.probe import Geometry

# Of FFmpeg's own, waking more takes longer than the work where the machine is busy.
_THREADS = 1
# FFmpeg's AVX2 turns 16 columns of yuv420p into bgra at once, and leaves out a rest of up to so many (swscale 9.5).
_LEFT_OUT = 4


@dataclass(frozen=True)
class Picture:
    """A frame at display size in planar YUV, 1.5 bytes a pixel instead of the 4 that a screen wants.

    Attributes:
        size_px: (width, height), upright.
        n_bytes: memory that it takes.
    """

    _stored: av.VideoFrame
    _geometry: Geometry

    @property
    def size_px(self) -> tuple[int, int]:
        size = (self._stored.width, self._stored.height)
        return size[::-1] if self._geometry.quarter_turns % 2 else size

    @property
    def n_bytes(self) -> int:
        return sum(plane.buffer_size for plane in self._stored.planes)

    def bgra(self) -> np.ndarray:
        """(height, width, 4) uint8, blue first and opaque, as Qt's RGB32 lies in memory."""
        stored = self._stored
        pixels = stored.to_ndarray(format="bgra", threads=_THREADS)
        if 0 < (rest := stored.width % 16) <= _LEFT_OUT:
            pixels[:, -rest:, :3] = stored.to_ndarray(format="bgr24", threads=_THREADS)[:, -rest:]
            pixels[:, -rest:, 3] = 255
        return upright(pixels, self._geometry)


class Scaler:
    """Turns decoded frames into pictures; keeps FFmpeg's tables between frames. One per thread."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._small = VideoReformatter()
        self._full = VideoReformatter()

    def picture(self, frame: av.VideoFrame, size_px: tuple[int, int]) -> Picture:
        """The frame at (width, height) upright pixels, or in its own size where that is smaller."""
        width, height = (max(min(wanted, own), 1) for wanted, own in zip(size_px, self._geometry.size_px, strict=True))
        if self._geometry.quarter_turns % 2:
            width, height = height, width
        small = self._small.reformat(
            frame, width, height, "yuv420p", interpolation=Interpolation.AREA, threads=_THREADS
        )
        return Picture(small, self._geometry)

    def rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """(H, W, 3) uint8 in full size, upright and with square pixels."""
        geometry = self._geometry
        full = self._full.reformat(
            frame,
            geometry.stored_width_px,
            geometry.stored_height_px,
            "rgb24",
            interpolation=Interpolation.BICUBIC,
        )
        return upright(full.to_ndarray(), geometry)


def upright(image: np.ndarray, geometry: Geometry) -> np.ndarray:
    """A decoded (H, W, C) image, mirrored and turned as the file says; contiguous."""
    if geometry.mirrored:
        image = image[:, ::-1]
    return np.ascontiguousarray(np.rot90(image, geometry.quarter_turns))
