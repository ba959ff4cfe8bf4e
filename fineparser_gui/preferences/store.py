"""The stored preferences, and the signal of their changes."""

import json
import logging
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal

from fineparser_core.errors import ConfigError
from fineparser_core.support.codec import from_json
from fineparser_core.support.files import parse_json
from fineparser_gui.preferences.ini_file import open_ini
from fineparser_gui.preferences.records import KINDS, Preferences

log = logging.getLogger(__name__)

_FILE_NAME = "settings.ini"
_GROUP = "preferences"


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

    def reset(self) -> None:
        """Restore all defaults."""
        self.change(**{one.name: getattr(Preferences(), one.name) for one in fields(Preferences)})

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
