"""Stores the preferences on disk and signals their changes."""

import json
import logging
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, Signal

from fineparser_core.errors import ConfigError
from fineparser_core.support.files import parse_json
from fineparser_gui.model.json_fields import listed, record
from fineparser_gui.settings.ini_file import open_ini
from fineparser_gui.settings.preferences import MOST_KEYS, Preferences

log = logging.getLogger(__name__)

_FILE_NAME = "settings.ini"
_GROUP = "preferences"


def open_settings(folder: Path) -> QSettings | None:
    """The settings file of a folder; see `open_ini`."""
    return open_ini(folder / _FILE_NAME)


class PreferenceStore(QObject):
    """Owns the preferences.

    Args:
        folder: of the settings file; None: nothing is stored.

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
                # As JSON, because the ini format has no types.
                self._file.setValue(f"{_GROUP}/{name}", json.dumps(getattr(self.now, name)))
            self._file.sync()
        self.changed.emit(before, self.now)

    def reset(self) -> None:
        """Restore all defaults."""
        self.change(**{one.name: getattr(Preferences(), one.name) for one in fields(Preferences)})

    def _read(self) -> Preferences:
        """The stored preferences; a value that is not allowed is replaced by its default."""
        read = Preferences()
        if self._file is None:
            return read
        for choice in fields(Preferences):
            stored = self._file.value(f"{_GROUP}/{choice.name}")
            if stored is None:
                continue
            try:
                value = parse_json(str(stored).encode())
                if choice.default is MISSING:
                    chosen = record(value, "list of keys by command").items()
                    value = {action_id: tuple(listed(keys, MOST_KEYS, "keys")) for action_id, keys in chosen}
                read = replace(read, **{choice.name: value})
            except (ValueError, ConfigError) as error:
                log.warning("settings: %s is not used: %s", choice.name, error)
        return read
