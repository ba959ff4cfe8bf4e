"""Cache on disk of results found in videos: frame tables, analyses, scores and searches.

Each result is one file, written whole or not at all, so that several windows and workers may use a folder at once. Its
name is a digest of everything that the result depends on, so a file is never out of date: it is only no longer read.
"""

import logging
import os
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fineparser_core.errors import ExportError
from fineparser_core.support.array_file import read_array_file, write_array_file

log = logging.getLogger(__name__)

#: Maximum size of the folder in bytes; the least recently used files are removed first. An analysis with masks: 3 MB.
MOST_BYTES = 2_000_000_000
#: Share of the maximum size that is kept when files are removed, so that not every new result removes an old one.
_KEPT_SHARE = 0.9
#: Shortest time between two updates of a file's time of use, in seconds.
_USED_EVERY_S = 600
_SUFFIX = ".kept"


class AnalysisCache:
    """Folder of the kept results.

    Args:
        folder: made with the first result.
        most_bytes: maximum size of all files together.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._most_bytes = folder, most_bytes

    def path(self, name: str) -> Path:
        """Return the path of a result's file."""
        return self._folder / f"{name}{_SUFFIX}"

    def has(self, name: str) -> bool:
        """Return True if there is a file for a name, whole or damaged."""
        return self.path(name).is_file()

    def get(
        self, name: str, arrays: Collection[str] | None = None
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """Return the result kept under a name, or None; remove a damaged file. See `read_array_file` for `arrays`."""
        path = self.path(name)
        try:
            changed_s = path.stat().st_mtime
        except OSError:
            return None
        try:
            found = read_array_file(path, arrays)
        except ExportError as error:
            log.warning("a kept result is removed: %s", error)
            self.remove(name)
            return None
        if time.time() - changed_s > _USED_EVERY_S:
            with suppress(OSError):
                os.utime(path)
        return found

    def put(self, name: str, fields: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> None:
        """Keep a result, and remove the least recently used results if the folder is too large.

        Raises:
            ExportError: it cannot be written.
        """
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
        write_array_file(self.path(name), fields, arrays or {})
        self._make_room()

    def remove(self, name: str) -> None:
        """Forget a result."""
        with suppress(OSError):  # on Windows a file that is looked at stays
            self.path(name).unlink(missing_ok=True)

    def _make_room(self) -> None:
        found = []
        for entry in os.scandir(self._folder):
            with suppress(OSError):  # another window has just removed it
                if entry.name.endswith(_SUFFIX):
                    state = entry.stat()
                    found.append((state.st_mtime, state.st_size, entry.path))
        total = sum(size for _, size, _ in found)
        if total <= self._most_bytes:
            return
        for _, size, path in sorted(found)[:-1]:  # not the newest file
            if total <= _KEPT_SHARE * self._most_bytes:
                break
            with suppress(OSError):
                Path(path).unlink(missing_ok=True)
                total -= size
