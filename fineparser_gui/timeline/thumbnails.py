"""Thumbnails along the timeline, decoded on a separate thread."""

import logging
import threading
from collections import OrderedDict
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRectF, QSize, QThread, QThreadPool, Signal
from PySide6.QtGui import QImage, QPainter

from fineparser_core.errors import FineParserError
from fineparser_core.records import VideoInfo
from fineparser_gui.support.images import small_image

log = logging.getLogger(__name__)

#: Number of cached thumbnails, 20 KB each at a device pixel ratio of 2.
_KEPT = 400
#: Allowed distances between thumbnails in frames: 1, 2, 3, 4, 6, 8, 12 …, so that gaps stay small at any zoom.
_STEPS = [1, *(step for power in range(24) for step in (2 * 2**power, 3 * 2**power))]
_NARROWEST_PX, _WIDEST_PX = 16, 96


class Thumbnails(QObject):
    """Thumbnails of a file, at frames on a grid, so that scrolling reuses cached thumbnails.

    Signals:
        changed: a thumbnail was decoded.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._images: OrderedDict[int, QImage] = OrderedDict()
        self._wanted: list[int] = []
        self._size = QSize(1, 1)
        self._running = False
        self._lock = threading.Lock()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._pool.setThreadPriority(QThread.Priority.LowPriority)  # not idle: as in `VideoOpener`

    def set_file(self, path: Path | None) -> None:
        """Set the file; None: no file."""
        with self._lock:
            if path == self._path:
                return
            self._path, self._wanted = path, []
            self._images.clear()

    def close(self) -> None:
        """Release the file and wait for the thread, which takes milliseconds."""
        self.set_file(None)
        self._pool.waitForDone()

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
        size = QSize(round(width_px * ratio), round(height_px * ratio))
        frames = grid(shown, frame_px, width_px, info.n_frames)
        self._want(frames, size)
        with self._lock:
            there = {frame: self._images[frame] for frame in frames if frame in self._images}
        for frame, image in there.items():
            painter.drawImage(QRectF(frame, 0, width_px / frame_px, 1), image)

    def _want(self, frames: list[int], size: QSize) -> None:
        with self._lock:
            if size != self._size:
                self._images.clear()
                self._size = size
            for frame in frames:
                if frame in self._images:
                    self._images.move_to_end(frame)
            self._wanted = [frame for frame in frames if frame not in self._images]
            start = bool(self._wanted) and self._path is not None and not self._running
            self._running = self._running or start
            path = self._path
        if start and path is not None:
            self._pool.start(partial(self._decode, path))

    def _decode(self, path: Path) -> None:
        """Decode requested thumbnails of a file until none is left; runs on the thread."""
        from fineparser_core.video.reader import VideoReader

        try:
            with VideoReader(path) as reader:
                while (wanted := self._next_wanted(path)) is not None:
                    frame, size = wanted
                    self._put(path, frame, size, small_image(reader, frame, size))
        except FineParserError as error:  # the player reports the reason
            log.info("thumbnails: %s", error)
            self._give_up(path)
        except Exception:  # an unexpected decoder error must not end the thread pool
            log.exception("thumbnails of %s", path)
            self._give_up(path)

    def _next_wanted(self, path: Path) -> tuple[int, QSize] | None:
        """Return the next frame and size to decode of a file; None: the thread ends."""
        with self._lock:
            if path != self._path or not self._wanted:
                self._running = False
                return None
            return self._wanted[0], self._size

    def _put(self, path: Path, frame: int, size: QSize, image: QImage) -> None:
        with self._lock:
            if path != self._path or size != self._size:
                return
            self._images[frame] = image
            self._wanted = [one for one in self._wanted if one != frame]
            while len(self._images) > _KEPT:
                self._images.popitem(last=False)
        self.changed.emit()

    def _give_up(self, path: Path) -> None:
        with self._lock:
            self._running = False
            if path == self._path:
                self._path, self._wanted = None, []


def grid(shown: tuple[float, float], frame_px: float, width_px: float, n_frames: int) -> list[int]:
    """Return the frames of the visible thumbnails of a width; a subset of those at twice the zoom."""
    step = next(step for step in _STEPS if step * frame_px >= width_px or step == _STEPS[-1])
    first = max(int(shown[0]), 0) // step * step
    return list(range(first, min(int(np.ceil(shown[1])), n_frames), step))
