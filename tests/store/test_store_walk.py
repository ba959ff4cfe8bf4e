"""Changes at random by two windows of one store, undone and redone, against a plain model in memory."""

from contextlib import closing
from random import Random

import pytest
from store_kit import Change, Model, analysis_of, dives_of, number_of

from fineparser_gui.store.records import HistoryQuery
from fineparser_gui.store.store import Store

#: Different videos; few, so that dives are met again, removed, restored and added anew.
_N_VIDEOS = 40
_ATHLETES = ("Anna", "Berta", "Carl")
_WORDS = ("late", "early", "rip", "splash")


class Walk:
    """Two windows, what the coach may undo and redo, and the model."""

    def __init__(self, folder, seed):
        self._random, self._folder = Random(seed), folder
        self._first = folder / "dives.sqlite"
        self._windows = [Store(self._first), Store(self._first)]
        self._model = Model()
        self._undo: list[Change] = []
        self._redo: list[Change] = []
        weights = {
            self._add: 10, self._set_note: 3, self._rename: 2, self._merge: 1, self._remove: 4,
            self._take_back: 6, self._do_again: 3, self._keep_session: 3, self._change_session: 4, self._sweep: 3,
            self._reopen: 1, self._back_up: 0.3,
        }  # fmt: skip
        self._ways, self._weights = list(weights), list(weights.values())

    def go(self, n_steps):
        for step in range(n_steps):
            (way,) = self._random.choices(self._ways, self._weights)
            try:
                way()
                self._compare(self._window())
            except Exception as error:
                error.add_note(f"at step {step}: {way.__name__}")
                raise

    def close(self):
        for one in self._windows:
            one.close()

    def _compare(self, store):
        expected, sessions = self._model.dives, self._model.sessions
        word = self._random.choice((*_ATHLETES, *_WORDS, "clip")).lower()[: self._up_to(6)]
        assert dives_of(store) == expected
        assert store.ids() == self._model.found("")
        assert store.ids(HistoryQuery(text=word)) == self._model.found(word), word
        listed = {one.id: (one.name, one.n_dives) for one in store.sessions()}
        assert listed == {id_: (name, len(dives)) for id_, (name, dives) in sessions.items() if dives}
        for id_ in self._some(sessions):
            assert store.session(id_)[1] == sessions[id_][1]
        for id_ in self._some(expected):
            assert store.analysis(id_) == analysis_of(number_of(expected[id_]))
            assert store.thumbnail(id_) == b"picture"

    def _up_to(self, most):
        return self._random.randint(1, most)

    def _some(self, of=None, most=4):
        """Some ids, as often as not with the newest: it is the one that might be given again."""
        ids = list(self._model.dives if of is None else of)
        some = self._random.sample(ids, min(len(ids), self._up_to(most)))
        newest = [max(ids)] if ids and self._random.random() < 0.5 else []
        return list(dict.fromkeys(newest + some))

    def _window(self):
        return self._random.choice(self._windows)

    def _did(self, change):
        self._undo.append(change)
        self._redo.clear()

    def _add(self):
        self._model.add(self._window(), self._random.randrange(_N_VIDEOS))

    def _set_note(self):
        note = " ".join(self._random.choices(_WORDS, k=2))
        for id_ in self._some():
            self._did(self._model.set_note(self._window(), id_, note))

    def _rename(self):
        names = {id_: self._random.choice(_ATHLETES) for id_ in self._some()}
        self._did(self._model.set_athletes(self._window(), names))

    def _merge(self):
        one, other = self._random.sample(_ATHLETES, 2)
        ids = self._window().ids(HistoryQuery(exact={"athlete": one}))
        self._did(self._model.set_athletes(self._window(), dict.fromkeys(ids, other)))

    def _remove(self):
        self._did(self._model.remove(self._window(), self._some()))

    def _take_back(self):
        if self._undo:
            self._redo.append(self._undo.pop()(self._window()))

    def _do_again(self):
        if self._redo:
            self._undo.append(self._redo.pop()(self._window()))

    def _keep_session(self):
        id_ = self._random.choice([0, *self._model.sessions])
        self._model.keep_session(self._window(), id_, self._some(self._model.rows))

    def _change_session(self):
        if ids := self._some(self._model.sessions):
            if self._random.randrange(2):
                self._model.rename_session(self._window(), ids[0], self._random.choice(_WORDS))
            else:
                self._model.delete_session(self._window(), ids[0])

    def _sweep(self):
        self._model.sweep(self._window())

    def _reopen(self):
        at = self._random.randrange(2)
        self._windows[at].close()
        self._windows[at] = Store(self._first)

    def _back_up(self):
        path = self._folder / "backup.sqlite"
        self._window().backup(path)
        with closing(Store(path)) as kept:
            self._compare(kept)


@pytest.fixture
def walk(folder):
    made = Walk(folder, seed=51)
    yield made
    made.close()


@pytest.mark.parametrize("n_steps", [300, pytest.param(20_000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_a_random_walk(walk, n_steps):
    walk.go(n_steps)
