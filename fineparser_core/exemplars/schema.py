"""The SQLite file of an exemplar library: its tables, their version, and how a file is opened."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from fineparser_core.errors import ExemplarError
from fineparser_core.printable import printable
from fineparser_core.progress import CancelToken

SCHEMA_VERSION = 3
SCHEMA = (
    """
CREATE TABLE exemplar (
    id TEXT PRIMARY KEY, dive_number TEXT NOT NULL, board_m REAL, score REAL NOT NULL,
    clip TEXT NOT NULL, in_frame INTEGER NOT NULL, out_frame INTEGER NOT NULL,
    first_flight_frame INTEGER NOT NULL, first_entry_frame INTEGER NOT NULL, synthetic INTEGER NOT NULL,
    diver TEXT NOT NULL DEFAULT '', dived_on TEXT, synchro INTEGER NOT NULL DEFAULT 0,
    corrected INTEGER NOT NULL DEFAULT 0, removed_at TEXT
) STRICT""",
    "CREATE INDEX exemplar_by_number ON exemplar (dive_number)",
    """
CREATE TABLE mask (
    exemplar_id TEXT PRIMARY KEY REFERENCES exemplar (id) ON DELETE CASCADE,
    sampled_frames BLOB NOT NULL, probability BLOB NOT NULL, crop_xyxy BLOB NOT NULL
) STRICT""",
    """
CREATE TABLE encoding (
    exemplar_id TEXT NOT NULL REFERENCES exemplar (id) ON DELETE CASCADE, model_id TEXT NOT NULL,
    gated BLOB NOT NULL, static_tokens BLOB NOT NULL, st INTEGER NOT NULL, ed INTEGER NOT NULL,
    PRIMARY KEY (exemplar_id, model_id)
) STRICT""",
)
#: How long to wait for another program that is writing.
PATIENCE_S = 20.0
#: A file that somebody made byte by byte can keep SQLite busy for ever.
_LONGEST_QUERY_S = 5.0
_QUERY_STEPS = 1000
#: Longest row. The masks of an exemplar take less than half of it.
_MOST_BYTES = 4 << 20


@contextmanager
def reading(connection: sqlite3.Connection, name: Path | str, cancel: CancelToken | None = None) -> Iterator[None]:
    """Bounds the time of queries, and turns what a damaged file raises into one sentence.

    Raises:
        ExemplarError: the file cannot be read, or not in time.
        Cancelled: once the token is set.
    """
    end_s = time.monotonic() + _LONGEST_QUERY_S
    connection.set_progress_handler(
        lambda: (cancel is not None and cancel.cancelled) or time.monotonic() > end_s, _QUERY_STEPS
    )
    try:
        yield
    except (sqlite3.Error, ValueError) as error:
        if cancel is not None:
            cancel.raise_if_cancelled()
        late = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
        # SQLite quotes what it stumbles over.
        reason = f"not in {_LONGEST_QUERY_S:g} s" if late else printable(f"{error!s:.200}")
        raise ExemplarError(
            "{0} cannot be read as an exemplar library ({1}): copy it again or choose another one.", name, reason
        ) from None
    finally:
        connection.set_progress_handler(None, 0)


def version_of(connection: sqlite3.Connection, database: str = "main") -> int:
    """Schema version of an open file; 0 for an empty one."""
    return int(connection.execute(f"PRAGMA {database}.user_version").fetchone()[0])


def check_schema(connection: sqlite3.Connection, database: str, path: Path) -> None:
    """Sees that an open file holds the tables of a library and nothing else: no view, no trigger, no other column.

    Raises: ExemplarError where it does not.
    """
    version = version_of(connection, database)
    if version != SCHEMA_VERSION:
        raise ExemplarError(
            "{0} is not an exemplar library of version {1} (found {2}): choose another one, or update the program.",
            path,
            SCHEMA_VERSION,
            version,
        )
    with closing(sqlite3.connect(":memory:")) as blank:
        for statement in SCHEMA:
            blank.execute(statement)
        expected = _objects(blank, "main")
    found = _objects(connection, database)
    (application,) = connection.execute(f"PRAGMA {database}.application_id").fetchone()
    if found == expected and not application:
        return
    if application:
        amiss = f"it belongs to the program of number {application}"
    elif other := sorted(found.keys() - expected.keys()):
        amiss = f"it holds {other[0]:.80}"
    elif absent := sorted(expected.keys() - found.keys()):
        amiss = f"it lacks {absent[0]}"
    else:
        changed = next(name for name, sql in sorted(expected.items()) if found[name] != sql)
        amiss = f"its {changed} has other columns"
    raise ExemplarError("{0} is not an exemplar library ({1}): copy it again or choose another one.", path, amiss)


def _objects(connection: sqlite3.Connection, database: str) -> dict[str, str]:
    """What a database consists of: the SQL of each by its kind and name."""
    rows = connection.execute(f"SELECT type, name, tbl_name, sql FROM {database}.sqlite_schema LIMIT 100")
    # Only words count, not how they are laid out: a library may be older than a line break in the statements above.
    return {ascii(f"{kind} {name} {table}")[1:-1]: "".join(str(sql).split()) for kind, name, table, sql in rows}


def make_tables(connection: sqlite3.Connection) -> None:
    """Makes a library of an empty file, in one transaction; other programs wait meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not version_of(connection):  # another program may have just made them
            for statement in SCHEMA:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def connect(place: Path | str) -> sqlite3.Connection:
    """A connection that the threads of a process may use in turn; a path, or an URI of SQLite.

    Transactions are begun by name: SQLite's own begin as readers, which two writers cannot both turn into writing.
    """
    connection = sqlite3.connect(
        place if isinstance(place, str) else place.absolute().as_uri(),
        uri=True,
        check_same_thread=False,
        timeout=PATIENCE_S,
        isolation_level=None,
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
        # Text that is not UTF-8 fails its own row alone.
        connection.text_factory = lambda text: text.decode(errors="surrogateescape")
        for setting in ("foreign_keys = ON", "trusted_schema = OFF", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def connect_writing(path: Path) -> sqlite3.Connection:
    """An open file; one that is empty becomes a library.

    Raises: ExemplarError for one of another version, or one that is no library.
    """
    connection = connect(path)
    try:
        version = version_of(connection)
        if version > SCHEMA_VERSION:
            raise ExemplarError(
                "{0} was made by a newer version of the program (library version {1}, this one knows "
                "{2}): update the program.",
                path,
                version,
                SCHEMA_VERSION,
            )
        if version:
            check_schema(connection, "main", path)
        connection.execute("PRAGMA journal_mode = WAL")
        if not version:
            make_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reading(path: Path) -> sqlite3.Connection:
    """An open library that is not written, with what another program has in its write-ahead log.

    Raises: ExemplarError where the file is missing or is not an exemplar library.
    """
    connection = connect(uri_for_reading(path))
    try:
        with reading(connection, path):
            connection.execute("PRAGMA query_only = ON")
            check_schema(connection, "main", path)
    except BaseException:
        connection.close()
        raise
    return connection


def attach(connection: sqlite3.Connection, name: str, path: Path) -> None:
    """Adds a library to an open connection, for reading. Raises: as `connect_reading`."""
    uri = uri_for_reading(path)
    with reading(connection, path):
        connection.execute(f"ATTACH ? AS {name}", (uri,))
        check_schema(connection, name, path)


def uri_for_reading(path: Path) -> str:
    """The URI of SQLite by which a file can be read.

    Raises: ExemplarError where there is no such file, or a part of it cannot be read.
    """
    if path.is_dir():
        raise ExemplarError("{0} is a folder: give the path of the exemplar library in it.", path)
    if not path.is_file():
        if path.exists():
            raise ExemplarError("{0} is no file: give the path of an exemplar library.", path)
        raise ExemplarError("{0} does not exist: give the path of an exemplar library.", path)
    # Opened as if for writing, because only then does SQLite take away what it needs beside a file with a write-ahead
    # log; where the file cannot be written, it opens it for reading.
    uri = f"{path.resolve().as_uri()}?mode=rw"
    try:
        with closing(connect(uri)) as connection:
            version_of(connection)
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
            uri += "&immutable=1"
    except sqlite3.Error:
        pass  # whoever reads it says so
    return uri
