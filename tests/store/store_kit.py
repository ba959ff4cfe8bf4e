"""Tools for tests of the store: dives by numbers, a coach's changes, and a plain model in memory of what they do."""

from collections.abc import Callable
from dataclasses import replace

from history_kit import made_dive, row

from fineparser_gui.session.dive import SavedDive
from fineparser_gui.session.session_file import SavedSession
from fineparser_gui.store.records import HistoryDive, HistoryQuery
from fineparser_gui.store.store import Store

#: A change; returns the change that takes it back.
Change = Callable[[Store], "Change"]


def numbered_dive(number, **changes):
    """A dive of some day by its number."""
    return made_dive(number, day=f"2026-03-{number % 28 + 1:02}", **changes)


def number_of(dive):
    return int(dive.title.split()[1])


def analysis_of(number):
    return f"analysis {number}".encode() * 100


def add(store, number):
    return store.keep([row(numbered_dive(number), pack=analysis_of(number))])[0]


def set_note(store, dive, note):
    store.keep([row(replace(dive, note=note), b"", changed={"note"}, id=dive.id)])


def dives_of(store):
    """All dives of the history that can be read."""
    return {one.id: one for one in store.search(HistoryQuery(limit=-1))}


class Model:
    """What a store holds, in memory; every change is made in a store and here.

    Attributes:
        rows: all dives, by their ids.
        out: ids of those that were taken out of the history.
        sessions: name and dives of each session.
    """

    def __init__(self):
        self.rows: dict[int, HistoryDive] = {}
        self.out: set[int] = set()
        self.sessions: dict[int, tuple[str, list[int]]] = {}
        self._last_ids = [0, 0]
        self._marked: set[int] = set()  # out since before the last sweep

    @property
    def dives(self):
        return {id_: one for id_, one in self.rows.items() if id_ not in self.out}

    def found(self, word):
        """Ids of the dives with a word that begins so, the latest first."""
        texts = {id_: f"{one.athlete} {one.note} {one.title}" for id_, one in self.dives.items()}
        ids = [id_ for id_, text in texts.items() if any(part.startswith(word) for part in text.lower().split())]
        return sorted(ids, key=lambda id_: (self.rows[id_].day, id_), reverse=True)

    def add(self, store, number):
        id_ = add(store, number)
        known = [known for known, one in self.rows.items() if number_of(one) == number]
        self._check_id(0, id_, known)
        if not known:
            self.rows[id_] = numbered_dive(number, id=id_)
        self.out.discard(id_)
        self._marked.discard(id_)

    def set_note(self, store, id_, note):
        before = self.rows.get(id_)
        if before is None:
            return lambda store: self.set_note(store, id_, note)
        set_note(store, before, note)
        self.rows[id_] = replace(before, note=note)
        return lambda store: self.set_note(store, id_, before.note)

    def set_athletes(self, store, names):
        before = {id_: self.rows[id_].athlete for id_ in names if id_ in self.rows}
        assert store.set_athletes(names) == before
        self.rows |= {id_: replace(self.rows[id_], athlete=names[id_]) for id_ in before}
        return lambda store: self.set_athletes(store, before)

    def remove(self, store, ids):
        removed = store.remove(ids)
        assert removed == [id_ for id_ in ids if id_ in self.dives]
        self.out.update(removed)
        return lambda store: self.restore(store, removed)

    def restore(self, store, ids):
        restored = store.restore(ids)
        assert restored == [id_ for id_ in ids if id_ in self.out]
        self.out.difference_update(restored)
        self._marked.difference_update(restored)
        return lambda store: self.remove(store, restored)

    def keep_session(self, store, id_, dives):
        saved = SavedSession(dives=tuple(SavedDive(path=self.rows[one].path) for one in dives))
        kept, _ = store.keep_session(id_, saved, dives, {}, name="" if id_ else "new")
        if not id_ and not dives:
            assert kept == 0
            return
        self._check_id(1, kept, [id_] if id_ else [])
        self.sessions[kept] = self.sessions[id_][0] if id_ else "new", dives

    def rename_session(self, store, id_, name):
        store.rename_session(id_, name)
        self.sessions[id_] = name, self.sessions[id_][1]

    def delete_session(self, store, id_):
        store.delete_sessions([id_])
        del self.sessions[id_]

    def sweep(self, store):
        store.sweep()
        self.sessions = {id_: one for id_, one in self.sessions.items() if one[1]}
        used = {one for _, dives in self.sessions.values() for one in dives}
        self.rows = {id_: one for id_, one in self.rows.items() if id_ not in self._marked or id_ in used}
        self.out &= self.rows.keys()
        self._marked = set(self.out)

    def _check_id(self, of, id_, known):
        assert id_ in known if known else id_ > self._last_ids[of], "an id was given again"
        self._last_ids[of] = max(id_, self._last_ids[of])
