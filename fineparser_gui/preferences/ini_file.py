"""Safe opening of Qt's settings files: other files are set aside, as Qt reads a file whole and trusts its objects."""

import errno
import logging
from pathlib import Path

from PySide6.QtCore import QLockFile, QSettings

from fineparser_core.support.files import read_bounded

log = logging.getLogger(__name__)

_MOST_BYTES = 1_000_000
#: Marks of objects, for which Qt allocates the size that the file states; the program writes none of them.
_OBJECTS = (b"@Variant(", b"@DateTime(")


def open_ini(path: Path) -> QSettings | None:
    """Return the settings in a file, which is created if it does not exist.

    A file that cannot be a settings file is renamed to NAME.damaged.ini. None: it cannot be renamed either.
    """
    _sweep_leftovers(path)
    try:
        data = read_bounded(path, _MOST_BYTES)
        if any(word in data for word in _OBJECTS):
            raise OSError(errno.EINVAL, "it holds objects, which the program does not write")
    except FileNotFoundError:
        pass
    except OSError as error:
        log.warning("settings: %s is set aside (%s)", path, error.strerror)
        try:
            path.replace(path.with_suffix(".damaged.ini"))
        except OSError as in_the_way:
            log.warning("settings: %s", in_the_way)
            return None
    return QSettings(str(path), QSettings.Format.IniFormat)


def _sweep_leftovers(path: Path) -> None:
    """Delete the lock and the temporary file of a program that was killed while Qt wrote the settings."""
    lock = QLockFile(f"{path}.lock")  # held by Qt while it writes
    if lock.tryLock(0):
        for left in path.parent.glob(f"{path.name}.{'[0-9A-Za-z]' * 6}"):
            left.unlink(missing_ok=True)
        lock.unlock()
