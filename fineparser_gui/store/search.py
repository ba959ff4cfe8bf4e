"""Full-text search of the dives of a store by SQLite's FTS5.

Words are found by their beginnings, without case and accents. Scripts that put no spaces between words are indexed
character by character and found as phrases, so that any part of a text is found, even a single character (FTS5's
trigrams need three, more than most Chinese words have).
"""

import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from fineparser_core.printable import folded
from fineparser_gui.store.records import HistoryQuery

#: First SQLite with `remove_diacritics 2`.
LEAST_VERSION = (3, 27)
#: Statements, each ended by a semicolon and a line break. They need a table `dive` with columns `id` and `day`.
SCHEMA = """
CREATE VIRTUAL TABLE dive_search USING fts5 (words, tokenize = 'unicode61 remove_diacritics 2', prefix = '1');
CREATE TRIGGER dive_search_forgets AFTER DELETE ON dive BEGIN DELETE FROM dive_search WHERE rowid = old.id; END;
"""

# The plus keeps SQLite from looking up row by row what is most of the table, to sort it afterwards.
_MATCHES = "+id IN (SELECT rowid FROM dive_search WHERE dive_search MATCH ?)"
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
#: Maximum number of words and characters of a query that are searched for; a line typed into a field has fewer.
_MOST_WORDS, _MOST_CHARACTERS = 12, 200
#: A letter of Thai, Lao, Burmese, Khmer or of the blocks from the Chinese radicals on (where Chinese and Japanese are).
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0003ffff]")


def index(db: sqlite3.Connection, id_: int, text: str) -> None:
    """Make a dive searchable by a text, in place of the text that it had. Raises: sqlite3.Error."""
    db.execute("INSERT OR REPLACE INTO dive_search (rowid, words) VALUES (?, ?)", (id_, _spaced(_words(text))))


def query_condition(query: HistoryQuery, months: Sequence[str]) -> tuple[str, list[Any]]:
    """Return an SQL condition on `dive`, and its values, that is true of the listed dives that match a query.

    Args:
        months: names of the twelve months, besides the English names.
    """
    parts, values = ["listed = 1"], []
    for name in ("athlete", "dive_number", "board_m", "event"):
        if (exact := query.exact.get(name)) is not None:
            parts.append(f"{name} = ?")
            values.append(exact)
    if query.since:
        parts.append("day >= ?")
        values.append(query.since)
    if query.until:
        parts.append("day != '' AND day <= ?")
        values.append(query.until)
    if query.judged is not None:
        parts.append(f"judged IS {'NOT ' if query.judged else ''}NULL")
    if query.votes:
        parts.append("exemplar_id != ''")
    meant, wanted = condition(query.text, months)
    parts.append(meant)
    values += wanted
    return " AND ".join(parts), values


def condition(text: str, months: Sequence[str] = ()) -> tuple[str, list[str]]:
    """Return an SQL condition on `dive`, and its values, that is true of dives that all words of a text match.

    A word matches by the beginning of a word of the dive's text or by the name of the month of its `day`.

    Args:
        months: names of the twelve months, besides the English names.
    """
    names = [(number % 12 + 1, _words(name)) for number, name in enumerate((*_MONTHS, *months))]
    matches, parts, values = [], [], []
    for word in _words(text[:_MOST_CHARACTERS]).split()[:_MOST_WORDS]:
        match = f'"{_spaced(word)}"*'
        meant = [f"{month:02d}" for month, name in names if name.startswith(word) and len(word) >= min(3, len(name))]
        if meant:
            parts.append(f"({_MATCHES} OR substr(day, 6, 2) IN ({', '.join('?' * len(meant))}))")
            values += [match, *meant]
        else:
            matches.append(match)
    if matches:
        parts.append(_MATCHES)
        values.append(" AND ".join(matches))
    return " AND ".join(parts) or "TRUE", values


def _words(text: str) -> str:
    """Return the letters and digits of a text without case, accents and vowel signs, and a space for all else."""
    return " ".join("".join(one if one.isalnum() else " " for one in folded(text)).split())


def _spaced(text: str) -> str:
    """Return a text with spaces around the letters of scripts that have no spaces."""
    return " ".join(_SPACELESS.sub(r" \g<0> ", text).split())
