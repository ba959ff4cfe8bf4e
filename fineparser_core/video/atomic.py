"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from fineparser_core.errors import ExportError

# A name may have 255 bytes, and a letter up to four of them; the temporary one is longer than its file's.
_LONGEST_STEM = 60


def temporary_prefix(path: Path) -> str:
    """How the names begin of the temporary files of `path`, which end in ".tmp"."""
    return f".{path.name[:_LONGEST_STEM]}."


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it takes the name `path` when the block ends well.

    After an error or a cancel nothing is left behind, and what was at `path` before is untouched.

    Raises:
        ExportError: the folder is missing or may not be written, or the disk is full.
    """
    temporary = path.with_name(f"{temporary_prefix(path)}{uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        # Opened for writing, as Windows flushes no other file.
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(
            f"{path} cannot be written ({reason}): choose a folder that exists, may be written to and has room."
        ) from error
    finally:
        with suppress(OSError):  # a place where nothing could be written has nothing to be removed
            temporary.unlink(missing_ok=True)
