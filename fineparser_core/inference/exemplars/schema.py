"""The SQLite file of an exemplar library: its tables, their versions, and how a file is opened."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fineparser_core.errors import ExemplarError

_FIRST_SCHEMA = (
    """
CREATE TABLE exemplar (
    id TEXT PRIMARY KEY, dive_number TEXT NOT NULL, board_m REAL, score REAL NOT NULL,
    clip TEXT NOT NULL, in_frame INTEGER NOT NULL, out_frame INTEGER NOT NULL,
    first_flight_frame INTEGER NOT NULL, first_entry_frame INTEGER NOT NULL, synthetic INTEGER NOT NULL
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
#: What version 2 added: a column and what it holds in a library of version 1.
_SECOND_COLUMNS = (
    ("diver", "TEXT NOT NULL DEFAULT ''", "''"),
    ("dived_on", "TEXT", "NULL"),
    ("synchro", "INTEGER NOT NULL DEFAULT 0", "0"),
    ("corrected", "INTEGER NOT NULL DEFAULT 0", "0"),
    ("removed_at", "TEXT", "NULL"),
)
#: Statements that make a library of version i + 1 out of one of version i; version 0 is an empty file.
MIGRATIONS = (
    _FIRST_SCHEMA,
    tuple(f"ALTER TABLE exemplar ADD COLUMN {name} {kind}" for name, kind, _ in _SECOND_COLUMNS),
)
SCHEMA_VERSION = len(MIGRATIONS)
#: How long to wait for another program that is writing.
PATIENCE_S = 20.0


@contextmanager
def readable(name: Path | str) -> Iterator[None]:
    """Turns what a damaged file or a damaged array in it raises into one sentence."""
    try:
        yield
    except (sqlite3.Error, zlib.error, ValueError) as error:
        raise ExemplarError(
            f"{name} cannot be read as an exemplar library ({error}): copy it again or choose another one."
        ) from None


def version_of(connection: sqlite3.Connection) -> int:
    """Schema version of an open file; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Brings an open file to the present schema, in one transaction; other programs wait meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[version_of(connection) :]:
            for statement in statements:
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
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def connect_writing(path: Path) -> sqlite3.Connection:
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


def uri_for_reading(path: Path) -> str:
    """The URI of SQLite by which a library can be read, what another program has in its write-ahead log included.

    Raises: ExemplarError where the file is missing or is not an exemplar library.
    """
    if not path.is_file():
        raise ExemplarError(f"{path} does not exist: give the path of an exemplar library.")
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with readable(path):
        try:
            version = _version_at(uri)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
            # The log needs a file beside the library, which cannot be made in a read-only folder.
            uri += "&immutable=1"
            version = _version_at(uri)
    if not 1 <= version <= SCHEMA_VERSION:
        raise ExemplarError(
            f"{path} is not an exemplar library of version 1 to {SCHEMA_VERSION} (found {version}): choose another "
            "one, or update the program."
        )
    return uri


def _version_at(uri: str) -> int:
    connection = connect(uri)
    try:
        return version_of(connection)
    finally:
        connection.close()


def present_columns(connection: sqlite3.Connection, database: str) -> str:
    """What to select from the table `exemplar` of an open database to see the columns of the present version."""
    version = int(connection.execute(f"PRAGMA {database}.user_version").fetchone()[0])
    return "*" + ("" if version == SCHEMA_VERSION else "".join(f", {value} AS {n}" for n, _, value in _SECOND_COLUMNS))
