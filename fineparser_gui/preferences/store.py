"""The stored preferences, and the signal of their changes.

Files that are not settings are set aside: Qt reads a file whole and trusts its objects.
"""

import errno
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile, QObject, QSettings, Signal

from fineparser_core.errors import ConfigError
from fineparser_core.language import language
from fineparser_core.support.codec import from_json
from fineparser_core.support.files import parse_json, read_bounded
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import DiveState
from fineparser_gui.session.preferences import KINDS, WORKER_PREFERENCES, Preferences
from fineparser_gui.worker.protocol import DevicesReport, WorkerSettings

log = logging.getLogger(__name__)

_FILE_NAME = "settings.ini"
_GROUP = "preferences"
_MOST_BYTES = 1_000_000
#: Marks of objects, for which Qt allocates the size that the file states; the program writes none of them.
_OBJECTS = (b"@Variant(", b"@DateTime(")
_DEPENDS_ON_THE_MODEL = (DiveState.QUEUED, DiveState.ANALYSING, DiveState.READY, DiveState.FAILED)


def _worker_settings(preferences: Preferences) -> WorkerSettings:
    return WorkerSettings(language=language(), **{name: getattr(preferences, name) for name in WORKER_PREFERENCES})


def open_ini(path: Path) -> QSettings | None:
    """Return the settings in a file, which is created if it does not exist.

    A file that cannot be a settings file is renamed to NAME.damaged.ini. None: it cannot be renamed either.
    """
    _sweep_leftovers(path)
    try:
        data = read_bounded(path, _MOST_BYTES)
        if any(word in data for word in _OBJECTS):
            raise OSError(errno.EINVAL, "it holds objects, which the program does not write")
    except FileNotFoundError:
        pass
    except OSError as error:
        log.warning("settings: %s is set aside (%s)", path, error.strerror)
        try:
            path.replace(path.with_suffix(".damaged.ini"))
        except OSError as in_the_way:
            log.warning("settings: %s", in_the_way)
            return None
    return QSettings(str(path), QSettings.Format.IniFormat)


def _sweep_leftovers(path: Path) -> None:
    """Delete the lock and the temporary file of a program that was killed while Qt wrote the settings."""
    lock = QLockFile(f"{path}.lock")  # held by Qt while it writes
    if lock.tryLock(0):
        for left in path.parent.glob(f"{path.name}.{'[0-9A-Za-z]' * 6}"):
            left.unlink(missing_ok=True)
        lock.unlock()


def open_settings(folder: Path) -> QSettings | None:
    """Return the settings file of a folder; see `open_ini`."""
    return open_ini(folder / _FILE_NAME)


class PreferenceStore(QObject):
    """Owner of the preferences.

    Args:
        folder: folder of the settings file; None: nothing is stored.

    Signals:
        changed: (Preferences, Preferences) before and after the change.

    Attributes:
        now: the present preferences.
    """

    changed = Signal(object, object)

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._file: QSettings | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = open_settings(folder)
        self.now = self._read()

    def change(self, **choices: Any) -> None:
        """Change some preferences and store them.

        Raises:
            ConfigError: a value is not allowed; nothing changes.
        """
        before, self.now = self.now, replace(self.now, **choices)
        if self.now == before:
            return
        if self._file is not None:
            for name in choices:
                # JSON, because the ini format has no types.
                self._file.setValue(f"{_GROUP}/{name}", json.dumps(getattr(self.now, name)))
            self._file.sync()
        self.changed.emit(before, self.now)

    def _read(self) -> Preferences:
        """Return the stored preferences; a value that is not allowed is replaced by its default."""
        found = Preferences()
        if self._file is None:
            return found
        for name, kind in KINDS.items():
            stored = self._file.value(f"{_GROUP}/{name}")
            if stored is None:
                continue
            try:
                found = replace(found, **{name: from_json(parse_json(str(stored).encode()), kind)})
            except (ValueError, ConfigError) as error:
                log.warning("settings: %s is not used: %s", name, error)
        return found


class ModelChoice(QObject):
    """Device, precision, weights and number of exemplars of a session.

    Signals:
        devices_changed: the worker has reported the devices.

    Attributes:
        devices: name in the preferences -> name for the user, best first; empty until the worker has reported.
    """

    devices_changed = Signal()

    def __init__(self, session: Session, preferences: PreferenceStore) -> None:
        super().__init__(session)
        self._session = session
        self.devices: dict[str, str] = {}
        session.scheduler.devices.connect(self._on_devices)
        session.scheduler.use(_worker_settings(preferences.now))
        session.n_exemplars = preferences.now.n_exemplars
        preferences.changed.connect(self._on_changed)

    def _on_devices(self, report: DevicesReport) -> None:
        self.devices = report.devices
        self.devices_changed.emit()

    def _on_changed(self, before: Preferences, now: Preferences) -> None:
        session = self._session
        more_or_fewer = now.n_exemplars != before.n_exemplars
        session.n_exemplars = now.n_exemplars
        if _worker_settings(now) != _worker_settings(before):
            stale = [key for key in session.keys if session.dive(key).state in _DEPENDS_ON_THE_MODEL]
            session.model = None
            session.scheduler.use(_worker_settings(now))
            session.model_changed.emit()
            for key in stale:
                session.analyze(key)
        elif more_or_fewer:
            for key in session.keys:
                if session.dive(key).model_analysis is not None:
                    session.analyses.score_anew(key)
