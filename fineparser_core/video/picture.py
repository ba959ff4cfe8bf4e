"""Conversion of decoded frames: to full-size RGB arrays, or to small pictures for a player's cache."""

from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from fineparser_core.video.planes import is_hdr, standard_range
from fineparser_core.video.probe import Geometry

# swscale 9.5 converts yuv420p to bgra in groups of 16 columns with AVX2 and omits a remainder of up to this many.
_GROUP, _OMITTED = 16, 4


def omitted_columns(width_px: int) -> int:
    """Return the number of columns at the right that a conversion to bgra omits; such pictures are converted twice."""
    remainder = width_px % _GROUP
    return remainder if remainder <= _OMITTED else 0


# Threads of FFmpeg's scaler; starting more takes longer than the conversion on a busy machine.
_THREADS = 1


@dataclass(frozen=True)
class Picture:
    """A frame at display size, stored as planar YUV: 1.5 bytes a pixel instead of the 4 of a screen's format.

    Attributes:
        size_px: (width, height) of the upright picture.
        n_bytes: memory use.
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
        """Return the upright picture as (height, width, 4) uint8 in the memory layout of Qt's RGB32: B, G, R, 255."""
        stored = self._stored
        pixels = stored.to_ndarray(format="bgra", threads=_THREADS)
        if remainder := omitted_columns(stored.width):
            pixels[:, -remainder:, :3] = stored.to_ndarray(format="bgr24", threads=_THREADS)[:, -remainder:]
            pixels[:, -remainder:, 3] = 255
        return _orient(pixels, self._geometry)


class Scaler:
    """Converts decoded frames. Keeps FFmpeg's scaling tables between frames; not thread-safe."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._small = VideoReformatter()
        self._full = VideoReformatter()
        self._deep = VideoReformatter()

    def picture(self, frame: av.VideoFrame, size_px: tuple[int, int]) -> Picture:
        """Return the frame scaled to (width, height) of the upright picture, but never enlarged."""
        width, height = (max(min(wanted, own), 1) for wanted, own in zip(size_px, self._geometry.size_px, strict=True))
        if self._geometry.quarter_turns % 2:
            width, height = height, width
        if is_hdr(frame):
            image = standard_range(self._deep, frame, width, height, Interpolation.AREA)
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
        small = self._small.reformat(
            frame, width, height, "yuv420p", interpolation=Interpolation.AREA, threads=_THREADS
        )
        return Picture(small, self._geometry)

    def rgb(self, frame: av.VideoFrame) -> np.ndarray:
        """Return the frame in full size as (H, W, 3) uint8 RGB, upright and with square pixels."""
        geometry = self._geometry
        size_px = geometry.stored_width_px, geometry.stored_height_px
        if is_hdr(frame):
            return _orient(standard_range(self._deep, frame, *size_px, Interpolation.BICUBIC), geometry)
        full = self._full.reformat(frame, *size_px, "rgb24", interpolation=Interpolation.BICUBIC)
        return _orient(full.to_ndarray(), geometry)


def _orient(image: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Mirror and rotate a decoded (H, W, C) image to upright; the result is contiguous."""
    if geometry.mirrored:
        image = image[:, ::-1]
    return np.ascontiguousarray(np.rot90(image, geometry.quarter_turns))
