"""Dialogs of sessions and videos: what to open, session files, and the list of all sessions."""

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDateTime, QLocale, QMargins, QObject, Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.resources import resource
from fineparser_gui.services.exporting import session_stem
from fineparser_gui.services.session import Session
from fineparser_gui.services.sessions import SessionController
from fineparser_gui.session.session_file import SUFFIX
from fineparser_gui.store.store import SessionRecord
from fineparser_gui.support.save_path import LAST_FOLDER, ask_save_path, free_path, videos_filter
from fineparser_gui.support.widgets import closing_buttons, label, lay_out, literal

_MOST_ATHLETES = 3


class SessionDialogs(QObject):
    """Commands of the File menu on sessions.

    Args:
        window: window over which dialogs open.

    Attributes:
        controller: controller of the open session.
    """

    def __init__(self, session: Session, controller: SessionController, window: QWidget) -> None:
        super().__init__(window)
        self._session, self.controller, self._window = session, controller, window

    def may_close(self) -> bool:
        """Ask once about all that closing would lose: exports, stars on their way, unsaved changes."""
        losing = self._unfinished()
        if not losing:
            return True
        buttons = QMessageBox.StandardButton
        title, question = self.tr("Unfinished work"), "\n".join([*losing, self.tr("Close all the same?")])
        choice = buttons.Discard | buttons.Cancel
        answer = QMessageBox.question(self._window, title, literal(question), choice, buttons.Cancel)
        return answer == buttons.Discard

    def _unfinished(self) -> list[str]:
        """Return a sentence for each kind of work that closing would stop."""
        sentences = []
        if n_exports := sum(not export.state.over for export in self._session.exports.exports):
            sentences.append(self.tr("Exports that are not finished and will not be written: {0}").format(n_exports))
        if n_clips := len(self._session.library.adding):
            sentences.append(self.tr("Clips that are not in the library yet, and will not be: {0}").format(n_clips))
        history = self._session.history
        if not history.keeping.flush() or (history.failed and self.controller.holds_something):
            sentences.append(self.tr("The last changes of this session could not be kept."))
        return sentences

    def open(self) -> None:
        """Ask for a session file and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open session file"), "", self._file_filter())
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Open a session file in place of the session that is open; what the store knows of its dives stays."""
        self.controller.open(path)

    def label(self, one: SessionRecord) -> str:
        """Return a session's text in a list: its name, when it was begun, its athletes and the number of its dives."""
        begun = QDateTime.fromString(one.begun_at, Qt.DateFormat.ISODate).toLocalTime()
        when = QLocale().toString(begun, QLocale.FormatType.ShortFormat)
        athletes = ", ".join(one.athletes[:_MOST_ATHLETES]) + (" …" if len(one.athletes) > _MOST_ATHLETES else "")
        n_dives = self.tr("{0} dives", None, one.n_dives).format(one.n_dives)
        return " – ".join(filter(None, (one.name, when, athletes, n_dives)))

    def show_all(self) -> None:
        """List all sessions."""
        SessionsDialog(self, self._window).open()

    def save_as(self) -> bool:
        """Ask for a file and write the session into it; False where nothing was written."""
        dives = self._session.dives
        stem = self.controller.name or session_stem(list(dives)) or self.tr("Session")
        beside = dives[0].path.absolute().parent if dives else Path()
        proposed = LAST_FOLDER.proposed(beside / f"{stem}{SUFFIX}")
        title = self.tr("Export session")
        name, _ = QFileDialog.getSaveFileName(self._window, title, str(proposed), self._file_filter())
        if not name:
            return False
        LAST_FOLDER.remember(Path(name))
        # A suffix added after the dialog has asked could overwrite a file that it did not ask about.
        return self.controller.save_to(Path(name) if name.endswith(SUFFIX) else free_path(Path(name + SUFFIX)))

    def export_judged(self) -> None:
        """Ask for a file and write the dives with judges' marks or corrected moments to it."""
        dives = self._session.exports.labelled_dives()
        if dives:
            proposed = dives[0].path.absolute().with_name(self.tr("judged dives") + ".json")
            if path := ask_save_path(self._window, proposed, (".json",)):
                self._session.exports.judged(path)

    def _file_filter(self) -> str:
        return self.tr("Sessions (*{0});;All files (*)").format(SUFFIX)


class SessionsDialog(QDialog):
    """All sessions by the day on which they were changed last: opened, renamed, forgotten."""

    def __init__(self, sessions: SessionDialogs, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._sessions, self._controller = sessions, sessions.controller
        self.setWindowTitle(self.tr("Sessions"))
        self.resize(560, 440)
        self.list = QListWidget(accessibleName=self.tr("Sessions"))
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.itemSelectionChanged.connect(self._show_selected)
        self.list.itemActivated.connect(self._on_open)
        self.open_button = QPushButton(self.tr("Open"), clicked=self._on_open)
        self.name = QLineEdit(placeholderText=self.tr("Name"), accessibleName=self.tr("Name"))
        self.name.editingFinished.connect(self._on_rename)
        self.delete = QPushButton(self.tr("Delete"), clicked=self._on_delete)
        self.delete.setToolTip(self.tr("Forgets the list; its analysed dives stay in the history"))
        for button in (self.open_button, self.delete):
            button.setAutoDefault(False)  # Enter belongs to the name
        row = lay_out(QHBoxLayout(), self.open_button, (self.name, 1), self.delete)
        what = self.tr("Every session is kept by itself. An evening begins a session of its own.")
        buttons = closing_buttons(self)
        buttons.button(buttons.StandardButton.Close).setAutoDefault(False)
        layout = QVBoxLayout(self, contentsMargins=QMargins(18, 16, 18, 14), spacing=10)
        lay_out(layout, label(what, "muted", wrap=True), self.list, row, buttons)
        self._fill()

    def _fill(self, current: int = 0) -> None:
        """List the sessions, and select one by its id, else the first."""
        self.list.clear()
        for one in self._controller.all():
            text = self._sessions.label(one)
            if one.id == self._controller.id:
                text = self.tr("{0} (open)").format(text)
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, one)
            self.list.addItem(item)
            if one.id == current:
                self.list.setCurrentItem(item)
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(0)
        self._show_selected()

    def _selected(self) -> list[SessionRecord]:
        return [item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()]

    def _show_selected(self) -> None:
        selected = self._selected()
        n_selected = len(selected)
        self.name.setText(selected[0].name if n_selected == 1 else "")
        for widget in (self.open_button, self.name):
            widget.setEnabled(n_selected == 1)
        self.delete.setEnabled(n_selected > 0)

    def _on_open(self, _: object = None) -> None:
        selected = self._selected()
        if len(selected) == 1 and self._controller.open_session(selected[0].id):
            self.accept()

    def _on_rename(self) -> None:
        selected = self._selected()
        if self.name.isModified() and len(selected) == 1:
            self._controller.rename(selected[0].id, self.name.text())
            self._fill(selected[0].id)

    def reject(self) -> None:
        """Close without the name that is half typed, which would be taken as the field loses the focus."""
        self._show_selected()
        super().reject()

    def _on_delete(self) -> None:
        selected = self._selected()
        text = self.tr("Sessions to forget: {0}. Their analysed dives stay in the history.").format(len(selected))
        if QMessageBox.question(self, self.windowTitle(), literal(text)) == QMessageBox.StandardButton.Yes:
            self._controller.delete([one.id for one in selected])
            self._fill()


class Opener(QObject):
    """Opener of files into the session.

    Args:
        window: window over which dialogs open.
    """

    def __init__(self, session: Session, files: SessionDialogs, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._files, self._window = session, files, window

    def open_paths(self, paths: list[Path]) -> None:
        """Open videos, folders of them, and session files."""
        videos = [path for path in paths if path.suffix.lower() != SUFFIX]
        for path in paths:
            if path not in videos:
                self._files.open_path(path)
        if videos:
            self.add_videos(videos)

    def add_videos(self, paths: list[Path], **known: Any) -> None:
        """Add videos to the session, or to a new session if another evening has come; see `Session.open`.

        Args:
            known: attributes of all of them, or None.
        """
        self._files.controller.begin_evening()
        self._session.open(paths, **{name: one for name, one in known.items() if one is not None})

    def ask_for_videos(self) -> None:
        """Ask for videos to open."""
        names, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Open video"), "", videos_filter())
        if names:
            self.add_videos([Path(name) for name in names])

    def ask_for_folder(self) -> None:
        """Ask for a folder of videos to open."""
        if name := QFileDialog.getExistingDirectory(self._window, self.tr("Open folder")):
            self.add_videos([Path(name)])

    def sample(self) -> tuple[Path, str, float]:
        """Return clip, dive number and board of the bundled sample dive."""
        fields = json.loads(resource("samples", "sample.json").read_text(encoding="utf-8"))
        return resource("samples", fields["file"]), fields["dive_number"], fields["board_m"]

    def open_sample(self) -> None:
        """Open the bundled sample dive."""
        path, dive_number, board_m = self.sample()
        self.add_videos([path], dive_number=dive_number, board_m=board_m)
