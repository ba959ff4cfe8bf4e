"""What was found in videos, kept on disk under names that say of what it was found.

One file a result, written whole or not at all, so that several windows and workers may use a folder at once. A name is
a digest of all that the result depends on: nothing in the folder is ever out of date, it is only no longer asked for.
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

#: What has not been used for the longest is removed beyond this; an analysis with its masks takes 3 MB.
MOST_BYTES = 2_000_000_000
#: Share that is kept where it is removed, so that not every result removes one.
_KEPT_SHARE = 0.9
#: A file is marked as used at most this often.
_USED_EVERY_S = 600
_SUFFIX = ".kept"


class AnalysisCache:
    """The folder of what is kept.

    Args:
        folder: made with the first result.
        most_bytes: of all files together.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._most_bytes = folder, most_bytes

    def path(self, name: str) -> Path:
        """Where a result is kept."""
        return self._folder / f"{name}{_SUFFIX}"

    def has(self, name: str) -> bool:
        """Whether there is a result of a name, whole or not."""
        return self.path(name).is_file()

    def get(
        self, name: str, arrays: Collection[str] | None = None
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """The result of a name, as of `read_array_file`; one that is damaged is removed. None: there is none."""
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
        """Keep a result, and remove what has not been used for the longest where there is too much.

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
        for _, size, path in sorted(found)[:-1]:  # not what was just put there
            if total <= _KEPT_SHARE * self._most_bytes:
                break
            with suppress(OSError):
                Path(path).unlink(missing_ok=True)
                total -= size
