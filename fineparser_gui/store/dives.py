"""The dives of the store: kept, searched, changed, and taken out of the history.

A dive is known again by the content of its file and by where it lies in it, so that a new analysis or an edit renews
its row.
"""

import logging
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from fineparser_core.printable import one_form
from fineparser_core.support.sqlite_file import PATIENCE_S
from fineparser_gui.session.dive import SavedDive
from fineparser_gui.store import search
from fineparser_gui.store.file import StoreFile
from fineparser_gui.store.records import (
    DiveResults,
    HistoryDive,
    HistoryQuery,
    TrendValue,
    agreed,
    file_key,
    other_results,
)
from fineparser_gui.store.rows import Row, insert, rows_of, same_place

log = logging.getLogger(__name__)

#: Query that matches every dive.
ALL = HistoryQuery()


@dataclass(frozen=True, kw_only=True)
class KeptDive:
    """A dive of a session on its way into the store.

    Attributes:
        id: id of its row; 0: not known yet.
        saved: the part of it that a session stores.
        changed: names of the details that the coach has changed since it was last kept or opened, see `model.said`.
        results: results of its analysis, or those that follow from its details alone.
        settled: whether the results belong to the details and are final.
        listed: whether the history shows it.
        thumbnail: thumbnail as JPEG; b"": the stored thumbnail stays.
        pack: returns the content that `DiveTable.analysis` reads; None: there is nothing to keep.
    """

    id: int = 0
    saved: SavedDive
    changed: frozenset[str] = field(default_factory=frozenset)
    results: DiveResults
    settled: bool = True
    listed: bool = False
    thumbnail: bytes = b""
    pack: Callable[[], bytes] | None = None


class StoredDives(StoreFile):
    """The dives of a store; see `StoreFile` for the file.

    Attributes:
        months: names of the twelve months in the language of the window.
    """

    def __init__(self, path: Path, months: Sequence[str] = (), *, patience_s: float = PATIENCE_S) -> None:
        self.months = tuple(months)
        super().__init__(path, patience_s=patience_s)

    def keep(self, dives: Sequence[KeptDive]) -> list[int]:
        """Add dives, or update those that are known, all of them or none; return their ids.

        A known dive keeps its details, apart from details that were blank or that the coach has changed.
        A dive that was taken out of the history stays out of it, unless it is opened again.

        Raises:
            ExportError: the file cannot be written.
        """
        with self._writing() as db:
            return [keep_dive(db, one) for one in dives]

    def search(self, query: HistoryQuery = ALL) -> list[HistoryDive]:
        """Return the dives of the history that match a query, in its order. Raises: ConfigError: unreadable file."""
        with self._reading() as db:
            return [row.dive for row in rows_of(db, self._ids(db, query, query.limit))]

    def ids(self, query: HistoryQuery = ALL) -> list[int]:
        """Return the ids of all dives that match a query, in its order and regardless of its limit."""
        with self._reading() as db:
            return self._ids(db, query)

    def _ids(self, db: sqlite3.Connection, query: HistoryQuery, limit: int = -1) -> list[int]:
        condition, values = search.query_condition(query, self.months)
        by, down = query.order, "DESC" if query.descending else "ASC"
        order = f"ORDER BY coalesce({by}, '') = '', {by} COLLATE NOCASE {down}, id {down}"
        sql = f"SELECT id FROM dive WHERE {condition} {order} LIMIT ?"
        return [row[0] for row in db.execute(sql, (*values, limit))]

    def common(self, query: HistoryQuery = ALL) -> tuple[str | None, str | None, float | None]:
        """Return the athlete, dive number and board of a query's dives, each None where it differs or is unknown."""
        columns = ("athlete", "dive_number", "board_m")
        ends = ", ".join(f"min({one}), max({one}), count({one}) = count(*)" for one in columns)
        condition, values = search.query_condition(query, self.months)
        with self._reading() as db:
            row = db.execute(f"SELECT {ends} FROM dive WHERE {condition}", values).fetchone()
        athlete, number, board_m = (
            low if low == high and every else None for low, high, every in (row[:3], row[3:6], row[6:])
        )
        return athlete or None, number or None, board_m

    def groups(self, query: HistoryQuery = ALL) -> dict[tuple[str, float | None], int]:
        """Return how often each dive number and board occurs among a query's dives, the most frequent first."""
        condition, values = search.query_condition(query, self.months)
        sql = (
            f"SELECT dive_number, board_m, count(*) FROM dive WHERE {condition} AND dive_number != '' "
            "GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
        )
        with self._reading() as db:
            return {(number, board_m): n for number, board_m, n in db.execute(sql, values)}

    def dive(self, id_: int) -> HistoryDive | None:
        """Return the dive of an id, or None."""
        return next(iter(self.dives([id_])), None)

    def dives(self, ids: Sequence[int]) -> list[HistoryDive]:
        """Return dives of the history in the order of their ids; missing dives are left out."""
        with self._reading() as db:
            return [row.dive for row in rows_of(db, ids, "listed = 1")]

    def thumbnail(self, id_: int) -> bytes:
        """Return the thumbnail of a dive as JPEG, or b""."""
        with self._reading() as db:
            row = db.execute("SELECT thumbnail FROM detail WHERE id = ?", (id_,)).fetchone()
            return row[0] if row is not None and isinstance(row[0], bytes) else b""

    def analysis(self, id_: int) -> bytes:
        """Return the packed analysis of a dive, see `KeptDive.pack`, or b""."""
        with self._reading() as db:
            row = db.execute("SELECT content FROM analysis WHERE id = ?", (id_,)).fetchone()
        return row[0] if row is not None else b""

    def saved(self, ids: Sequence[int]) -> dict[int, SavedDive]:
        """Return the stored details of dives by their ids; missing dives are left out."""
        with self._reading() as db:
            return {row.id: row.saved for row in rows_of(db, ids)}

    def known_as(self, file_key: str, first_frame: int, last_frame: int) -> tuple[int, SavedDive] | None:
        """Return id and details of the only dive of a file in nearly this range; None for no dive or several."""
        with self._reading() as db:
            ids = same_place(db, (file_key, first_frame, last_frame), "listed >= 0")
            known = list(rows_of(db, ids)) if len(ids) == 1 else []
            return (known[0].id, known[0].saved) if known else None

    def revision(self) -> int:
        """Return a number that grows with each dive that is written."""
        with self._reading() as db:
            return int(db.execute("SELECT coalesce(max(revision), 0) FROM dive").fetchone()[0])

    def changed_since(self, revision: int, ids: Collection[int]) -> dict[int, SavedDive]:
        """Return the details of those of `ids` that were written after a revision."""
        with self._reading() as db:
            rows = db.execute("SELECT id FROM dive WHERE revision > ?", (revision,))
            wanted = set(ids)
            return {row.id: row.saved for row in rows_of(db, [id_ for (id_,) in rows if id_ in wanted])}

    def counts(self, of: Literal["athlete", "event", "dive_number"]) -> dict[str, int]:
        """Return the number of dives by athlete, event or dive number, sorted by name."""
        sql = f"SELECT {of}, count(*) FROM dive WHERE listed = 1 AND {of} != '' GROUP BY {of}"
        with self._reading() as db:
            return dict(sorted(db.execute(sql), key=lambda one: one[0].casefold()))

    def measures(self) -> list[str]:
        """Return the names of the values that have trends: all names of `HistoryDive.values` that occur."""
        with self._reading() as db:
            return [row[0] for row in db.execute("SELECT DISTINCT name FROM measure ORDER BY name LIMIT 500")]

    def set_athletes(self, names: Mapping[int, str], was: Mapping[int, str] | None = None) -> dict[int, str]:
        """Set the athletes of dives; return the former athletes of those that were changed, which undo it.

        Args:
            was: athletes that the dives must have, else they are left as they are: another window has changed them.

        Raises:
            ExportError: the file cannot be written.
        """
        with self._writing() as db:
            known = [
                row for row in rows_of(db, list(names)) if was is None or row.saved.athlete == one_form(was[row.id])
            ]
            for row in known:
                insert(db, replace(row, saved=replace(row.saved, athlete=names[row.id].strip())), measured=False)
        return {row.id: row.saved.athlete for row in known}

    def remove(self, ids: Sequence[int]) -> list[int]:
        """Take dives out of the history: an open session does not bring them back. Raises: ExportError.

        Returns:
            Those that were there, which `restore` brings back.
        """
        return self._list(ids, -1, "listed = 1")

    def restore(self, ids: Sequence[int]) -> list[int]:
        """Bring back dives that `remove` has taken out; return their ids. Raises: ExportError."""
        return self._list(ids, 1, "listed < 0")

    def _list(self, ids: Sequence[int], now: int, where: str) -> list[int]:
        with self._writing() as db:
            sql = f"UPDATE dive SET listed = ? WHERE id = ? AND {where}"
            return [id_ for id_ in ids if db.execute(sql, (now, id_)).rowcount]

    def trend(self, what: str, query: HistoryQuery = ALL) -> list[TrendValue]:
        """Return a value of a query's dives over the days, the earliest first; dives without a day are left out.

        Args:
            what: "score", "award", "judged" (the mean award of the judges), "judged_score", a step's name
                (its points), or a measure's name.
            query: condition on the dives; its order and limit are ignored.

        Raises:
            ConfigError: the file cannot be read.
        """
        condition, values = search.query_condition(query, self.months)
        sql = (
            f"SELECT id, day, value, low, high FROM measure CROSS JOIN dive USING (id) "
            f"WHERE name = ? AND day != '' AND {condition} ORDER BY day, id"
        )
        with self._reading() as db:
            return list(map(TrendValue._make, db.execute(sql, (what, *values))))


def _same_results(one: DiveResults, other: DiveResults) -> bool:
    kept = [(found.parse_id, found.score, found.transitions) for found in (one, other)]
    return kept[0] == kept[1]


def keep_dive(db: sqlite3.Connection, dive: KeptDive) -> int:
    """Add a dive, or update it if it is known; return its id."""
    known = known_row(db, dive)
    listed = int(dive.listed or (dive.settled and bool(dive.results.analysed_at)))
    if known is None:
        results = dive.results if dive.settled else dive.results.without_score
        row = Row(saved=dive.saved, results=results, id=dive.id, listed=listed, thumbnail=dive.thumbnail)
        id_ = insert(db, row)
        _keep_analysis(db, id_, dive, anew=True)
        return id_
    saved = agreed(known.saved, dive.saved, dive.changed)
    if not known.listed or (known.listed < 0 and not dive.id):
        known = replace(known, listed=listed)
    analysed = bool(dive.results.analysed_at)
    own = dive.settled and not other_results(dive.saved, saved) and (analysed or not known.results.analysed_at)
    if own:
        results = dive.results
        if _same_results(results, known.results):
            results = replace(results, analysed_at=known.results.analysed_at)
    elif not known.results.analysed_at:
        results = dive.results.without_score
    else:
        results = known.results.without_score if other_results(known.saved, saved) else known.results
    row = replace(known, saved=saved, results=results, thumbnail=dive.thumbnail)
    if row != known:
        insert(db, row)
    if own:
        _keep_analysis(db, row.id, dive, anew=results != known.results)
    return row.id


def known_row(db: sqlite3.Connection, dive: KeptDive) -> Row | None:
    """Return the row of a dive, by its id or by its file and place; None if it is not known."""
    if dive.id and (row := next(rows_of(db, [dive.id]), None)) is not None:
        return row
    file = dive.saved.identity
    if file is None:
        return None
    place = file_key(file), dive.results.first_frame, dive.results.last_frame
    return next(rows_of(db, same_place(db, place)[:1]), None)


def _keep_analysis(db: sqlite3.Connection, id_: int, dive: KeptDive, *, anew: bool) -> None:
    if dive.pack is None or not dive.results.analysed_at:
        return
    if anew or db.execute("SELECT 1 FROM analysis WHERE id = ?", (id_,)).fetchone() is None:
        db.execute("INSERT OR REPLACE INTO analysis VALUES (?, ?)", (id_, dive.pack()))
