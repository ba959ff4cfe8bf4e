"""Commands on the history's file: take in sessions, look for moved videos, backup, another place."""

from datetime import date
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from fineparser_gui.dives.session import Session
from fineparser_gui.store.session_file import SUFFIX
from fineparser_gui.store.store import FILE_NAME


class HistoryFiles(QObject):
    """Commands of a menu, and their dialogs.

    Args:
        page: page over which they open.
    """

    def __init__(self, session: Session, page: QWidget) -> None:
        super().__init__(page)
        self._session, self._page = session, page

    def fill(self, menu: QMenu) -> None:
        """Add the commands to a menu."""
        for text, act in (
            (self.tr("Take in sessions…"), self.take_in),
            (self.tr("Look for moved videos"), self._session.history.find_moved),
            (self.tr("Back up…"), self._back_up),
            (self.tr("Move…"), self._move),
        ):
            menu.addAction(text, act)

    def take_in(self) -> None:
        """Ask for session files, and take in their dives."""
        pattern = self.tr("Sessions (*{0});;All files (*)").format(SUFFIX)
        names, _ = QFileDialog.getOpenFileNames(self._page, self.tr("Take in sessions"), "", pattern)
        if names:
            self._session.history.take_in([Path(name) for name in names])

    def _move(self) -> None:
        """Ask for the folder; nothing there is replaced."""
        if name := QFileDialog.getExistingDirectory(self._page, self.tr("Move the history to a folder")):
            self._session.history.write(lambda store: store.move(Path(name) / FILE_NAME))

    def _back_up(self) -> None:
        proposed = Path.home() / f"{Path(FILE_NAME).stem}-{date.today().isoformat()}{Path(FILE_NAME).suffix}"
        name, _ = QFileDialog.getSaveFileName(self._page, self.tr("Back up the history"), str(proposed))
        if name:
            self._session.history.write(lambda store: store.backup(Path(name)))
