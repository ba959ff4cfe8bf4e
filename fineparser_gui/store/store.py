"""The coach's store: dives, sessions as lists of them, and session files that are taken in."""

import json
import logging
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.meet import renamed
from fineparser_core.errors import FineParserError
from fineparser_core.support.codec import from_json, to_json
from fineparser_core.support.sqlite_file import is_due, keep_generations, pair_log
from fineparser_gui.session.dive import Dive, SavedDive, restored_attributes
from fineparser_gui.session.session_file import SavedSession, parse_session, session_bytes
from fineparser_gui.store.dives import KeptDive, StoredDives, keep_dive, known_row
from fineparser_gui.store.file import backup_of, damage_in, lock_of
from fineparser_gui.store.records import results_of
from fineparser_gui.store.rows import rows_of, saved_dive_of, text_of

log = logging.getLogger(__name__)

FILE_NAME = "history.sqlite"


@dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """A session as it is listed.

    Attributes:
        name: name that the coach has given it, or "".
        begun_at: UTC, ISO 8601.
        athletes: names of the divers, sorted.
        picture: id of a dive whose picture stands for it; 0: none is known.
    """

    id: int
    name: str
    begun_at: str
    n_dives: int
    athletes: tuple[str, ...]
    picture: int = 0


class Store(StoredDives):
    """The store with its sessions; see `StoreFile` for the file and `StoredDives` for the dives."""

    def keep_session(
        self,
        id_: int,
        saved: SavedSession,
        ids: Sequence[int],
        kept: Mapping[int, KeptDive],
        *,
        name: str = "",
        source: str = "",
    ) -> tuple[int, list[int]]:
        """Write a session and the changes of its dives: all of it or nothing.

        Args:
            id_: id of the session; 0: a new session, which is not written while it is empty.
            ids: ids of the rows of its dives; 0: a dive has no row yet, or another dive of the session has its row.
            kept: dives that have changed since the last write, by their places; not of a video that was never opened.
            name: name of a new session.
            source: digest of the file from which a new session comes; "": from no file.

        Returns:
            Id of the session, and those of the rows of its dives.

        Raises:
            ExportError: the file cannot be written.
        """
        if not id_ and saved.empty:
            return 0, []
        now, content = _now(), _state_text(saved)
        with self._writing() as db:
            before = _entry_rows(db, id_)
            there = {dive for _, dive, _ in before}
            # Rows in the list are there; other rows another window may have swept.
            there |= {row.id for row in rows_of(db, [one for one in ids if one and one not in there])}
            found = [one if one in there else 0 for one in ids]
            for place, dive in kept.items():
                if ids[place] or not self._has_row(db, dive, found):
                    found[place] = keep_dive(db, dive)
            rows = [
                (place, row or None, "" if row else text_of(dive))
                for place, (row, dive) in enumerate(zip(found, saved.dives, strict=True))
            ]
            known = db.execute("SELECT state FROM session WHERE id = ?", (id_,)).fetchone()
            if known is None:
                sql = "INSERT INTO session (id, name, source, begun_at, changed_at, state) VALUES (?, ?, ?, ?, ?, ?)"
                id_ = db.execute(sql, (id_ or None, name, source, now, now, content)).lastrowid or 0
            if known != (content,) or rows != before or kept:
                db.execute("UPDATE session SET state = ?, changed_at = ? WHERE id = ?", (content, now, id_))
            if rows != before:
                db.execute("DELETE FROM session_dive WHERE session = ?", (id_,))
                db.executemany("INSERT INTO session_dive VALUES (?, ?, ?, ?)", [(id_, *row) for row in rows])
        return id_, found

    def session(self, id_: int) -> tuple[SavedSession, list[int]] | None:
        """Return a session and the ids of its dives, 0 for a dive without a row; None if it does not exist.

        Raises:
            ConfigError: the file cannot be read.
        """
        with self._reading() as db:
            found = db.execute("SELECT state FROM session WHERE id = ?", (id_,)).fetchone()
            entries = _entry_rows(db, id_)
            known = {row.id: row.saved for row in rows_of(db, [dive for _, dive, _ in entries if dive])}
        if found is None:
            return None
        state = _state_of(found[0])
        dives: dict[int, tuple[SavedDive, int]] = {}
        for place, dive, own in entries:
            if saved := known.get(dive) if dive else _own(own):
                dives[place] = saved, dive or 0
        places = list(dives)
        selected = places.index(state.selected) if state.selected in dives else None
        meet = renamed(state.meet, {str(place): str(at) for at, place in enumerate(places)})
        found_dives = tuple(saved for saved, _ in dives.values())
        return replace(state, dives=found_dives, selected=selected, meet=meet), [id_ for _, id_ in dives.values()]

    def sessions(self, limit: int = -1) -> list[SessionRecord]:
        """Return the sessions that hold dives, the latest change first. Raises: ConfigError."""
        sql = (
            "SELECT session.id, name, begun_at, count(*), "
            "coalesce(max(dive.id), 0), "
            "group_concat(coalesce(athlete, iif(json_valid(own), json_extract(own, '$.athlete'), '')), char(10)) "
            "FROM session JOIN session_dive ON session = session.id LEFT JOIN dive ON dive.id = dive "
            "GROUP BY session.id ORDER BY changed_at DESC, session.id DESC LIMIT ?"
        )
        with self._reading() as db:
            return [
                SessionRecord(
                    id=id_,
                    name=name,
                    begun_at=begun_at,
                    n_dives=n_dives,
                    athletes=tuple(sorted(set(filter(None, (athletes or "").split("\n"))), key=str.casefold)),
                    picture=picture,
                )
                for id_, name, begun_at, n_dives, picture, athletes in db.execute(sql, (limit,))
            ]

    def session_of(self, source: str) -> int:
        """Return the id of the session that comes from a file, see `keep_session`, or 0."""
        with self._reading() as db:
            row = db.execute("SELECT max(id) FROM session WHERE source = ?", (source,)).fetchone()
            return row[0] or 0

    def session_name(self, id_: int) -> str:
        """Return the name of a session, or "". Raises: ConfigError."""
        with self._reading() as db:
            row = db.execute("SELECT name FROM session WHERE id = ?", (id_,)).fetchone()
            return row[0] if row is not None else ""

    def rename_session(self, id_: int, name: str) -> None:
        """Set or clear the name of a session. Raises: ExportError."""
        with self._writing() as db:
            db.execute("UPDATE session SET name = ? WHERE id = ?", (name.strip()[:LONGEST_NAME], id_))

    def delete_sessions(self, ids: Sequence[int]) -> None:
        """Forget sessions; their analyzed dives stay in the history. Raises: ExportError."""
        with self._writing() as db:
            db.executemany("DELETE FROM session WHERE id = ?", [(id_,) for id_ in ids])

    def sweep(self) -> None:
        """Delete dives that no session has and the history does not show, and empty sessions.

        Dives that were taken out of the history stay until the sweep after the next: another window may undo that.

        Raises:
            ExportError: the file cannot be written.
        """
        blank = _state_text(SavedSession())
        with self._writing() as db:
            newest = db.execute("SELECT max(revision) FROM dive").fetchone()
            db.execute("DELETE FROM session WHERE state = ? AND id NOT IN (SELECT session FROM session_dive)", (blank,))
            unused = "id NOT IN (SELECT dive FROM session_dive WHERE dive NOTNULL)"
            db.execute(f"DELETE FROM dive WHERE (listed = 0 OR listed = -2) AND {unused}")
            db.execute("UPDATE dive SET listed = -2 WHERE listed = -1")
            # Else the next change would get a number that other windows have seen already.
            db.execute("UPDATE dive SET revision = ? WHERE revision = (SELECT max(revision) FROM dive)", newest)

    def _has_row(self, db: sqlite3.Connection, dive: KeptDive, ids: Collection[int]) -> bool:
        """Return True if a dive is known under one of `ids`."""
        known = known_row(db, dive)
        return known is not None and known.id in ids


def look_after(path: Path) -> str:
    """Check all of a store and, once a day, renew its backup; return its damage, or ""."""
    backup = backup_of(path)
    if not path.is_file():
        return ""
    try:
        pair_log(path, lock_of(path))
        if damage := damage_in(path):
            return damage
        if is_due(backup):
            with closing(Store(path)) as store:
                store.sweep()
                if store.ids() or store.sessions(1):
                    keep_generations(backup)
                    store.backup(backup)
    except (OSError, sqlite3.Error, FineParserError) as error:
        log.warning("history: no backup (%s)", error)
    return ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _state_text(state: SavedSession) -> str:
    """Return a session without its dives as JSON; ASCII escapes keep text that is not valid Unicode."""
    return json.dumps(to_json(replace(state, dives=())))


def _state_of(text: str) -> SavedSession:
    """Return the session that `_state_text` has written; an empty session if it cannot be read."""
    try:
        return from_json(json.loads(text), SavedSession)
    except ValueError as error:
        log.warning("history: the state of a session cannot be used: %s", error)
        return SavedSession()


def _entry_rows(db: sqlite3.Connection, session: int) -> list[tuple[int, int | None, str]]:
    sql = "SELECT place, dive, own FROM session_dive WHERE session = ? ORDER BY place"
    return db.execute(sql, (session,)).fetchall()


def _own(text: str) -> SavedDive | None:
    """Return a dive that a session keeps by itself, or None if it cannot be read."""
    try:
        return saved_dive_of(text)
    except ValueError as error:
        log.warning("history: a dive of a session cannot be used: %s", error)
        return None


def read_file(path: Path) -> tuple[SavedSession, str]:
    """Return the content of a session file and its digest.

    Raises:
        ConfigError: it cannot be read.
    """
    data = session_bytes(path)
    return parse_session(data, path), sha256(data).hexdigest()


def take_in(store: Store, saved: SavedSession, name: str, source: str) -> int:
    """Put a session into the store, unless it is there already; return its id, 0 for an empty session.

    Its details fill those that are blank in the store.

    Args:
        source: digest of the file that the session comes from.

    Raises:
        ExportError: the store cannot be written.
    """
    if known := store.session_of(source):
        return known
    found = {place: by_details(dive) for place, dive in enumerate(saved.dives)}
    kept = {place: dive for place, dive in found.items() if dive is not None}
    return store.keep_session(0, saved, [0] * len(saved.dives), kept, name=name, source=source)[0]


def by_details(saved: SavedDive) -> KeptDive | None:
    """Return a dive for the store by its details alone.

    None if its video was never opened, or is a recording of several dives.
    """
    results = results_of(Dive(key="", **restored_attributes(saved)))
    return None if results is None else KeptDive(saved=saved, results=results, settled=False)
