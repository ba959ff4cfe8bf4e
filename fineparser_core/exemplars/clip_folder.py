"""The clips of the coach's own library, stored under a hash of their content.

An exemplar keeps its video after the original file is gone, and several dives of a recording share a copy.
"""

import hashlib
import logging
import os
import time
from collections.abc import Iterator, Set
from pathlib import Path

from fineparser_core.errors import ExemplarError, ExportError
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.support.atomic import atomic_file

log = logging.getLogger(__name__)

CLIPS_NAME = "clips"
_CHUNK_BYTES = 4 << 20
#: An unreferenced clip that is younger may belong to an exemplar that another program is adding.
_SPARED_S = 3600.0


def store_clip(
    source: Path, folder: Path, *, progress: ProgressCallback = ignore_progress, cancel: CancelToken | None = None
) -> Path:
    """Copy a video file below a library's folder, once for each content; return the copy.

    Raises:
        ExemplarError: the file cannot be read, or the copy cannot be written.
        Cancelled: once the token is set; nothing is left behind.
    """
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(source, progress, cancel):
            digest.update(chunk)
    except OSError as error:
        raise ExemplarError("{0} cannot be read ({1}): check the path.", source, error.strerror) from None
    target = folder / CLIPS_NAME / f"{digest.hexdigest()[:20]}{source.suffix.lower()}"
    try:
        target.parent.mkdir(exist_ok=True)
        if target.is_file() and target.stat().st_size == source.stat().st_size:
            os.utime(target)  # so that no other program sweeps it away
        else:
            with atomic_file(target) as temporary, temporary.open("wb") as file:
                file.writelines(_chunks(source, progress, cancel))
    except (OSError, ExportError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ExemplarError("{0} cannot be copied into {1}: {2}.", source, target.parent, reason) from None
    return target


def _chunks(path: Path, progress: ProgressCallback, cancel: CancelToken | None) -> Iterator[bytes]:
    done, total = 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
            done += len(chunk)
            progress(Progress("copy", done, total))
            if cancel is not None:
                cancel.raise_if_cancelled()


def sweep_clips(folder: Path, needed: Set[str]) -> None:
    """Delete clips that no exemplar refers to and that are older than an hour.

    Args:
        needed: paths of clips relative to the library's folder, as POSIX writes them.
    """
    latest = time.time() - _SPARED_S
    for clip in (folder / CLIPS_NAME).glob("*"):
        try:
            if f"{CLIPS_NAME}/{clip.name}" not in needed and clip.stat().st_mtime < latest:
                clip.unlink()
        except OSError as error:  # in use on Windows: next time
            log.info("own library: %s stays (%s)", clip, error)
