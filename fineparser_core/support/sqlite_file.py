"""SQLite files that several programs share and that outlive damage: opening, checking, backing up, restoring.

SQLite's write-ahead log separates readers from a single writer, and an unfinished transaction of a killed program is
rolled back.
"""

import errno
import os
import shutil
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePath
from uuid import uuid4

from fineparser_core.errors import ExportError
from fineparser_core.printable import printable
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.files import lock_file, read_bounded

#: The first SQLite that always has JSON; STRICT tables came with 3.37.
LEAST_VERSION = (3, 38)
#: Time to wait for another program that is writing, in seconds.
PATIENCE_S = 20.0
#: Parts of a database: the file itself, its log, and the index of that.
SIDE_FILES = ("", "-wal", "-shm")
_AGAIN_S = 0.02
#: Maximum size of a row. The masks of an exemplar take less than half of it.
_MOST_BYTES = 4 << 20
#: Primary error codes of SQLite for a damaged file.
_DAMAGE_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_DAY_S = 24 * 3600
_MOST_PAIR_BYTES = 200
#: Days after which each generation of a backup is renewed, by what its name adds to that of the file.
_GENERATIONS = {"": 1, "-week": 7, "-month": 30}


@contextmanager
def closed_on_failure(db: sqlite3.Connection) -> Iterator[None]:
    """Close a connection where what is done with it fails."""
    try:
        yield
    except BaseException:
        db.close()
        raise


def file_uri(path: PurePath) -> str:
    """Return the URI by which SQLite opens an absolute path; it takes no server of Windows for a host."""
    uri = path.as_uri()
    return uri if uri.startswith("file:///") else uri.replace("file://", "file:////", 1)


def connect(
    path: Path, query: str = "", *, patience_s: float = PATIENCE_S, most_bytes: int = _MOST_BYTES
) -> sqlite3.Connection:
    """Return a connection that the threads of a process may use in turn.

    Transactions are begun by name: SQLite's own begin as readers, which two writers cannot both turn into writing.

    Args:
        query: of the URI of SQLite.
        patience_s: time to wait for another program, in seconds.
        most_bytes: maximum size of a row.

    Raises: sqlite3.Error.
    """
    if sqlite3.sqlite_version_info < LEAST_VERSION:
        needed = ".".join(map(str, LEAST_VERSION))
        raise sqlite3.NotSupportedError(f"SQLite {needed} is needed, this Python has {sqlite3.sqlite_version}")
    uri = file_uri(path.absolute()) + query
    db = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=patience_s, isolation_level=None)
    with closed_on_failure(db):
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, most_bytes)
        # Text that is not UTF-8 fails its own row alone.
        db.text_factory = lambda text: text.decode(errors="surrogateescape")
        for setting in ("foreign_keys = ON", "trusted_schema = OFF", "cell_size_check = ON"):
            db.execute(f"PRAGMA {setting}")
    return db


def write_ahead(db: sqlite3.Connection, patience_s: float = PATIENCE_S) -> None:
    """Write changes ahead of the file, so that readers and a writer do not wait for each other.

    Where another program is just about the same, SQLite fails at once instead of waiting.

    Raises: sqlite3.Error.
    """
    end_s = time.monotonic() + patience_s
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end_s:
                raise
            time.sleep(_AGAIN_S)
        else:
            return


def version_of(db: sqlite3.Connection) -> int:
    """Return the schema version of an open file; 0 for an empty file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def is_damage(error: Exception) -> bool:
    """Return True if an error of SQLite says that the file is damaged.

    SQLite quotes what it stumbles over, which may be no text.
    """
    if isinstance(error, sqlite3.DatabaseError):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE_CODES
    return isinstance(error, UnicodeDecodeError)


def reason_of(error: Exception) -> str:
    """Return what SQLite says, in printable characters."""
    return "malformed schema" if isinstance(error, UnicodeDecodeError) else printable(f"{error!s:.200}")


def mark_of(db: sqlite3.Connection) -> int:
    """Return the application id of an open file; 0: none was set."""
    return int(db.execute("PRAGMA application_id").fetchone()[0])


def damage_of(path: Path, *, patience_s: float = PATIENCE_S) -> str:
    """Return what is wrong with a file; "" where it is sound.

    Args:
        patience_s: time to wait for another program, in seconds.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    if path.exists() and is_blank(path):
        return "it is empty"
    try:
        with closing(connect(path, patience_s=patience_s)) as db:
            (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
            return "" if found == "ok" else str(found).splitlines()[-1]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        # SQLITE_ERROR means a format or a schema that this SQLite does not know.
        if is_damage(error) or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_ERROR:
            return reason_of(error)
        raise


def schema_amiss(db: sqlite3.Connection, schema: str) -> tuple[str, str]:
    """Return what a database holds beyond what a script makes, and what of that is missing or differs; "" for neither.

    Raises: sqlite3.Error.
    """
    found = _objects(db)
    with closing(sqlite3.connect(":memory:")) as blank:
        blank.executescript(schema)
        expected = _objects(blank)
    added = next((f"it holds {name:.80}" for name in sorted(found.keys() - expected.keys())), "")
    wrong = next((f"its {name} is missing or differs" for name, sql in expected.items() if found.get(name) != sql), "")
    return added, wrong


def _objects(db: sqlite3.Connection) -> dict[str, str]:
    """Return what a database consists of: the SQL of each by its kind and name, and the mark of its program."""
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT 100")
    # Only words count, not how they are laid out: a file may be older than a line break in the script, and renamed
    # tables are quoted.
    found = {
        ascii(f"{kind} {name} {table}")[1:-1]: "".join(str(sql).replace('"', "").split())
        for kind, name, table, sql in rows
    }
    return {**found, "mark of its program": str(mark_of(db))}


def is_blank(path: Path) -> bool:
    """Return True if a file is missing or empty: SQLite deletes the log that lies beside such a one."""
    return not (path.exists() and path.stat().st_size)


def file_id(path: str | Path) -> str:
    """Return what tells a file from all others, whatever their paths; "" where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_dev}-{found.st_ino}"


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Keep other programs from opening, repairing or backing up a database; a killed program's hold ends with it.

    Args:
        lock: path of a lock file, see `lock_file`; what it holds does not matter.

    Raises:
        OSError: it cannot be created, or another program holds it for too long.
    """
    end_s = time.monotonic() + PATIENCE_S
    while (hold := lock_file(lock)) is None:
        if time.monotonic() > end_s:
            raise TimeoutError(errno.EBUSY, "another program is using it")
        time.sleep(_AGAIN_S)
    with hold:
        yield


def pair_log(path: Path, lock: Path) -> None:
    """Remember which log is a file's, or rename a log that is another file's; before and after a file is opened.

    SQLite takes any log for that of the file beside it. Where a file is replaced while a program has it open, the next
    one that opens it would write the old file's pages into the new one, and lose both.

    The memory is a file beside the lock, with a checksum: what is damaged of it counts as forgotten.

    Args:
        lock: as of `exclusive`.

    Raises:
        OSError: the lock cannot be had, or the log cannot be renamed.
    """
    memory = lock.with_suffix(".pair")
    with exclusive(lock):
        known = _pair_in(memory)
        now = file_id(path), file_id(f"{path}-wal")
        if known is not None and known[1] == now[1] != "" and known[0] != now[0]:
            for side in SIDE_FILES[1:]:
                if os.path.exists(f"{path}{side}"):
                    os.replace(f"{path}{side}", f"{path}{side}-{uuid4().hex[:4]}")
            now = now[0], ""
        if known != now:
            with suppress(OSError):
                memory.write_bytes(_pair_bytes(*now))


def _pair_bytes(file: str, log: str) -> bytes:
    pair = f"{file}\n{log}\n".encode()
    return pair + f"{zlib.crc32(pair)}\n".encode()


def _pair_in(memory: Path) -> tuple[str, str] | None:
    try:
        content = read_bounded(memory, _MOST_PAIR_BYTES)
        file, log, _ = content.decode("ascii").split("\n", 2)
    except (OSError, ValueError):
        return None
    return (file, log) if content == _pair_bytes(file, log) else None


def set_aside(path: Path, is_sound: Callable[[Path], bool], *backups: Path) -> tuple[str, str]:
    """Rename a damaged SQLite file with its log, where there are any, and put its newest sound backup in its place.

    Args:
        is_sound: whether a backup may be used.
        backups: paths of them, the newest first.

    Returns:
        The new name of the damaged file, and when the backup was made; "" where there is none that is sound.

    Raises: OSError, sqlite3.Error or ExportError.
    """
    aside = path.with_name(f"{path.stem}-damaged-{datetime.now():%Y%m%d-%H%M%S}-{uuid4().hex[:4]}{path.suffix}")

    def rename() -> None:
        for side in reversed(SIDE_FILES):  # the file last: SQLite would read the log of another file into its backup
            if Path(f"{path}{side}").exists():
                os.replace(f"{path}{side}", f"{aside}{side}")

    backup = next((one for one in backups if one.is_file() and is_sound(one)), None)
    if backup is None:
        rename()
        return aside.name, ""
    with atomic_file(path) as temporary:
        shutil.copyfile(backup, temporary)
        rename()  # once there is space for the backup
    return aside.name, datetime.fromtimestamp(backup.stat().st_mtime).isoformat(" ", "minutes")


def generations(backup: Path) -> list[Path]:
    """Return the paths of a backup's generations, the newest first: of a day, a week and a month."""
    return [backup.with_name(f"{backup.stem}{name}{backup.suffix}") for name in _GENERATIONS]


def is_due(backup: Path, days: int = 1) -> bool:
    """Return True if a backup is missing, older than some days, or dated in the future, as after a clock was set."""
    return not backup.is_file() or not 0 <= time.time() - backup.stat().st_mtime < days * _DAY_S


def keep_generations(backup: Path) -> None:
    """Copy the backup of a day, which is about to be renewed, to the older generations that are due."""
    if backup.is_file():
        for older, days in zip(generations(backup)[1:], list(_GENERATIONS.values())[1:], strict=True):
            if is_due(older, days):
                with suppress(OSError, ExportError), atomic_file(older) as temporary:  # a full disk: the next time
                    shutil.copy2(backup, temporary)
