"""Tables of the store, and the upgrade of older files."""

import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from fineparser_core.errors import ConfigError
from fineparser_core.support.codec import from_json
from fineparser_core.support.sqlite_file import version_of
from fineparser_gui.store import search
from fineparser_gui.store.records import DiveResults
from fineparser_gui.store.rows import Row, insert
from fineparser_gui.store.session_file import SavedDive, parse_session, with_outcome

log = logging.getLogger(__name__)

VERSION = 3
#: Lists are sorted and filtered by columns; the rest lies in JSON, so that rows stay short. Ids are never given again:
#: edits that may be undone name dives by them.
SCHEMA = f"""
CREATE TABLE dive (
    id INTEGER PRIMARY KEY AUTOINCREMENT, listed INTEGER NOT NULL, revision INTEGER NOT NULL,
    file TEXT NOT NULL, first_frame INTEGER NOT NULL, last_frame INTEGER NOT NULL,
    athlete TEXT NOT NULL, dived_on TEXT NOT NULL, event TEXT NOT NULL, dive_number TEXT NOT NULL, board_m REAL,
    difficulty REAL, title TEXT NOT NULL, judged REAL, judged_score REAL, award REAL, score REAL,
    analysed_at TEXT NOT NULL, tags TEXT NOT NULL
) STRICT;
CREATE INDEX dive_by_file ON dive (file);
CREATE INDEX dive_by_athlete ON dive (athlete, dive_number);
CREATE INDEX dive_by_revision ON dive (revision);
CREATE INDEX dive_by_day ON dive (coalesce(dived_on, '') = '', dived_on COLLATE NOCASE DESC, id DESC);
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
CREATE TABLE folder (path TEXT PRIMARY KEY) STRICT;
CREATE TABLE moved_to (path TEXT NOT NULL) STRICT;
{search.SCHEMA.strip()}
PRAGMA user_version = {VERSION};
"""
_OLD_TABLES = ("dive", "detail", "measure", "analysis", "removed", "folder", "moved_to")
_OLD_INDEXES = ("dive_by_file", "dive_by_athlete", "measure_by_dive")


def make(db: sqlite3.Connection) -> None:
    """Make the tables of an empty file, or upgrade an older file, unless another program has just done so.

    Raises: sqlite3.Error.
    """
    if version_of(db) >= VERSION:
        return
    db.execute("PRAGMA foreign_keys = OFF")  # else details go with the table of dives
    with db:
        db.execute("BEGIN IMMEDIATE")
        if version_of(db) == 0:
            _execute(db, SCHEMA)
        elif version_of(db) < VERSION:
            _renew(db)
    db.execute("PRAGMA foreign_keys = ON")


def _execute(db: sqlite3.Connection, script: str) -> None:
    """Execute statements within the transaction that is open, which `executescript` would end."""
    for statement in script.split(";\n"):  # a trigger holds another semicolon
        db.execute(statement)


def _renew(db: sqlite3.Connection) -> None:
    """Take over the dives of versions 1 and 2, which kept details twice, and sessions in files."""
    for name in _OLD_INDEXES:
        db.execute(f"DROP INDEX {name}")
    for name in _OLD_TABLES:
        db.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
    _execute(db, SCHEMA)
    old = (
        "SELECT id, record, saved, thumbnail, (SELECT content FROM old_analysis JOIN old_dive "
        "USING (file, first_frame, last_frame, analysed_at) WHERE old_dive.id = old_detail.id) FROM old_detail"
    )
    for id_, record, saved, thumbnail, analysis in db.execute(old).fetchall():
        try:
            row = _renewed(with_outcome(json.loads(record)), saved)
        except (ConfigError, AttributeError, KeyError, TypeError, ValueError) as error:
            log.warning("history: dive %s cannot be taken over: %s", id_, error)
            continue
        insert(db, replace(row, id=id_, thumbnail=thumbnail))
        if analysis is not None:
            db.execute("INSERT INTO analysis VALUES (?, ?)", (id_, analysis))
    ids = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name IN ('dive', 'old_dive')").fetchone()
    db.execute("DELETE FROM sqlite_sequence WHERE name = 'dive'")
    db.execute("INSERT INTO sqlite_sequence VALUES ('dive', ?)", ids)
    for name in ("folder", "moved_to"):
        db.execute(f"INSERT INTO {name} SELECT * FROM old_{name}")
    for name in _OLD_TABLES:
        db.execute(f"DROP TABLE old_{name}")


def _renewed(record: Mapping[str, Any], content: bytes) -> Row:
    """Return a dive of version 1 or 2, whose record holds more than the session that it was saved with.

    Raises: ConfigError or ValueError if it cannot be read.
    """
    path = Path(record["path"])
    try:
        saved = parse_session(content, path.with_suffix(".dive")).dives[0]
    except (ConfigError, IndexError) as error:
        log.warning("history: %s is taken over by its record alone: %s", path, error)
        saved = SavedDive(path=path)
        chosen_m = record["board_m"]
    else:
        chosen_m = saved.board_m
    names = {field.name for field in fields(DiveResults)} & record.keys()
    results = from_json({name: record[name] for name in names} | {"seen_board_m": None}, DiveResults)
    details = {name: record[name] for name in ("identity", "dived_on", "event", "outcome", "note", "judging")}
    own = {field.name: getattr(saved, field.name) for field in fields(saved)} | details
    own |= {
        "path": record["path"],
        "in_frame": record["in_frame"],
        "out_frame": record["out_frame"],
        "diver": record["athlete"],
        "dive_number": record["dive_number"] or None,
        "board_m": chosen_m,
    }
    told = from_json(own, SavedDive)
    seen_m = record["board_m"] if chosen_m is None else None
    return Row(saved=told, results=replace(results, seen_board_m=seen_m), tags=tuple(record.get("tags", ())), listed=1)
