"""The session as a document: opened, saved and recovered."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QPushButton, QWidget

from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.export.corrections import CorrectedDive, why_no_label
from fineparser_gui.actions.registry import plain_text
from fineparser_gui.model.dive import Dive
from fineparser_gui.model.session_file import SUFFIX, Origin, SavedDive, SavedSession, read_session, write_session
from fineparser_gui.model.video_files import names_of
from fineparser_gui.services.autosave import Autosave, leftovers
from fineparser_gui.services.session import Session
from fineparser_gui.settings.store import FILE_NAME

log = logging.getLogger(__name__)

LABELS_NAME = "fine-grained_annotation_aqa.pkl"
_RECENT = "recent_sessions"
_MOST_RECENT = 8


class Document(QObject):
    """Asks the user for files, and the session to take or give what is in them.

    Args:
        window: over which dialogs open.
        folder: for autosaves and the list of recent files; None: neither is kept.

    Signals:
        changed: the session belongs to another file.

    Attributes:
        path: the session file; None while there is none.
        recent: menu of the recent files.
    """

    changed = Signal()

    def __init__(self, session: Session, window: QWidget, folder: Path | None = None) -> None:
        super().__init__(window)
        self._session, self._window, self._folder = session, window, folder
        self.path: Path | None = None
        self._saved = SavedSession()
        self._content = ""  # digest of what the session's file held when it was last read or written here
        self._recovered = False
        self._autosave = Autosave(session, folder, self) if folder else None
        self._settings = QSettings(str(folder / FILE_NAME), QSettings.Format.IniFormat) if folder else None
        self.recent = QMenu(window)
        self.recent.aboutToShow.connect(self._fill_recent)

    @property
    def holds_something(self) -> bool:
        """Whether there is a session to save: a dive, or what was drawn on one of the library that is still there."""
        drawn = self._session.exemplar_drawings
        return bool(self._session.keys) or not all(map(self._session.library.lost, drawn))

    @property
    def modified(self) -> bool:
        """Whether the coach's work would be lost without saving; videos only opened are no work."""
        if self.path is None:
            return self.holds_something and (self._recovered or not self._session.editing.edits.isClean())
        now = self._session.snapshot()
        return not _kept(now.dives, self._saved.dives) or now.exemplar_drawings != self._saved.exemplar_drawings

    def close(self, *, asked: bool) -> None:
        """The program ends; unsaved work that the user was not asked about is offered at its next start."""
        if self._autosave is not None:
            self._autosave.close(keep=self.modified and not asked)

    def may_leave(self) -> bool:
        """Ask what to do with unsaved work; False where the user would rather stay."""
        if not self.modified:
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            self.tr("Unsaved session"),
            self.tr("Save the changes to this session?"),
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        return self.save() if answer == buttons.Save else answer == buttons.Discard

    def save(self) -> bool:
        """Save to the session's file, asking for one where there is none; False where nothing was saved.

        What another window or program has saved there meanwhile is not overwritten.
        """
        if self.path is None:
            return self.save_as()
        if _digest(self.path) not in ("", self._content):
            text = self.tr("{0} was changed by another window or program and is left as it is: use “{1}” for this one.")
            self._session.problem.emit(text.format(self.path, plain_text("Save session &as…")))
            return False
        return self._save_to(self.path)

    def save_as(self) -> bool:
        """Ask for a file and save to it."""
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Save session"), str(self.path or ""), self._file_filter()
        )
        if not name:
            return False
        # A suffix added after the dialog has asked could overwrite a file that it did not ask about.
        return self._save_to(Path(name) if name.endswith(SUFFIX) else _free(Path(name + SUFFIX)))

    def _save_to(self, path: Path) -> bool:
        saved = self._session.snapshot()
        try:
            write_session(saved, path)
        except FineParserError as error:
            self._session.problem.emit(str(error))
            return False
        self._belongs_to(path, saved, _digest(path))
        return True

    def open(self) -> None:
        """Ask for a session file and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open session"), "", self._file_filter())
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Open a session file in place of the session that is open."""
        # Read again, as what is saved on leaving may be this very file.
        if self._read(path) and self.may_leave() and (found := self._read(path)):
            saved, content = found
            self._session.clear()
            self._session.restore(saved)
            self._belongs_to(path, saved, content)

    def _read(self, path: Path) -> tuple[SavedSession, str] | None:
        """What a session file holds, and its digest; None, and a sentence, where it cannot be read."""
        try:
            content = _digest(path)
            return read_session(path)[0], content
        except ConfigError as error:
            self._session.problem.emit(str(error))
            return None

    def _belongs_to(self, path: Path, saved: SavedSession, content: str) -> None:
        self.path, self._saved, self._content, self._recovered = path, saved, content, False
        if self._autosave is not None:
            self._autosave.origin = Origin(path, content)
            self._autosave.write()
        self._remember(path)
        self.changed.emit()

    def _file_filter(self) -> str:
        return self.tr("Sessions (*{0});;All files (*)").format(SUFFIX)

    def recent_paths(self) -> list[Path]:
        """Session files opened or saved lately, the latest first."""
        stored = self._settings.value(_RECENT, []) if self._settings else []
        names = [stored] if isinstance(stored, str) else list(stored or [])  # one entry is stored as text
        return [Path(name) for name in names]

    def _remember(self, path: Path) -> None:
        if self._settings is not None:
            path = path.absolute()
            others = [other for other in self.recent_paths() if other != path]
            self._settings.setValue(_RECENT, [str(one) for one in [path, *others][:_MOST_RECENT]])
            self._settings.sync()

    def _fill_recent(self) -> None:
        self.recent.clear()
        for path in self.recent_paths():
            action = self.recent.addAction(path.name.replace("&", "&&"), lambda path=path: self.open_path(path))
            action.setToolTip(str(path))
            action.setEnabled(path.is_file())
        if self.recent.isEmpty():
            self.recent.addAction(self.tr("No session was saved yet")).setEnabled(False)
        self.recent.setToolTipsVisible(True)

    def offer_recovery(self) -> None:
        """After a crash, ask whether to take its session up again."""
        if self._folder is None:
            return
        for path in leftovers(self._folder):
            try:
                saved, origin = read_session(path)
            except ConfigError as error:
                log.warning("autosave: %s", error)
                self._set_aside(path)
                continue
            self._offer(path, saved, origin)
            return

    def _set_aside(self, path: Path) -> None:
        """Say once that an autosave cannot be read, and keep it."""
        try:
            aside = path.rename(_free(path.with_suffix(".damaged")))
        except OSError as error:
            log.warning("autosave: %s", error)
            return
        text = self.tr("What was saved before the program ended cannot be read; it is kept as {0}.")
        self._session.problem.emit(text.format(aside))

    def _offer(self, path: Path, saved: SavedSession, origin: Origin | None) -> None:
        when = datetime.fromtimestamp(path.stat().st_mtime)
        text = self.tr("FineParser Studio did not close properly. Recover its session of {0}?")
        box = _question(self._window, self.tr("Recover session"), text.format(f"{when:%Y-%m-%d %H:%M}"))
        box.setInformativeText(names_of([dive.path for dive in saved.dives]))
        _add(
            box,
            self.tr("Recover"),
            QMessageBox.ButtonRole.AcceptRole,
            lambda: self._recover(path, saved, origin),
        )
        _add(box, self.tr("Discard"), QMessageBox.ButtonRole.DestructiveRole, lambda: self._discard(path))
        later = _add(box, self.tr("Ask again later"), QMessageBox.ButtonRole.RejectRole)
        box.setEscapeButton(later)
        box.open()

    def _recover(self, path: Path, saved: SavedSession, origin: Origin | None) -> None:
        self._session.restore(saved)
        if origin is not None and not origin.sha256:  # nobody knows whether the file was changed since
            origin = Origin(origin.path, _digest(origin.path))
        self.path, self._content = (origin.path, origin.sha256) if origin is not None else (None, "")
        self._saved, self._recovered = SavedSession(), True
        if self._autosave is not None:
            self._autosave.origin = origin
        self.changed.emit()
        if self._autosave is not None and self._autosave.write() and self._remove(path):
            self.offer_recovery()

    def _discard(self, path: Path) -> None:
        if self._remove(path):
            self.offer_recovery()

    def _remove(self, path: Path) -> bool:
        """Remove an autosave; False, and a sentence, where it stays, and must not be offered again and again."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            text = self.tr("{0} cannot be removed ({1}) and is offered again at the next start.")
            self._session.problem.emit(text.format(path, error.strerror))
            return False
        return True

    def corrected_dives(self) -> list[Dive]:
        """The dives whose transitions the coach has set."""
        dives = (self._session.dive(key) for key in self._session.keys)
        return [dive for dive in dives if dive.corrected_frames is not None]

    def export_corrections(self) -> None:
        """Ask for a file and write the corrected transitions to it as labels."""
        labels = [label for dive in self.corrected_dives() if (label := _label(dive))]
        reasons = [why_no_label(label) for label in labels]
        if all(reasons):  # said before a file is asked for
            text = self.tr("No corrected dive can be exported as a label. {0}")
            self._session.problem.emit(text.format(" ".join(dict.fromkeys(filter(None, reasons)))))
            return
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Export corrections"), LABELS_NAME, self.tr("FineDiving annotation (*.pkl)")
        )
        if not name:
            return
        path = Path(name) if name.endswith(".pkl") else _free(Path(name + ".pkl"))
        self._session.exports.corrections(labels, path)


def _label(dive: Dive) -> CorrectedDive | None:
    if dive.model_analysis is None or dive.corrected_frames is None:
        return None
    return CorrectedDive(
        by_model=dive.model_analysis.parse,
        transitions=dive.corrected_frames,
        dive_number=dive.dive_number,
        board_m=dive.board_m,
        difficulty=dive.difficulty,
    )


def _kept(dives: Sequence[SavedDive], saved: Sequence[SavedDive]) -> bool:
    """Whether a file has all that is said of the dives; what their videos are known by is found by itself."""
    if len(dives) != len(saved):
        return False
    return all(
        now == (before if before.identity else replace(before, identity=now.identity))
        for now, before in zip(dives, saved, strict=True)
    )


def _digest(path: Path) -> str:
    """Of what a file holds, in hexadecimal digits; "" where it cannot be read."""
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _free(path: Path) -> Path:
    """The path, or one numbered after it where there is a file already."""
    tried = (path.with_name(f"{path.stem} {number}{path.suffix}") for number in count(2))
    return path if not path.exists() else next(one for one in tried if not one.exists())


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
