"""Finds the videos of folders, and reads frame table and thumbnail of each, off the GUI thread."""

import logging
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRunnable, QThread, QThreadPool, Signal

from fineparser_core.errors import FineParserError
from fineparser_gui.model.video_files import files_in
from fineparser_gui.model.video_identity import identity_of

log = logging.getLogger(__name__)

_THUMBNAIL_PX = 144


class Opener(QObject):
    """Looks into folders and files on threads of its own.

    Signals:
        found: (Path, list[Path], list[Path]) a folder, its videos, and its other files.
        opened: (str, VideoInfo, VideoIdentity, ndarray) key, frame table, identity of the file, thumbnail as in `Dive`.
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
                scale = _THUMBNAIL_PX / max(info.width_px, info.height_px)
                size_px = max(round(info.width_px * scale), 1), max(round(info.height_px * scale), 1)
                reader.seek(shown, needed_from=shown)
                thumbnail = np.ascontiguousarray(reader.picture(size_px).bgra())
                self._opener.opened.emit(self._key, info, identity_of(info), thumbnail)
        except FineParserError as error:
            self._opener.failed.emit(self._key, self._path, str(error))
        except Exception as error:  # a decoder's own failure must not end the thread pool
            log.exception("opening %s", self._path)
            self._opener.failed.emit(self._key, self._path, f"{self._path.name}: {error}")
