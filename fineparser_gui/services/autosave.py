"""Autosaves the session while the program runs, and finds what a crash left.

Every running program keeps one file of its own in the folder and holds a lock beside it. A file whose lock nobody
holds is what a crash or a power cut left.
"""

import logging
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from PySide6.QtCore import QLockFile, QObject

from fineparser_core.errors import ExportError
from fineparser_core.language import translated
from fineparser_core.support.atomic import sweep_leftovers
from fineparser_gui.model.session_file import Origin, SavedSession, write_session
from fineparser_gui.services.session import Session
from fineparser_gui.services.soon import Soon

log = logging.getLogger(__name__)

DELAY_MS = 2000
_PREFIX = "autosave-"


def _lock(path: Path) -> QLockFile:
    lock = QLockFile(str(path.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # a lock ends with its process, not by age
    return lock


def leftovers(folder: Path) -> list[Path]:
    """Autosaves of programs that ended without a clean exit, the latest first; what else they left is swept."""
    sweep_leftovers(folder)
    for lock_path in folder.glob(f"{_PREFIX}*.lock"):
        lock = _lock(lock_path)
        if lock.tryLock(0):
            lock.unlock()  # which deletes it
    found = [path for path in folder.glob(f"{_PREFIX}*.json") if claim(path) is not None]
    return sorted(found, key=_changed_at_s, reverse=True)


def claim(path: Path) -> QLockFile | None:
    """The lock of an autosave, which keeps it from other windows as long as it lives; None: another one has it."""
    lock = _lock(path)
    return lock if lock.tryLock(0) and path.exists() else None


def _changed_at_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another window has just recovered it
        return 0.0


class Autosave(QObject):
    """Writes the session shortly after it has changed.

    Args:
        folder: for autosaves; made where it is not there.

    Attributes:
        origin: the session file that the session was opened from or saved to.
        told: whether the user knows that it cannot be written now.
    """

    def __init__(self, session: Session, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        folder.mkdir(parents=True, exist_ok=True)
        self._session = session
        self._path = folder / f"{_PREFIX}{uuid4().hex[:12]}.json"
        self._lock = _lock(self._path)
        self._lock.tryLock(0)
        self._written: tuple[SavedSession, Origin | None] = SavedSession(), None
        self.told = False
        self.origin: Origin | None = None
        self._writing = Soon(
            self,
            DELAY_MS,
            self.write,
            session.dive_added,
            session.dive_changed,
            session.dive_removed,
            session.dives_moved,
            session.current_changed,
            session.exemplar_drawn,
            session.meet_changed,
            session.scheduler.paused_changed,
        )

    def write(self) -> bool:
        """Write now if something changed; a failure is reported once. Returns whether the file is up to date."""
        now = self._session.snapshot(), self.origin
        if now == self._written:
            return True
        try:
            if not now[0].empty:
                write_session(now[0], self._path, origin=self.origin)
            else:
                self._path.unlink(missing_ok=True)
        except (ExportError, OSError) as error:
            if not self.told:
                self.told = True
                log.warning("autosave: %s", error)
                self._session.problem.emit(self.tr("The session is not being autosaved: {0}").format(translated(error)))
            return False
        self._written, self.told = now, False
        return True

    def close(self, *, keep: bool) -> None:
        """Stop; keep the file for recovery, or remove it."""
        self._writing.end()
        if keep:
            self.write()
        else:
            with suppress(OSError):  # the window closes all the same
                self._path.unlink(missing_ok=True)
        self._lock.unlock()
