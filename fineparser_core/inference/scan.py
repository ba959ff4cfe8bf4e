"""Reads a whole recording for what moves in it."""

from contextlib import closing
from pathlib import Path

import numpy as np

from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.video.moving_things import Motion, MotionFinder
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
            times_s = reader.info.pts_s
            wanted_s = np.arange(0, reader.info.duration_s, 1 / IMAGES_A_SECOND)
            frames = np.unique(np.searchsorted(times_s, wanted_s + 1e-6, side="right") - 1)
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
