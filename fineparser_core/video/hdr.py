"""Pictures of high dynamic range (HDR10, Dolby Vision, HLG) as a usual screen shows them.

Their samples are coded for a thousand nits and more: taken for those of a usual video they are flat and gray, in which
neither splash nor motion stands out.
"""

from functools import cache

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

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
