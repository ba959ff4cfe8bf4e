"""Planar YUV images, the format in which exports draw: frames need no conversion to RGB and back.

Planes are 4:2:0, 8 bits, limited range: luma (H, W) and two chroma planes (H / 2, W / 2), H and W even.
"""

from dataclasses import dataclass
from enum import Enum
from threading import local
from typing import NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from fineparser_core.video.hdr import is_hdr, standard_range
from fineparser_core.video.probe import Geometry

# FFmpeg's AVCOL_SPC_UNSPECIFIED.
_UNSPECIFIED = 2
# Frames without a color tag are taken for BT.709 from this height on and for BT.601 below it, as players do.
_HD_HEIGHT_PX = 720
# The reformatter of a thread, whose tables and threads cost more than the conversion of a picture.
_kept = local()


class Planes(NamedTuple):
    """Luma and the two chroma planes, uint8; may be views of a larger image."""

    y: np.ndarray
    u: np.ndarray
    v: np.ndarray


@dataclass(frozen=True)
class _Coefficients:
    """Coefficients of red and blue in luma, and FFmpeg's numbers of the matrix and of its usual primaries."""

    red: float
    blue: float
    tag: int
    primaries: int


class ColorMatrix(Enum):
    """The matrix that converts between RGB and YUV."""

    BT601 = _Coefficients(0.299, 0.114, 5, 6)
    BT709 = _Coefficients(0.2126, 0.0722, 1, 1)

    def planes(self, image: np.ndarray) -> Planes:
        """Convert an (H, W, 3) uint8 RGB image with even sides to new planes."""
        red, green, blue = np.moveaxis(image.astype(np.float32) / 255, 2, 0)
        luma = self.value.red * red + (1 - self.value.red - self.value.blue) * green + self.value.blue * blue
        u = (blue - luma) / (2 - 2 * self.value.blue)
        v = (red - luma) / (2 - 2 * self.value.red)
        u, v = (128 + 224 * (c[::2, ::2] + c[1::2, ::2] + c[::2, 1::2] + c[1::2, 1::2]) / 4 for c in (u, v))
        return Planes(*(np.rint(plane).astype(np.uint8) for plane in (16 + 219 * luma, u, v)))

    def color(self, rgb: tuple[int, ...]) -> tuple[int, int, int]:
        """Convert an RGB color to (y, u, v)."""
        y, u, v = self.planes(np.full((2, 2, 3), rgb, np.uint8))
        return int(y[0, 0]), int(u[0, 0]), int(v[0, 0])


def frame_color_matrix(frame: av.VideoFrame) -> ColorMatrix:
    """Return the frame's own matrix, so that its colors need no conversion.

    BT.709 if it has another matrix or none.
    """
    own = _own_matrix(frame)
    return own if own is not None else ColorMatrix.BT709


class PlaneScaler:
    """Converts the decoded frames of a video to upright planes. Keeps FFmpeg's scaling tables between frames."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._reformatter = VideoReformatter()
        self._deep = VideoReformatter()

    def planes(self, frame: av.VideoFrame, size_px: tuple[int, int], matrix: ColorMatrix) -> Planes:
        """Scale a frame, upright and with square pixels, to (width, height), both even."""
        import cv2

        turns = self._geometry.quarter_turns
        width, height = size_px[::-1] if turns % 2 else size_px
        if is_hdr(frame):
            rgb = standard_range(self._deep, frame, width, height, Interpolation.BICUBIC)
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
        own = _own_matrix(frame)
        full_range = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
        scaled = self._reformatter.reformat(
            frame,
            width,
            height,
            "yuv420p",
            # Equal color spaces make this a copy. None (RGB, BT.2020) makes FFmpeg use the frame's own tag.
            src_colorspace=own.value.tag if own is not None else None,
            dst_colorspace=matrix.value.tag,
            src_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC,
        )
        planes = []
        for plane, divided_by in zip(scaled.planes, (1, 2, 2), strict=True):
            rows, columns = height // divided_by, width // divided_by
            image: np.ndarray = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:rows, :columns]
            if self._geometry.mirrored:
                image = cv2.flip(image, 1)
            planes.append(cv2.rotate(image, _ROTATIONS[turns]) if turns else image)
        return Planes(*planes)


def to_video_frame(planes: Planes) -> av.VideoFrame:
    """Copy planes into a yuv420p frame."""
    height, width = planes.y.shape
    flat = np.concatenate([plane.reshape(-1) for plane in planes])
    return av.VideoFrame.from_ndarray(flat.reshape(height * 3 // 2, width), format="yuv420p")


def to_rgb(planes: Planes, matrix: ColorMatrix) -> np.ndarray:
    """Convert planes to an (H, W, 3) uint8 RGB image."""
    if not hasattr(_kept, "reformatter"):
        _kept.reformatter = VideoReformatter()
    converted = _kept.reformatter.reformat(
        to_video_frame(planes),
        format="rgb24",
        src_colorspace=matrix.value.tag,
        src_color_range=ColorRange.MPEG,
        interpolation=Interpolation.BICUBIC,
    )
    return np.asarray(converted.to_ndarray())


def _own_matrix(frame: av.VideoFrame) -> ColorMatrix | None:
    """Return the matrix of a frame; None for RGB and for matrices that `ColorMatrix` lacks."""
    if frame.format.is_rgb or frame.format.has_palette:
        return None
    if frame.colorspace == _UNSPECIFIED:
        return ColorMatrix.BT709 if min(frame.width, frame.height) >= _HD_HEIGHT_PX else ColorMatrix.BT601
    return {1: ColorMatrix.BT709, 5: ColorMatrix.BT601, 6: ColorMatrix.BT601}.get(int(frame.colorspace))


# Counter-clockwise quarter turns to OpenCV's ROTATE_90_COUNTERCLOCKWISE, ROTATE_180, ROTATE_90_CLOCKWISE.
_ROTATIONS = {1: 2, 2: 1, 3: 0}
