"""Full-text search: words, scripts without spaces, months; texts that look like syntax; changes that are undone."""

import pytest

from fineparser_core.support.sqlite_file import connect
from fineparser_gui.store import search

MONTHS = ["Jänner", "Februar", "März", *"456789"]
TEXTS = {
    1: "Anna Müller 103B 3m m 2026-03-14 Club cup Head up! ÅSE İpek ｆｕｌｌ",
    2: "Berta 5253B 7.5m m 2026-05-01 跳水比赛 Final 김안나 กระโดดน้ำ 第3轮 飛び込み अनीता \U00030000",
    3: "\0 \ud800 \" ' * ( ) : ^ - + NEAR AND OR NOT {words} OR",
}


@pytest.fixture
def db(folder):
    made = connect(folder / "dives.sqlite")
    made.execute("CREATE TABLE dive (id INTEGER PRIMARY KEY AUTOINCREMENT, day TEXT NOT NULL)")
    for statement in search.SCHEMA.split(";\n"):
        made.execute(statement)
    for id_, text in TEXTS.items():
        made.execute("INSERT INTO dive VALUES (?, ?)", (id_, {1: "2026-03-14", 2: "2026-05-01"}.get(id_, "")))
        search.index(made, id_, text)
    yield made
    made.close()


def found(db, text):
    sql, values = search.condition(text, MONTHS)
    return [row[0] for row in db.execute(f"SELECT id FROM dive WHERE {sql} ORDER BY id", values)]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("anna 103b march", [1]),
        ("mär mull", [1]),
        ("MULLER ase ipek full", [1]),
        ("mar may", []),
        ("ma", []),
        ("103B 3m", [1]),
        ("7.5 m", [2]),
        ("2026 05", [2]),
        ("比赛", [2]),
        ("赛", [2]),
        ("水比赛 b", [2]),
        ("水赛", []),
        ("3轮", [2]),
        ("込み", [2]),
        ("โดด", [2]),
        ("안", []),
        ("김", [2]),
        ("अनी", [2]),
        ("\U00030000", [2]),
        ("nna", []),
        ("anna berta", []),
        ("", [1, 2, 3]),
    ],
)
def test_words_are_found_by_their_beginnings(db, text, ids):
    assert found(db, text) == ids


@pytest.mark.parametrize("text", ["%", "\0", "\ud800", '"', "'", "*", '""*', "(", "^", "-+:{}", "\ufe0f", " \n", "_"])
def test_signs_alone_are_no_words(db, text):
    assert found(db, text) == [1, 2, 3]


@pytest.mark.parametrize(
    "text", ["or", "AND or", "near(", "NOT", "words:or", '"not', "an*d", "{words} : OR", "n'ot", "\u19b0"]
)
def test_a_query_is_no_syntax(db, text):
    assert set(found(db, text)) <= {3}
    assert found(db, f'anna" OR {text}') == []


def test_a_pasted_text_is_cut(db):
    assert found(db, "anna " * 100_000) == [1]
    assert found(db, "比" * 100_000) == []
    search.index(db, 1, "x" * 100_000)
    assert found(db, "x" * 100_000) == [1]


def test_changed_texts_are_found_anew_and_undone_ones_as_before(db):
    db.execute("BEGIN")
    search.index(db, 1, "Berta")
    assert found(db, "berta") == [1, 2]
    db.execute("ROLLBACK")
    assert (found(db, "berta"), found(db, "anna")) == ([2], [1])
    search.index(db, 1, "Carl")
    assert (found(db, "anna"), found(db, "carl")) == ([], [1])
    db.execute("INSERT INTO dive_search (dive_search) VALUES ('integrity-check')")


def test_a_deleted_dive_leaves_no_text(db):
    db.execute("DELETE FROM dive WHERE id = 2")
    assert db.execute("SELECT rowid FROM dive_search").fetchall() == [(1,), (3,)]
    db.execute("INSERT INTO dive VALUES (2, '')")
    assert found(db, "berta") == []
    db.execute("INSERT INTO dive_search (dive_search) VALUES ('integrity-check')")
