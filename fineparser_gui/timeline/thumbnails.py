"""Small pictures along the timeline, decoded on a thread of their own."""

import logging
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRectF, QRunnable, QSize, QThread, QThreadPool, Signal
from PySide6.QtGui import QImage, QPainter

from fineparser_core.errors import FineParserError
from fineparser_core.types import VideoInfo
from fineparser_gui.images import small_image
from fineparser_gui.timeline.time_scale import TimeScale

log = logging.getLogger(__name__)

#: Pictures kept, 20 KB each at twice the display's resolution.
_KEPT = 400
#: Frames from picture to picture: 1, 2, 3, 4, 6, 8, 12 …, so that little room stays empty between them.
_STEPS = [1, *(step for power in range(24) for step in (2 * 2**power, 3 * 2**power))]
_NARROWEST_PX, _WIDEST_PX = 16, 96


class Thumbnails(QObject):
    """Of one file at a time; frames on a grid, so that scrolling finds those that are there.

    Signals:
        changed: another picture is there.
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
        """Take another file; None: none."""
        with self._lock:
            if path == self._path:
                return
            self._path, self._wanted = path, []
            self._images.clear()

    def close(self) -> None:
        """Let go of the file and wait for the thread; a picture takes milliseconds."""
        self.set_file(None)
        self._pool.waitForDone()

    def draw(self, painter: QPainter, lane: QRectF, scale: TimeScale, info: VideoInfo, ratio: float) -> None:
        """Draw those that are there, and have the others made.

        Args:
            ratio: pixels of the device to a pixel of the layout.
        """
        width = min(max(lane.height() * info.width_px / info.height_px, _NARROWEST_PX), _WIDEST_PX)
        size = QSize(round(width * ratio), round(lane.height() * ratio))
        frames = grid(scale, width)
        self._want(frames, size)
        with self._lock:
            there = {frame: self._images[frame] for frame in frames if frame in self._images}
        for frame, image in there.items():
            painter.drawImage(QRectF(scale.x(frame), lane.top(), width, lane.height()), image)

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
            self._pool.start(_Job(self, path))

    def next_wanted(self, path: Path) -> tuple[int, QSize] | None:
        """For the thread: what to decode next of its file; None: nothing, and the thread ends."""
        with self._lock:
            if path != self._path or not self._wanted:
                self._running = False
                return None
            return self._wanted[0], self._size

    def put(self, path: Path, frame: int, size: QSize, image: QImage) -> None:
        """For the thread: a picture of a frame."""
        with self._lock:
            if path != self._path or size != self._size:
                return
            self._images[frame] = image
            self._wanted = [one for one in self._wanted if one != frame]
            while len(self._images) > _KEPT:
                self._images.popitem(last=False)
        self.changed.emit()

    def give_up(self, path: Path) -> None:
        """For the thread: the file cannot be read; the player says why."""
        with self._lock:
            self._running = False
            if path == self._path:
                self._path, self._wanted = None, []


def grid(scale: TimeScale, width_px: float) -> list[int]:
    """The frames in view that get a picture of this width; at twice the zoom all of them stay."""
    step = next(step for step in _STEPS if step * scale.frame_px >= width_px or step == _STEPS[-1])
    first = int(scale.left) // step * step
    return [frame for frame in range(first, int(np.ceil(scale.right)), step) if frame < scale.n_frames]


class _Job(QRunnable):
    """Decodes what is wanted of one file until nothing is."""

    def __init__(self, thumbnails: Thumbnails, path: Path) -> None:
        super().__init__()
        self._thumbnails, self._path = thumbnails, path

    def run(self) -> None:
        from fineparser_core.video.reader import VideoReader

        try:
            with VideoReader(self._path) as reader:
                while (wanted := self._thumbnails.next_wanted(self._path)) is not None:
                    frame, size = wanted
                    self._thumbnails.put(self._path, frame, size, small_image(reader, frame, size))
        except FineParserError as error:
            log.info("thumbnails: %s", error)
            self._thumbnails.give_up(self._path)
        except Exception:  # a decoder's own failure must not end the thread pool
            log.exception("thumbnails of %s", self._path)
            self._thumbnails.give_up(self._path)
