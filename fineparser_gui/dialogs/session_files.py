"""Asks the user for session files, and what to do with unsaved and recovered sessions."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLocale, QObject, Qt, QTimer
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QPushButton, QWidget

from fineparser_core.export.corrections import label_error
from fineparser_core.language import translated
from fineparser_core.video.files import names_of
from fineparser_gui.actions.registry import plain_text
from fineparser_gui.dialogs.save_path import LAST_FOLDER, ask_save_path
from fineparser_gui.model.exports import session_stem
from fineparser_gui.model.session_file import SUFFIX
from fineparser_gui.services.session import Session
from fineparser_gui.services.session_files import Leftover, SessionFileController, free_path
from fineparser_gui.widgets import tool_tip

LABELS_NAME = "fine-grained_annotation_aqa.pkl"


class SessionFileDialogs(QObject):
    """What the commands of the File menu do with the session.

    Args:
        window: over which dialogs open.

    Attributes:
        controller: knows the session's file.
        recent: menu of the recent files.
    """

    def __init__(self, session: Session, controller: SessionFileController, window: QWidget) -> None:
        super().__init__(window)
        self._session, self.controller, self._window = session, controller, window
        self.recent = QMenu(window)
        self.recent.aboutToShow.connect(self._fill_recent)

    def may_leave(self) -> bool:
        """Ask what to do with unsaved work; False where the user would rather stay."""
        return not self.controller.modified or self._saved(self.tr("Save the changes to this session?"))

    def may_close(self) -> bool:
        """Ask once about all that closing would lose: unsaved changes, exports, clips on their way to the library."""
        losing = self._unfinished()
        if self.controller.modified:
            return self._saved("\n".join([self.tr("Save the changes to this session?"), *losing]))
        if not losing:
            return True
        buttons = QMessageBox.StandardButton
        question = "\n".join([*losing, self.tr("Close all the same?")])
        choice = buttons.Discard | buttons.Cancel
        answer = QMessageBox.question(self._window, self.tr("Unfinished work"), question, choice, buttons.Cancel)
        return answer == buttons.Discard

    def _unfinished(self) -> list[str]:
        """One sentence for each kind of work that closing would stop."""
        sentences = []
        if n_exports := sum(not export.state.over for export in self._session.exports.exports):
            text = self.tr("1 export is not finished: its file will not be written.")
            many = self.tr("{0} exports are not finished: their files will not be written.", None, n_exports)
            sentences.append(text if n_exports == 1 else many.format(n_exports))
        if n_clips := len(self._session.library.adding):
            text = self.tr("1 clip is being added to the library, and will not be in it.")
            many = self.tr("{0} clips are being added to the library, and will not be in it.", None, n_clips)
            sentences.append(text if n_clips == 1 else many.format(n_clips))
        return sentences

    def _saved(self, question: str) -> bool:
        """Ask whether to save; False where the user would rather stay, or nothing could be saved."""
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            self.tr("Unsaved session"),
            question,
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        return self.save() if answer == buttons.Save else answer == buttons.Discard

    def save(self) -> bool:
        """Save to the session's file, asking for one where there is none; False where nothing was saved.

        What another window or program has saved there meanwhile is not overwritten.
        """
        path = self.controller.path
        if path is None:
            return self.save_as()
        if self.controller.changed_elsewhere:
            text = self.tr("{0} was changed by another window or program and is left as it is: use “{1}” for this one.")
            self._session.problem.emit(text.format(path, plain_text("Save session &as…")))
            return False
        return self.controller.save_to(path)

    def save_as(self) -> bool:
        """Ask for a file and save to it."""
        dives = self._session.dives
        stem = session_stem(list(dives)) or self.tr("Session")
        beside = dives[0].path.absolute().parent if dives else Path()
        proposed = self.controller.path or LAST_FOLDER.proposed(beside / f"{stem}{SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save session"), str(proposed), self._file_filter())
        if not name:
            return False
        LAST_FOLDER.remember(Path(name))
        # A suffix added after the dialog has asked could overwrite a file that it did not ask about.
        return self.controller.save_to(Path(name) if name.endswith(SUFFIX) else free_path(Path(name + SUFFIX)))

    def open(self) -> None:
        """Ask for a session file and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open session"), "", self._file_filter())
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Open a session file in place of the session that is open."""
        # Read again by `open`, as what is saved on leaving may be this very file.
        if self.controller.readable(path) and self.may_leave():
            self.controller.open(path)

    def offer_recovery(self) -> None:
        """After a crash, ask whether to take its session up again; one question for each that was left."""
        leftover = self.controller.next_leftover()
        if leftover is None:
            return
        text = self.tr("FineParser Studio did not close properly. Recover its session of {0}?")
        box = _question(
            self._window,
            self.tr("Recover session"),
            text.format(QLocale().toString(leftover.saved_at, QLocale.FormatType.ShortFormat)),
        )
        names = names_of([dive.path for dive in leftover.saved.dives])
        of_file = leftover.origin.path.name if leftover.origin is not None else ""
        box.setInformativeText(": ".join(filter(None, (of_file, names))))
        accept, discard = QMessageBox.ButtonRole.AcceptRole, QMessageBox.ButtonRole.DestructiveRole
        _add(box, self.tr("Recover"), accept, lambda: self._go_on(self._recover, leftover))
        _add(box, self.tr("Discard"), discard, lambda: self._go_on(self.controller.discard, leftover))
        later = _add(box, self.tr("Ask again later"), QMessageBox.ButtonRole.RejectRole, leftover.lock.unlock)
        box.setEscapeButton(later)
        box.open()

    def _recover(self, leftover: Leftover) -> bool:
        """Recover a session in place of the open one, which may be saved before; videos just opened count, too."""
        open_one = self.controller
        lost = open_one.modified if open_one.path is not None else open_one.holds_something
        if lost and not self._saved(self.tr("Recovering closes the session that is open. Save it first?")):
            leftover.lock.unlock()
            return False
        return self.controller.recover(leftover)

    def _go_on(self, act: Callable[[Leftover], bool], leftover: Leftover) -> None:
        """Do with a leftover what was chosen, and offer the next one."""
        if act(leftover):
            self.offer_recovery()

    def export_corrections(self) -> None:
        """Ask for a file and write the corrected transitions to it as labels."""
        labels = self._session.exports.labels()
        reasons = [translated(label_error(label) or "") for label in labels]
        if all(reasons):  # said before a file is asked for
            text = self.tr("No corrected dive can be exported as a label. {0}")
            self._session.problem.emit(text.format(" ".join(dict.fromkeys(filter(None, reasons)))))
            return
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            self.tr("Export corrections"),
            str(LAST_FOLDER.proposed(Path(LABELS_NAME))),
            self.tr("FineDiving annotation (*.pkl)"),
        )
        if not name:
            return
        path = Path(name) if name.endswith(".pkl") else free_path(Path(name + ".pkl"))
        LAST_FOLDER.remember(path)
        self._session.exports.corrections(labels, path)

    def export_judged(self) -> None:
        """Ask for a file and write the dives with judges' marks to it."""
        dives = self._session.exports.judged_dives()
        if dives:
            proposed = dives[0].path.absolute().with_name(self.tr("judged dives") + ".json")
            if path := ask_save_path(self._window, proposed, (".json",)):
                self._session.exports.judged(path)

    def _file_filter(self) -> str:
        return self.tr("Sessions (*{0});;All files (*)").format(SUFFIX)

    def _fill_recent(self) -> None:
        self.recent.clear()
        for path in self.controller.recent_paths:
            action = self.recent.addAction(path.name.replace("&", "&&"), lambda path=path: self.open_path(path))
            action.setToolTip(tool_tip(str(path)))
            action.setEnabled(path.is_file())
        if self.recent.isEmpty():
            self.recent.addAction(self.tr("No session was saved yet")).setEnabled(False)
        self.recent.setToolTipsVisible(True)


def _question(window: QWidget, title: str, text: str) -> QMessageBox:
    box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    return box


def _add(
    box: QMessageBox, text: str, role: QMessageBox.ButtonRole, act: Callable[[], None] | None = None
) -> QPushButton:
    button = box.addButton(text, role)
    if act is not None:
        # Once the box has closed: what follows may open another dialog.
        button.clicked.connect(lambda: QTimer.singleShot(0, box.parent(), act))
    return button
