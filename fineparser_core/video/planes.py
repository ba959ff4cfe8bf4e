"""Planar YUV images, the format in which exports draw: frames need no conversion to RGB and back.

Planes are 4:2:0, 8 bits, limited range: luma (H, W) and two chroma planes (H / 2, W / 2), H and W even.
"""

from enum import Enum
from functools import cache
from threading import local
from typing import NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from fineparser_core.video.probe import Geometry

# FFmpeg's AVCOL_TRC_SMPTE2084 and AVCOL_TRC_ARIB_STD_B67.
_PQ, _HLG = 16, 18
# White of a page, and what a display for HLG shows at most (ITU-R BT.2408, BT.2100).
_WHITE_NITS, _HLG_PEAK_NITS = 203.0, 1000.0
# Up to this share of white a light stays as it is; what is brighter is drawn together below white.
_KNEE = 0.6
_SCREEN_GAMMA = 2.4


def is_hdr(frame: av.VideoFrame) -> bool:
    """Return True if a decoded frame is coded by a curve of high dynamic range, PQ or HLG."""
    return frame.color_trc in (_PQ, _HLG)


def standard_range(
    reformatter: VideoReformatter, frame: av.VideoFrame, width: int, height: int, interpolation: Interpolation
) -> np.ndarray:
    """Return an HDR frame scaled to (height, width, 3) uint8 RGB for a usual screen, from all the bits that it has.

    The curve is drawn channel by channel: colors come out near to what libswscale makes of them, which takes seconds
    to begin. The wider primaries of BT.2020 are taken for those of BT.709: strong colors are a little paler.
    """
    deep = reformatter.reformat(frame, width, height, "rgb48le", interpolation=interpolation)
    image: np.ndarray = _table(frame.color_trc)[deep.to_ndarray()]
    return image


@cache
def _table(curve: int) -> np.ndarray:
    """Return the value for a screen, 0 to 255, of each of the 65,536 coded values."""
    coded = np.linspace(0, 1, 65_536)
    light = (_pq_nits(coded) if curve == _PQ else _hlg_nits(coded)) / _WHITE_NITS
    above = np.maximum(light - _KNEE, 0)
    light = np.minimum(light, _KNEE) + (1 - _KNEE) * (1 - np.exp(-above / (1 - _KNEE)))
    return np.rint(255 * light ** (1 / _SCREEN_GAMMA)).astype(np.uint8)


def _pq_nits(coded: np.ndarray) -> np.ndarray:
    """Convert coded values to nits. Source: SMPTE ST 2084, the EOTF."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = coded ** (1 / m2)
    return 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def _hlg_nits(coded: np.ndarray) -> np.ndarray:
    """Convert coded values to nits.

    Source: ITU-R BT.2100, the inverse OETF and, channel by channel, the OOTF of a display of 1,000 nits.
    """
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    return _HLG_PEAK_NITS * scene**1.2


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


class ColorMatrix(Enum):
    """The matrix that converts between RGB and YUV.

    Attributes:
        red_share, blue_share: their coefficients in luma.
        tag, primaries: FFmpeg's numbers of the matrix and of its usual primaries.
    """

    BT601 = (0.299, 0.114, 5, 6)
    BT709 = (0.2126, 0.0722, 1, 1)

    def __init__(self, red: float, blue: float, tag: int, primaries: int) -> None:
        self.red_share, self.blue_share = red, blue
        self.tag, self.primaries = tag, primaries

    def planes(self, image: np.ndarray) -> Planes:
        """Convert an (H, W, 3) uint8 RGB image with even sides to new planes."""
        red, green, blue = np.moveaxis(image.astype(np.float32) / 255, 2, 0)
        luma = self.red_share * red + (1 - self.red_share - self.blue_share) * green + self.blue_share * blue
        u = (blue - luma) / (2 - 2 * self.blue_share)
        v = (red - luma) / (2 - 2 * self.red_share)
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
            src_colorspace=own.tag if own is not None else None,
            dst_colorspace=matrix.tag,
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
        src_colorspace=matrix.tag,
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
