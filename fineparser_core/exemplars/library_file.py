"""The SQLite file of an exemplar library: its tables, how it is opened, read in bounded time, written, recovered."""

import logging
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self, TypeVar

from fineparser_core.errors import ExemplarError, ExportError
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.exemplars.rows import read_exemplar
from fineparser_core.language import Phrase
from fineparser_core.progress import CancelToken
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.sqlite_file import (
    SIDE_FILES,
    closed_on_failure,
    connect,
    damage_of,
    exclusive,
    reason_of,
    schema_amiss,
    set_aside,
    version_of,
    write_ahead,
)

Record = TypeVar("Record")

SCHEMA_VERSION = 3
#: Versions that a program may come to; another number is damage.
_MOST_VERSIONS = 256
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE exemplar (
    id TEXT PRIMARY KEY, dive_number TEXT NOT NULL, board_m REAL, score REAL NOT NULL,
    clip TEXT NOT NULL, in_frame INTEGER NOT NULL, out_frame INTEGER NOT NULL,
    first_flight_frame INTEGER NOT NULL, first_entry_frame INTEGER NOT NULL, synthetic INTEGER NOT NULL,
    diver TEXT NOT NULL DEFAULT '', dived_on TEXT, synchro INTEGER NOT NULL DEFAULT 0,
    corrected INTEGER NOT NULL DEFAULT 0, removed_at TEXT
) STRICT;
CREATE INDEX exemplar_by_number ON exemplar (dive_number);
CREATE TABLE mask (
    exemplar_id TEXT PRIMARY KEY REFERENCES exemplar (id) ON DELETE CASCADE,
    sampled_frames BLOB NOT NULL, probability BLOB NOT NULL, crop_xyxy BLOB NOT NULL
) STRICT;
CREATE TABLE encoding (
    exemplar_id TEXT NOT NULL REFERENCES exemplar (id) ON DELETE CASCADE, model_id TEXT NOT NULL,
    gated BLOB NOT NULL, static_tokens BLOB NOT NULL, st INTEGER NOT NULL, ed INTEGER NOT NULL,
    PRIMARY KEY (exemplar_id, model_id)
) STRICT;
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""
#: Time limit of a query in seconds; a forged file can keep SQLite busy for ever.
_LONGEST_QUERY_S = 5.0
_QUERY_STEPS = 1000
#: Maximum number of exemplars read from a table; FineDiving has 3,000 dives.
MOST_EXEMPLARS = 100_000


def damaged_tables(path: Path) -> str:
    """Return which table of a library is missing or differs; "" where other tables were added, or of another version.

    Each version has tables of its own: another number beside the tables of this version is damage, and written again.

    Raises: sqlite3.Error.
    """
    with closing(connect(path)) as db:
        version, wrong = version_of(db), schema_amiss(db, SCHEMA)[1]
        if not wrong and version != SCHEMA_VERSION:
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            return ""
        if not 0 < version < _MOST_VERSIONS:
            return f"its version is {version}"
        return wrong if version == SCHEMA_VERSION else ""


class LibraryFile:
    """An open library; the threads of a process may share it.

    Attributes:
        path: of the file; the clips of its exemplars lie in its folder or below.
    """

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        """Take a connection over, and close it where it is no library.

        Raises: ExemplarError for another version, or anything but the tables of a library.
        """
        self.path, self._db, self._lock = path, db, threading.RLock()
        self._closing = weakref.finalize(self, db.close)  # Python 3.13 warns of those that nobody has closed
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file for reading, with what another program has in its write-ahead log.

        Raises: ExemplarError where the file is missing, cannot be read, or is not an exemplar library.
        """
        if path.is_dir():
            raise ExemplarError("{0} is a folder: give the path of the exemplar library in it.", path)
        if not path.exists():
            raise ExemplarError("{0} does not exist: give the path of an exemplar library.", path)
        if not path.is_file():
            raise ExemplarError("{0} is no file: give the path of an exemplar library.", path)
        # Opened as if for writing, because only then does SQLite take away what it needs beside a file with a
        # write-ahead log; where the file cannot be written, it opens it for reading.
        query = "?mode=rw"
        try:
            with closing(connect(path, query)) as probe:
                version_of(probe)
        except sqlite3.OperationalError as error:
            # The log needs a file beside the library, which cannot be made in a read-only folder.
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                log = Path(f"{path.resolve()}-wal")
                if log.exists() and log.stat().st_size:
                    raise ExemplarError(
                        "{0} has exemplars in {1} that cannot be read where nothing can be written: copy both "
                        "files to another folder, with the clips.",
                        path,
                        log.name,
                    ) from None
                query += "&immutable=1"
        except (sqlite3.Error, UnicodeDecodeError):
            pass  # the check below says so
        try:
            db = connect(path, query)
            with closed_on_failure(db):
                db.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise _unreadable(path, str(error)) from None
        return cls(path, db)

    @classmethod
    def open_writing(cls, path: Path) -> Self:
        """Open a file for writing; an empty or missing file becomes a library.

        Raises: ExemplarError for another version, or a file that is no library; sqlite3.Error.
        """
        db = connect(path)
        with closed_on_failure(db):
            if not version_of(db):
                db.executescript(SCHEMA)
            opened = cls(path, db)
            write_ahead(db)
        return opened

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new, empty file for writing. Raises: ExemplarError where it exists or cannot be written."""
        if path.exists():
            raise ExemplarError("{0} exists already: choose another name.", path)
        try:
            db = connect(path)
            with closed_on_failure(db):
                db.executescript(f"PRAGMA page_size = 1024; {SCHEMA}")  # a row's arrays end on a page of their own
        except sqlite3.Error as error:
            raise ExemplarError("{0} cannot be written: {1}.", path, error) from None
        return cls(path, db)

    def close(self) -> None:
        self._closing()

    @contextmanager
    def reading(self, cancel: CancelToken | None = None) -> Iterator[sqlite3.Connection]:
        """Bound the time of queries, and turn the errors of a damaged file into a sentence.

        Raises:
            ExemplarError: the file cannot be read, or not in time.
            Cancelled: once the token is set.
        """
        end_s = time.monotonic() + _LONGEST_QUERY_S
        with self._lock:
            self._db.set_progress_handler(
                lambda: (cancel is not None and cancel.cancelled) or time.monotonic() > end_s, _QUERY_STEPS
            )
            try:
                yield self._db
            except (sqlite3.Error, ValueError) as error:
                if cancel is not None:
                    cancel.raise_if_cancelled()
                late = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
                reason = f"not in {_LONGEST_QUERY_S:g} s" if late else reason_of(error)
                raise _unreadable(self.path, reason) from None
            finally:
                self._db.set_progress_handler(None, 0)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield a transaction: all of it or none, also if the process dies within.

        Raises: ExemplarError where it cannot be written.
        """
        try:
            with self._lock, self._db as db:
                db.execute("BEGIN IMMEDIATE")
                yield db
        except sqlite3.OperationalError as error:
            raise ExemplarError(
                "{0} cannot be written now ({1}): close other programs that use it, see "
                "that the disk has room, and try again.",
                self.path,
                error,
            ) from None

    def copy(self, path: Path) -> None:
        """Write the present content into a new file without side files. Raises: sqlite3.Error."""
        with self._lock:
            self._db.execute("VACUUM INTO ?", (str(path),))

    def exemplars(
        self, condition: str = "", *values: str, cancel: CancelToken | None = None
    ) -> tuple[list[Exemplar], list[str]]:
        """Return the exemplars that can be used, those in the bin included.

        Of each other row, which it is and why it cannot.

        Raises: ExemplarError where the file cannot be read, Cancelled once the token is set.
        """
        found: list[Exemplar] = []
        left_out: list[str] = []
        folder = self.path.parent
        real_folder = os.path.realpath(folder)
        with self.reading(cancel) as db:
            # Not sorted by SQLite, as a damaged table may be without end.
            cursor = db.execute(f"SELECT * FROM exemplar {condition} LIMIT {MOST_EXEMPLARS + 1}", values)
            names = [column[0] for column in cursor.description]
            for row in cursor:
                if len(found) + len(left_out) == MOST_EXEMPLARS:
                    raise ValueError(f"it holds more than {MOST_EXEMPLARS:,} exemplars")
                try:
                    found.append(read_exemplar(dict(zip(names, row, strict=True)), folder, real_folder))
                except ValueError as error:
                    left_out.append(f"{row[0]!r:.60}, {error}")
        return found, left_out

    def _check(self) -> None:
        """Check that the file holds the tables of a library and nothing else: no view, no trigger, no other column."""
        with self.reading() as db:
            version, (added, wrong) = version_of(db), schema_amiss(db, SCHEMA)
        if version > SCHEMA_VERSION:
            raise ExemplarError(
                "{0} was made by a newer version of the program (library version {1}, this one knows "
                "{2}): update the program.",
                self.path,
                version,
                SCHEMA_VERSION,
            )
        if version < SCHEMA_VERSION:
            raise ExemplarError(
                "{0} is not an exemplar library of version {1} (found {2}): choose another one, or update the program.",
                self.path,
                SCHEMA_VERSION,
                version,
            )
        if added or wrong:
            raise ExemplarError(
                "{0} is not an exemplar library ({1}): copy it again or choose another one.", self.path, added or wrong
            )


class LibraryFiles(tuple[LibraryFile, ...]):
    """Libraries read together: of exemplars with the same id, that of the first file counts."""

    __slots__ = ()

    def close(self) -> None:
        for file in self:
            file.close()

    def known(self, cancel: CancelToken | None = None) -> list[Exemplar]:
        """Return the exemplars of all files by id, those in the bin included; the first file's hides another's."""
        known = {one.id: one for file in reversed(self) for one in file.exemplars(cancel=cancel)[0]}
        return [known[id_] for id_ in sorted(known)]

    def find(self, exemplar_id: str, cancel: CancelToken | None = None) -> tuple[LibraryFile, Exemplar] | None:
        """Return the exemplar of an id, and the file that it is of."""
        for file in self:
            for one in file.exemplars("WHERE id = ?", exemplar_id, cancel=cancel)[0]:
                return file, one
        return None

    def encoded(self, model_id: str) -> set[str]:
        """Return the ids of the exemplars that a model has encoded."""
        encoded: set[str] = set()
        hidden: set[str] = set()  # of files that come later
        for file in self:
            with file.reading() as db:
                query = f"SELECT exemplar_id FROM encoding WHERE model_id = ? LIMIT {MOST_EXEMPLARS}"
                encoded.update({row[0] for row in db.execute(query, (model_id,))} - hidden)
            if file is not self[-1]:
                hidden.update(one.id for one in file.exemplars()[0])
        return encoded

    def stored(
        self, read: Callable[..., Record], query: str, exemplar_id: str, *values: str, cancel: CancelToken | None = None
    ) -> Record | None:
        """Read an exemplar's row of another table."""
        found = self.find(exemplar_id, cancel)
        if found is None:
            return None
        with found[0].reading(cancel) as db:
            row = db.execute(query, (exemplar_id, *values)).fetchone()
        try:
            return None if row is None else read(*row)
        except ValueError as error:
            raise ExemplarError(
                "{0}: exemplar {1} cannot be used, {2}: copy the library again, or choose another one.",
                self[-1].path,
                repr(exemplar_id),
                error,
            ) from None


def _unreadable(path: Path, reason: str) -> ExemplarError:
    return ExemplarError(
        "{0} cannot be read as an exemplar library ({1}): copy it again or choose another one.", path, reason
    )


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
    except (OSError, sqlite3.Error, ExportError) as error:
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
