"""The coach's own exemplar library: a folder with one SQLite file, its backup and the clips that it speaks of.

Several programs may use it at once: SQLite's write-ahead log keeps readers and one writer apart, and whatever a killed
program left undone is as if it had never begun. Opening checks the file; a damaged one is set aside and its backup
takes its place. Clips are copied into the folder under a hash of their content, so that an exemplar outlives the file
that it came from, and several dives of one recording share a copy.
"""

import hashlib
import logging
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

import platformdirs

from fineparser_core.errors import ExemplarError, ExportError
from fineparser_core.inference.exemplar_facts import ExemplarFacts, check_facts
from fineparser_core.inference.library import (
    SCHEMA_VERSION,
    Exemplar,
    ExemplarEncoding,
    ExemplarMask,
    Library,
    connect,
    migrate,
    put_encoding_row,
    put_mask,
    readable,
    version_of,
)
from fineparser_core.progress import CancelToken, Progress, ProgressCallback, ignore_progress
from fineparser_core.video.atomic import atomic_file

log = logging.getLogger(__name__)

FILE_NAME = "library.sqlite"
BACKUP_NAME = "library.backup.sqlite"
CLIPS_NAME = "clips"
_SIDE_FILES = ("", "-wal", "-shm")
_CHUNK_BYTES = 4 << 20
_PATIENCE_S = 20.0
#: A clip that no exemplar speaks of may be one that another program is about to add.
_SPARED_S = 3600.0


def own_folder() -> Path:
    """Where the library of this user lies; it may not exist yet."""
    return platformdirs.user_data_path("fineparser", appauthor=False) / "exemplars"


class OwnLibrary(Library):
    """A library that is edited while it is used.

    Attributes:
        notice: one sentence for the user where opening found damage, or a folder that cannot be written; else "".
    """

    notice = ""

    @classmethod
    def open_own(cls, folder: Path | None = None) -> Self:
        """Opens the library of a folder (default: this user's) for writing, and makes it where there is none.

        A damaged file is set aside and replaced by its backup, which `notice` then says. Where the folder cannot be
        written, an existing library is opened for reading alone.

        Raises:
            ExemplarError: neither can be written nor read, or a newer version of the program made it.
        """
        folder = folder or own_folder()
        path = folder / FILE_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _alone(folder):
                notice = _repair(path)
                library = cls(path, _connect_writing(path), writable=True)
        except (OSError, sqlite3.OperationalError, ExportError) as error:
            log.warning("own library: %s", error)
            return cls._open_read_only(path, error)
        except sqlite3.DatabaseError as error:
            raise ExemplarError(f"{path} cannot be used ({error}): move it away, and a new one is made.") from None
        library.notice = notice
        library._sweep_clips()
        backup = path.with_name(BACKUP_NAME)
        if not backup.is_file() or _changed_at(path) > backup.stat().st_mtime:
            library._back_up()
        return library

    @classmethod
    def _open_read_only(cls, path: Path, error: Exception) -> Self:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        if not path.is_file():
            raise ExemplarError(
                f"{path.parent} cannot be written ({reason}), so no exemplars can be kept there: make it writable."
            ) from None
        opened = cls.open(path)
        opened.notice = f"{path} cannot be written ({reason}): its exemplars can be used, but none added or changed."
        return opened

    @classmethod
    def open_reading(cls, folder: Path) -> Self:
        """Opens what another program keeps, and may be writing, for reading; it is not checked.

        Raises: ExemplarError where there is none, or it cannot be read.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            raise ExemplarError(f"{path} does not exist: add an exemplar first.")
        with readable(path):
            connection = connect(f"{path.resolve().as_uri()}?mode=ro")
        try:
            with readable(path):
                return cls(path, connection, writable=False)
        except ExemplarError:
            connection.close()
            raise

    def edit(self, exemplar_id: str, facts: ExemplarFacts) -> None:
        """Replaces what a person said of an exemplar.

        Raises: ConfigError for facts that cannot be, ExemplarError where it cannot be written.
        """
        values = asdict(check_facts(facts))
        self._change(exemplar_id, ", ".join(f"{name} = ?" for name in values), *values.values())

    def remove(self, exemplar_id: str) -> None:
        """Moves an exemplar to the bin. Raises: ExemplarError where it cannot be written."""
        self._change(exemplar_id, "removed_at = ?", datetime.now(UTC).isoformat(timespec="seconds"))

    def restore(self, exemplar_id: str) -> None:
        """Takes an exemplar out of the bin. Raises: ExemplarError where it cannot be written."""
        self._change(exemplar_id, "removed_at = NULL")

    def _change(self, exemplar_id: str, assignments: str, *values: object) -> None:
        with self._writing() as db:
            changed = db.execute(f"UPDATE exemplar SET {assignments} WHERE id = ?", (*values, exemplar_id)).rowcount
        if not changed:
            raise ExemplarError(f"{self.path} has no exemplar '{exemplar_id}'.")
        self._back_up()

    def removed(self) -> list[Exemplar]:
        """What lies in the bin, the latest first."""
        return self._select("SELECT * FROM known WHERE removed_at IS NOT NULL ORDER BY removed_at DESC, id")

    def empty_bin(self) -> None:
        """Deletes for good what lies in the bin, with the clips that no other exemplar needs."""
        with self._writing() as db:
            db.execute("DELETE FROM exemplar WHERE removed_at IS NOT NULL")
        self._sweep_clips()
        self._back_up()

    def add_new(self, exemplar: Exemplar, mask: ExemplarMask, model_id: str, encoding: ExemplarEncoding) -> None:
        """Adds an exemplar with its masks and its encoding, all or nothing; its clip comes from `store_clip`.

        Raises: ExemplarError where it cannot be written.
        """
        self.add(exemplar, mask, {model_id: encoding})
        self._back_up()

    def keep_parse(
        self,
        exemplar_id: str,
        model_id: str,
        encoding: ExemplarEncoding,
        mask: ExemplarMask,
        transitions: tuple[int, int],
    ) -> None:
        """Keeps what newer weights made of an exemplar; transitions that a person placed stay.

        Args:
            transitions: first frames of flight and entry as these weights find them.

        Raises: ExemplarError where it cannot be written.
        """
        with self._writing() as db:
            if db.execute("SELECT 1 FROM exemplar WHERE id = ?", (exemplar_id,)).fetchone() is None:
                return  # deleted for good meanwhile
            db.execute(
                "UPDATE exemplar SET first_flight_frame = ?, first_entry_frame = ? WHERE id = ? AND NOT corrected",
                (*transitions, exemplar_id),
            )
            put_mask(db, exemplar_id, mask)
            put_encoding_row(db, exemplar_id, model_id, encoding)

    def new_id(self, name: str) -> str:
        """An id that no other exemplar has, with the name of its clip in it to be told by."""
        readable = re.sub(r"[^\w-]+", "-", name).strip("-")[:24] or "dive"
        return f"{readable}-{uuid4().hex[:6]}"

    def store_clip(
        self,
        source: Path,
        *,
        progress: ProgressCallback = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> Path:
        """Copies a video file into the library's folder, once for each content; returns the copy.

        Raises:
            ExemplarError: the file cannot be read, or the copy cannot be written.
            Cancelled: once the token is set; nothing is left behind.
        """
        total = 0

        def read(done_with: Callable[[bytes], object]) -> None:
            done = 0
            with source.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    done_with(chunk)
                    done += len(chunk)
                    progress(Progress("copy", done, total))
                    if cancel is not None:
                        cancel.raise_if_cancelled()

        digest = hashlib.sha256()
        try:
            total = source.stat().st_size
            read(digest.update)
        except OSError as error:
            raise ExemplarError(f"{source} cannot be read ({error.strerror}): check the path.") from None
        target = self.path.parent / CLIPS_NAME / f"{digest.hexdigest()[:20]}{source.suffix.lower()}"
        try:
            target.parent.mkdir(exist_ok=True)
            if target.is_file() and target.stat().st_size == total:
                os.utime(target)  # so that no other program sweeps it away
            else:
                with atomic_file(target) as temporary, temporary.open("wb") as file:
                    read(file.write)
        except (OSError, ExportError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
            raise ExemplarError(f"{source} cannot be copied into {target.parent}: {reason}.") from None
        return target

    def _sweep_clips(self) -> None:
        """Deletes clips that no exemplar speaks of, and that are not just being added."""
        with self._reading() as db:
            needed = {row[0] for row in db.execute("SELECT clip FROM exemplar")}
        latest = time.time() - _SPARED_S
        for clip in (self.path.parent / CLIPS_NAME).glob("*"):
            try:
                if f"{CLIPS_NAME}/{clip.name}" not in needed and clip.stat().st_mtime < latest:
                    clip.unlink()
            except OSError as error:  # in use on Windows: next time
                log.info("own library: %s stays (%s)", clip, error)

    def _back_up(self) -> None:
        """Renews the backup; that it fails does not undo the edit."""
        try:
            with _alone(self.path.parent), atomic_file(self.path.with_name(BACKUP_NAME)) as temporary:
                copy = sqlite3.connect(temporary)
                try:
                    with self._lock:
                        self._db.backup(copy)
                    copy.execute("PRAGMA journal_mode = DELETE")  # one file, no side files
                finally:
                    copy.close()
        except (sqlite3.Error, ExportError) as error:
            log.warning("own library: no backup (%s)", error)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other programs from opening, repairing or backing up; a killed program's hold ends with it."""
    hold = sqlite3.connect(folder / "library.lock", timeout=_PATIENCE_S, isolation_level=None)
    try:
        hold.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        hold.close()


def _connect_writing(path: Path) -> sqlite3.Connection:
    """An open file of the present version. Raises: ExemplarError for one of a newer version."""
    connection = connect(path)
    try:
        version = version_of(connection)
        if version > SCHEMA_VERSION:
            raise ExemplarError(
                f"{path} was made by a newer version of the program (library version {version}, this one knows "
                f"{SCHEMA_VERSION}): update the program."
            )
        connection.execute("PRAGMA journal_mode = WAL")
        if version < SCHEMA_VERSION:
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _changed_at(path: Path) -> float:
    return max(side.stat().st_mtime for name in _SIDE_FILES[:2] if (side := Path(f"{path}{name}")).exists())


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


def _repair(path: Path) -> str:
    """Puts the backup where the library is damaged or gone; returns the sentence that says so, or "".

    A file that was only just begun (empty, no backup) is no damage.
    """
    backup = path.with_name(BACKUP_NAME)
    damage = _damage(path) if path.exists() else "it was gone"
    if damage is None or not (backup.exists() or (path.exists() and path.stat().st_size)):
        return ""
    kept = ""
    if path.exists():
        aside = path.with_name(f"library-damaged-{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:4]}.sqlite")
        for name in _SIDE_FILES:
            if Path(f"{path}{name}").exists():
                os.replace(f"{path}{name}", f"{aside}{name}")
        kept = f", and the damaged file is kept as {aside.name}"
    if backup.is_file() and _damage(backup) is None:
        made = datetime.fromtimestamp(backup.stat().st_mtime)
        with atomic_file(path) as temporary:
            shutil.copyfile(backup, temporary)
        return f"{path} was damaged ({damage}): its backup of {made:%Y-%m-%d %H:%M} is used instead{kept}."
    return f"{path} was damaged ({damage}) and has no backup: it starts empty{kept}."
