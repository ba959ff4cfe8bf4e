"""Atomic file writes: a temporary file is written, flushed to disk and renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from fineparser_core.errors import ExportError

# Keeps the longer name of the temporary file below the usual limit of 255 bytes, at up to 4 bytes a character.
_MAX_NAME_LENGTH = 60


def temporary_prefix(path: Path) -> str:
    """The beginning of the names of `path`'s temporary files; they end in ".tmp"."""
    return f".{path.name[:_MAX_NAME_LENGTH]}."


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; it is renamed to `path` if the block ends without an exception.

    After an exception the temporary file is deleted, and an existing file at `path` is unchanged.

    Raises:
        ExportError: the folder is missing or read-only, or the disk is full.
    """
    temporary = path.with_name(f"{temporary_prefix(path)}{uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        # Windows flushes only files that are open for writing.
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(
            f"{path} cannot be written ({reason}): choose a folder that exists, may be written to and has room."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
