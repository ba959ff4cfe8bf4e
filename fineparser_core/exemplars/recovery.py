"""How the coach's own library survives damage: it is checked when it is opened, and a backup follows every edit."""

import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from fineparser_core.errors import ExportError
from fineparser_core.exemplars.schema import PATIENCE_S, connect, version_of
from fineparser_core.language import Phrase
from fineparser_core.support.atomic import atomic_file

log = logging.getLogger(__name__)

BACKUP_NAME = "library.backup.sqlite"
_SIDE_FILES = ("", "-wal", "-shm")


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Keeps other programs from opening, repairing or backing up; a killed program's hold ends with it."""
    hold = sqlite3.connect(folder / "library.lock", timeout=PATIENCE_S, isolation_level=None)
    try:
        hold.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        hold.close()


def back_up(connection: sqlite3.Connection, lock: threading.RLock, path: Path) -> None:
    """Renews the backup of an open library; that it fails does not undo the edit.

    Args:
        lock: held while the connection is read.
    """
    try:
        with exclusive(path.parent), atomic_file(path.with_name(BACKUP_NAME)) as temporary:
            copy = sqlite3.connect(temporary)
            try:
                with lock:
                    connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, no side files
            finally:
                copy.close()
    except (sqlite3.Error, ExportError) as error:
        log.warning("own library: no backup (%s)", error)


def backup_is_due(path: Path) -> bool:
    """Whether a library has changed since its backup, or has none."""
    backup = path.with_name(BACKUP_NAME)
    sides = [side for name in _SIDE_FILES[:2] if (side := Path(f"{path}{name}")).exists()]
    return not backup.is_file() or max(side.stat().st_mtime for side in sides) > backup.stat().st_mtime


def repair(path: Path) -> str:
    """Puts the backup where the library is damaged or gone; returns the sentence that says so, or "".

    A file that was only just begun (empty, no backup) is no damage.
    """
    backup = path.with_name(BACKUP_NAME)
    damage = _damage(path) if path.exists() else "it was gone"
    if damage is None or not (backup.exists() or (path.exists() and path.stat().st_size)):
        return ""
    aside = path.with_name(f"library-damaged-{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:4]}.sqlite")
    kept = f", and the damaged file is kept as {aside.name}" if path.exists() else ""
    for name in reversed(_SIDE_FILES):  # the library last: SQLite would read the log of another file into its backup
        if Path(f"{path}{name}").exists():
            os.replace(f"{path}{name}", f"{aside}{name}")
    if backup.is_file() and _damage(backup) is None:
        made = datetime.fromtimestamp(backup.stat().st_mtime)
        with atomic_file(path) as temporary:
            shutil.copyfile(backup, temporary)
        return Phrase(
            "{0} was damaged ({1}): its backup of {2} is used instead{3}.",
            path,
            damage,
            made.isoformat(" ", "minutes"),
            kept,
        )
    return Phrase("{0} was damaged ({1}) and has no backup: it starts empty{2}.", path, damage, kept)


def _damage(path: Path) -> str | None:
    """What is wrong with a library file; None where it is sound."""
    connection = None
    try:
        connection = connect(path)
        found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if found != "ok":
            return found.splitlines()[-1]
        return None if version_of(connection) else "it is empty"
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return str(error)
        raise
    finally:
        if connection is not None:
            connection.close()
