"""The pictures of a video that were looked at last, as they were decoded, so that none is read twice."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import av
import numpy as np

from fineparser_core.motion.boxes import LONG_SIDE_PX
from fineparser_core.progress import CancelToken
from fineparser_core.records import VideoInfo
from fineparser_core.video.planes import ColorMatrix, Planes, PlaneScaler, frame_color_matrix, to_rgb
from fineparser_core.video.probe import Geometry
from fineparser_core.video.reader import VideoReader

# Pictures are kept at this height: an athlete of a tenth of it still fills the network's crop. And of this area, as
# pictures of more than 3 : 1 alone are wider.
_KEPT_HEIGHT_PX, _KEPT_PX = 720, 3 * 720 * 720
#: Memory that pictures may take: ten seconds of 720p, thirty a second. Older pictures are read again when needed.
_MOST_BYTES = 420_000_000


class ReadPictures:
    """Pictures by their frame, at most 720 rows high.

    Attributes:
        size_px: (width, height) of them; None before the first is kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: OrderedDict[int, Planes] = OrderedDict()
        self._matrix = ColorMatrix.BT709
        self._n_bytes = 0
        self.size_px: tuple[int, int] | None = None

    def scaled(self, info: VideoInfo, geometry: Geometry) -> Callable[[av.VideoFrame], Planes]:
        """Return a function that makes a decoded frame a picture that can be kept."""
        scaler, self.size_px = PlaneScaler(geometry), kept_size(info.width_px, info.height_px)

        def make(frame: av.VideoFrame) -> Planes:
            self._matrix = frame_color_matrix(frame)
            assert self.size_px is not None
            # The planes are copied, as the decoder's memory is used again.
            return Planes(*(np.array(plane) for plane in scaler.planes(frame, self.size_px, self._matrix)))

        return make

    def keep(self, frame: int, planes: Planes) -> None:
        """Keep a picture, in place of the oldest if there is no space."""
        self._kept[frame] = planes
        self._n_bytes += _n_bytes(planes)
        while self._n_bytes > _MOST_BYTES:
            self._n_bytes -= _n_bytes(self._kept.popitem(last=False)[1])

    def keep_only(self, frames: Iterable[int], cancel: CancelToken | None = None) -> None:
        """Forget all other pictures; read again those that are not kept any more.

        Raises:
            VideoError: the file cannot be read.
            Cancelled: `cancel` was set.
        """
        wanted = set(frames)
        self._kept = OrderedDict((frame, self._kept[frame]) for frame in sorted(wanted) if frame in self._kept)
        self._n_bytes = sum(map(_n_bytes, self._kept.values()))
        self.read_missing(wanted, cancel)

    def read_missing(self, frames: Iterable[int], cancel: CancelToken | None = None) -> None:
        """Read those of some pictures that are not kept.

        Raises: as of `keep_only`.
        """
        missing = sorted(set(frames) - self._kept.keys())
        if not missing:
            return
        with VideoReader(self._path) as reader:
            make = self.scaled(reader.info, reader.geometry)
            with closing(reader.decoded_ahead(missing, make)) as read:
                for frame, planes in read:
                    self._kept[frame] = planes
                    if cancel is not None:
                        cancel.raise_if_cancelled()

    def rgb(self, frame: int) -> np.ndarray:
        """Return a kept picture as (H, W, 3) uint8 RGB."""
        return to_rgb(self._kept[frame], self._matrix)


def _n_bytes(planes: Planes) -> int:
    return sum(plane.nbytes for plane in planes)


def kept_size(width: int, height: int) -> tuple[int, int]:
    """Return the width and height, both even, in which pictures of a size are kept."""
    kept = min(height, _KEPT_HEIGHT_PX)
    if (pixels := kept * width * kept / height) > _KEPT_PX:
        kept = int(kept * (_KEPT_PX / pixels) ** 0.5)
    return _even(width * kept / height), _even(kept)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


class Reducer:
    """Converts decoded frames to the images in which motion is searched, straight from the decoder's planes."""

    def __init__(self, geometry: Geometry) -> None:
        self._scaler = PlaneScaler(geometry)
        width, height = geometry.size_px
        scale = max(width, height) / LONG_SIDE_PX
        self._size_px = (_even(width / scale), _even(height / scale)) if scale > 1 else kept_size(width, height)

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """Return the image of a frame, (h, w, 3) uint8 RGB."""
        matrix = frame_color_matrix(frame)
        return to_rgb(self._scaler.planes(frame, self._size_px, matrix), matrix)
