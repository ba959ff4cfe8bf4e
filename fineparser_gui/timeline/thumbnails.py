"""Thumbnails along the timeline."""

import numpy as np
from PySide6.QtCore import QObject, QRectF, QSize
from PySide6.QtGui import QPainter

from fineparser_core.records import VideoInfo
from fineparser_gui.player.frame_loader import FrameLoader
from fineparser_gui.support.images import small_image

#: Allowed distances between thumbnails in frames: 1, 2, 3, 4, 6, 8, 12 …, so that gaps stay small at any zoom.
_STEPS = [1, *(step for power in range(24) for step in (2 * 2**power, 3 * 2**power))]
_NARROWEST_PX, _WIDEST_PX = 16, 96


class Thumbnails(FrameLoader[tuple[int, int, int]]):
    """Thumbnails of a file by frame, width and height, at frames on a grid, so that scrolling finds them again."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, lambda reader, one: small_image(reader, one[0], QSize(*one[1:])))

    def draw(
        self,
        painter: QPainter,
        shown: tuple[float, float],
        frame_px: float,
        height_px: float,
        info: VideoInfo,
        ratio: float,
    ) -> None:
        """Draw the cached thumbnails over frames, 1 high, and request the missing thumbnails.

        Args:
            shown: first and last frame of the view, fractional.
            frame_px: width of a frame in pixels.
            height_px: height of the lane in pixels.
            ratio: device pixels per logical pixel.
        """
        width_px = min(max(height_px * info.width_px / info.height_px, _NARROWEST_PX), _WIDEST_PX)
        frames = grid(shown, frame_px, width_px, info.n_frames)
        wanted = [(frame, round(width_px * ratio), round(height_px * ratio)) for frame in frames]
        for (frame, _, _), image in self.want(wanted).items():
            painter.drawImage(QRectF(frame, 0, width_px / frame_px, 1), image)


def grid(shown: tuple[float, float], frame_px: float, width_px: float, n_frames: int) -> list[int]:
    """Return the frames of the visible thumbnails of a width; a subset of those at twice the zoom."""
    step = next(step for step in _STEPS if step * frame_px >= width_px or step == _STEPS[-1])
    first = max(int(shown[0]), 0) // step * step
    return list(range(first, min(int(np.ceil(shown[1])), n_frames), step))
