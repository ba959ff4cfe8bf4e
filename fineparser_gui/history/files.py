"""Commands on the history's file: take in sessions, folders of moved videos, backup, another place."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from PySide6.QtCore import QMargins, QObject
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QListWidget, QMenu, QPushButton, QVBoxLayout, QWidget

from fineparser_gui.dives.session import Session
from fineparser_gui.store.session_file import SUFFIX
from fineparser_gui.store.store import FILE_NAME, Store
from fineparser_gui.support.text_dialog import closing_buttons
from fineparser_gui.support.widgets import label, lay_out


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
            (self.tr("Folders of videos…"), lambda: FoldersDialog(self._session, self._page).open()),
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


class FoldersDialog(QDialog):
    """Dialog of the folders in which moved videos are searched."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(self.tr("Folders of videos"))
        self.setMinimumWidth(460)
        what = self.tr("A video that is not where it was is looked for in these folders, by its content.")
        self.folders = QListWidget(accessibleName=self.tr("Folders of videos"))
        self.folders.currentRowChanged.connect(lambda row: self.remove.setEnabled(row >= 0))
        self.add = QPushButton(self.tr("Add…"), clicked=self._on_add)
        self.remove = QPushButton(self.tr("Remove"), clicked=self._on_remove)
        row = lay_out(QHBoxLayout(), self.add, self.remove, None)
        layout = QVBoxLayout(self, contentsMargins=QMargins(18, 16, 18, 14), spacing=10)
        lay_out(layout, label(what, "muted", wrap=True), self.folders, row, closing_buttons(self))
        self._fill()

    def _fill(self) -> None:
        self.folders.clear()
        for folder in self._session.history.read(lambda store: store.folders(), []):
            self.folders.addItem(str(folder))
        self.remove.setEnabled(self.folders.currentRow() >= 0)

    def _on_add(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, self.tr("Folder of videos")):
            self._change(lambda store: store.add_folder(Path(name)))

    def _on_remove(self) -> None:
        if (item := self.folders.currentItem()) is not None:
            self._change(lambda store: store.remove_folder(Path(item.text())))

    def _change(self, act: Callable[[Store], None]) -> None:
        self._session.history.write(act)
        self._fill()
