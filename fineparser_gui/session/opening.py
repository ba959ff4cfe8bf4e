"""Reads a file's frame table and a thumbnail off the GUI thread."""

import logging
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QRunnable, Qt, Signal
from PySide6.QtGui import QImage

from fineparser_core.errors import FineParserError

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


def image_from_rgb(frame: np.ndarray) -> QImage:
    """A copy of a (H, W, 3) uint8 RGB array as an image."""
    height, width, _ = frame.shape
    return QImage(frame.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def videos_in(path: Path) -> list[Path]:
    """The path itself, or the videos of a folder in order of name."""
    if not path.is_dir():
        return [path]
    return sorted(child for child in path.iterdir() if child.suffix.lower() in VIDEO_SUFFIXES)


class OpeningSignals(QObject):
    """Owned by whoever starts the job, because a QRunnable cannot own signals that outlive it.

    Signals:
        opened: (str, VideoInfo, QImage) key, frame table, thumbnail.
        failed: (str, str) key, sentence for the user.
    """

    opened = Signal(str, object, object)
    failed = Signal(str, str)


class OpeningJob(QRunnable):
    """Probe one file."""

    def __init__(self, key: str, path: Path, signals: OpeningSignals) -> None:
        super().__init__()
        self._key, self._path, self._signals = key, path, signals

    def run(self) -> None:
        from fineparser_core.video.reader import VideoReader

        try:
            with VideoReader(self._path) as reader:
                thumbnail = image_from_rgb(reader.frame(reader.info.n_frames // 3)).scaled(
                    _THUMBNAIL_PX,
                    _THUMBNAIL_PX,
                    Qt.AspectRatioMode.KeepAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
                self._signals.opened.emit(self._key, reader.info, thumbnail)
        except FineParserError as error:
            self._signals.failed.emit(self._key, str(error))
        except Exception as error:  # a decoder's own failure must not end the thread pool
            log.exception("opening %s", self._path)
            self._signals.failed.emit(self._key, f"{self._path.name}: {error}")
