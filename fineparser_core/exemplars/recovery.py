"""How the coach's own library survives damage: it is checked when it is opened, and a backup follows every edit."""

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from fineparser_core.errors import ExportError
from fineparser_core.exemplars.library_file import PATIENCE_S, LibraryFile, damage_of, damaged_tables
from fineparser_core.language import Phrase
from fineparser_core.support.atomic import atomic_file

log = logging.getLogger(__name__)

BACKUP_NAME = "library.backup.sqlite"
_SIDE_FILES = ("", "-wal", "-shm")


def open_repaired(path: Path) -> tuple[LibraryFile, str]:
    """The library of a folder for writing, and the sentence that it was damaged and what is used instead, or "".

    Raises: OSError, sqlite3.Error or ExportError where it cannot be written; ExemplarError where it is no library.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(path.parent):
        notice = _repair(path)
        return LibraryFile.open_writing(path), notice


def set_aside(path: Path, backup: Path) -> tuple[str, str]:
    """Renames a damaged SQLite file with its log, where there are any, and puts its backup in its place.

    Returns:
        The new name of the damaged file, and when the backup was made; "" where there is none that is sound.

    Raises: OSError, sqlite3.Error or ExportError.
    """
    aside = path.with_name(f"{path.stem}-damaged-{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:4]}{path.suffix}")

    def rename() -> None:
        for side in reversed(_SIDE_FILES):  # the file last: SQLite would read the log of another file into its backup
            if Path(f"{path}{side}").exists():
                os.replace(f"{path}{side}", f"{aside}{side}")

    if not backup.is_file() or damage_of(backup):
        rename()
        return aside.name, ""
    with atomic_file(path) as temporary:
        shutil.copyfile(backup, temporary)
        rename()  # once there is room for the backup
    return aside.name, datetime.fromtimestamp(backup.stat().st_mtime).isoformat(" ", "minutes")


def back_up(library: LibraryFile, *, if_changed: bool = False) -> None:
    """Renews the backup of an open library; that it fails does not undo the edit.

    Args:
        if_changed: leave a backup that is younger than the library.
    """
    backup = library.path.with_name(BACKUP_NAME)
    files = (Path(f"{library.path}{side}") for side in _SIDE_FILES[:2])
    latest = max((file.stat().st_mtime for file in files if file.exists()), default=0.0)
    if if_changed and backup.is_file() and latest <= backup.stat().st_mtime:
        return
    try:
        with _exclusive(backup.parent), atomic_file(backup) as temporary:
            library.copy(temporary)
    except (sqlite3.Error, ExportError) as error:
        log.warning("own library: no backup (%s)", error)


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Keeps other programs from opening, repairing or backing up; a killed program's hold ends with it."""
    with closing(sqlite3.connect(folder / "library.lock", timeout=PATIENCE_S, isolation_level=None)) as hold:
        hold.execute("BEGIN EXCLUSIVE")
        yield


def _repair(path: Path) -> str:
    """Puts the backup where the library is damaged or gone; returns the sentence that says so, or "".

    A file that was only just begun (empty, no backup) is no damage.
    """
    backup = path.with_name(BACKUP_NAME)
    damage = (damage_of(path) or damaged_tables(path)) if path.exists() else "it was gone"
    if not damage or not (backup.exists() or (path.exists() and path.stat().st_size)):
        return ""
    there = path.exists()
    aside, made = set_aside(path, backup)
    kept = f", and the damaged file is kept as {aside}" if there else ""
    if not made:
        return Phrase("{0} was damaged ({1}) and has no backup: it starts empty{2}.", path, damage, kept)
    return Phrase("{0} was damaged ({1}): its backup of {2} is used instead{3}.", path, damage, made, kept)
