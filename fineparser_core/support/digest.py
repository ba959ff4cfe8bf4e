"""Names made of all that a result depends on, the content of files among it."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from fineparser_core import __version__
from fineparser_core.constants import PIPELINE

#: Bytes that `content_digest` reads at the file's start and end, and at as many places between them.
_END_BYTES = 1 << 20
_PART_BYTES = 1 << 16
_N_PARTS = 32


def digest(*facts: object) -> str:
    """Return a name made of facts of JSON types, 32 hexadecimal digits; other with another version of the program."""
    text = json.dumps([__version__, PIPELINE, *facts], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a whole file, 64 hexadecimal digits. Raises: OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_digest(path: Path) -> str:
    """Compute a digest of a file: its size, the MiB at its start and end, and 32 parts of 64 KiB between them.

    All of a file of 4 MiB or less. A longer video that was changed differs at its start or end, where its index lies.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        found = hashlib.sha256(str(size).encode())
        if size <= 2 * _END_BYTES + _N_PARTS * _PART_BYTES:
            found.update(file.read())
        else:
            found.update(file.read(_END_BYTES))
            between = np.linspace(_END_BYTES, size - _END_BYTES - _PART_BYTES, _N_PARTS).astype(np.int64)
            for start, n_bytes in (*((int(at), _PART_BYTES) for at in between), (size - _END_BYTES, _END_BYTES)):
                file.seek(start)
                found.update(file.read(n_bytes))
    return found.hexdigest()[:32]
