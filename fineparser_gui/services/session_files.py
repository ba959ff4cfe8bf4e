"""Session files: read, written, listed as recent, and recovered after a crash."""

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile, QObject, Signal

from fineparser_core.diving.meet import Meet
from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.language import translated
from fineparser_core.support.codec import from_json
from fineparser_gui.model.session_file import (
    Origin,
    SavedDive,
    SavedSession,
    parse_session,
    read_session,
    session_bytes,
    write_session,
)
from fineparser_gui.services.autosave import Autosave, claim, leftovers
from fineparser_gui.services.session import Session
from fineparser_gui.settings.store import open_settings

log = logging.getLogger(__name__)

_RECENT = "recent_sessions"
_MOST_RECENT = 8


@dataclass(frozen=True)
class Leftover:
    """An autosave of a program that crashed; no other window is offered it while this lives.

    Attributes:
        lock: of the autosave.
    """

    path: Path
    lock: QLockFile
    saved: SavedSession
    origin: Origin | None
    saved_at: datetime


class SessionFileController(QObject):
    """Keeps track of the session's file and of unsaved changes.

    Args:
        folder: for autosaves and the list of recent files; None: neither is kept.

    Signals:
        changed: `path` changed.

    Attributes:
        path: the session file; None while there is none.
        autosave: None without a folder.
    """

    changed = Signal()

    def __init__(self, session: Session, folder: Path | None = None) -> None:
        super().__init__(session)
        self._session, self._folder = session, folder
        self.path: Path | None = None
        self._saved = SavedSession()
        self._content = ""  # digest of what the session's file held when it was last read or written here
        self._recovered = False
        self._leftover: Leftover | None = None  # the one recovered last, kept from other windows
        self.autosave = Autosave(session, folder, self) if folder else None
        self._settings = open_settings(folder) if folder else None

    @property
    def holds_something(self) -> bool:
        """Whether there is anything to save: a dive, a dive list, or drawings on an exemplar that still exists."""
        drawn = self._session.exemplar_drawings
        return (
            bool(self._session.keys) or self._session.meet != Meet() or not all(map(self._session.library.lost, drawn))
        )

    @property
    def modified(self) -> bool:
        """Whether there are unsaved changes; only opening videos is not one."""
        if self.path is None:
            return self.holds_something and (self._recovered or not self._session.editing.edits.isClean())
        now = self._session.snapshot()
        return (
            self._recovered
            or not _kept(now.dives, self._saved.dives)
            or (now.exemplar_drawings, now.meet) != (self._saved.exemplar_drawings, self._saved.meet)
        )

    @property
    def changed_elsewhere(self) -> bool:
        """Whether another window or program has written the session's file since it was read or written here."""
        return self.path is not None and _digest(self.path) not in ("", self._content)

    @property
    def recent_paths(self) -> list[Path]:
        """Session files opened or saved lately, the latest first."""
        stored: Any = self._settings.value(_RECENT, []) if self._settings else []
        names = stored if isinstance(stored, list) else [stored]  # QSettings stores a list of one as text
        return [Path(name) for name in names[:_MOST_RECENT] if _is_name(name)]

    def close(self, *, asked: bool) -> None:
        """End; unsaved changes that the user was not asked about are kept for the next start."""
        if self.autosave is not None:
            self.autosave.close(keep=self.modified and not asked)

    def save_to(self, path: Path) -> bool:
        """Write the session to a file and make it the session's file; False, and a `problem`, on failure."""
        saved = self._session.snapshot()
        try:
            write_session(saved, path)
        except FineParserError as error:
            self._session.problem.emit(translated(error))
            return False
        self._belongs_to(path, saved, _digest(path))
        return True

    def readable(self, path: Path) -> bool:
        """Whether a session file can be read; otherwise a `problem` is emitted."""
        return self._read(path) is not None

    def open(self, path: Path) -> None:
        """Replace the session by the content of a session file."""
        found = self._read(path)
        if found is not None:
            saved, content = found
            self._session.clear()
            self._session.restore(saved)
            self._belongs_to(path, saved, content)

    def next_leftover(self) -> Leftover | None:
        """The latest autosave that a crash left; unreadable ones are renamed."""
        for path in leftovers(self._folder) if self._folder is not None else ():
            lock = claim(path)
            if lock is None:
                continue
            try:
                saved, origin = read_session(path)
            except ConfigError as error:
                log.warning("autosave: %s", error)
                self._set_aside(path)
                continue
            return Leftover(path, lock, saved, origin, datetime.fromtimestamp(path.stat().st_mtime))
        return None

    def recover(self, leftover: Leftover) -> bool:
        """Replace the session by that of a leftover, which is not saved then.

        The leftover stays until the session is autosaved again.

        Returns:
            Whether it is, and the leftover was removed.
        """
        self._session.clear()
        self._session.restore(leftover.saved)
        origin, before = leftover.origin, SavedSession()
        if origin is not None:
            with suppress(ConfigError):
                before = read_session(origin.path)[0]
        self._session.history.follow_recovered(before)
        if origin is not None and not origin.sha256:  # an older autosave: the file may have changed since
            origin = Origin(origin.path, _digest(origin.path))
        self.path, self._content = (origin.path, origin.sha256) if origin is not None else (None, "")
        self._saved, self._recovered, self._leftover = SavedSession(), True, leftover
        if self.autosave is not None:
            self.autosave.origin = origin
        self.changed.emit()
        return self.autosave is not None and self.autosave.write() and self.discard(leftover)

    def discard(self, leftover: Leftover) -> bool:
        """Remove a leftover; False, and a `problem`, if that fails."""
        try:
            leftover.path.unlink(missing_ok=True)
        except OSError as error:
            text = self.tr("{0} cannot be removed ({1}) and is offered again at the next start.")
            self._session.problem.emit(text.format(leftover.path, error.strerror))
            return False
        leftover.lock.unlock()
        return True

    def _read(self, path: Path) -> tuple[SavedSession, str] | None:
        """Content of a session file and its digest; None, and a `problem`, if it cannot be read."""
        try:
            data = session_bytes(path)
            return parse_session(data, path)[0], sha256(data).hexdigest()
        except ConfigError as error:
            self._session.problem.emit(translated(error))
            return None

    def _belongs_to(self, path: Path, saved: SavedSession, content: str) -> None:
        self.path, self._saved, self._content, self._recovered = path, saved, content, False
        if self.autosave is not None:
            self.autosave.origin = Origin(path, content)
            self.autosave.write()
        self._remember(path)
        self.changed.emit()

    def _remember(self, path: Path) -> None:
        if self._settings is not None:
            path = path.absolute()
            others = [other for other in self.recent_paths if other != path]
            self._settings.setValue(_RECENT, [str(one) for one in [path, *others][:_MOST_RECENT]])
            self._settings.sync()

    def _set_aside(self, path: Path) -> None:
        """Rename an unreadable autosave, so that it is kept and reported only once."""
        try:
            aside = path.rename(free_path(path.with_suffix(".damaged")))
        except OSError as error:
            log.warning("autosave: %s", error)
            return
        text = self.tr("The autosaved session cannot be read. It is kept as {0}.")
        self._session.problem.emit(text.format(aside))


def _is_name(value: Any) -> bool:
    try:
        return bool(from_json(value, Path))
    except ValueError:
        return False


def free_path(path: Path) -> Path:
    """The path, with a number appended if the file exists already."""
    tried = (path.with_name(f"{path.stem} {number}{path.suffix}") for number in count(2))
    return path if not path.exists() else next(one for one in tried if not one.exists())


def _kept(dives: Sequence[SavedDive], saved: Sequence[SavedDive]) -> bool:
    """Whether the saved dives are up to date; identities and days that were unknown when saved do not count."""
    if len(dives) != len(saved):
        return False
    return all(
        now == replace(before, identity=before.identity or now.identity, dived_on=_known(before.dived_on, now.dived_on))
        for now, before in zip(dives, saved, strict=True)
    )


def _known(before: str | None, now: str | None) -> str | None:
    return now if before is None else before


def _digest(path: Path) -> str:
    """SHA-256 of a session file in hexadecimal digits; "" if it is not there, "?" if it cannot be read."""
    try:
        return sha256(session_bytes(path)).hexdigest()
    except ConfigError:
        return "?" if os.path.lexists(path) else ""
