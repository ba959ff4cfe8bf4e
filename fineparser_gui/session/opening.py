"""Finds the videos of folders, and reads frame table and thumbnail of each, off the GUI thread."""

import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRunnable, QSize, Qt, QThread, QThreadPool, Signal
from PySide6.QtGui import QImage

from fineparser_core.errors import FineParserError
from fineparser_gui.session.identity import identity_of

if TYPE_CHECKING:
    from fineparser_core.video.picture import Picture
    from fineparser_core.video.reader import VideoReader

log = logging.getLogger(__name__)

VIDEO_SUFFIXES = (
    ".mp4",
    ".mov",
    ".avi",
    ".mkv",
    ".m4v",
    ".webm",
    ".mpg",
    ".mpeg",
    ".mts",
    ".m2ts",
    ".ts",
    ".wmv",
    ".gif",
)
_THUMBNAIL_PX = 144
_OF_THE_SYSTEM = frozenset({"Thumbs.db", "desktop.ini"})


def image_from(picture: "Picture") -> QImage:
    """A decoded picture as Qt paints it fastest."""
    pixels = picture.bgra()
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def small_image(reader: "VideoReader", frame: int, size: QSize) -> QImage:
    """A frame at a size, on the quickest way there.

    Raises:
        VideoError: as for `VideoReader.seek`.
    """
    reader.seek(frame, all_from=frame)
    image = image_from(reader.picture((size.width(), size.height())))
    # What is smaller than that in the file.
    return image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)


def is_video(path: Path) -> bool:
    """Whether the name of a file is that of a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def sort_key(path: Path) -> tuple:
    """Orders names as people do: dive 2 before dive 10."""
    parts = re.split(r"(\d+)", str(path).casefold())
    return tuple((part.isdigit(), int(part) if part.isdigit() else part) for part in parts)


def files_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The videos of a folder and of the folders in it, and the other files, each in order of name.

    What is hidden, and what cannot be looked into, is neither.
    """
    videos, others = [], []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(parent, name) for name in names if not name.startswith(".") and name not in _OF_THE_SYSTEM):
            (videos if is_video(path) else others).append(path)
    return sorted(videos, key=sort_key), sorted(others, key=sort_key)


class Opener(QObject):
    """Looks into folders and files on threads of its own.

    Signals:
        found: (Path, list[Path], list[Path]) a folder, its videos, and its other files.
        opened: (str, VideoInfo, VideoIdentity, QImage) key, frame table, what it is known by, thumbnail.
        failed: (str, Path, str) key, file, sentence for the user.
    """

    found = Signal(object, object, object)
    opened = Signal(str, object, object, object)
    failed = Signal(str, object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool, self._rest = QThreadPool(self), QThreadPool(self)
        for pool in (self._pool, self._rest):
            pool.setMaxThreadCount(1)
        # Not idle, of which other programs leave nothing: it would keep the interpreter, and the window wait for it.
        self._rest.setThreadPriority(QThread.Priority.LowPriority)

    def look_into(self, folder: Path) -> None:
        """Find the videos of a folder."""
        self._pool.start(_FolderJob(folder, self), 1)

    def open(self, key: str, path: Path, shown_frame: int | None = None) -> None:
        """Probe a file, at once where none is being opened; its thumbnail is of a frame, or of one a third into it."""
        pool = self._rest if self._pool.activeThreadCount() else self._pool
        pool.start(_FileJob(key, path, self, shown_frame))

    def close(self) -> None:
        """Forget what waits and wait for what runs."""
        for pool in (self._pool, self._rest):
            pool.clear()
            pool.waitForDone()


class _FolderJob(QRunnable):
    def __init__(self, folder: Path, opener: Opener) -> None:
        super().__init__()
        self._folder, self._opener = folder, opener

    def run(self) -> None:
        self._opener.found.emit(self._folder, *files_in(self._folder))


class _FileJob(QRunnable):
    def __init__(self, key: str, path: Path, opener: Opener, shown_frame: int | None) -> None:
        super().__init__()
        self._key, self._path, self._opener, self._shown_frame = key, path, opener, shown_frame

    def run(self) -> None:
        from fineparser_core.video.reader import VideoReader

        try:
            with VideoReader(self._path) as reader:
                info = reader.info
                shown = info.n_frames // 3 if self._shown_frame is None else self._shown_frame
                size = QSize(info.width_px, info.height_px)
                size.scale(_THUMBNAIL_PX, _THUMBNAIL_PX, Qt.AspectRatioMode.KeepAspectRatio)
                self._opener.opened.emit(self._key, info, identity_of(info), small_image(reader, shown, size))
        except FineParserError as error:
            self._opener.failed.emit(self._key, self._path, str(error))
        except Exception as error:  # a decoder's own failure must not end the thread pool
            log.exception("opening %s", self._path)
            self._opener.failed.emit(self._key, self._path, f"{self._path.name}: {error}")
