"""Recovery of the coach's own library: it is checked when it is opened, and a backup follows every edit."""

import logging
import sqlite3
from pathlib import Path

from fineparser_core.errors import ExportError
from fineparser_core.exemplars.library_file import LibraryFile, damaged_tables
from fineparser_core.language import Phrase
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.sqlite_file import SIDE_FILES, damage_of, exclusive, set_aside

log = logging.getLogger(__name__)

BACKUP_NAME = "library.backup.sqlite"
_LOCK_NAME = "library.lock"


def open_repaired(path: Path) -> tuple[LibraryFile, str]:
    """Return the library of a folder for writing, and the sentence that it was damaged and what is used instead, or "".

    Raises: OSError, sqlite3.Error or ExportError where it cannot be written; ExemplarError where it is no library.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(path.with_name(_LOCK_NAME)):
        notice = _repair(path)
        return LibraryFile.open_writing(path), notice


def back_up(library: LibraryFile, *, if_changed: bool = False) -> None:
    """Renew the backup of an open library; a failure does not undo the edit.

    Args:
        if_changed: leave a backup that is younger than the library.
    """
    backup = library.path.with_name(BACKUP_NAME)
    files = (Path(f"{library.path}{side}") for side in SIDE_FILES[:2])
    latest = max((file.stat().st_mtime for file in files if file.exists()), default=0.0)
    if if_changed and backup.is_file() and latest <= backup.stat().st_mtime:
        return
    try:
        with exclusive(backup.with_name(_LOCK_NAME)), atomic_file(backup) as temporary:
            library.copy(temporary)
    except (sqlite3.Error, ExportError) as error:
        log.warning("own library: no backup (%s)", error)


def _repair(path: Path) -> str:
    """Restore the backup if the library is damaged or gone; return the sentence that says so, or "".

    A file that was only just begun (empty, no backup) is no damage.
    """
    backup = path.with_name(BACKUP_NAME)
    damage = (damage_of(path) or damaged_tables(path)) if path.exists() else "it was gone"
    if not damage or not (backup.exists() or (path.exists() and path.stat().st_size)):
        return ""
    there = path.exists()
    aside, made = set_aside(path, lambda one: not damage_of(one), backup)
    kept = f", and the damaged file is kept as {aside}" if there else ""
    if not made:
        return Phrase("{0} was damaged ({1}) and has no backup: it starts empty{2}.", path, damage, kept)
    return Phrase("{0} was damaged ({1}): its backup of {2} is used instead{3}.", path, damage, made, kept)
