"""A dive as the rows of several tables: its columns, details, results, and values that have trends."""

import json
import logging
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from fineparser_core.diving.judging import dive_outcome_text
from fineparser_core.language import short_number
from fineparser_core.support.codec import from_json, to_json
from fineparser_gui.session.dive import SavedDive
from fineparser_gui.store import search
from fineparser_gui.store.records import DiveResults, HistoryDive, with_results

log = logging.getLogger(__name__)

#: SQLite's bound on the values of a statement.
_AT_ONCE = 500
_COLUMNS = (
    "file", "first_frame", "last_frame", "athlete", "day", "event", "dive_number", "board_m", "difficulty",
    "title", "judged", "judged_score", "award", "score", "analysed_at", "exemplar_id",
    "take_off", "flight", "entry",
)  # fmt: skip
#: Query of the values that the checksum of a dive covers. SQLite's own check does not see altered bits within values.
_SUMMED = f"SELECT id, sum, {', '.join(_COLUMNS)}, saved, results FROM dive JOIN detail USING (id)"
#: Two ranges of a file belong to the same dive if they share more than this part of the shorter range.
_SAME_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class Row:
    """A dive of the store.

    Attributes:
        id: id of the row; 0: not inserted yet.
        listed: 1: the history shows it; 0: sessions alone; -1: the coach has taken it out of the history, -2: before
            the last sweep.
        thumbnail: thumbnail as JPEG; b"": no thumbnail, or the stored thumbnail where rows are read and updated.
    """

    saved: SavedDive
    results: DiveResults
    id: int = 0
    listed: int = 0
    thumbnail: bytes = b""

    @cached_property
    def dive(self) -> HistoryDive:
        """The dive as the history shows it."""
        return with_results(self.saved, self.results, id_=self.id)


def insert(db: sqlite3.Connection, row: Row, *, measured: bool = True) -> int:
    """Insert a dive, or update the row with its id; return the id.

    Args:
        measured: update the values that have trends as well.
    """
    dive = row.dive
    columns = _columns_of(dive) | {"listed": row.listed}
    if row.id:
        columns["id"] = row.id
    names = ", ".join(columns)
    renewed = ", ".join(f"{name} = excluded.{name}" for name in (*columns, "revision"))
    db.execute(
        f"INSERT INTO dive ({names}, revision) SELECT {', '.join('?' * len(columns))}, "
        f"coalesce(max(revision), 0) + 1 FROM dive WHERE true ON CONFLICT (id) DO UPDATE SET {renewed}",
        tuple(columns.values()),
    )
    id_ = row.id or int(db.execute("SELECT last_insert_rowid()").fetchone()[0])
    db.execute(
        "INSERT INTO detail VALUES (?, ?, ?, ?, 0) ON CONFLICT (id) DO UPDATE SET saved = excluded.saved, "
        "results = excluded.results, thumbnail = iif(length(excluded.thumbnail), excluded.thumbnail, thumbnail)",
        (id_, text_of(row.saved), _of(row.results), row.thumbnail),
    )
    _, _, *values = db.execute(f"{_SUMMED} WHERE id = ?", (id_,)).fetchone()  # as SQLite has converted them
    db.execute("UPDATE detail SET sum = ? WHERE id = ?", (_sum_of(values), id_))
    search.index(db, id_, _words_of(dive))
    if measured:
        db.execute("DELETE FROM measure WHERE id = ?", (id_,))
        rows = [(name, id_, *values) for name, values in dive.values().items()]
        db.executemany("INSERT INTO measure VALUES (?, ?, ?, ?, ?)", rows)
    return id_


def rows_of(db: sqlite3.Connection, ids: Sequence[int], where: str = "TRUE") -> Iterator[Row]:
    """Yield the dives that meet a condition, in the order of their ids; unreadable rows are left out."""
    found = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        sql = (
            "SELECT id, saved, results, listed FROM detail JOIN dive USING (id) "
            f"WHERE id IN ({', '.join('?' * len(some))}) AND {where}"
        )
        for id_, saved, results, listed in db.execute(sql, some):
            try:
                row = Row(
                    saved=saved_dive_of(saved),
                    results=from_json(json.loads(results), DiveResults),
                    id=id_,
                    listed=listed,
                )
                found[row.dive.id] = row
            except ValueError as error:
                log.warning("history: dive %s cannot be used: %s", id_, error)
    return (found[id_] for id_ in ids if id_ in found)


def altered(db: sqlite3.Connection) -> int:
    """Return the id of a dive that is not as it was written, or 0."""
    return next((id_ for id_, sum_, *values in db.execute(_SUMMED) if _sum_of(values) != sum_), 0)


def same_place(db: sqlite3.Connection, place: tuple[str, int, int], where: str = "TRUE") -> list[int]:
    """Return the ids of the file's dives in nearly the same range that meet a condition, the nearest first."""
    file, first, last = place
    found = []
    sql = f"SELECT id, first_frame, last_frame FROM dive WHERE file = ? AND {where}"
    for id_, other_first, other_last in db.execute(sql, (file,)):
        shared = min(last, other_last) - max(first, other_first) + 1
        lengths = last - first + 1, other_last - other_first + 1
        if shared > _SAME_SHARE * min(lengths):
            found.append((shared / max(lengths), id_))
    return [id_ for _, id_ in sorted(found, reverse=True)]


def text_of(saved: SavedDive) -> str:
    """Return a dive's details as JSON; ASCII escapes keep file names that are not valid Unicode."""
    return json.dumps(to_json(saved))


def saved_dive_of(text: str) -> SavedDive:
    """Return the details that `text_of` has written. Raises: ValueError."""
    return from_json(json.loads(text), SavedDive)


def _of(results: DiveResults) -> str:
    return json.dumps({field.name: to_json(getattr(results, field.name)) for field in fields(DiveResults)})


def _columns_of(dive: HistoryDive) -> dict[str, Any]:
    """Return the columns of a dive; file names may be no Unicode, which SQLite does not take."""
    columns = {name: getattr(dive, name, None) for name in _COLUMNS} | {"file": dive.file_key}
    columns |= {name: getattr(dive, name) or "" for name in ("day", "dive_number")}
    return {
        name: value.encode(errors="replace").decode() if isinstance(value, str) else value
        for name, value in columns.items()
    }


def _sum_of(values: list[Any]) -> int:
    return zlib.crc32(repr(values).encode(errors="surrogatepass"))


def _words_of(dive: HistoryDive) -> str:
    """Return the search text of a dive."""
    board = "" if dive.board_m is None else f"{short_number(dive.board_m)}m m"
    outcome = dive.outcome, dive_outcome_text(dive.outcome)
    said = (dive.athlete, dive.dive_number or "", board, dive.day or "", dive.event, *outcome, dive.note, dive.title)
    return " ".join((*said, dive.path.stem))
