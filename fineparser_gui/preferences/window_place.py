"""The stored place of the window, its splitters and docks."""

import logging
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QSplitter

from fineparser_gui.preferences.store import open_ini

log = logging.getLogger(__name__)

_FILE_NAME = "window.ini"
_MOST_BYTES = 64_000


class WindowPlace:
    """Stored place of the window, in a separate file, as text.

    Args:
        folder: folder of the program's files; None: nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file: QSettings | None = open_ini(folder / _FILE_NAME) if folder is not None else None

    def restore(self, window: QMainWindow, splitters: Mapping[str, QSplitter], switches: Mapping[str, QAction]) -> bool:
        """Restore the stored places, within the screen; a place that cannot be read is left as it is.

        Args:
            switches: checked or not, by the names under which that is kept.

        Returns:
            Whether a window was there before.
        """
        if (geometry := self._read("geometry")) is not None:
            window.restoreGeometry(geometry)
        if (docks := self._read("docks")) is not None:
            window.restoreState(docks)
        for name, splitter in splitters.items():
            if (sizes := self._read(name)) is not None:
                splitter.restoreState(sizes)
        fit_to_screen(window)
        kept = {name: self._file.value(name) if self._file is not None else None for name in switches}
        for name, switch in switches.items():
            if kept[name] in ("yes", "no"):
                switch.setChecked(kept[name] == "yes")
        return any(kept.values())

    def save(self, window: QMainWindow, splitters: Mapping[str, QSplitter], switches: Mapping[str, QAction]) -> None:
        """Keep where everything is."""
        if self._file is None:
            return
        self._file.setValue("geometry", window.saveGeometry().toHex().toStdString())
        self._file.setValue("docks", window.saveState().toHex().toStdString())
        for name, splitter in splitters.items():
            self._file.setValue(name, splitter.saveState().toHex().toStdString())
        for name, switch in switches.items():
            self._file.setValue(name, "yes" if switch.isChecked() else "no")
        self._file.sync()

    def _read(self, name: str) -> QByteArray | None:
        stored = self._file.value(name) if self._file is not None else None
        if not isinstance(stored, str) or len(stored) > _MOST_BYTES:
            return None
        try:
            return QByteArray(bytes.fromhex(stored))
        except ValueError:
            log.warning("window.ini: %s is not used", name)
            return None


def fit_to_screen(window: QMainWindow) -> None:
    """Move and shrink a window so that it lies within the free area of its screen, with its frame."""
    if window.isMaximized() or window.isFullScreen():
        return
    place = within(window.geometry(), window.screen().availableGeometry(), window.minimumWidth())
    if place != window.geometry():
        window.setGeometry(place)


def within(place: QRect, screen: QRect, least_px: int = 0) -> QRect:
    """Return a rectangle moved, and shrunk where necessary, so that it lies within a screen.

    Args:
        least_px: width that is kept even where the screen is narrower.
    """
    title_px = 28  # height of the frame's title, which is not known before the window is shown
    width = max(min(place.width(), screen.width()), least_px)
    height = min(place.height(), screen.height() - title_px)
    left = min(max(place.left(), screen.left()), max(screen.right() + 1 - width, screen.left()))
    top = min(max(place.top(), screen.top() + title_px), screen.bottom() + 1 - height)
    return QRect(left, top, width, height)
