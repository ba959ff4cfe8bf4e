"""Writing of the session into the store as it changes, so that there is nothing to save."""

import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, Signal, SignalInstance

from fineparser_core.errors import FineParserError
from fineparser_core.language import translated
from fineparser_core.records import Analysis
from fineparser_gui.services.analysis import AnalysisService
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.session.dive import Dive, DiveState, SavedDive
from fineparser_gui.session.session_file import SavedSession
from fineparser_gui.store.dives import KeptDive
from fineparser_gui.store.records import (
    EDITABLE_FIELDS,
    SCORE_FIELDS,
    changed,
    file_key,
    has_day_of_file,
    packed,
    recalled,
    results_of,
)
from fineparser_gui.store.store import Store
from fineparser_gui.support.background import Background, Soon
from fineparser_gui.support.images import jpeg_of

log = logging.getLogger(__name__)

#: Delay between the first change and the write, in milliseconds; later changes do not extend it.
DELAY_MS = 500
#: Delay before another try after a failed write, in milliseconds.
_AGAIN_MS = 5000
#: Number of analyses that are written in a transaction.
_AT_ONCE = 8
#: Time to wait for another program that writes, in seconds: the window may wait for it.
PATIENCE_S = 2.0
#: Details that follow the changes of other windows.
_FOLLOWED = tuple(name for name in EDITABLE_FIELDS if name not in ("point", "correction"))


class _Work:
    """Content of a write, and the state of the session's dives once it is done.

    Attributes:
        known: changed dives by key, as they are written.
        analyses: their analyses, None where they are not settled.

    Args:
        state: the session without its dives.
        ids: ids of the dives that have rows, by key.
    """

    def __init__(self, session_id: int, state: SavedSession, ids: Mapping[str, int]) -> None:
        self.known: dict[str, SavedDive] = {}
        self.analyses: dict[str, Analysis | None] = {}
        self._session_id, self._state, self._ids = session_id, state, dict(ids)
        self._dives: dict[str, SavedDive] = {}
        self._kept: dict[int, KeptDive] = {}
        self._thumbnails: dict[int, np.ndarray] = {}

    def add(self, dive: Dive, saved: SavedDive, kept: KeptDive | None) -> None:
        """Add a dive to the session; `kept` if it has changed."""
        place = len(self._dives)
        self._dives[dive.key] = saved
        if kept is not None:
            self._kept[place], self.known[dive.key] = kept, saved
            self.analyses[dive.key] = dive.analysis if kept.settled else None
            if not kept.id and dive.thumbnail is not None:
                self._thumbnails[place] = dive.thumbnail

    def told(self, ids: Mapping[str, int]) -> tuple[object, ...]:
        """Return the session's content without the rows of its dives."""
        return self._state, tuple((key, ids.get(key) or saved) for key, saved in self._dives.items())

    def write(self, path: Path) -> tuple[int, dict[str, int]]:
        """Write it into the store; return the ids of the session and, by key, of its rows. Raises: FineParserError."""
        for place, pixels in self._thumbnails.items():
            self._kept[place] = replace(self._kept[place], thumbnail=jpeg_of(pixels))
        saved = replace(self._state, dives=tuple(self._dives.values()))
        with closing(Store(path, patience_s=PATIENCE_S)) as store:
            ids = [self._ids.get(key, 0) for key in self._dives]
            session_id, ids = store.keep_session(self._session_id, saved, ids, self._kept)
        return session_id, {key: id_ for key, id_ in zip(self._dives, ids, strict=False) if id_}


class Keeping(QObject):
    """Service that keeps the session in the store.

    A dive whose video is opened for the first time gets the details that the store has before it is analyzed. Details
    that another window changes of a dive that is open here are shown here as well.

    Args:
        state_of: returns the part of the session that is stored, without its dives.
        store: returns the store; None: there is none.
        paused_changed: signal that the analyses were paused or resumed.

    Signals:
        kept: the session was written; its id may be new.

    Attributes:
        session_id: id of the session in the store; 0: not written yet.
        ids: ids of the dives that have rows, by key; of removed dives as well, which may come back.
        trouble: reason why the session could not be written the last time, or "".
    """

    kept = Signal()

    def __init__(
        self,
        state: SessionState,
        analyses: AnalysisService,
        state_of: Callable[[], SavedSession],
        store: Callable[[], Store | None],
        paused_changed: SignalInstance,
    ) -> None:
        super().__init__(state)
        self._state, self._analyses, self._state_of = state, analyses, state_of
        self._store, self._thread = store, Background(self)
        self.session_id, self.trouble = 0, ""
        self.ids: dict[str, int] = {}
        self._known: dict[str, SavedDive] = {}  # when they were last written or read
        self._written: dict[str, Analysis | None] = {}  # their analyses when they were last written
        self._changed: set[str] = set()  # keys of the dives that may have to be written
        self._saved: dict[str, SavedDive] = {}  # as the dives are now, of those that have not changed since
        self._recalled: set[str] = set()
        self._told: tuple[object, ...] = ()
        self._revision = -1  # of the dives that `follow` has seen; -1: none
        self._writing: _Work | None = None
        self._again = False  # whether more is to be written once that is
        state.dive_added.connect(self._on_added)
        state.dive_changed.connect(self._on_changed)
        self._soon = Soon(
            self,
            DELAY_MS,
            self.write,
            state.dive_added,
            state.dive_changed,
            state.dive_removed,
            state.dives_moved,
            state.current_changed,
            state.meet_changed,
            paused_changed,
        )

    def begin(self, session_id: int = 0, ids: Mapping[str, int] | None = None) -> None:
        """Begin to keep another session, whose dives are the present dives.

        Args:
            ids: ids of the dives that have rows, by key.
        """
        self._soon.stop()
        self.session_id, self.trouble = session_id, ""
        self.ids = {key: id_ for key, id_ in (ids or {}).items() if id_}
        self._known, self._written = {dive.key: dive.saved for dive in self._state.dives}, {}
        self._recalled, self._saved = set(self.ids), {}
        self._changed = set(self._state.keys)
        self._told, self._revision = (), -1
        if session_id:
            self._told = self._work().told(self.ids)
        elif self._state.keys:
            self._soon.begin()

    def put(self, ids: Mapping[str, int]) -> None:
        """Take over the ids, by key, of dives that were put into the session from the store."""
        self.ids |= ids
        self._recalled |= ids.keys()

    def write_now(self) -> None:
        """Write the changes that wait for their delay."""
        if self._soon.isActive():
            self.write()

    def write(self) -> None:
        """Write the changes on the thread."""
        self._soon.stop()
        if self._writing is not None:
            self._again = True  # the ids of its dives come first
        elif (store := self._store()) is not None and (work := self._next()) is not None:
            self._writing = work
            self._thread.run(partial(work.write, store.path), self._on_written, self._on_failed)

    def flush(self) -> bool:
        """Write the changes and wait for it; on failure emit a `problem` and return False."""
        self._wait()
        while (store := self._store()) is not None and (work := self._next()) is not None:
            self._writing = work
            try:
                self._on_written(work.write(store.path))
            except FineParserError as error:
                self._on_failed(translated(error))
                return False
        self._soon.stop()
        return True

    def settle(self) -> None:
        """Wait for what is being written, and show the changes of other windows."""
        self._wait()
        self.follow()

    def changed_elsewhere(self, key: str, name: str) -> bool:
        """Return True if another window has changed a detail of a dive that `follow` does not show here."""
        store, id_, known = self._store(), self.ids.get(key), self._known.get(key)
        if store is None or id_ is None or known is None or self._writing is not None:
            return False
        try:
            theirs = store.saved([id_]).get(id_)
        except FineParserError as error:
            log.warning("history: %s", error)
            return False
        return theirs is not None and getattr(theirs, name) != getattr(known, name)

    def _wait(self) -> None:
        self._thread.waitForDone()
        QCoreApplication.sendPostedEvents(self._thread)

    def follow(self) -> None:
        """Show changes that other windows or the page of the history have made to the session's dives."""
        store = self._store()
        if store is None or self._writing is not None:
            return
        try:
            now = store.revision()
            news = store.changed_since(self._revision, self.ids.values())
        except FineParserError as error:
            log.warning("history: %s", error)
            return
        self._revision = now
        for key, id_ in list(self.ids.items()):
            dive = self._state.find(key)
            if dive is not None and id_ in news:
                self._take(dive, news[id_])

    def say(self, key: str, values: Mapping[str, Any]) -> None:
        """Change details of a dive without an edit; score it again if the score depends on them."""
        scored = {name: value for name, value in values.items() if name in SCORE_FIELDS}
        others = {name: value for name, value in values.items() if name not in SCORE_FIELDS}
        if others:
            self._state.update(key, **others)
        if scored:
            self._analyses.score_anew(key, **scored)

    def close(self) -> None:
        """Write the remaining changes, and end."""
        self.flush()
        self._soon.stop()
        self._thread.close()

    def _next(self) -> _Work | None:
        """Return the work that is to be written now, or None."""
        work = self._work()
        if not work.known and work.told(self.ids) == self._told:
            return None
        self._changed -= work.known.keys()
        return work

    def _work(self) -> _Work:
        work = _Work(self.session_id, self._state_of(), self.ids)
        for dive in self._state.dives:
            saved, kept = self._saved.get(dive.key), None
            if saved is None:
                saved = self._saved[dive.key] = dive.saved
            if dive.key in self._changed and len(work.known) < _AT_ONCE:
                kept = self._kept(dive, saved)
                if kept is None:
                    self._changed.discard(dive.key)
            work.add(dive, saved, kept)
        return work

    def _kept(self, dive: Dive, saved: SavedDive) -> KeptDive | None:
        """Return the record of a dive to write, or None if nothing has changed."""
        before = self._known.get(dive.key) or SavedDive(path=dive.path)
        waits = dive.busy or dive.rescoring
        settled = dive.state is DiveState.READY and dive.verdict.shows_dive and not waits
        found = dive.analysis if settled else None
        if dive.key in self.ids and saved == before and (found is None or found is self._written.get(dive.key)):
            return None
        results = results_of(dive)
        if results is None:
            return None
        return KeptDive(
            id=self.ids.get(dive.key, 0),
            saved=saved,
            changed=changed(before, saved),
            results=results,
            settled=settled,
            pack=partial(packed, found) if found is not None else None,
        )

    def _on_written(self, found: tuple[int, dict[str, int]]) -> None:
        work, self._writing, self.trouble = self._writing, None, ""
        assert work is not None
        self.session_id, ids = found
        self._known |= work.known
        self._written |= work.analyses
        for key in [key for key, id_ in self.ids.items() if id_ in ids.values() and key not in ids]:
            del self.ids[key]  # a copy that was recalled while the row of its original was being written
        self.ids |= ids
        self._told = work.told(self.ids)
        self.kept.emit()
        if self._again:
            self._again = False
            self.write()
        elif self._changed:
            self._soon.begin()

    def _on_failed(self, problem: str) -> None:
        self._writing, told, self.trouble = None, self.trouble, problem
        self._changed |= set(self._state.keys)
        if problem and not told:
            self._state.problem.emit(problem)
        self._soon.start(_AGAIN_MS)
        self._soon.setInterval(DELAY_MS)

    def _on_added(self, key: str) -> None:
        dive = self._state.dive(key)
        id_ = self.ids.pop(key, 0)  # of a dive that comes back; another dive may have its row by now
        if id_ and not self._is_open(id_):
            self.ids[key], self._revision = id_, -1  # it may have been changed meanwhile
        self._known.setdefault(key, dive.saved if dive.identity is not None else SavedDive(path=dive.path))
        self._changed.add(key)
        self._saved.pop(key, None)  # it may have been changed before it came back

    def _on_changed(self, key: str) -> None:
        dive = self._state.dive(key)
        self._changed.add(key)
        self._saved.pop(key, None)
        if dive.state is DiveState.QUEUED and key not in self._recalled:
            self._recall(dive)

    def _recall(self, dive: Dive) -> None:
        """Set the details that the store knows of a dive whose video is open."""
        self._recalled.add(dive.key)
        store = self._store()
        if dive.identity is None or dive.info is None or store is None:
            return
        filled: dict[str, Any] = {"day": dive.day} if has_day_of_file(dive) else {}
        try:
            known = store.known_as(file_key(dive.identity), dive.first_frame, dive.last_frame)
        except FineParserError as error:
            self._state.problem.emit(translated(error))
            return
        if known is not None and not self._is_open(known[0]):
            self.ids[dive.key], saved = known
            filled |= recalled(dive, saved)
        self._known[dive.key] = replace(self._known[dive.key], **filled)
        if any(getattr(dive, name) != value for name, value in filled.items()):
            self._state.update(dive.key, **filled)

    def _is_open(self, id_: int) -> bool:
        """Return True if a dive of the session has a row already."""
        return any(one == id_ and self._state.find(key) is not None for key, one in self.ids.items())

    def _take(self, dive: Dive, theirs: SavedDive) -> None:
        """Show details that others have changed, except details that were changed here."""
        known, mine = self._known[dive.key], dive.saved
        news = {
            name: getattr(theirs, name)
            for name in _FOLLOWED
            if getattr(mine, name) == getattr(known, name) != getattr(theirs, name)
        }
        if news:
            self._known[dive.key] = replace(known, **news)
            self.say(dive.key, news)
