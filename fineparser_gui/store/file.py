"""The SQLite file of the store: opened, shared by windows, moved, backed up, and restored where it is damaged."""

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from glob import escape
from pathlib import Path
from uuid import uuid4

from fineparser_core.errors import ConfigError, ExportError, FineParserError
from fineparser_core.language import Phrase, together
from fineparser_core.printable import printable
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.sqlite_file import (
    PATIENCE_S,
    SIDE_FILES,
    closed_on_failure,
    connect,
    damage_of,
    exclusive,
    file_id,
    generations,
    is_blank,
    is_damage,
    pair_log,
    reason_of,
    set_aside,
    version_of,
    write_ahead,
)
from fineparser_gui.store.rows import altered
from fineparser_gui.store.schema import SCHEMA, VERSION, make

log = logging.getLogger(__name__)


class StoreFile:
    """A file of dives; the threads of a process may share it.

    Several windows may use it at once: SQLite's write-ahead log separates readers from one writer, and what a killed
    program did not confirm is rolled back.

    Attributes:
        path: path of the file; the new path if it was moved.
        notice: a sentence for the user if the file was damaged, deleted or replaced; else "".
    """

    def __init__(self, path: Path, *, patience_s: float = PATIENCE_S) -> None:
        """Open a file, or create it; a damaged file is set aside.

        Args:
            patience_s: time to wait for another program that writes, in seconds.

        Raises:
            ConfigError: the file was made by a newer version of the program, cannot be created or read, or was moved
                and is not found at its new path.
        """
        self.notice = ""
        self._lock, self._patience_s = threading.RLock(), patience_s
        self._open(path)

    def close(self) -> None:
        """Close the file; keep its content if it was deleted or replaced."""
        with self._lock:
            try:
                self._follow()
            except (sqlite3.Error, FineParserError) as error:
                log.warning("history: closed as it was (%s)", error)
            self._db.close()

    def changes(self) -> int:
        """Return a number that changes when another window or program writes."""
        with self._reading() as db:
            return int(db.execute("PRAGMA data_version").fetchone()[0])

    def recover(self) -> None:
        """Set the file aside if it is damaged, which was found while it was open; see `notice`. Raises: ConfigError."""
        with self._lock:
            self._db.close()
            self._open(self.path, restore=True)

    def move(self, path: Path) -> None:
        """Continue in another file; the old file keeps its content and a note of the new path for other windows.

        Raises:
            ExportError: the new file exists, or it cannot be written.
        """
        try:
            if path.exists() and not _moved_away(path):
                raise ExportError("{0} exists already: choose another name.", path)
            with self._lock, closing(connect(self.path)) as hold, closing(connect(path)) as target:
                self._follow()
                hold.execute("BEGIN IMMEDIATE")  # nobody writes between the copy and the note
                self._db.backup(target)
                hold.execute("INSERT INTO moved_to VALUES (?)", (os.path.abspath(path),))
                hold.execute("COMMIT")
                self._follow()
        except sqlite3.Error as error:
            raise _unwritable(path, error) from None

    def backup(self, path: Path) -> None:
        """Write all of it into another file, whole or not at all. Raises: ExportError."""
        with atomic_file(path) as temporary:
            try:
                with self._lock, closing(sqlite3.connect(temporary)) as target:
                    self._db.backup(target)
            except sqlite3.Error as error:
                raise _unwritable(path, error) from None

    def _open(self, path: Path, *, restore: bool = False) -> None:
        left = set()
        while True:
            self._db, self.path = self._opened(path, restore=restore), path
            moved = self._db.execute("SELECT path FROM moved_to LIMIT 1").fetchone()
            self._files = [file_id(f"{path}{side}") for side in SIDE_FILES]
            pair_log(path, lock_of(path))
            if moved is None:
                return
            self._db.close()
            left.add(os.path.realpath(path))
            path = Path(moved[0])
            if os.path.realpath(path) in left:
                raise _unreadable(path, "it was moved in a circle")
            if not path.is_file():
                raise ConfigError(
                    "The history was moved to {0}, which is not there: connect its disk, or move the file back there.",
                    path,
                )

    def _opened(self, path: Path, *, restore: bool) -> sqlite3.Connection:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            pair_log(path, lock_of(path))
            # SQLite would delete or take over the log of a file that is gone, which another window may still use.
            beside = [*(Path(f"{path}{side}") for side in SIDE_FILES[1:]), *generations(backup_of(path))]
            if restore or (is_blank(path) and any(one.exists() for one in beside)):
                self._restore(path)
            try:
                return self._connected(path)
            except (sqlite3.Error, UnicodeDecodeError):
                self._restore(path)
            return self._connected(path)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise _unreadable(path, reason_of(error)) from None
        except OSError as error:
            raise _unreadable(path, error.strerror or "") from None

    def _connected(self, path: Path) -> sqlite3.Connection:
        db = connect(path, patience_s=self._patience_s)
        with closed_on_failure(db):
            if version_of(db) > VERSION:
                raise ConfigError(
                    "{0} was made by a newer version of the program: update the program. Until then no dive is added "
                    "to the history.",
                    path,
                )
            write_ahead(db, patience_s=self._patience_s)
            db.execute("PRAGMA synchronous = NORMAL")  # a kill loses nothing; a power cut the last second
            make(db)
            db.execute("SELECT count(*) FROM moved_to")
        return db

    def _restore(self, path: Path) -> None:
        """Replace a file by its backup if it is damaged, empty or gone; a lock admits a single window at a time."""
        with exclusive(lock_of(path)):
            damage = "it was gone" if not path.exists() else damage_in(path, self._patience_s)
            if damage:
                self.notice = self._set_aside(path, damage)

    def _set_aside(self, path: Path, reason: str) -> str:
        """Replace a damaged file by its backup; return a sentence for the user. Raises: ConfigError."""
        there = path.exists()
        try:
            aside, made = set_aside(path, _is_sound, *generations(backup_of(path)))
        except (OSError, sqlite3.Error, ExportError) as error:
            raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from None
        if not (there or made):
            return ""
        if not there:
            return Phrase("{0} was damaged ({1}): its backup of {2} is used instead{3}.", path, reason, made, "")
        if made:
            return Phrase(
                "{0} was damaged ({1}): its backup of {2} is used instead, and the damaged file is kept as {3}.",
                path,
                reason,
                made,
                aside,
            )
        return Phrase(
            "{0} was damaged ({1}) and has no backup: the history starts empty, and the damaged file is kept as {2}.",
            path,
            reason,
            aside,
        )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                self._follow()
                yield self._db
        except (sqlite3.Error, ValueError) as error:
            self._recover_from(error)
            raise _unreadable(self.path, reason_of(error)) from None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction, which is written whole or not at all, even if the process dies within it."""
        try:
            with self._lock:
                self._follow()
                with self._db as db:
                    db.execute("BEGIN IMMEDIATE")
                    if db.execute("SELECT 1 FROM moved_to").fetchone():  # since a moment ago
                        raise sqlite3.OperationalError("it is being moved")
                    yield db
        except (sqlite3.Error, ValueError) as error:
            self._recover_from(error)
            raise _unwritable(self.path, error) from None

    def _recover_from(self, error: Exception) -> None:
        """Use the backup if an error comes from damage. Raises: ConfigError that reports it."""
        if is_damage(error):
            self.recover()
            if self.notice:
                notice, self.notice = self.notice, ""
                raise ConfigError(notice) from None

    def _follow(self) -> None:
        """Continue in the new file if another window has moved the store; write it again if its file was replaced."""
        if file_id(self.path) != self._files[0]:
            self.notice = self._write_again()
        elif self._db.execute("SELECT 1 FROM moved_to").fetchone():
            self._db.close()
            self._open(self.path)

    def _write_again(self) -> str:
        """Keep the content of a file that was deleted or replaced, open the present file; return a sentence on it."""
        with exclusive(lock_of(self.path)):
            gone, kept = not self.path.exists(), self.path
            if not gone:
                name = f"{self.path.stem}-replaced-{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:4]}{self.path.suffix}"
                kept = self.path.with_name(name)
            for side, own in list(zip(SIDE_FILES, self._files, strict=True))[1:]:
                there = file_id(f"{self.path}{side}")
                if there and (gone or own == there):  # else it is read into the other file
                    os.unlink(f"{self.path}{side}")
            aside = self.path.parent.glob(f"{escape(self.path.stem)}-damaged-*")
            damaged = any(file_id(one) == self._files[0] for one in aside) or not self._is_sound()
            if not damaged:
                self.backup(kept)
            self._db.close()
        self._open(self.path)
        if damaged:  # which the window that has set it aside has reported
            return self.notice
        if gone:
            return Phrase("{0} was deleted while it was open, and is written again.", self.path)
        replaced = Phrase(
            "{0} was replaced by another program while it was open: what it held is kept as {1}.", self.path, kept.name
        )
        return together(filter(None, [replaced, self.notice]))

    def _is_sound(self) -> bool:
        try:
            return bool(self._db.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
        except sqlite3.DatabaseError:
            return False


def backup_of(path: Path) -> Path:
    """Return the path of a store's automatic backup."""
    return path.with_name(f"{path.stem}.backup{path.suffix}")


def lock_of(path: Path) -> Path:
    """Return the path of a store's lock, see `exclusive`."""
    return path.with_name(f"{path.stem}.lock")


def damage_in(path: Path, patience_s: float = PATIENCE_S) -> str:
    """Return the damage of a store, or "". Raises: sqlite3.Error if it cannot be opened."""
    if damage := damage_of(path, schema=SCHEMA, patience_s=patience_s):
        return damage
    with closing(connect(path, patience_s=patience_s)) as db:
        if version_of(db) != VERSION or not (id_ := altered(db)):
            return ""
    return f"dive {id_} is not as it was written"


def _is_sound(path: Path) -> bool:
    try:
        return not damage_in(path)
    except sqlite3.Error:
        return False


def _moved_away(path: Path) -> bool:
    """Return True if a file is a store that was moved away."""
    try:
        with closing(connect(path, "?mode=ro")) as db:
            return db.execute("SELECT 1 FROM moved_to").fetchone() is not None
    except sqlite3.Error:
        return False


def _unreadable(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        "The history {0} cannot be read ({1}): close other programs that use it, or copy it again.", path, reason
    )


def _unwritable(path: Path, error: Exception) -> ExportError:
    return ExportError(
        "{0} cannot be written now ({1}): close other programs that use it, see that the disk has room, and try again.",
        path,
        printable(f"{error!s:.200}"),
    )
