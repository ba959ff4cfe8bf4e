"""Search for videos in folders, and reading of their frame tables and thumbnails, off the GUI thread."""

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import monotonic

import numpy as np
from PySide6.QtCore import QObject, QThread, QThreadPool, QTimer, Signal

from fineparser_core.errors import ExportError, FineParserError
from fineparser_core.language import translated
from fineparser_core.records import VideoInfo
from fineparser_core.support.codec import from_json
from fineparser_core.support.files import digest, known_content
from fineparser_core.video.files import files_in
from fineparser_gui.session.video_files import identity_of
from fineparser_gui.worker.analysis_cache import AnalysisCache

log = logging.getLogger(__name__)

_THUMBNAIL_PX = 144
#: Longest time spent on emitting results in a turn of the event loop, in seconds.
_TURN_S = 0.008

#: Name of the final signal of a task, and its values.
Outcome = tuple[str, tuple]


class FolderTask(QObject):
    """A search for videos in a folder.

    Signals:
        found: (list[Path], list[Path]) the videos, and the other files.
    """

    found = Signal(object, object)


class OpenTask(QObject):
    """The opening of a video, which ends in exactly one of its signals.

    Signals:
        opened: (dict) attributes of `Dive`: info, identity, content and thumbnail.
        failed: (str) sentence for the user.
    """

    opened = Signal(object)
    failed = Signal(str)


class VideoOpener(QObject):
    """Reader of folders and files on separate threads; tasks emit their signals on the thread of the opener.

    Only a few tasks end in a turn of the event loop, so that the window answers while many files are opened.

    Args:
        cache: holds frame tables and thumbnails of videos that were opened before; None: each is read.
    """

    _ended = Signal(object, str, tuple)  # task, name of its signal, values; crosses threads

    def __init__(self, parent: QObject | None = None, cache: AnalysisCache | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
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
        self._start(pool, task, lambda: probed(path, shown_frame, self._cache))
        return task

    def close(self) -> None:
        """Drop waiting tasks and wait for running tasks."""
        for pool in (self._pool, self._rest):
            pool.clear()
            pool.waitForDone()
        self._tasks.clear()
        self._results.clear()
        self._telling.stop()

    def _start(self, pool: QThreadPool, task: QObject, work: Callable[[], Outcome], priority: int = 0) -> None:
        self._tasks.add(task)
        pool.start(lambda: self._ended.emit(task, *work()), priority)

    def _on_ended(self, task: QObject, signal: str, values: tuple) -> None:
        if task in self._tasks:
            self._tasks.remove(task)
            self._results.append((task, (signal, values)))
            self._telling.start()

    def _tell_next(self) -> None:
        until_s = monotonic() + _TURN_S
        while self._results and monotonic() < until_s:
            task, (signal, values) = self._results.popleft()
            getattr(task, signal).emit(*values)
        if not self._results:
            self._telling.stop()


def probed(path: Path, shown_frame: int | None, cache: AnalysisCache | None) -> Outcome:
    """Open a file on this thread; return the signal of `OpenTask` and its values."""
    try:
        content = known_content(path)  # the reader reports an error
        name = digest("video", content, shown_frame)
        found = _kept_video(path, name, cache) or _read_video(path, shown_frame)
        info, thumbnail = found
        if cache is not None and not cache.has(name):
            facts = {key: value for key, value in asdict(info).items() if key not in ("path", "pts_s")}
            with suppress(ExportError):  # a full disk, say
                cache.put(name, facts, {"pts_s": info.pts_s, "thumbnail": thumbnail})
        opened = {"info": info, "identity": identity_of(info), "content": content, "thumbnail": thumbnail}
        return "opened", (opened,)
    except FineParserError as error:
        return "failed", (translated(error),)
    except OSError as error:  # it was moved or deleted while it was opened
        return "failed", (f"{path.name}: {error.strerror or error}",)
    except Exception as error:  # a decoder's own failure must not end the thread pool
        log.exception("opening %s", path)
        return "failed", (f"{path.name}: {error}",)


def _kept_video(path: Path, name: str, cache: AnalysisCache | None) -> tuple[VideoInfo, np.ndarray] | None:
    """Return the frame table and thumbnail of a video that was opened before, or None."""
    found = cache.get(name) if cache is not None else None
    if found is None:
        return None
    facts, arrays = found
    try:
        thumbnail = arrays["thumbnail"]
        if thumbnail.ndim != 3 or thumbnail.shape[2] != 4 or arrays["pts_s"].shape != (facts["n_frames"],):
            raise ValueError("its arrays are of other shapes")
        return from_json({**facts, "path": path, "pts_s": arrays["pts_s"]}, VideoInfo), thumbnail
    except (KeyError, ValueError) as error:
        log.warning("what is kept of %s is not used: %s", path, error)
        return None


def _read_video(path: Path, shown_frame: int | None) -> tuple[VideoInfo, np.ndarray]:
    from fineparser_core.video.reader import VideoReader

    with VideoReader(path) as reader:
        info = reader.info
        shown = info.n_frames // 3 if shown_frame is None else shown_frame
        scale = _THUMBNAIL_PX / max(info.width_px, info.height_px)
        size_px = max(round(info.width_px * scale), 1), max(round(info.height_px * scale), 1)
        reader.seek(shown, needed_from=shown)
        return info, np.ascontiguousarray(reader.picture(size_px).bgra())
