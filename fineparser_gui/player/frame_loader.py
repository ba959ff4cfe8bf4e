"""Small pictures of a file's frames, decoded on a separate thread."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QObject, QRect, Qt, QThread, QThreadPool, Signal
from PySide6.QtGui import QImage

from fineparser_core.errors import FineParserError
from fineparser_core.export.crops import Window
from fineparser_gui.support.images import image_from

if TYPE_CHECKING:
    from fineparser_core.video.reader import VideoReader

log = logging.getLogger(__name__)

#: Number of pictures that are kept, of at most 270 KB each.
_MOST_KEPT = 400
#: Side of a decoded crop: enough for a screen of two pixels per point.
_CROP_PX = 260
#: A frame, and the part of it that is shown.
Crop = tuple[int, Window]
#: A frame and what of it is read.
Wanted = TypeVar("Wanted")


class FrameLoader(QObject, Generic[Wanted]):
    """Loader of the pictures that were requested last.

    Args:
        read: returns a picture from an open file; called on the thread.

    Signals:
        changed: a picture is there.
    """

    changed = Signal()

    def __init__(self, parent: QObject, read: "Callable[[VideoReader, Wanted], QImage]") -> None:
        super().__init__(parent)
        self._read = read
        self._path: Path | None = None
        self._images: OrderedDict[Wanted, QImage] = OrderedDict()
        self._wanted: list[Wanted] = []
        self._running = False
        self._lock = threading.Lock()
        # Not idle priority: as in `VideoOpener`.
        self._pool = QThreadPool(self, maxThreadCount=1, threadPriority=QThread.Priority.LowPriority)

    def set_file(self, path: Path | None) -> None:
        """Set the file; None: no file."""
        with self._lock:
            if path != self._path:
                self._path, self._wanted = path, []
                self._images.clear()

    def want(self, wanted: Sequence[Wanted]) -> dict[Wanted, QImage]:
        """Return those of some pictures that are there, and decode the others, in their order."""
        with self._lock:
            there = {one: self._images[one] for one in wanted if one in self._images}
            for one in there:
                self._images.move_to_end(one)
            self._wanted = [one for one in wanted if one not in there]
            start = bool(self._wanted) and self._path is not None and not self._running
            self._running = self._running or start
        if start:
            self._pool.start(self._decode)
        return there

    def close(self) -> None:
        """Release the file and wait for the thread, which takes milliseconds."""
        self.set_file(None)
        self._pool.waitForDone()

    def _decode(self) -> None:
        """Decode the requested pictures of one file after another until none is left; runs on the thread."""
        from fineparser_core.video.reader import VideoReader

        while (path := self._next_path()) is not None:
            try:
                with VideoReader(path) as reader:
                    while (wanted := self._next_of(path)) is not None:
                        self._put(path, wanted, self._read(reader, wanted))
            except FineParserError as error:  # the player reports the reason
                log.info("pictures: %s", error)
                self._give_up(path)
            except Exception:  # an unexpected decoder error must not end the thread pool
                log.exception("pictures of %s", path)
                self._give_up(path)

    def _next_path(self) -> Path | None:
        """Return the file of what is requested; None: the thread ends."""
        with self._lock:
            self._running = bool(self._wanted) and self._path is not None
            return self._path if self._running else None

    def _next_of(self, path: Path) -> Wanted | None:
        with self._lock:
            return self._wanted[0] if path == self._path and self._wanted else None

    def _put(self, path: Path, wanted: Wanted, image: QImage) -> None:
        with self._lock:
            if path != self._path:
                return
            self._images[wanted] = image
            self._wanted = [one for one in self._wanted if one != wanted]
            while len(self._images) > _MOST_KEPT:
                self._images.popitem(last=False)
        self.changed.emit()

    def _give_up(self, path: Path) -> None:
        with self._lock:
            if path == self._path:
                self._path, self._wanted = None, []


def read_crop(reader: "VideoReader", crop: Crop) -> QImage:
    """Return the square part of a frame, `_CROP_PX` wide."""
    frame, (left, top, side) = crop
    width_px, height_px = reader.info.width_px, reader.info.height_px
    reader.seek(frame, needed_from=frame)
    image = image_from(reader.picture((width_px, height_px)))
    across, down = image.width() / width_px, image.height() / height_px
    part = QRect(round(left * across), round(top * down), round(side * across), round(side * down))
    stretched, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    return image.copy(part).scaled(_CROP_PX, _CROP_PX, stretched, smooth)
