"""Decodes frames on its own thread: the wanted one first, then those ahead of the playhead."""

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt, QThread, Signal
from PySide6.QtGui import QImage

from fineparser_core.errors import FineParserError
from fineparser_gui.playback.frame_cache import FrameCache
from fineparser_gui.session.opening import image_from_rgb

if TYPE_CHECKING:
    from fineparser_core.video.reader import VideoReader

log = logging.getLogger(__name__)

CACHE_BYTES = 256 * 2**20
_LARGEST_PX = QSize(1280, 960)
_AHEAD = 48
_BEHIND = 12


class Decoder(QThread):
    """One file, decoded on demand.

    Signals:
        opened: (VideoInfo) the file could be read.
        frame_ready: (int) the frame that was wanted is in the cache.
        failed: (str) sentence for the user.
    """

    opened = Signal(object)
    frame_ready = Signal(int)
    failed = Signal(str)

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cache = FrameCache(CACHE_BYTES)
        self._path = path
        self._condition = threading.Condition()
        self._wanted = 0
        self._ahead = _AHEAD
        self._stopping = False

    def want(self, frame: int) -> QImage | None:
        """The frame if it is cached; otherwise the nearest one, and `frame_ready` follows."""
        with self._condition:
            self._wanted = frame
            self._condition.notify()
        return self.cache.get(frame) or self.cache.nearest(frame)

    def stop(self) -> None:
        """End the thread and wait for it; a frame takes milliseconds."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self.wait()

    def run(self) -> None:
        from fineparser_core.video.reader import VideoReader

        try:
            with VideoReader(self._path) as reader:
                self.opened.emit(reader.info)
                self._serve(reader)
        except FineParserError as error:
            self.failed.emit(str(error))
        except Exception as error:  # a decoder's own failure must not take the window down
            log.exception("decoding %s", self._path)
            self.failed.emit(f"{self._path.name}: {error}")

    def _serve(self, reader: "VideoReader") -> None:
        n_frames = reader.info.n_frames
        served = -1
        while True:
            with self._condition:
                while not self._stopping and self._next_missing(n_frames, served) is None:
                    self._condition.wait()
                if self._stopping:
                    return
                wanted = self._wanted
                start = self._next_missing(n_frames, served)
            if start is None:
                continue
            if wanted != served and self.cache.get(wanted) is not None:
                served = wanted
                self.frame_ready.emit(wanted)
                continue
            # Backward stepping: decode a short run that ends at the wanted frame.
            first = max(start - _BEHIND, 0) if start == wanted < served else start
            for index, frame in reader.frames(range(first, min(wanted + self._ahead, n_frames))):
                image = _display_image(frame)
                # Frames ahead must fit beside those behind, or the cache would drop what was just decoded.
                self._ahead = max(1, min(_AHEAD, CACHE_BYTES // image.sizeInBytes() // 2 - 1))
                kept = self.cache.put(index, image, self._wanted)
                if index == self._wanted:
                    served = index
                    self.frame_ready.emit(index)
                if self._stopping or not kept or not first <= self._wanted <= index + self._ahead:
                    break

    def _next_missing(self, n_frames: int, served: int) -> int | None:
        """First frame to decode: the wanted one, else the first gap ahead of it; None with nothing to do."""
        if self._wanted != served:
            return self._wanted
        ahead = range(self._wanted, min(self._wanted + self._ahead, n_frames))
        return next((index for index in ahead if self.cache.get(index) is None), None)


def _display_image(frame: np.ndarray) -> QImage:
    image = image_from_rgb(frame)
    if image.width() > _LARGEST_PX.width() or image.height() > _LARGEST_PX.height():
        image = image.scaled(
            _LARGEST_PX, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    return image.convertToFormat(QImage.Format.Format_RGB32)
