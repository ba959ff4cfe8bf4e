"""The open session; sessions are begun, reopened, renamed, and taken from files or written into them."""

import logging
import time
from collections.abc import Sequence
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import IO

from PySide6.QtCore import QObject, QTimer, Signal

from fineparser_core.diving.details import DiveDetails
from fineparser_core.diving.meet import Meet
from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.language import translated
from fineparser_core.support.files import delete_lock, lock_file
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive, SavedDive
from fineparser_gui.session.session_file import write_session
from fineparser_gui.store.store import SessionRecord, read_file, take_in

log = logging.getLogger(__name__)

#: Sessions that are listed as recent.
_MOST_RECENT = 8
#: Time without a new dive after which the next dive begins a session, that of another evening, in seconds.
_EVENING_S = 6 * 3600
#: Time after which a reopened session is not what crashes the program, in milliseconds.
_LASTS_MS = 60_000


class SessionController(QObject):
    """Controller of the open session of the store, which no other window has open.

    Args:
        folder: folder of the program's files; None: there is none, and sessions end with the window.

    Signals:
        changed: another session is open, or it has another name.

    Attributes:
        name: name that the coach has given the session, or "".
    """

    changed = Signal()

    def __init__(self, session: Session, folder: Path | None = None) -> None:
        super().__init__(session)
        self._session, self._history, self._keeping = session, session.history, session.history.keeping
        self._folder = folder
        self.name = ""
        self._lock: IO[bytes] | None = None
        self._locked = 0
        self._added_at_s = time.time()
        self._recent: list[SessionRecord] | None = None
        self._lasting = QTimer(self, singleShot=True, interval=_LASTS_MS)
        self._lasting.timeout.connect(self._on_lasted)
        self._keeping.kept.connect(self._on_kept)
        self._history.changed.connect(self._forget_recent)
        session.dive_added.connect(self._on_added)

    @property
    def id(self) -> int:
        """Id of the open session; 0: there is nothing in it yet."""
        return self._keeping.session_id

    @property
    def holds_something(self) -> bool:
        """True if there is a dive or a dive list."""
        return bool(self._session.keys) or self._session.meet != Meet()

    @property
    def recent(self) -> list[SessionRecord]:
        """The sessions that were changed last, without the open session, the latest first."""
        if self._recent is None:
            found: list[SessionRecord] = self._history.read(lambda store: store.sessions(_MOST_RECENT + 1), [])
            self._recent = found
        return [one for one in self._recent if one.id != self.id][:_MOST_RECENT]

    def all(self) -> list[SessionRecord]:
        """Return all sessions that hold dives, the latest change first."""
        self._keeping.flush()
        found: list[SessionRecord] = self._history.read(lambda store: store.sessions(), [])
        return found

    def begin(self) -> bool:
        """Begin a new session; if the open session cannot be kept, emit a `problem` and return False."""
        if not self._keeping.flush():
            return False
        self._session.clear()
        self._keeping.begin()
        self._enter("")
        return True

    def begin_evening(self) -> None:
        """Begin a new session if no dive was added to the open session for hours: another evening has come."""
        if self._session.keys and time.time() - self._added_at_s > _EVENING_S:
            self.begin()

    def open_session(self, id_: int) -> bool:
        """Open another session; on failure emit a `problem` and return False."""
        if id_ == self.id:
            return True
        if (lock := self._lock_of(id_)) is None:
            self._session.problem.emit(self.tr("This session is open in another window: go on with it there."))
            return False
        found = self._history.read(lambda store: store.session(id_), None)
        if found is None or not self._keeping.flush():
            _release(lock)
            return False
        saved, ids = found
        self._session.clear()
        keys = self._session.restore(saved)
        self._keeping.begin(id_, dict(zip(keys, ids, strict=True)))
        _release(self._lock)
        self._lock, self._locked = lock, id_
        self._enter(self._history.read(lambda store: store.session_name(id_), ""))
        return True

    def open_crashed(self) -> None:
        """Open the session that a program had open as it crashed or was killed, unless it crashes at once again."""
        left = [path for path in self._lock_files() if not path.stat().st_size]
        for path in sorted(left, key=lambda path: path.stat().st_mtime, reverse=True):
            id_ = int(path.stem.removeprefix("session-"))
            if (lock := _lock(path)) is None:  # of another window
                continue
            _release(lock)
            if self.open_session(id_) and self._lock is not None:
                self._lock.write(b"reopened")
                self._lock.flush()
                self._lasting.start()
            return

    def open(self, path: Path) -> bool:
        """Take a session file into the store, unless it is there already, and open its session."""
        try:
            saved, source = read_file(path)
        except ConfigError as error:
            self._session.problem.emit(translated(error))
            return False
        if saved.empty:
            return self.begin()
        if not self._history.available:
            self._session.clear()
            self._session.restore(saved)
            self._enter(path.stem)
            return True
        id_ = self._history.read(lambda store: take_in(store, saved, path.stem, source), 0)
        if not id_ or not self.open_session(id_):
            return False
        if n_others := sum(_differs(told, dive) for told, dive in zip(saved.dives, self._session.dives, strict=False)):
            text = self.tr("Details of {0} dives stay as they are known here.", None, n_others)
            self._session.problem.emit(text.format(n_others))
        return True

    def save_to(self, path: Path) -> bool:
        """Write the open session into a session file; False, and a `problem`, on failure."""
        try:
            write_session(self._session.snapshot(), path)
        except FineParserError as error:
            self._session.problem.emit(translated(error))
            return False
        return True

    def rename(self, id_: int, name: str) -> None:
        """Give a session a name, or none."""
        self._history.write(lambda store: store.rename_session(id_, name))
        if id_ == self.id:
            self._enter(name.strip())

    def delete(self, ids: Sequence[int]) -> bool:
        """Delete sessions, whose analyzed dives stay in the history; return False if any is open elsewhere."""
        if not self._free(ids) or (self.id in ids and not self.begin()):
            return False
        self._history.write(lambda store: store.delete_sessions(ids))
        return True

    def close(self) -> None:
        """Release the session for other windows, and remove the locks of killed programs."""
        self._lasting.stop()
        _release(self._lock)
        for path in self._lock_files():
            _release(_lock(path))

    def _on_lasted(self) -> None:
        if self._lock is not None:
            self._lock.truncate(0)

    def _lock_files(self) -> list[Path]:
        found = [] if self._folder is None else self._folder.glob("session-*.lock")
        return [path for path in found if path.stem.removeprefix("session-").isdecimal()]

    def _free(self, ids: Sequence[int]) -> bool:
        """Return True if no other window has any of the sessions open, else emit a `problem`."""
        for id_ in ids:
            if id_ == self._locked:
                continue
            if (lock := self._lock_of(id_)) is None:
                self._session.problem.emit(self.tr("One of these sessions is open in another window: close it there."))
                return False
            _release(lock)
        return True

    def _lock_of(self, id_: int) -> IO[bytes] | None:
        """Return the lock of a session; None: another window has it."""
        return _lock(self._folder / f"session-{id_}.lock") if self._folder is not None else BytesIO()

    def _enter(self, name: str) -> None:
        if self._locked != self.id:
            _release(self._lock)
            self._lock, self._locked = None, 0
        self.name, self._added_at_s = name, time.time()
        self._forget_recent()
        self.changed.emit()

    def _on_kept(self) -> None:
        self._forget_recent()
        if self.id and self.id != self._locked:
            if (lock := self._lock_of(self.id)) is not None:
                _release(self._lock)
                self._lock, self._locked = lock, self.id
            self.changed.emit()

    def _on_added(self, _: str) -> None:
        self._added_at_s = time.time()

    def _forget_recent(self) -> None:
        self._recent = None


def _lock(path: Path) -> IO[bytes] | None:
    try:
        return lock_file(path)
    except OSError:  # a folder that cannot be written
        return BytesIO()


def _release(lock: IO[bytes] | None) -> None:
    if not (lock is None or isinstance(lock, BytesIO)):
        delete_lock(lock)


def _differs(told: SavedDive, kept: Dive) -> bool:
    """Return True if a session file says other details of a dive than those that are kept."""
    said = ((getattr(told, one.name), getattr(kept, one.name)) for one in fields(DiveDetails))
    return told.path == kept.path and any(mine and mine != other for mine, other in said)
