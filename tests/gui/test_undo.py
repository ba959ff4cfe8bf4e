"""Undo by dive: what is shown comes first, what was changed since stays; two windows of one store at random."""

from contextlib import closing
from random import Random
from typing import Any

import pytest
from history_kit import made_dive, row

from fineparser_core.diving.judging import Judging
from fineparser_core.records import AthletePoint
from fineparser_gui.services import undo
from fineparser_gui.store.store import FILE_NAME, Store


@pytest.fixture
def make_windows(make_studio, tmp_path, monkeypatch):
    """`make_windows(n_dives)`: two programs of one store, each with all of its dives in a session of its own."""
    monkeypatch.setattr(undo, "_PAUSE_S", -1)  # each edit is a gesture of its own

    def make(n_dives):
        with closing(Store(tmp_path / "state" / FILE_NAME)) as store:
            store.keep([row(made_dive(number, path=tmp_path / f"{number}.mp4")) for number in range(1, n_dives + 1)])
        studios = [make_studio(), make_studio()]
        for studio in studios:
            history = studio.session.history
            studio.session.history.open(history.store.dives(range(1, n_dives + 1)))
            assert history.keeping.flush()
        return studios

    return make


def key_of(studio, id_):
    (key,) = (key for key, known in studio.session.history.keeping.ids.items() if known == id_)
    return key


def told(studio):
    return studio.window.messages.text


def test_the_dive_that_is_shown_comes_first_and_another_is_shown_before_it_changes(make_windows):
    studio = make_windows(3)[0]
    session, (a, b, c) = studio.session, studio.session.keys
    undo, redo = (studio.window.actions_by_id[name].trigger for name in ("undo", "redo"))
    session.editing.set_athlete(a, "Berta")
    session.editing.set_details(b, "405B", 10.0)
    session.editing.set_event(a, "Cup")
    session.select(b)
    session.editing.reorder([c, b, a])
    undo()  # of the list, which is shown
    assert session.keys == [a, b, c]
    session.select(a)
    undo()
    undo()
    assert (session.dive(a).event, session.dive(a).athlete) == ("Club cup", "Anna Müller")
    assert session.dive(b).dive_number == "405B"
    assert told(studio) == f"Undone: naming the diver, {session.dive(a).title}."
    session.select(c)
    assert studio.window.actions_by_id["undo"].text() == "&Undo changing the dive details"
    undo()
    assert (session.current.key, session.current.dive_number) == (b, "103B")
    assert told(studio) == f"Undone: changing the dive details, {session.current.title}."
    redo()
    assert session.current.dive_number == "405B"
    session.select(a)
    redo()
    redo()
    assert (session.current.event, session.current.athlete) == ("Cup", "Berta")


@pytest.mark.parametrize(
    ("name", "change", "theirs"),
    [
        (
            "judging",
            lambda editing, key: editing.set_judging(key, Judging(awards=(1.0, 1.0, 1.0))),
            lambda editing, key: editing.set_judging(key, None),
        ),
        (
            "athlete",
            lambda editing, key: editing.point_at(key, AthletePoint(frame=1, x=1.0, y=1.0)),
            lambda editing, key: editing.point_at(key, AthletePoint(frame=2, x=1.0, y=1.0)),
        ),
        (
            "correction",
            lambda editing, key: editing.leave_out(key, "x", True),
            lambda editing, key: editing.leave_out(key, "y", True),
        ),
    ],
)
def test_what_another_window_has_changed_since_is_neither_undone_nor_redone(make_windows, name, change, theirs):
    studio, other = make_windows(1)
    key = studio.session.keys[0]
    change(studio.session.editing, key)
    assert studio.session.history.keeping.flush()
    other.session.history.keeping.follow()
    theirs(other.session.editing, other.session.keys[0])
    assert other.session.history.keeping.flush()
    edits = studio.session.editing.edits

    def stored():
        return getattr(other.session.history.store.saved([1])[1], name)

    before = stored()
    edits.undo()
    edits.redo()
    assert studio.session.history.keeping.flush()
    assert stored() == before
    assert told(studio).startswith("Left as it is, as it was changed since: ")
    assert edits.undo_text is None


def test_names_that_another_window_has_given_since_stay(make_windows):
    studio, other = make_windows(3)
    editing, theirs = studio.session.history_editing, other.session.history_editing
    store = studio.session.history.store
    editing.rename("Anna Müller", "Berta")
    theirs.rename("Berta", "Carla")
    editing.edits.undo()
    assert "changed since: 3." in studio.window.messages.messages[0].text
    editing.edits.redo()
    assert [one.athlete for one in store.dives([1, 2, 3])] == ["Carla"] * 3


@pytest.mark.parametrize(
    ("name", "typed"), [("set_athlete", ("Bo", "Bob", "")), ("set_event", ("Cup", "")), ("set_note", ("Low", ""))]
)
def test_a_cleared_field_is_an_edit_of_its_own(make_windows, monkeypatch, name, typed):
    (mine, _) = make_windows(1)
    monkeypatch.setattr(undo, "_PAUSE_S", 1e6)  # typed without a pause
    session, attribute = mine.session, name.removeprefix("set_")
    before = getattr(session.current, attribute)
    for text in typed:
        getattr(session.editing, name)(session.current.key, text)
    assert getattr(session.current, attribute) == ""
    for expected in (typed[-2], before):
        session.editing.edits.undo()
        assert getattr(session.current, attribute) == expected


def test_a_number_that_is_cleared_is_an_edit_of_its_own(make_windows, monkeypatch):
    (mine, _) = make_windows(1)
    monkeypatch.setattr(undo, "_PAUSE_S", 1e6)
    session = mine.session
    before = session.current.details
    for number in ("405B", "407C", None):
        session.editing.set_details(session.current.key, number, 3.0)
    for expected in (("407C", 3.0, None), before):
        session.editing.edits.undo()
        assert session.current.details == expected


def test_an_offer_takes_back_what_it_tells_of(make_windows, qtbot):
    studio = make_windows(2)[0]
    session = studio.session
    session.editing.set_athlete(session.keys[1], "Berta")
    studio.window.show_history(True)
    page = studio.window.history
    qtbot.waitUntil(lambda: page.model.ids == [2, 1])
    page.select(1)
    page.delete_selected()
    studio.window.messages.buttons[0].click()
    assert session.history.store.ids() == [2, 1]


def test_a_dive_that_comes_back_has_what_another_window_has_said_meanwhile(make_windows):
    studio, other = make_windows(1)
    session = studio.session
    session.editing.remove(session.keys)
    assert session.history.keeping.flush()
    other.session.editing.set_event(other.session.keys[0], "Cup")
    assert other.session.history.keeping.flush()
    session.history.keeping.settle()
    session.editing.edits.undo()
    session.history.keeping.settle()
    assert session.dives[0].event == "Cup"


class Walk:
    """Two windows that change the same dives, and what each dive has after every change."""

    def __init__(self, studios, n_dives, seed):
        self._random, self._studios, self._n_dives = Random(seed), studios, n_dives
        self._values: dict[tuple[int, str], Any] = {
            (id_, name): self._value(studios[0], id_, name) for id_ in range(1, n_dives + 1) for name in self._WAYS
        }
        self._done: list[list[list[tuple[int, str, Any, Any]]]] = [[], []]
        self._undone: list[list[list[tuple[int, str, Any, Any]]]] = [[], []]
        self.n_undone = self.n_refused = 0

    _WAYS = ("athlete", "event", "note", "outcome", "details")

    def go(self, n_steps):
        for step in range(n_steps):
            at = self._random.randrange(2)
            act = self._random.choices((self._change, self._change_many, self._undo, self._redo), (5, 1, 4, 2))[0]
            try:
                act(at)
                self._settle()
                self._compare()
            except Exception as error:
                error.add_note(f"at step {step}: {act.__name__} in window {at}")
                raise

    def _settle(self):
        for studio in self._studios:
            assert studio.session.history.keeping.flush()
        for studio in self._studios:
            studio.session.history.keeping.settle()

    def _compare(self):
        saved = self._studios[0].session.history.store.saved(range(1, self._n_dives + 1))
        for (id_, name), value in self._values.items():
            for studio in self._studios:
                assert self._value(studio, id_, name) == value, (id_, name)
            kept = (saved[id_].dive_number, saved[id_].board_m, saved[id_].difficulty)
            assert (kept if name == "details" else getattr(saved[id_], name)) == value, (id_, name)

    def _value(self, studio, id_, name):
        return getattr(studio.session.dive(key_of(studio, id_)), name)

    def _change(self, at):
        id_, name = self._random.randint(1, self._n_dives), self._random.choice(self._WAYS)
        studio, before = self._studios[at], self._values[id_, name]
        editing, key = studio.session.editing, key_of(studio, id_)
        if name == "details":
            value: Any = (self._random.choice(("103B", "105B", "107B")), self._random.choice((1.0, 3.0)), None)
            editing.set_details(key, *value)
        else:
            value = self._random.choice(("", "balk", "repeat") if name == "outcome" else ("Anna", "Berta", "Carla"))
            getattr(editing, f"set_{name}")(key, value)
        self._did(at, [(id_, name, before, value)])

    def _change_many(self, at):
        ids = self._random.sample(range(1, self._n_dives + 1), 3)
        event = self._random.choice(("Cup", "Camp"))
        said = [(id_, "event", self._values[id_, "event"], event) for id_ in ids]
        self._studios[at].session.editing.set_many([key_of(self._studios[at], id_) for id_ in ids], {"event": event})
        for id_ in ids:  # another number would drop the DD; a typed one stays
            number, board_m, _ = self._values[id_, "details"]
            assert self._value(self._studios[at], id_, "details")[:2] == (number, board_m)
        self._did(at, said)

    def _did(self, at, changes):
        changes = [one for one in changes if one[2] != one[3]]
        self._values |= {(id_, name): after for id_, name, _, after in changes}
        if changes:
            self._done[at].append(changes)
            self._undone[at].clear()

    def _undo(self, at):
        self._take_back(at, self._done[at], self._undone[at], self._studios[at].session.editing.edits.undo)

    def _redo(self, at):
        self._take_back(at, self._undone[at], self._done[at], self._studios[at].session.editing.edits.redo)

    def _take_back(self, at, source, target, act):
        shown = self._random.randint(1, self._n_dives)
        self._studios[at].session.select(key_of(self._studios[at], shown))
        act()
        if not source:
            return
        step = next((one for one in reversed(source) if any(id_ == shown for id_, *_ in one)), source[-1])
        del source[next(place for place, one in enumerate(source) if one is step)]
        turned = []
        for id_, name, before, after in reversed(step):
            if self._values[id_, name] == after:
                self._values[id_, name] = before
                turned.append((id_, name, after, before))
        self.n_undone += len(turned)
        self.n_refused += len(step) - len(turned)
        if turned:
            target.append(turned)


def test_two_windows_at_random(make_windows):
    Walk(make_windows(6), 6, seed=1).go(60)


@pytest.mark.hostile
@pytest.mark.timeout(7200)
def test_two_windows_at_random_for_long(make_windows):
    walk = Walk(make_windows(6), 6, seed=63)
    walk.go(10_000)
    print(f"{walk.n_undone} undone or redone, {walk.n_refused} refused as they were changed since")
