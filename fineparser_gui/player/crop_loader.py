"""Square parts of frames of a file as pictures, decoded on a separate thread."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QRect, Qt, QThread, QThreadPool, Signal
from PySide6.QtGui import QImage

from fineparser_core.errors import FineParserError
from fineparser_core.export.crops import Window
from fineparser_gui.support.images import image_from

log = logging.getLogger(__name__)

#: Side of a decoded crop: enough for a screen of two pixels per point.
_CROP_PX = 260
#: A frame, and the part of it that is shown.
Crop = tuple[int, Window]


@dataclass(frozen=True)
class _Wanted:
    path: Path
    crops: tuple[Crop, ...]
    images: dict[Crop, QImage] = field(default_factory=dict, compare=False)


class CropLoader(QObject):
    """Loader of the pictures of the crops that were requested last.

    Signals:
        changed: a picture is there.
    """

    changed = Signal()
    _decoded = Signal(object, object, QImage)  # request, crop, picture; crosses threads

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wanted: _Wanted | None = None
        self._pool = QThreadPool(self, maxThreadCount=1, threadPriority=QThread.Priority.LowPriority)
        self._decoded.connect(self._on_decoded)

    def show(self, path: Path | None, crops: Sequence[Crop] = ()) -> None:
        """Decode crops of a file; None: none."""
        wanted = _Wanted(path, tuple(crops)) if path is not None else None
        if wanted != self._wanted:
            self._wanted = wanted
            if wanted is not None:
                self._pool.start(partial(self._decode, wanted))

    def image(self, crop: Crop) -> QImage | None:
        """Return the picture of a crop, or None while it is not loaded."""
        return self._wanted.images.get(crop) if self._wanted is not None else None

    def close(self) -> None:
        """Release the file, and wait for the thread."""
        self._wanted = None
        self._pool.clear()
        self._pool.waitForDone()

    def _decode(self, wanted: _Wanted) -> None:
        """Decode the crops on the thread, while they are wanted."""
        from fineparser_core.video.reader import VideoReader

        try:
            with VideoReader(wanted.path) as reader:
                width_px, height_px = reader.info.width_px, reader.info.height_px
                for crop in sorted(wanted.crops):
                    if wanted is not self._wanted:
                        return
                    frame, (left, top, side) = crop
                    reader.seek(frame, needed_from=frame)
                    image = image_from(reader.picture((width_px, height_px)))
                    across, down = image.width() / width_px, image.height() / height_px
                    part = QRect(round(left * across), round(top * down), round(side * across), round(side * down))
                    square = image.copy(part).scaled(
                        _CROP_PX, _CROP_PX, Qt.AspectRatioMode.IgnoreAspectRatio,
                        Qt.TransformationMode.SmoothTransformation,
                    )  # fmt: skip
                    self._decoded.emit(wanted, crop, square)
        except FineParserError as error:  # the player reports the reason
            log.info("crops: %s", error)
        except Exception:  # an unexpected decoder error must not end the thread pool
            log.exception("crops of %s", wanted.path)

    def _on_decoded(self, wanted: _Wanted, crop: Crop, image: QImage) -> None:
        if wanted is self._wanted:
            wanted.images[crop] = image
            self.changed.emit()
