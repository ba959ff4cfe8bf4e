"""Tables of the store, and the marks by which its files are recognized."""

import sqlite3
from pathlib import Path

from fineparser_core.support.sqlite_file import mark_of, schema_amiss, version_of
from fineparser_gui.store import search

VERSION = 1
#: Application id of SQLite's header, less the version: "FPS" and a byte.
_MARK = int.from_bytes(b"FPS\0")
#: Lists are sorted and filtered by columns; the rest lies in JSON, so that rows stay short. Ids are never given again:
#: edits that may be undone name dives by them.
_TABLES = f"""
CREATE TABLE dive (
    id INTEGER PRIMARY KEY AUTOINCREMENT, listed INTEGER NOT NULL, revision INTEGER NOT NULL,
    file TEXT NOT NULL, first_frame INTEGER NOT NULL, last_frame INTEGER NOT NULL,
    athlete TEXT NOT NULL, day TEXT NOT NULL, event TEXT NOT NULL, dive_number TEXT NOT NULL, board_m REAL,
    difficulty REAL, title TEXT NOT NULL, judged REAL, judged_score REAL, award REAL, score REAL,
    analysed_at TEXT NOT NULL, exemplar_id TEXT NOT NULL,
    take_off REAL, flight REAL, entry REAL
) STRICT;
CREATE INDEX dive_by_file ON dive (file);
CREATE INDEX dive_by_athlete ON dive (athlete, dive_number);
CREATE INDEX dive_by_revision ON dive (revision);
CREATE INDEX dive_by_day ON dive (coalesce(day, '') = '', day COLLATE NOCASE DESC, id DESC);
CREATE TABLE detail (
    id INTEGER PRIMARY KEY REFERENCES dive (id) ON DELETE CASCADE,
    saved TEXT NOT NULL, results TEXT NOT NULL, thumbnail BLOB NOT NULL, sum INTEGER NOT NULL
) STRICT;
CREATE TABLE measure (
    name TEXT NOT NULL, id INTEGER NOT NULL REFERENCES dive (id) ON DELETE CASCADE,
    value REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX measure_by_dive ON measure (id);
CREATE TABLE analysis (
    id INTEGER PRIMARY KEY REFERENCES dive (id) ON DELETE CASCADE, content BLOB NOT NULL
) STRICT;
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, source TEXT NOT NULL, begun_at TEXT NOT NULL,
    changed_at TEXT NOT NULL, state TEXT NOT NULL
) STRICT;
CREATE TABLE session_dive (
    session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE, place INTEGER NOT NULL,
    dive INTEGER REFERENCES dive (id) ON DELETE CASCADE, own TEXT NOT NULL, PRIMARY KEY (session, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_dive ON session_dive (dive);
{search.SCHEMA.strip()}
"""
_HEADER = (f"PRAGMA user_version = {VERSION}", f"PRAGMA application_id = {_MARK + VERSION}")
_HEADER_BYTES = 100


def make(db: sqlite3.Connection) -> None:
    """Make the tables of an empty file, unless another program has just done so. Raises: sqlite3.Error."""
    if not is_empty(db):
        return
    with db:
        db.execute("BEGIN IMMEDIATE")
        if is_empty(db):
            for statement in _TABLES.split(";\n"):  # a trigger holds another semicolon
                db.execute(statement)
            _write_header(db)


def is_store(path: Path) -> bool:
    """Return True if the header of a file says that it is a store, of any version; the file is not opened as one."""
    try:
        if not path.is_file():  # a pipe would wait for who writes into it
            return False
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except (OSError, ValueError):
        return False
    return header.startswith(b"SQLite format 3\0") and header[68:71] == _MARK.to_bytes(4)[:3]


def is_newer(db: sqlite3.Connection) -> bool:
    """Return True if an open file is of a newer program: the header states its version twice."""
    return mark_of(db) - _MARK == version_of(db) > VERSION


def header_amiss(db: sqlite3.Connection) -> str:
    """Return what is wrong with the version of an open file, or ""."""
    if version_of(db) == VERSION and mark_of(db) == _MARK + VERSION:
        return ""
    return f"its version is {version_of(db)}, its mark {mark_of(db)}"


def tables_amiss(db: sqlite3.Connection) -> str:
    """Return which table of an open file is missing or differs, or ""."""
    return schema_amiss(db, f"{_TABLES} PRAGMA application_id = {mark_of(db)};")[1]


def mend_header(db: sqlite3.Connection) -> None:
    """Write the version of a file again whose tables are sound. Raises: sqlite3.Error."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        _write_header(db)


def _write_header(db: sqlite3.Connection) -> None:
    for statement in _HEADER:
        db.execute(statement)


def is_empty(db: sqlite3.Connection) -> bool:
    """Return True if an open file has neither tables nor marks."""
    marks = version_of(db), mark_of(db), db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return marks == (0, 0, 0)
