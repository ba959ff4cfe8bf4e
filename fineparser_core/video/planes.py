"""Pictures as the three planes that video is stored in, so that an export never turns a whole frame into RGB and back.

Planes are 4:2:0, 8 bits, limited range: luma (H, W), the two chroma planes (H / 2, W / 2), H and W even.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from fineparser_core.video.probe import Geometry

_UNTAGGED = 2
# Untagged pictures from this height on are taken for high definition, as players do.
_HD_HEIGHT_PX = 720


class Planes(NamedTuple):
    """Luma and the two chroma planes, uint8; often views, to be drawn on."""

    y: np.ndarray
    u: np.ndarray
    v: np.ndarray


@dataclass(frozen=True)
class _Weights:
    """Share of red and blue in luma; numbers in FFmpeg of the matrix and of the primaries it usually comes with."""

    red: float
    blue: float
    tag: int
    primaries: int


class Matrix(Enum):
    """How colours become luma and chroma."""

    BT601 = _Weights(0.299, 0.114, 5, 6)
    BT709 = _Weights(0.2126, 0.0722, 1, 1)

    def planes(self, image: np.ndarray) -> Planes:
        """(H, W, 3) uint8 RGB with even sides as new planes."""
        red, green, blue = np.moveaxis(image.astype(np.float32) / 255, 2, 0)
        luma = self.value.red * red + (1 - self.value.red - self.value.blue) * green + self.value.blue * blue
        u = (blue - luma) / (2 - 2 * self.value.blue)
        v = (red - luma) / (2 - 2 * self.value.red)
        u, v = (128 + 224 * (c[::2, ::2] + c[1::2, ::2] + c[::2, 1::2] + c[1::2, 1::2]) / 4 for c in (u, v))
        return Planes(*(np.rint(plane).astype(np.uint8) for plane in (16 + 219 * luma, u, v)))

    def colour(self, rgb: tuple[int, ...]) -> tuple[int, int, int]:
        """(y, u, v) of a colour."""
        y, u, v = self.planes(np.full((2, 2, 3), rgb, np.uint8))
        return int(y[0, 0]), int(u[0, 0]), int(v[0, 0])


def matrix_of(frame: av.VideoFrame) -> Matrix:
    """The matrix to keep a picture's colours in, so that they need no conversion wherever that is possible."""
    own = _own_matrix(frame)
    return own if own is not None else Matrix.BT709


class PlaneScaler:
    """Turns the decoded frames of one video into upright planes; keeps FFmpeg's tables between frames."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._reformatter = VideoReformatter()

    def planes(self, frame: av.VideoFrame, size_px: tuple[int, int], matrix: Matrix) -> Planes:
        """A frame, upright and with square pixels, at (width, height), both even."""
        import cv2

        turns = self._geometry.quarter_turns
        width, height = size_px[::-1] if turns % 2 else size_px
        own = _own_matrix(frame)
        full_range = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
        scaled = self._reformatter.reformat(
            frame,
            width,
            height,
            "yuv420p",
            # Equal ones make it a copy; without a matrix of ours (RGB, BT.2020) the frame says what it is.
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


def picture_of(planes: Planes) -> av.VideoFrame:
    """A copy of planes as a yuv420p frame."""
    height, width = planes.y.shape
    flat = np.concatenate([plane.reshape(-1) for plane in planes])
    return av.VideoFrame.from_ndarray(flat.reshape(height * 3 // 2, width), format="yuv420p")


def rgb_of(planes: Planes, matrix: Matrix) -> np.ndarray:
    """Planes as an (H, W, 3) uint8 RGB image."""
    return picture_of(planes).to_ndarray(
        format="rgb24", src_colorspace=matrix.value.tag, src_color_range=ColorRange.MPEG, interpolation="BICUBIC"
    )


def _own_matrix(frame: av.VideoFrame) -> Matrix | None:
    """The matrix that a picture is in; None where it is in none of ours."""
    if frame.format.is_rgb or frame.format.has_palette:
        return None
    if frame.colorspace == _UNTAGGED:
        return Matrix.BT709 if min(frame.width, frame.height) >= _HD_HEIGHT_PX else Matrix.BT601
    return {1: Matrix.BT709, 5: Matrix.BT601, 6: Matrix.BT601}.get(int(frame.colorspace))


# Counter-clockwise quarter turns; OpenCV's ROTATE_90_CLOCKWISE, ROTATE_180, ROTATE_90_COUNTERCLOCKWISE.
_ROTATIONS = {1: 2, 2: 1, 3: 0}
