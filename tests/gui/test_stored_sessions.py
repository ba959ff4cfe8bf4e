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
from fineparser_gui.store.dives import KeptDive
from fineparser_gui.store.store import Store, look_after, read_file, take_in


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path / "history.sqlite")) as made:
        yield made


def kept(number=1, id_=0, **changes):
    return row(made_dive(number, **changes), id=id_)


def keep(store, *dives, id_=0, ids=None, **more):
    """Keep a session of changed dives, and of others as they are."""
    changed = {place: one for place, one in enumerate(dives) if isinstance(one, KeptDive)}
    saved = SavedSession(dives=tuple(one.saved if isinstance(one, KeptDive) else one for one in dives))
    state = more.pop("state", SavedSession())
    return store.keep_session(id_, replace(state, dives=saved.dives), ids or [0] * len(dives), changed, **more)


def test_a_session_comes_back_in_its_order_with_what_was_never_opened(store):
    state, never = SavedSession(selected=1, paused=True), SavedDive(path=Path("/club/b.mp4"))
    id_, ids = keep(store, kept(1), never, kept(2), state=state, name="Cup", source="file")
    assert ids[1] == 0
    assert store.session(id_) == (replace(state, dives=(kept(1).saved, never, kept(2).saved)), ids)
    (listed,) = store.sessions()
    assert (listed.name, listed.n_dives, listed.athletes) == ("Cup", 3, ("Anna Müller",))
    assert store.session_of("file") == id_


def test_a_dive_is_in_the_store_once_however_many_sessions_have_it(store):
    (first, (id_,)), (second, (other,)) = keep(store, kept()), keep(store, kept())
    assert id_ == other
    store.set_athletes({id_: "Berta"})
    assert [store.session(one)[0].dives[0].athlete for one in (first, second)] == ["Berta"] * 2


def test_a_second_dive_of_the_same_clip_in_a_session_says_its_own(store):
    id_, ids = keep(store, kept(), kept(dive_number="405B"))
    assert ids[1] == 0
    saved, dive_ids = store.session(id_)
    assert [one.dive_number for one in saved.dives] == ["103B", "405B"]
    assert dive_ids == ids


def test_what_was_not_changed_is_not_written_again(store):
    id_, ids = keep(store, kept())
    before = store.revision()
    assert keep(store, kept().saved, id_=id_, ids=ids) == (id_, ids)
    assert store.revision() == before
    assert store.changed_since(before - 1, ids).keys() == set(ids)
    assert store.changed_since(before, ids) == {}


def test_rows_of_a_meet_follow_their_dives_past_one_that_cannot_be_read(store):
    meet = Meet(rows=(ListedDive(athlete="A", dive="0"), ListedDive(athlete="B", dive="1")))
    id_, ids = keep(store, kept(1), kept(2), state=SavedSession(meet=meet, selected=1))
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE detail SET saved = ? WHERE id = ?", (json.dumps({"path": 1}), ids[0]))
    saved, dive_ids = store.session(id_)
    assert (dive_ids, saved.selected) == (ids[1:], 0)
    assert [one.dive for one in saved.meet.rows] == [None, "0"]


def test_what_is_in_no_session_and_not_listed_is_swept(store):
    id_, ids = keep(store, replace(kept(), settled=False))
    store.sweep()
    assert store.saved(ids).keys() == set(ids)
    assert store.ids() == []
    store.delete_sessions([id_])
    store.sweep()
    assert store.saved(ids) == {}


@pytest.mark.parametrize("large", ["ids", "drawings"])
def test_the_store_holds_whatever_a_session_file_holds(store, tmp_path, large):
    dive = kept().saved
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
    huge = replace(kept(), pack=lambda: bytes(file._MOST_BYTES))
    with pytest.raises(ExportError, match="a dive has more drawings and corrections than it can hold"):
        store.keep([huge])
