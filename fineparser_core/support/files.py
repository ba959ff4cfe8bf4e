"""Files: untrusted ones read whole, bounded and never from a pipe; digests of content; names for Windows; locks."""

import errno
import hashlib
import json
import math
import os
import re
import stat
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from typing import IO, Any

import numpy as np

from fineparser_core import __version__
from fineparser_core.constants import PIPELINE
from fineparser_core.errors import VideoError

#: Maximum size of a file of results; those of a thousand dives take a tenth of it.
MOST_JSON_BYTES = 50_000_000
#: Deepest nesting of JSON that is read; the program's own formats need less than half of it.
MOST_NESTING = 16
# Decimal digits of 64 bits.
_LONGEST_NUMBER = 20
_NESTS = {dict, list}


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        OSError: it is missing, not a regular file, or larger than `most_bytes`; `strerror` says which.
    """
    try:
        state = path.stat()
    except ValueError:  # a null character
        raise OSError(errno.EINVAL, "that is no name of a file") from None
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
    if state.st_size <= most_bytes:
        with path.open("rb") as file:
            data = file.read(state.st_size + 1)  # Windows allocates the requested size at once
            if len(data) > state.st_size:  # it has grown meanwhile
                data += file.read(most_bytes + 1 - len(data))
        if len(data) <= most_bytes:
            return data
    raise OSError(errno.EFBIG, f"it is larger than {most_bytes / 1e6:g} MB")


def plain_files(folder: Path) -> list[Path]:
    """Return the regular files of a folder in order of name; none where it is missing.

    Pipes and devices, at which a reader waits for ever, folders, and links to nothing are left out.
    """
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        return sorted(folder / entry.name for entry in entries if entry.is_file())
    return []


def parse_json(data: bytes) -> Any:
    """Parse strict JSON: UTF-8, finite numbers of at most 64 bits or so, nesting of at most `MOST_NESTING`.

    Raises:
        ValueError: it is something else; the text is short.
    """
    try:
        text = data.decode("utf-8-sig")
        parsed = json.loads(text, parse_constant=_refuse, parse_int=_short)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    level: list[Collection[Any]] = [[parsed]]
    for _ in range(MOST_NESTING):
        inner = []
        for values in level:
            if math.inf in values or -math.inf in values:
                json.loads(text, parse_float=_finite)  # says which; to ask of each number takes as long as all the rest
            inner += [value for value in values if type(value) in _NESTS]
        level = [value.values() if type(value) is dict else value for value in inner]
    if any(level):
        raise ValueError("it is nested too deeply")
    return parsed


def _refuse(text: str) -> Any:
    raise ValueError(f"{text[:_LONGEST_NUMBER]} is no number that can be used")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _short(text: str) -> int:
    return int(text) if len(text) <= _LONGEST_NUMBER else _refuse(text)


_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE
)  # with any suffix


def refused_part(path: PureWindowsPath) -> str | None:
    r"""Return the first part of a path that Windows has no file or folder of, or None.

    Drives and shares are no names of files: C:, \\server\share.
    """
    for name in path.parts[len(path.anchor) > 0 :]:
        if name not in (".", "..") and (_FORBIDDEN.search(name) or name[-1] in ". " or _DEVICE.fullmatch(name)):
            return name
    return None


def allowed_name(text: str, longest: int) -> str:
    """Return the text as a name of a file without suffix, with dashes for what Windows does not allow.

    Args:
        longest: number of characters that are kept.
    """
    name = _FORBIDDEN.sub("-", text)[:longest].strip(" .")
    return f"{device[1]}-{device[2] or ''}" if (device := _DEVICE.fullmatch(name)) else name


def lock_file(path: Path) -> IO[bytes] | None:
    """Lock a file until it is closed; it is created if it is missing. Return None if another program holds the lock.

    What the file holds does not matter.

    Raises:
        OSError: it cannot be created.
    """
    while (file := _try_lock(path)) is not None:
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()  # `delete_lock` came in between
    return None


def delete_lock(file: IO[bytes]) -> None:
    """Release a lock and delete its file."""
    if os.name == "nt":  # deletes no file that is open
        file.close()
    with suppress(OSError):
        os.unlink(file.name)
    file.close()


def _try_lock(path: Path) -> IO[bytes] | None:
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


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


def known_content(path: Path) -> str:
    """Return the `content_digest` of a file, or "" if it cannot be read."""
    try:
        return content_digest(path) if path.is_file() else ""
    except OSError:
        return ""


def check_content(path: Path, content: str) -> None:
    """Check that a video was not overwritten since a digest of it was made, for example while it was analyzed.

    Args:
        content: what `content_digest` gave; "": unknown.

    Raises:
        VideoError: it has another content.
    """
    if content and known_content(path) not in ("", content):  # what was read of a deleted file stands
        raise VideoError("{0} was overwritten by another file meanwhile: open it again.", path)


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
