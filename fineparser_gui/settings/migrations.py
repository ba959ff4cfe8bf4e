"""Brings the settings file of an earlier version of the program up to this one."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings

_VERSION = "version"


def _take_in_recent_files(settings: QSettings, folder: Path) -> None:
    """0 → 1: the recent files had a file of their own."""
    path = folder / "recent.ini"
    if path.is_file():
        old = QSettings(str(path), QSettings.Format.IniFormat)
        settings.setValue("recent_sessions", old.value("recent_sessions", []))
        path.unlink(missing_ok=True)


#: From one version to the next, in order.
MIGRATIONS: tuple[Callable[[QSettings, Path], None], ...] = (_take_in_recent_files,)


def migrate(settings: QSettings, folder: Path) -> None:
    """Apply the steps that the file has not seen; the file of a later program stays as it is."""
    stored = str(settings.value(_VERSION, 0))
    version = int(stored) if stored.isdecimal() else 0
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        step(settings, folder)
        settings.setValue(_VERSION, number)
        settings.sync()
