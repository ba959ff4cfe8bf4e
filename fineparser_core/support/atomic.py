"""Atomic writes: a temporary file or folder is written, flushed to disk and renamed; what a kill leaves is swept.

The name of a temporary file or folder names the process that owns it: ".NAME.MACHINE-PID-RANDOM.tmp". A process sweeps
the folders that it writes to: it deletes what processes left there that have ended, and nothing of a process that still
runs or that runs on another machine.
"""

import errno
import os
import platform
import re
import shutil
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from uuid import uuid4

from fineparser_core.errors import ExportError

# Keeps the longer name of the temporary file below the usual limit of 255 bytes, at up to 4 bytes a character.
_MAX_NAME_LENGTH = 48
# SQLite writes files beside its own.
_TEMPORARY = re.compile(r"\..+\.(?P<machine>[0-9a-f]{8})-(?P<pid>[0-9]{1,9})-\w+\.tmp(-journal|-wal|-shm)?", re.DOTALL)
# Space that settings, an autosave or a table need.
_LEAST_BYTES = 1 << 16
# Windows knows no shares.
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
#: Number and length of the waits, in seconds, for a file that another program has open on Windows.
_MOST_SCANS, _SCAN_S = 10, 0.05
_swept: set[Path] = set()


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; it is renamed to `path` if the block ends without an exception.

    After an exception the temporary file is deleted, and an existing file at `path` is unchanged.

    Raises:
        ExportError: the folder is missing or read-only, or the disk is full.
    """
    temporary = temporary_path(path)
    try:
        yield temporary
        # Windows flushes only files that are open for writing.
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        _once_closed(lambda: os.replace(temporary, path))
        sync_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        if is_full(error):
            raise ExportError(
                "{0} cannot be written ({1}): make room on its disk, or choose another one.", path, reason
            ) from error
        if error.filename2 is not None and os.name == "nt":  # the rename failed
            raise ExportError(
                "{0} cannot be written now ({1}): close other programs that use it, see that the disk has room, and "
                "try again.",
                path,
                reason,
            ) from error
        raise ExportError(
            "{0} cannot be written ({1}): choose a folder that exists and may be written to.", path, reason
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _once_closed(act: Callable[[], None]) -> None:
    """Rename or delete a file; on Windows a virus scanner, or a program just killed, has it open for a moment."""
    for _ in range(_MOST_SCANS if os.name == "nt" else 0):
        try:
            return act()
        except PermissionError:
            time.sleep(_SCAN_S)
    return act()


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file by `atomic_file`, text in UTF-8; raises as that."""
    with atomic_file(path) as temporary:
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        else:
            temporary.write_text(content, encoding="utf-8")


def try_writing(folder: Path) -> None:
    """Write a small file of which nothing is left.

    Raises:
        OSError: none can be made in the folder, or there is no space for it.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_LEAST_BYTES))  # a full disk takes an empty file


def is_full(error: OSError) -> bool:
    """Return True if a write failed as the disk, or this user's share of it, is full."""
    return error.errno in _FULL


def temporary_path(path: Path) -> Path:
    """Return a new path beside `path` for a temporary file or folder of this process, which it renames or deletes.

    The first call for a folder sweeps it.
    """
    _sweep_once(path.parent)
    return path.with_name(f"{_prefix(path.name)}{uuid4().hex[:8]}.tmp")


def temporary_folder(name: str) -> tempfile.TemporaryDirectory[str]:
    """Make a folder of this process where the system keeps temporary files; the first call sweeps there.

    Raises:
        OSError: it cannot be made.
    """
    _sweep_once(Path(tempfile.gettempdir()))
    return tempfile.TemporaryDirectory(prefix=_prefix(name), suffix=".tmp", ignore_cleanup_errors=True)


def sweep_leftovers(folder: Path) -> None:
    """Delete the temporary files and folders in a folder whose processes have ended."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry, match) for entry in entries if (match := _TEMPORARY.fullmatch(entry.name))]
    except OSError:
        return
    for entry, match in found:
        if match["machine"] != _machine() or is_running(int(match["pid"])):
            continue
        with suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                _once_closed(partial(os.unlink, entry.path))


def sync_folder(folder: Path) -> None:
    """Make the renames in a folder outlast a power cut; Windows does so by itself, and some file systems cannot."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _prefix(name: str) -> str:
    return f".{name[:_MAX_NAME_LENGTH]}.{_machine()}-{os.getpid()}-"


def _sweep_once(folder: Path) -> None:
    if folder not in _swept:
        _swept.add(folder)
        sweep_leftovers(folder)


@cache
def _machine() -> str:
    """Return eight digits that identify a machine or container among those that share a folder."""
    try:
        process_ids = os.stat("/proc/self/ns/pid").st_ino  # of Linux
    except OSError:
        process_ids = 0
    return f"{zlib.crc32(f'{platform.node()} {process_ids}'.encode(errors='replace')):08x}"


def is_running(pid: int) -> bool:
    """Return True if a process of this machine runs, or another process has its id now."""
    if sys.platform == "win32":
        import ctypes

        synchronize, access_denied, has_ended = 0x0010_0000, 5, 0
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        process = ctypes.c_void_p(kernel.OpenProcess(synchronize, False, pid))
        if not process:
            return ctypes.get_last_error() == access_denied
        try:
            return kernel.WaitForSingleObject(process, 0) != has_ended
        finally:
            kernel.CloseHandle(process)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user
        return True
    return True
