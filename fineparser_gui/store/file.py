"""The SQLite file of the store: opened, shared by windows, backed up, and restored where it is damaged."""

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
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
    write_ahead,
)
from fineparser_gui.session.session_file import MOST_SESSION_BYTES
from fineparser_gui.store.rows import altered
from fineparser_gui.store.schema import header_amiss, is_empty, is_newer, is_store, make, mend_header, tables_amiss

log = logging.getLogger(__name__)

#: Maximum size of a row: whatever a session file may hold of a dive fits into it.
_MOST_BYTES = 4 * MOST_SESSION_BYTES


class StoreFile:
    """A file of dives; the threads of a process may share it.

    Several windows may use it at once: SQLite's write-ahead log separates readers from one writer, and what a killed
    program did not confirm is rolled back.

    Attributes:
        path: path of the file.
        notice: a sentence for the user if the file was damaged, deleted or replaced; else "".
    """

    def __init__(self, path: Path, *, patience_s: float = PATIENCE_S) -> None:
        """Open a file, or create it; a damaged file is set aside.

        Args:
            path: path of the file, whatever is there now.
            patience_s: time to wait for another program that writes, in seconds.

        Raises:
            ConfigError: the file was made by a newer version of the program, or cannot be created or read.
        """
        self.notice = ""
        self._lock, self._patience_s = threading.RLock(), patience_s
        self.path = path
        self._open()

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
            self._open(restore=True)

    def backup(self, path: Path) -> None:
        """Write all of it into another file, whole or not at all. Raises: ExportError."""
        with self._lock:
            copy_file(self._db, path)

    def _open(self, *, restore: bool = False) -> None:
        self._db = self._opened(self.path, restore=restore)
        self._files = [file_id(f"{self.path}{side}") for side in SIDE_FILES]
        pair_log(self.path, lock_of(self.path))

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
        db = _private(path, self._patience_s)
        with closed_on_failure(db):
            if is_newer(db):
                raise ConfigError("{0} was made by a newer version of the program: update the program.", path)
            if not is_empty(db) and (damage := header_amiss(db)):
                raise sqlite3.DatabaseError(damage)
            write_ahead(db, patience_s=self._patience_s)
            db.execute("PRAGMA synchronous = NORMAL")  # a kill loses nothing; a power cut the last second
            make(db)
            if damage := tables_amiss(db):  # every write would fail
                raise sqlite3.DatabaseError(damage)
        return db

    def _restore(self, path: Path) -> None:
        """Replace a file by its backup if it is damaged, empty or gone; a lock admits a single window at a time."""
        with exclusive(lock_of(path)):
            damage = "it was gone" if not path.exists() else damage_in(path, self._patience_s, mend=True)
            if damage:
                self.notice = self._set_aside(path, damage)

    def _set_aside(self, path: Path, reason: str) -> str:
        """Replace a damaged file by its backup; return a sentence for the user. Raises: ConfigError."""
        there = path.exists()
        try:
            aside, made = set_aside(path, is_sound, *generations(backup_of(path)))
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
        """Write the store again if its file was replaced."""
        if file_id(self.path) != self._files[0]:
            self.notice = self._write_again()

    def _write_again(self) -> str:
        """Keep the content of a file that was deleted or replaced, open the present file; return a sentence on it."""
        with exclusive(lock_of(self.path)):
            gone, kept = is_blank(self.path), self.path
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
        self._open()
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


def damage_in(path: Path, patience_s: float = PATIENCE_S, *, mend: bool = False) -> str:
    """Return the damage of a store, or "".

    Args:
        mend: write the version again if nothing else is damaged.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    if damage := damage_of(path, patience_s=patience_s):
        return damage
    with closing(connected(path, patience_s=patience_s)) as db:
        if is_newer(db):
            return ""
        if damage := tables_amiss(db):
            return damage
        if id_ := altered(db):
            return f"dive {id_} is not as it was written"
        damage = header_amiss(db)
        if damage and mend:
            mend_header(db)
        return "" if mend else damage


def _private(path: Path, patience_s: float = PATIENCE_S) -> sqlite3.Connection:
    """Connect to a file that its owner alone may read, which is created if it is missing. Raises: OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    with suppress(OSError):  # a disk that knows no permissions
        path.chmod(0o600)
    return connected(path, patience_s=patience_s)


def connected(path: Path, query: str = "", patience_s: float = PATIENCE_S) -> sqlite3.Connection:
    """Connect to a store. Raises: sqlite3.Error."""
    return connect(path, query, patience_s=patience_s, most_bytes=_MOST_BYTES)


def is_sound(path: Path, patience_s: float = PATIENCE_S) -> bool:
    """Return True if a file is a store of this version that is not damaged."""
    try:
        if not is_store(path) or damage_in(path, patience_s):
            return False
        with closing(connected(path, patience_s=patience_s)) as db:
            return not header_amiss(db)
    except sqlite3.Error:
        return False


def copy_file(source: sqlite3.Connection, path: Path, *changes: str) -> None:
    """Write a database into another file, with some changes, whole or not at all. Raises: ExportError."""
    with atomic_file(path) as temporary:
        try:
            with closing(_private(temporary)) as target:
                source.backup(target)
                for change in changes:
                    target.execute(change)
        except sqlite3.Error as error:
            raise _unwritable(path, error) from None


def _unreadable(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        "The history {0} cannot be read ({1}): close other programs that use it, or copy it again.", path, reason
    )


def _unwritable(path: Path, error: Exception) -> ExportError:
    if isinstance(error, sqlite3.DataError):
        return ExportError(
            "{0} cannot be written (a dive has more drawings and corrections than it can hold): remove some of them.",
            path,
        )
    return ExportError(
        "{0} cannot be written now ({1}): close other programs that use it, see that the disk has room, and try again.",
        path,
        printable(f"{error!s:.200}"),
    )
