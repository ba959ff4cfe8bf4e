"""Sessions in the store: lists of its dives, kept with them in one transaction."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from history_kit import made_dive, row

from fineparser_core.diving.meet import ListedDive, Meet
from fineparser_core.errors import ExportError
from fineparser_gui.session.dive import SavedDive
from fineparser_gui.session.drawings import Drawing
from fineparser_gui.session.session_file import SavedSession, write_session
from fineparser_gui.store import file
from fineparser_gui.store.store import SessionEntry, Store, look_after, read_file, take_in


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "history.sqlite")) as made:
        yield made


def entry(key: str, number: int = 1, id_: int = 0, **changes: object) -> SessionEntry:
    kept = row(made_dive(number, **changes), id=id_)
    return SessionEntry(key=key, id=id_, saved=kept.saved, kept=kept)


def unopened(key: str) -> SessionEntry:
    return SessionEntry(key=key, id=0, saved=SavedDive(path=Path(f"/club/{key}.mp4")))


def test_a_session_comes_back_in_its_order_with_what_was_never_opened(store):
    state = SavedSession(selected=1, paused=True)
    entries = [entry("a", 1), unopened("b"), entry("c", 2)]
    id_, ids = store.keep_session(0, state, entries, name="Cup", source="file")
    saved, dive_ids = store.session(id_)
    assert saved == replace(state, dives=tuple(one.saved for one in entries))
    assert dive_ids == [ids["a"], 0, ids["c"]]
    (listed,) = store.sessions()
    assert (listed.name, listed.n_dives, listed.athletes) == ("Cup", 3, ("Anna Müller",))
    assert store.session_of("file") == id_


def test_a_dive_is_in_the_store_once_however_many_sessions_have_it(store):
    first, ids = store.keep_session(0, SavedSession(), [entry("a")])
    second, others = store.keep_session(0, SavedSession(), [entry("x")])
    assert ids["a"] == others["x"]
    store.set_athletes({ids["a"]: "Berta"})
    assert [store.session(one)[0].dives[0].athlete for one in (first, second)] == ["Berta"] * 2


def test_a_second_dive_of_the_same_clip_in_a_session_says_its_own(store):
    id_, ids = store.keep_session(0, SavedSession(), [entry("a"), entry("b", dive_number="405B")])
    assert ids.keys() == {"a"}
    saved, dive_ids = store.session(id_)
    assert [one.dive_number for one in saved.dives] == ["103B", "405B"]
    assert dive_ids == [ids["a"], 0]


def test_what_was_not_changed_is_not_written_again(store):
    id_, ids = store.keep_session(0, SavedSession(), [entry("a")])
    before = store.revision()
    unchanged = SessionEntry(key="a", id=ids["a"], saved=entry("a").saved)
    assert store.keep_session(id_, SavedSession(), [unchanged]) == (id_, ids)
    assert store.keep_session(id_, SavedSession(), [replace(entry("a", id_=ids["a"]), kept=None)])[0] == id_
    assert store.revision() == before
    assert store.changed_since(before - 1, [ids["a"]]).keys() == {ids["a"]}
    assert store.changed_since(before, [ids["a"]]) == {}


def test_rows_of_a_meet_follow_their_dives_past_one_that_cannot_be_read(store):
    meet = Meet(rows=(ListedDive(athlete="A", dive="0"), ListedDive(athlete="B", dive="1")))
    id_, ids = store.keep_session(0, SavedSession(meet=meet, selected=1), [entry("a", 1), entry("b", 2)])
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE detail SET saved = ? WHERE id = ?", (json.dumps({"path": 1}), ids["a"]))
    saved, dive_ids = store.session(id_)
    assert (dive_ids, saved.selected) == ([ids["b"]], 0)
    assert [one.dive for one in saved.meet.rows] == [None, "0"]


def test_what_is_in_no_session_and_not_listed_is_swept(store):
    waiting = replace(entry("a").kept, settled=False)
    id_, ids = store.keep_session(0, SavedSession(), [replace(entry("a"), kept=waiting)])
    store.sweep()
    assert store.saved(list(ids.values())).keys() == set(ids.values())
    assert store.ids() == []
    store.delete_sessions([id_])
    store.sweep()
    assert store.saved(list(ids.values())) == {}


@pytest.mark.parametrize("large", ["ids", "drawings"])
def test_the_store_holds_whatever_a_session_file_holds(store, tmp_path, large):
    dive = entry("a").saved
    if large == "ids":
        ids = frozenset(f"exemplar {number:090}" for number in range(60_000))
        dive = replace(dive, correction=replace(dive.correction, left_out=ids))
    else:
        line = Drawing(kind="freehand", frame=1, points=tuple((float(x), 1.25) for x in range(90)))
        dive = replace(dive, drawings=(line,) * 1000)
    path = tmp_path / "large.fineparser"
    write_session(SavedSession(dives=(dive,)), path)
    assert path.stat().st_size > 2 << 20
    saved, source = read_file(path)
    id_ = take_in(store, saved, "large", source)
    assert store.session(id_)[0] == saved
    assert look_after(store.path) == ""


def test_a_dive_that_is_too_large_for_the_store_is_said(store):
    huge = replace(entry("a").kept, pack=lambda: bytes(file._MOST_BYTES))
    with pytest.raises(ExportError, match="a dive has more drawings and corrections than it can hold"):
        store.keep([huge])
