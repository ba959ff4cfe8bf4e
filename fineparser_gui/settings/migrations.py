"""Migrates the settings file of an earlier version of the program to the present one."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings

from fineparser_core.files import parse_json
from fineparser_gui.model.json_fields import record
from fineparser_gui.settings.ini_file import open_ini

_VERSION = "version"
#: Action ids of version 1 and what they are called since version 2.
_RENAMED_ACTIONS = {
    "parts": "by_stream",
    "mark_in": "set_in_point",
    "mark_out": "set_out_point",
    "zoom_fit": "fit_to_window",
    "zoom_pixels": "actual_size",
    "timeline_closer": "timeline_zoom_in",
    "timeline_farther": "timeline_zoom_out",
}


def _merge_recent_files(settings: QSettings, folder: Path) -> None:
    """0 → 1: the recent files were kept in a separate file."""
    path = folder / "recent.ini"
    old = open_ini(path) if path.exists() else None
    if old is not None:
        settings.setValue("recent_sessions", old.value("recent_sessions", []))
        path.unlink(missing_ok=True)


def _rename_shortcuts(settings: QSettings, folder: Path) -> None:
    """1 → 2: the preference `keys` is called `shortcuts`, and some action ids have other names."""
    stored = settings.value("preferences/keys")
    settings.remove("preferences/keys")
    try:
        keys = record(parse_json(str(stored).encode()), "list of keys by command")
        renamed = {_RENAMED_ACTIONS.get(action_id, action_id): chosen for action_id, chosen in keys.items()}
    except ValueError:  # nothing stored, or damaged: the defaults
        return
    settings.setValue("preferences/shortcuts", json.dumps(renamed))


#: From one version to the next, in order.
MIGRATIONS: tuple[Callable[[QSettings, Path], None], ...] = (_merge_recent_files, _rename_shortcuts)


def migrate(settings: QSettings, folder: Path) -> None:
    """Apply the migrations from the version of the file on; a file of a later version stays unchanged."""
    stored = str(settings.value(_VERSION, 0))
    version = int(stored) if re.fullmatch("[0-9]{1,4}", stored) else 0
    for number, upgrade in enumerate(MIGRATIONS[version:], start=version + 1):
        upgrade(settings, folder)
        settings.setValue(_VERSION, number)
        settings.sync()
