"""Keeps the session's analysed dives in the coach's history, and tells what other windows write there."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QBuffer, QIODevice, QLocale, QObject, QThreadPool, QTimer, Signal

from fineparser_core.errors import FineParserError
from fineparser_core.language import translated
from fineparser_gui.images import image_of
from fineparser_gui.model.dive import Dive, DiveState
from fineparser_gui.model.history import History
from fineparser_gui.model.history_dive import HistoryDive, history_dive
from fineparser_gui.model.session import saved_dive
from fineparser_gui.model.session_file import SavedDive, SavedSession
from fineparser_gui.services.importer import DiveImporter
from fineparser_gui.services.session_state import SessionState

log = logging.getLogger(__name__)

#: After a change; changes do not restart it, as progress reports come faster.
DELAY_MS = 2000
_LOOK_MS = 1500
#: Dives that are written in one transaction.
_AT_ONCE = 20
_JPEG_QUALITY = 80

Found = TypeVar("Found")


class HistoryService(QObject):
    """The history of the coach, and the session's part in it.

    Dives are written on a thread of their own; what the coach does to the history, at once.

    Args:
        path: of the file, which is opened when it is first needed; None: there is no history.

    Signals:
        changed: dives were added, changed or removed, by this window or another one.
    """

    changed = Signal()
    _kept = Signal(str)  # a sentence on what went wrong, or ""; crosses threads

    def __init__(self, state: SessionState, importer: DiveImporter, path: Path | None = None) -> None:
        super().__init__(state)
        self._state, self._importer, self._path = state, importer, path
        self._store: History | None = None
        self._told = False
        self._seen = 0
        self._session_path: Path | None = None
        self._pending: dict[str, Dive] = {}
        self._pool = QThreadPool(self, maxThreadCount=1)
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self.keep_now)
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._look_for_others)
        self._kept.connect(self._on_kept)
        state.dive_changed.connect(self._on_dive_changed)

    @property
    def available(self) -> bool:
        """Whether there is a history that can be read."""
        return self.store is not None

    @property
    def store(self) -> History | None:
        """The history, opened when it is first asked for; None where there is none, which the user was told."""
        if self._store is None and self._path is not None and not self._told:
            try:
                months = [QLocale().standaloneMonthName(month) for month in range(1, 13)]
                self._store = History(self._path, months)
            except FineParserError as error:
                self._tell(error)
            else:
                self._seen = self._store.changes()
                self._look.start()
                if self._store.notice:
                    self._state.problem.emit(translated(self._store.notice))
        return self._store

    def read(self, ask: Callable[[History], Found], otherwise: Found) -> Found:
        """What the history answers; `otherwise`, and a `problem`, where it cannot.

        >>> service.read(lambda history: history.search(query), [])
        """
        store = self.store
        if store is None:
            return otherwise
        try:
            return ask(store)
        except FineParserError as error:
            self._state.problem.emit(translated(error))
            return otherwise

    def write(self, act: Callable[[History], Found]) -> Found | None:
        """Change the history and emit `changed`; returns what `act` does, or None, and a `problem`, where it fails."""
        done = self.read(act, None)
        self.changed.emit()
        return done

    def open(self, dives: Iterable[HistoryDive]) -> None:
        """Add dives of the history to the session and show the first; those that it has already are shown only."""
        saved = [one for dive in dives if (one := self.read(lambda store, id_=dive.id: store.saved(id_), None))]
        there = {(one.path, one.in_frame, one.out_frame): one.key for one in self._state.dives}
        known = [there[key] for one in saved if (key := (one.path, one.in_frame, one.out_frame)) in there]
        new = tuple(one for one in saved if (one.path, one.in_frame, one.out_frame) not in there)
        if new:
            self._importer.restore(SavedSession(dives=new, selected=0))
        elif known:
            self._state.select(known[0])

    def belongs_to(self, session_path: Path | None) -> None:
        """The session has another file, or none."""
        if session_path != self._session_path:
            self._session_path = session_path
            for key in self._state.keys:
                self._on_dive_changed(key)

    def keep_now(self) -> None:
        """Write what has changed."""
        self._timer.stop()
        pending, self._pending = self._pending, {}
        settled = [one for one in pending.values() if one.state is DiveState.READY and not (one.busy or one.rescoring)]
        store = self.store if settled else None
        if store is None:
            return
        session = str(self._session_path or "")
        for start in range(0, len(settled), _AT_ONCE):
            some = settled[start : start + _AT_ONCE]
            self._pool.start(lambda some=some: self._kept.emit(_keep(store, some, session)))

    def close(self) -> None:
        """Write what is left, and end."""
        self.keep_now()
        self._pool.waitForDone()
        self._look.stop()
        if self._store is not None:
            self._store.close()
            self._store, self._path = None, None

    def _on_dive_changed(self, key: str) -> None:
        if self._path is None:
            return
        self._pending[key] = self._state.dive(key)
        if not self._timer.isActive():
            self._timer.start()

    def _on_kept(self, problem: str) -> None:
        if problem:
            self._state.problem.emit(problem)
        self.changed.emit()

    def _look_for_others(self) -> None:
        store = self._store
        if store is not None and (now := store.changes()) != self._seen:
            self._seen = now
            self.changed.emit()

    def _tell(self, error: FineParserError) -> None:
        self._told = True
        self._state.problem.emit(translated(error))


def _keep(store: History, dives: list[Dive], session: str) -> str:
    """Keep dives; returns a sentence on what went wrong, or ""."""
    try:
        rows: list[tuple[HistoryDive, SavedDive, bytes]] = []
        for dive in dives:
            found = history_dive(dive, session)
            if found is not None:
                rows.append((found, saved_dive(dive), _thumbnail(dive)))
        store.keep(rows)
    except FineParserError as error:
        return translated(error)
    return ""


def _thumbnail(dive: Dive) -> bytes:
    if dive.thumbnail is None:
        return b""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image_of(dive.thumbnail).save(buffer, "JPG", _JPEG_QUALITY)
    return bytes(buffer.data().data())
