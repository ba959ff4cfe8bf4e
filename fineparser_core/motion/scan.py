"""Reads a whole recording for what moves in it."""

from contextlib import closing
from pathlib import Path

import numpy as np

from fineparser_core.motion.boxes import Colours, Motion, MotionFinder
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.types import VideoInfo
from fineparser_core.video.reader import VideoReader

#: A dive from 1 m is in the air for 0.9 s: eighteen images.
IMAGES_A_SECOND = 20


class Scan:
    """Reads a file; once it was cancelled, the next run goes on where it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._finder = MotionFinder(1 / IMAGES_A_SECOND)
        self._n_read = 0

    def run(
        self, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
    ) -> tuple[Motion, np.ndarray]:
        """See `scan`."""
        with VideoReader(self._path) as reader:
            times_s, frames = reader.info.pts_s, _frames(reader.info)
            with closing(reader.frames_ahead(frames[self._n_read :].tolist())) as images:
                for index, image in images:
                    self._finder.add(image, float(times_s[index]))
                    self._n_read += 1
                    progress(Progress("scan", self._n_read, len(frames)))
                    if cancel is not None:
                        cancel.raise_if_cancelled()
            return self._finder.motion(), frames


def scan(
    path: Path, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
) -> tuple[Motion, np.ndarray]:
    """What moves in a file, twenty times a second; a few images at a time are in memory.

    Args:
        progress: receives the stage "scan", counted in images.

    Returns:
        The motion, and the source frame of each of its images, (n,) int64.

    Raises:
        VideoError: the file cannot be read.
        Cancelled: `cancel` was set.
    """
    return Scan(path).run(progress=progress, cancel=cancel)


def may_have_cuts(path: Path, *, cancel: CancelToken | None = None) -> bool:
    """Whether `scan` may tell a cut, by the colours alone, in a small part of its time.

    Raises: what `scan` raises.
    """
    colours = Colours()
    with VideoReader(path) as reader, closing(reader.frames_ahead(_frames(reader.info).tolist())) as images:
        for _, image in images:
            if cancel is not None:
                cancel.raise_if_cancelled()
            if colours.change(image):
                return True
    return False


def _frames(info: VideoInfo) -> np.ndarray:
    """(n,) int64: the frames of a file that are looked at."""
    wanted_s = np.arange(0, info.duration_s, 1 / IMAGES_A_SECOND)
    return np.unique(np.searchsorted(info.pts_s, wanted_s + 1e-6, side="right") - 1)
