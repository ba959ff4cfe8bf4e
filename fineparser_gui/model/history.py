"""The coach's history: every analysed dive, in one SQLite file. No video is copied.

Several windows may use a file at once: SQLite's write-ahead log separates readers from one writer, and what a killed
program did not confirm is rolled back. A dive is known again by the content of its file and by where it lies in it, so
that a new analysis or an edit renews its row.
"""

import json
import logging
import os
import sqlite3
import threading
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Literal

from fineparser_core.diving.outcomes import dive_outcome_text
from fineparser_core.errors import ConfigError, ExportError, FineParserError
from fineparser_core.language import Phrase, short_number, together
from fineparser_core.printable import printable
from fineparser_core.support.atomic import atomic_file
from fineparser_core.support.codec import from_json, to_json
from fineparser_core.support.sqlite_file import (
    PATIENCE_S,
    SIDE_FILES,
    closed_on_failure,
    connect,
    damage_of,
    exclusive,
    generations,
    is_blank,
    is_damage,
    is_due,
    keep_generations,
    reason_of,
    set_aside,
    version_of,
    write_ahead,
)
from fineparser_gui.model.history_dive import LONGEST_TAG, HistoryDive, HistoryQuery, TrendPoint
from fineparser_gui.model.said import agreed, as_told, other_results, with_said
from fineparser_gui.model.session_file import SavedDive, SavedSession, parse_session, session_json, with_outcome

log = logging.getLogger(__name__)

FILE_NAME = "history.sqlite"
VERSION = 2
# What a list is sorted and filtered by is a column of its own; the rest lies in the record, and rows stay short.
# Of no use any more: given_athlete, as files have it that others may still read.
# Ids are never given again: edits that may be undone name dives by them.
_DIVES = """
CREATE TABLE {} (
    id INTEGER PRIMARY KEY AUTOINCREMENT, file TEXT NOT NULL, first_frame INTEGER NOT NULL, last_frame INTEGER NOT NULL,
    given_athlete TEXT NOT NULL, athlete TEXT NOT NULL, dived_on TEXT NOT NULL, event TEXT NOT NULL,
    dive_number TEXT NOT NULL, board_m REAL, difficulty REAL, title TEXT NOT NULL, judged REAL, judged_score REAL,
    award REAL, score REAL, analysed_at TEXT NOT NULL, tags TEXT NOT NULL, words TEXT NOT NULL
) STRICT;
"""
_INDEXES = f"""
CREATE INDEX dive_by_file ON dive (file);
CREATE INDEX dive_by_athlete ON dive (athlete, dive_number);
PRAGMA user_version = {VERSION};
"""
_SCHEMA = f"""
{_DIVES.format("dive")}
CREATE TABLE detail (
    id INTEGER PRIMARY KEY REFERENCES dive (id) ON DELETE CASCADE,
    record TEXT NOT NULL, saved BLOB NOT NULL, thumbnail BLOB NOT NULL
) STRICT;
CREATE TABLE measure (
    name TEXT NOT NULL, id INTEGER NOT NULL REFERENCES dive (id) ON DELETE CASCADE,
    value REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX measure_by_dive ON measure (id);
CREATE TABLE analysis (
    file TEXT NOT NULL, first_frame INTEGER NOT NULL, last_frame INTEGER NOT NULL, analysed_at TEXT NOT NULL,
    content BLOB NOT NULL, PRIMARY KEY (file, first_frame, last_frame)
) STRICT, WITHOUT ROWID;
CREATE TABLE removed (file TEXT NOT NULL, first_frame INTEGER NOT NULL, last_frame INTEGER NOT NULL) STRICT;
CREATE TABLE folder (path TEXT PRIMARY KEY) STRICT;
CREATE TABLE moved_to (path TEXT NOT NULL) STRICT;
{_INDEXES}
"""
# Version 1 gave the ids of deleted dives again.
_FROM_1 = f"""
{_DIVES.format("renewed")}
INSERT INTO renewed SELECT * FROM dive;
DROP TABLE dive;
ALTER TABLE renewed RENAME TO dive;
{_INDEXES}
"""
_COLUMNS = (
    "id", "file", "first_frame", "last_frame", "given_athlete", "athlete", "dived_on", "event", "dive_number",
    "board_m", "difficulty", "title", "judged", "judged_score", "award", "score", "analysed_at", "tags", "words",
)  # fmt: skip
#: Of what is asked for together: SQLite's bound on the values of a statement.
_AT_ONCE = 500
#: Two ranges of a file are of one dive where they share more than this of the shorter one.
_SAME_SHARE = 0.5
#: Of a query; more say nothing more.
_MOST_WORDS = 12
#: Characters from here on are of scripts without spaces between words.
_CJK = "\u2e80"
#: English names of the months; those of the window's language come with `History.months`.
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip

#: Of a query: every dive.
ALL = HistoryQuery()
#: A row whole, as it is taken out and brought back: the dive, as a session saved it, and its thumbnail.
Row = tuple[HistoryDive, bytes, bytes]


class History:
    """The dives in a file; the threads of a process may share it.

    Attributes:
        path: of the file; another than was asked for where the history was moved.
        notice: one sentence for the user where the file was damaged, deleted or replaced; else "".
        months: names of the twelve months in the language of the window.
    """

    def __init__(self, path: Path, months: Sequence[str] = (), *, patience_s: float = PATIENCE_S) -> None:
        """Opens a file, or makes one. One that is damaged is set aside.

        Args:
            patience_s: time to wait for another program that writes, in seconds.

        Raises:
            ConfigError: a newer version of the program made it, it cannot be made or read, or it was moved to where
                it is not found.
        """
        self.notice, self.months = "", tuple(map(_words, months))
        self._lock, self._patience_s = threading.RLock(), patience_s
        self._open(path)

    def close(self) -> None:
        self._db.close()

    def keep(
        self,
        dives: Iterable[tuple[HistoryDive, SavedDive, bytes]],
        *,
        asked: bool = False,
        said: Sequence[Collection[str]] = (),
        analyses: Sequence[Callable[[], bytes]] = (),
    ) -> list[int]:
        """Add dives, or renew those that are known: all of them or none.

        Of a dive that is known, tags and what is said of it stay as they are here, but for what was blank and what the
        coach has changed. What was removed stays removed.

        Args:
            dives: each with what a session file would store of it, and its thumbnail; b"": the present one stays.
            asked: the coach has asked for them: bring back what was removed, and leave what has results as it is where
                the new one has none.
            said: of each, names of what the coach has changed since it was last kept or opened, see `model.said`.
            analyses: make what `analysis` gives of each, where it is not that of before; empty: it stays.

        Returns:
            Their ids; 0 for one that stays removed.

        Raises:
            ExportError: the file cannot be written.
        """
        with self._writing() as db:
            each = zip(dives, chain(said, repeat(())), chain(analyses, repeat(None)), strict=False)
            return [self._keep(db, *one, asked=asked, said=names, make=make) for one, names, make in each]

    def search(self, query: HistoryQuery = ALL) -> list[HistoryDive]:
        """The dives that a query asks for, in its order. Raises: ConfigError where the file cannot be read."""
        with self._reading() as db:
            return self._records(db, self._ids(db, query, query.limit))

    def ids(self, query: HistoryQuery = ALL) -> list[int]:
        """The ids of all dives that a query asks for, in its order, however many."""
        with self._reading() as db:
            return self._ids(db, query)

    def _ids(self, db: sqlite3.Connection, query: HistoryQuery, limit: int = -1) -> list[int]:
        condition, values = self._condition(query)
        by, down = query.order, "DESC" if query.descending else "ASC"
        order = f"ORDER BY coalesce({by}, '') = '', {by} COLLATE NOCASE {down}, id {down}"
        sql = f"SELECT id FROM dive WHERE {condition} {order} LIMIT ?"
        return [row[0] for row in db.execute(sql, (*values, limit))]

    def common(self, query: HistoryQuery = ALL) -> tuple[str | None, str | None, float | None]:
        """Athlete, dive number and board of the dives of a query, each None where they differ or it is not known."""
        columns = ("athlete", "dive_number", "board_m")
        ends = ", ".join(f"min({one}), max({one}), count({one}) = count(*)" for one in columns)
        condition, values = self._condition(query)
        with self._reading() as db:
            row = db.execute(f"SELECT {ends} FROM dive WHERE {condition}", values).fetchone()
        athlete, number, board_m = (
            low if low == high and every else None for low, high, every in (row[:3], row[3:6], row[6:])
        )
        return athlete or None, number or None, board_m

    def dive(self, id_: int) -> HistoryDive | None:
        """A dive by its id; None where it is not there."""
        return next(iter(self.dives([id_])), None)

    def dives(self, ids: Sequence[int]) -> list[HistoryDive]:
        """Dives by their ids, in that order; those that are not there are left out."""
        with self._reading() as db:
            return self._records(db, ids)

    def thumbnail(self, id_: int) -> bytes:
        """A small picture as JPEG; b"" where there is none."""
        with self._reading() as db:
            row = db.execute("SELECT thumbnail FROM detail WHERE id = ?", (id_,)).fetchone()
            return row[0] if row is not None and isinstance(row[0], bytes) else b""

    def analysis(self, id_: int) -> bytes:
        """What `keep` was given of a dive; b"" where there is none."""
        sql = "SELECT content FROM analysis JOIN dive USING (file, first_frame, last_frame) WHERE id = ?"
        with self._reading() as db:
            row = db.execute(sql, (id_,)).fetchone()
        return row[0] if row is not None else b""

    def saved(self, id_: int) -> SavedDive | None:
        """What a session opens a dive from, with the history's own athlete; None where it is not there."""
        with self._reading() as db:
            return next((self._saved(db, one) for one in self._records(db, [id_])), None)

    def known_as(self, file_key: str, first_frame: int, last_frame: int) -> SavedDive | None:
        """As `saved`, of the only dive of a file in nearly this range; None where there is none, or several."""
        with self._reading() as db:
            ids = _same_place(db, "dive", (file_key, first_frame, last_frame))
            known = self._records(db, ids) if len(ids) == 1 else []
            return next((self._saved(db, one) for one in known), None)

    def _saved(self, db: sqlite3.Connection, known: HistoryDive) -> SavedDive:
        (content,) = db.execute("SELECT saved FROM detail WHERE id = ?", (known.id,)).fetchone()
        try:
            saved = parse_session(bytes(content), known.path.with_suffix(".dive"))[0].dives[0]
        except (ConfigError, IndexError, TypeError) as error:
            log.warning("history: dive %s cannot be opened as it was: %s", known.id, error)
            saved = SavedDive(
                path=known.path, in_frame=known.first_frame, out_frame=known.last_frame, board_m=known.board_m
            )
        return as_told(saved, known)

    def counts(self, of: Literal["athlete", "event", "dive_number"]) -> dict[str, int]:
        """The athletes, events or dive numbers with the number of their dives, sorted by name."""
        sql = f"SELECT {of}, count(*) FROM dive WHERE {of} != '' GROUP BY {of}"
        with self._reading() as db:
            return dict(sorted(db.execute(sql), key=lambda one: one[0].casefold()))

    def measures(self) -> list[str]:
        """Names of what there may be trends of: measures, and what else `HistoryDive.values` has."""
        with self._reading() as db:
            return [row[0] for row in db.execute("SELECT DISTINCT name FROM measure ORDER BY name LIMIT 500")]

    def tags(self) -> dict[str, int]:
        """The tags with the number of their dives, sorted."""
        counts: dict[str, int] = {}
        with self._reading() as db:
            for tags, n in db.execute("SELECT tags, count(*) FROM dive WHERE tags != '' GROUP BY tags"):
                for tag in filter(None, tags.split("\n")):
                    counts[tag] = counts.get(tag, 0) + n
        return dict(sorted(counts.items(), key=lambda one: one[0].casefold()))

    def set_tags(self, tags: Mapping[int, Sequence[str]]) -> None:
        """Replace the tags of dives. Raises: ExportError."""
        with self._writing() as db:
            for one in self._records(db, list(tags)):
                given = (" ".join(tag.split())[:LONGEST_TAG] for tag in tags[one.id])
                self._change(db, replace(one, tags=tuple(dict.fromkeys(filter(None, given)))))

    def set_athletes(self, names: Mapping[int, str]) -> dict[int, str]:
        """Name the athletes of dives. Returns the names of before, which undo it. Raises: ExportError."""
        with self._writing() as db:
            known = self._records(db, list(names))
            for one in known:
                self._change(db, replace(one, athlete=names[one.id].strip()))
        return {one.id: one.athlete for one in known}

    def remove(self, ids: Sequence[int]) -> list[Row]:
        """Take dives out, for good: an open session does not bring them back. Raises: ExportError.

        Returns:
            The rows, which `restore` brings back.
        """
        with self._writing() as db:
            rows = []
            for one in self._records(db, ids):
                saved, thumbnail = db.execute("SELECT saved, thumbnail FROM detail WHERE id = ?", (one.id,)).fetchone()
                rows.append((one, saved, thumbnail))
                db.execute("INSERT INTO removed VALUES (?, ?, ?)", _place(one))
                db.execute("DELETE FROM dive WHERE id = ?", (one.id,))
        return rows

    def restore(self, rows: Iterable[Row]) -> None:
        """Bring back what `remove` took out, but for what was added anew since. Raises: ExportError."""
        with self._writing() as db:
            for dive, saved, thumbnail in rows:
                self._forget_removed(db, dive)
                if _same_place(db, "dive", _place(dive)):
                    continue
                self._put(db, dive, saved=saved, thumbnail=thumbnail)

    def trend(self, what: str, query: HistoryQuery = ALL) -> list[TrendPoint]:
        """A value of the dives of a query over the days, the earliest first; dives without a day are left out.

        Args:
            what: "score", "award", "judged" (the mean award of the judges), "judged_score", a step's name
                (its points), or a measure's name.
            query: its order and limit do not count.

        Raises:
            ConfigError: the file cannot be read.
        """
        condition, values = self._condition(query)
        sql = (
            f"SELECT id, dived_on, value, low, high FROM measure CROSS JOIN dive USING (id) "
            f"WHERE name = ? AND dived_on != '' AND {condition} ORDER BY dived_on, id"
        )
        with self._reading() as db:
            return list(map(TrendPoint._make, db.execute(sql, (what, *values))))

    def folders(self) -> list[Path]:
        """Where videos that were moved are looked for."""
        with self._reading() as db:
            return [Path(row[0]) for row in db.execute("SELECT path FROM folder ORDER BY path LIMIT 1000")]

    def add_folder(self, folder: Path) -> None:
        """Look for moved videos there, too. Raises: ExportError."""
        with self._writing() as db:
            db.execute("INSERT OR IGNORE INTO folder VALUES (?)", (os.path.abspath(folder),))

    def remove_folder(self, folder: Path) -> None:
        """Look there no more. Raises: ExportError."""
        with self._writing() as db:
            db.execute("DELETE FROM folder WHERE path = ?", (os.path.abspath(folder),))

    def set_place(self, file_key: str, path: Path) -> None:
        """The video of dives lies elsewhere now. Raises: ExportError."""
        with self._writing() as db:
            ids = [row[0] for row in db.execute("SELECT id FROM dive WHERE file = ?", (file_key,))]
            for one in self._records(db, ids):
                self._change(db, replace(one, path=path))

    def changes(self) -> int:
        """A number that changes where another window or program has written."""
        with self._reading() as db:
            return int(db.execute("PRAGMA data_version").fetchone()[0])

    def find(self, file_key: str, first_frame: int, last_frame: int) -> int:
        """Id of the dive of a file in nearly this range; 0 where there is none."""
        with self._reading() as db:
            return next(iter(_same_place(db, "dive", (file_key, first_frame, last_frame))), 0)

    def files(self) -> list[HistoryDive]:
        """A dive of each file."""
        with self._reading() as db:
            return self._records(db, [row[0] for row in db.execute("SELECT min(id) FROM dive GROUP BY file")])

    def sweep(self) -> None:
        """Delete the analyses of dives that are gone, of which nobody undoes the removal. Raises: ExportError."""
        here = "SELECT file, first_frame, last_frame FROM dive"
        with self._writing() as db:
            db.execute(f"DELETE FROM analysis WHERE (file, first_frame, last_frame) NOT IN ({here})")

    def recover(self) -> None:
        """Set the file aside if it is damaged, which was found while it was open; see `notice`. Raises: ConfigError."""
        with self._lock:
            self._db.close()
            self._open(self.path, restore=True)

    def move(self, path: Path) -> None:
        """Go on in another file, which all windows follow to; the old one stays as it was, with a note of where to.

        Raises:
            ExportError: there is such a file, or it cannot be written.
        """
        try:
            if path.exists() and not _moved_away(path):
                raise ExportError("{0} exists already: choose another name for the history.", path)
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
            self._files = [_file_id(f"{path}{side}") for side in SIDE_FILES]
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
            if restore or (is_blank(path) and any(one.exists() for one in generations(backup_of(path)))):
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
            _make(db)
            db.execute("SELECT count(*) FROM moved_to")
        return db

    def _restore(self, path: Path) -> None:
        """Put the backup in the place of a file if it is damaged, empty or gone; one window at a time looks for it."""
        with exclusive(_lock_of(path)):
            damage = "it was gone" if not path.exists() else damage_of(path, schema=_SCHEMA)
            if damage:
                self.notice = self._set_aside(path, damage)

    def _set_aside(self, path: Path, reason: str) -> str:
        """Put the backup in the place of a damaged file; returns the sentence that says so. Raises: ConfigError."""
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
        """One transaction: all of it or none, also where the process dies within."""
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
        """Use the backup where an error comes from damage. Raises: ConfigError that says so."""
        if is_damage(error):
            self.recover()
            if self.notice:
                notice, self.notice = self.notice, ""
                raise ConfigError(notice) from None

    def _follow(self) -> None:
        """Go on where another window has moved the history to, or with what another program has put in its place."""
        if _file_id(self.path) != self._files[0]:
            self.notice = self._write_again()
        elif self._db.execute("SELECT 1 FROM moved_to").fetchone():
            self._db.close()
            self._open(self.path)

    def _write_again(self) -> str:
        """Keep what a file held that was deleted or replaced, and open what is there; returns the sentence for it."""
        with exclusive(_lock_of(self.path)):
            gone, kept = _file_id(self.path) is None, self.path
            if not gone:
                kept = self.path.with_name(f"{self.path.stem}-replaced-{datetime.now():%Y%m%d-%H%M%S}.sqlite")
            for side, own in list(zip(SIDE_FILES, self._files, strict=True))[1:]:
                if own and own == _file_id(f"{self.path}{side}"):  # else it is read into the other file
                    os.unlink(f"{self.path}{side}")
            self.backup(kept)
            self._db.close()
        self._open(self.path)
        if gone:
            return Phrase("{0} was deleted while it was open, and is written again.", self.path)
        replaced = Phrase(
            "{0} was replaced by another program while it was open: what it held is kept as {1}.", self.path, kept.name
        )
        return together(filter(None, [replaced, self.notice]))

    def _keep(
        self,
        db: sqlite3.Connection,
        dive: HistoryDive,
        own: SavedDive,
        thumbnail: bytes,
        *,
        asked: bool,
        said: Collection[str],
        make: Callable[[], bytes] | None,
    ) -> int:
        if _same_place(db, "removed", _place(dive)) and not asked:
            return 0
        self._forget_removed(db, dive)
        known = self._records(db, _same_place(db, "dive", _place(dive))[:1])
        if not known:
            id_ = self._put(db, replace(dive, id=0), saved=_content(own), thumbnail=thumbnail)
            self._keep_analysis(db, id_, make)
            return id_
        before = known[0]
        if asked and before.analysed and not dive.analysed:
            return before.id
        present = db.execute("SELECT saved, thumbnail FROM detail WHERE id = ?", (before.id,)).fetchone()
        kept = agreed(self._saved(db, before), own, said)
        after = replace(
            with_said(dive, before, own, kept), id=before.id, tags=before.tags, session=dive.session or before.session
        )
        if (after.parse_id, after.score, after.transitions) == (before.parse_id, before.score, before.transitions):
            after = replace(after, analysed_at=before.analysed_at)
        content, thumbnail = _content(kept), thumbnail or present[1]
        if (after, content, thumbnail) != (before, *present):
            self._put(db, after, saved=content, thumbnail=thumbnail)
        if not other_results(own, kept):
            self._keep_analysis(db, before.id, make)
        return before.id

    def _keep_analysis(self, db: sqlite3.Connection, id_: int, make: Callable[[], bytes] | None) -> None:
        """Keep an analysis beside its dive; as a dive goes and comes back, it is found by where that lies."""
        if make is None:
            return
        place = "SELECT file, first_frame, last_frame, analysed_at FROM"
        now = db.execute(f"{place} dive WHERE id = ?", (id_,)).fetchone()
        known = db.execute(f"{place} analysis WHERE (file, first_frame, last_frame) = (?, ?, ?)", now[:3]).fetchone()
        if known != now:
            db.execute("INSERT OR REPLACE INTO analysis VALUES (?, ?, ?, ?, ?)", (*now, make()))

    def _change(self, db: sqlite3.Connection, dive: HistoryDive) -> None:
        """Write details of a dive that is known: what there are trends of stays as it is."""
        row = _row(dive)
        places = ", ".join(f"{name} = ?" for name in row)
        db.execute(f"UPDATE dive SET {places} WHERE id = ?", (*row.values(), dive.id))
        db.execute("UPDATE detail SET record = ? WHERE id = ?", (_record(dive, dive.id), dive.id))

    def _put(self, db: sqlite3.Connection, dive: HistoryDive, *, saved: bytes, thumbnail: bytes) -> int:
        row = _row(dive)
        if dive.id:
            db.execute("DELETE FROM dive WHERE id = ?", (dive.id,))
        places = ", ".join("?" * len(row))
        written = db.execute(f"INSERT INTO dive ({', '.join(row)}) VALUES ({places})", tuple(row.values()))
        id_ = written.lastrowid or 0
        db.execute("INSERT INTO detail VALUES (?, ?, ?, ?)", (id_, _record(dive, id_), saved, thumbnail))
        rows = [(name, id_, *values) for name, values in dive.values().items()]
        db.executemany("INSERT INTO measure VALUES (?, ?, ?, ?, ?)", rows)
        return id_

    def _forget_removed(self, db: sqlite3.Connection, dive: HistoryDive) -> None:
        for id_ in _same_place(db, "removed", _place(dive)):
            db.execute("DELETE FROM removed WHERE rowid = ?", (id_,))

    def _records(self, db: sqlite3.Connection, ids: Sequence[int]) -> list[HistoryDive]:
        """Dives by their ids, in that order; rows that cannot be used are left out."""
        found = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            places = ", ".join("?" * len(some))
            for id_, record in db.execute(f"SELECT id, record FROM detail WHERE id IN ({places})", some):
                try:
                    found[id_] = replace(from_json(with_outcome(json.loads(record)), HistoryDive), id=id_)
                except ValueError as error:
                    log.warning("history: dive %s cannot be used: %s", id_, error)
        return [found[id_] for id_ in ids if id_ in found]

    def _condition(self, query: HistoryQuery) -> tuple[str, list[Any]]:
        """What follows WHERE, and its values."""
        parts, values = ["TRUE"], []
        for name in ("athlete", "dive_number", "board_m", "event"):
            if (wanted := getattr(query, name)) is not None:
                parts.append(f"{name} = ?")
                values.append(wanted)
        if query.since:
            parts.append("dived_on >= ?")
            values.append(query.since)
        if query.until:
            parts.append("dived_on != '' AND dived_on <= ?")
            values.append(query.until)
        if query.judged is not None:
            parts.append(f"judged IS {'NOT ' if query.judged else ''}NULL")
        if query.tag is not None:
            parts.append("instr(tags, ?)")
            values.append(f"\n{query.tag}\n")
        for word in _words(query.text).split()[:_MOST_WORDS]:
            months = [
                f"{number % 12 + 1:02d}"
                for number, name in enumerate((*_MONTHS, *self.months))
                if name.startswith(word) and len(word) >= min(3, len(name))
            ]
            meant = f"words LIKE ? OR substr(dived_on, 6, 2) IN ({', '.join('?' * len(months))})"
            parts.append(f"({meant})")
            # Chinese writes no spaces between words.
            values += [f"%{word}%" if word[0] >= _CJK else f"% {word}%", *months]
        return " AND ".join(parts), values


def _make(db: sqlite3.Connection) -> None:
    """Make the tables of an empty file, or renew those of an older one, unless another program has just done so."""
    steps = {0: _SCHEMA, 1: _FROM_1}
    if version_of(db) not in steps:
        return
    db.execute("PRAGMA foreign_keys = OFF")  # else details go with the table of dives
    with db:
        db.execute("BEGIN IMMEDIATE")
        for statement in steps.get(version_of(db), "").split(";"):
            db.execute(statement)
    db.execute("PRAGMA foreign_keys = ON")


def backup_of(path: Path) -> Path:
    """Where the automatic backup of a history lies."""
    return path.with_name(f"{path.stem}.backup{path.suffix}")


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.lock")


def look_after(path: Path) -> str:
    """Look at all of a history and, once a day, renew its backup; returns what is wrong with it, or ""."""
    backup = backup_of(path)
    if not path.is_file():
        return ""
    try:
        if damage := damage_of(path, schema=_SCHEMA):
            return damage
        if is_due(backup):
            with closing(History(path)) as store:
                store.sweep()
                if store.ids():
                    keep_generations(backup)
                    store.backup(backup)
    except (sqlite3.Error, FineParserError) as error:
        log.warning("history: no backup (%s)", error)
    return ""


def _is_sound(path: Path) -> bool:
    try:
        return not damage_of(path, schema=_SCHEMA)
    except sqlite3.Error:
        return False


def _file_id(path: str | Path) -> tuple[int, int] | None:
    """Device and number of a file; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _moved_away(path: Path) -> bool:
    """Whether a file is a history that was moved from there."""
    try:
        with closing(connect(path, "?mode=ro")) as db:
            return db.execute("SELECT 1 FROM moved_to").fetchone() is not None
    except sqlite3.Error:
        return False


def _place(dive: HistoryDive) -> tuple[str, int, int]:
    return dive.file_key, dive.first_frame, dive.last_frame


def _row(dive: HistoryDive) -> dict[str, Any]:
    """Return the columns of a dive; file names may be no Unicode, which SQLite does not take."""
    row = {name: getattr(dive, name, None) for name in _COLUMNS}
    row |= {"id": dive.id or None, "file": dive.file_key, "given_athlete": dive.athlete, "words": _words_of(dive)}
    row["tags"] = "".join(f"\n{tag}" for tag in dive.tags) + "\n" if dive.tags else ""
    return {
        name: value.encode(errors="replace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }


def _record(dive: HistoryDive, id_: int) -> str:
    """Return a dive as JSON; ASCII escapes keep file names that are no Unicode."""
    return json.dumps(to_json(replace(dive, id=id_)))


def _content(saved: SavedDive) -> bytes:
    """A dive as a session file holds it."""
    return session_json(SavedSession(dives=(saved,)), saved.path.parent)


def _same_place(db: sqlite3.Connection, table: str, place: tuple[str, int, int]) -> list[int]:
    """Row ids of the dives of the same file in nearly the same range, the nearest first."""
    file, first, last = place
    found = []
    sql = f"SELECT rowid, first_frame, last_frame FROM {table} WHERE file = ?"
    for id_, other_first, other_last in db.execute(sql, (file,)):
        shared = min(last, other_last) - max(first, other_first) + 1
        lengths = last - first + 1, other_last - other_first + 1
        if shared > _SAME_SHARE * min(lengths):
            found.append((shared / max(lengths), id_))
    return [id_ for _, id_ in sorted(found, reverse=True)]


def _words(text: str) -> str:
    """Letters and digits of a text without case and accents, other characters as spaces."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return " ".join("".join(one if one.isalnum() else " " for one in plain).split())


def _words_of(dive: HistoryDive) -> str:
    """All that is searched of a dive, a space before each word."""
    board = "" if dive.board_m is None else f"{short_number(dive.board_m)}m m"
    outcome = dive.outcome, dive_outcome_text(dive.outcome)
    said = dive.athlete, dive.dive_number, board, dive.dived_on, dive.event, *dive.tags, *outcome, dive.note, dive.title
    return f" {_words(' '.join((*said, dive.path.stem)))}"


def _unreadable(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        "The history {0} cannot be read ({1}): close other programs that use it, or copy it again.", path, reason
    )


def _unwritable(path: Path, error: Exception) -> ExportError:
    return ExportError(
        "The history {0} cannot be written now ({1}): close other programs that use it, see that the disk has room, "
        "and try again.",
        path,
        printable(f"{error!s:.200}"),
    )
