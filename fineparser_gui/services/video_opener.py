"""Finds videos in folders, and reads frame table and thumbnail of each, off the GUI thread."""

import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRunnable, QThread, QThreadPool, QTimer, Signal

from fineparser_core.errors import FineParserError
from fineparser_gui.model.video_files import files_in
from fineparser_gui.model.video_identity import identity_of

log = logging.getLogger(__name__)

_THUMBNAIL_PX = 144

#: Name of the final signal of a task, and its values.
Outcome = tuple[str, tuple]


class FolderTask(QObject):
    """A search for videos in a folder.

    Signals:
        found: (list[Path], list[Path]) the videos, and the other files.
    """

    found = Signal(object, object)


class OpenTask(QObject):
    """The opening of a video; ends in exactly one of its signals.

    Signals:
        opened: (VideoInfo, VideoIdentity, ndarray) frame table, identity of the file, thumbnail as in `Dive`.
        failed: (str) sentence for the user.
    """

    opened = Signal(object, object, object)
    failed = Signal(str)


class VideoOpener(QObject):
    """Reads folders and files on its own threads; tasks emit their signals on the thread of the opener.

    One task ends in one turn of the event loop, so that the window answers while many files are opened.
    """

    _ended = Signal(object, str, tuple)  # task, name of its signal, values; crosses threads

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: set[QObject] = set()
        self._ended.connect(self._on_ended)
        self._results: deque[tuple[QObject, Outcome]] = deque()
        self._telling = QTimer(self, interval=0)
        self._telling.timeout.connect(self._tell_next)
        self._pool, self._rest = QThreadPool(self), QThreadPool(self)
        for pool in (self._pool, self._rest):
            pool.setMaxThreadCount(1)
        # Not idle priority: on a busy machine it could hold the GIL for long, and block the window.
        self._rest.setThreadPriority(QThread.Priority.LowPriority)

    def look_into(self, folder: Path) -> FolderTask:
        """Find the videos of a folder."""
        task = FolderTask()
        self._start(self._pool, task, lambda: ("found", files_in(folder)), 1)
        return task

    def open(self, path: Path, shown_frame: int | None = None) -> OpenTask:
        """Open a file, at once if no other is being opened.

        Args:
            shown_frame: frame of the thumbnail; None: a third into the file.
        """
        task = OpenTask()
        pool = self._rest if self._pool.activeThreadCount() else self._pool
        self._start(pool, task, lambda: _probed(path, shown_frame))
        return task

    def close(self) -> None:
        """Drop waiting tasks and wait for running ones."""
        for pool in (self._pool, self._rest):
            pool.clear()
            pool.waitForDone()
        self._tasks.clear()
        self._results.clear()
        self._telling.stop()

    def _start(self, pool: QThreadPool, task: QObject, work: Callable[[], Outcome], priority: int = 0) -> None:
        self._tasks.add(task)
        pool.start(_Job(lambda: self._ended.emit(task, *work())), priority)

    def _on_ended(self, task: QObject, signal: str, values: tuple) -> None:
        if task in self._tasks:
            self._tasks.remove(task)
            self._results.append((task, (signal, values)))
            self._telling.start()

    def _tell_next(self) -> None:
        task, (signal, values) = self._results.popleft()
        if not self._results:
            self._telling.stop()
        getattr(task, signal).emit(*values)


class _Job(QRunnable):
    def __init__(self, run: Callable[[], None]) -> None:
        super().__init__()
        self._run = run

    def run(self) -> None:
        self._run()


def _probed(path: Path, shown_frame: int | None) -> Outcome:
    from fineparser_core.video.reader import VideoReader

    try:
        with VideoReader(path) as reader:
            info = reader.info
            shown = info.n_frames // 3 if shown_frame is None else shown_frame
            scale = _THUMBNAIL_PX / max(info.width_px, info.height_px)
            size_px = max(round(info.width_px * scale), 1), max(round(info.height_px * scale), 1)
            reader.seek(shown, needed_from=shown)
            thumbnail = np.ascontiguousarray(reader.picture(size_px).bgra())
            return "opened", (info, identity_of(info), thumbnail)
    except FineParserError as error:
        return "failed", (str(error),)
    except Exception as error:  # a decoder's own failure must not end the thread pool
        log.exception("opening %s", path)
        return "failed", (f"{path.name}: {error}",)
