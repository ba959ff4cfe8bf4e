"""Report of missing and conflicting videos, with the question where they are."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from fineparser_core.video.files import names_of
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.session.video_files import is_there
from fineparser_gui.support.messages import MessageStack
from fineparser_gui.support.save_path import videos_filter


class MissingVideos(QObject):
    """Reporter of missing videos, each once and all together; the rows stay.

    Args:
        messages: messages that show the report.
        window: window over which the file dialog opens.
    """

    def __init__(self, session: Session, messages: MessageStack, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._messages, self._window = session, messages, window
        self._untold: set[str] = set()
        self._told: set[str] = set()
        self._shown: set[str] = set()  # those named in the message
        self._tell_timer = QTimer(self, singleShot=True, interval=0)  # once for all videos that are opened together
        self._tell_timer.timeout.connect(self._tell)
        messages.offer_closed.connect(self._on_closed)
        session.dive_changed.connect(self._on_changed)
        session.dive_removed.connect(self._on_changed)

    def locate(self, key: str) -> None:
        """Ask for the new path of a missing video; others that were moved with it are found too."""
        if not self._is_missing(key):
            return
        old = self._session.dive(key).path
        near = next((folder for folder in old.absolute().parents if folder.is_dir()), Path())
        asked = self.tr("Where is {0}?").format(old.name)
        name, _ = QFileDialog.getOpenFileName(self._window, asked, str(near), videos_filter())
        if name:
            self._session.importer.locate_moved(key, Path(name))

    def _is_missing(self, key: str) -> bool:
        dive = self._session.find(key)
        return dive is not None and dive.state is DiveState.MISSING

    def _on_changed(self, key: str) -> None:
        if not self._is_missing(key):
            self._told.discard(key)
            self._untold.discard(key)
            if key in self._shown:  # the message is outdated: report the others again
                self._untold |= self._shown - {key}
                self._told -= self._shown
                self._shown = set()
                self._messages.withdraw()
        elif key not in self._told:
            self._untold.add(key)
        self._tell_timer.start()

    def _on_closed(self) -> None:
        self._shown = set()
        self._tell()

    def _tell(self) -> None:
        if not self._untold or self._shown:
            return
        dives = [self._session.dive(key) for key in self._session.keys]
        if any(dive.state is DiveState.OPENING for dive in dives):  # a single message for all
            return
        untold = [dive for dive in dives if dive.key in self._untold]
        other = next((dive for dive in untold if dive.conflicting_video is not None), None)
        alike = self._session.importer.with_same_conflict(other.key) if other is not None else []
        self._shown = set(alike) or {dive.key for dive in untold}
        self._told |= self._shown
        self._untold -= self._shown
        if other is None:
            find = self.tr("Find it…") if len(untold) == 1 else self.tr("Find them…")
            self._messages.offer(self._text(untold), [(find, lambda: self.locate(untold[0].key))])
            return
        actions = [
            (self.tr("Use it anyway"), lambda: self._session.importer.use_conflicting_video(other.key)),
            (self.tr("Choose again…"), lambda: self.locate(other.key)),
        ]
        text = other.problem or ""
        if len(alike) > 1:
            text = self.tr("{0} Rows of the list that are of this video: {1}.").format(text, len(alike))
        self._messages.offer(text, actions)

    def _text(self, dives: list[Dive]) -> str:
        paths = [dive.path for dive in dives]
        if len(dives) > 1:
            text = self.tr("Videos that have moved or cannot be opened ({0}): {1}.")
            return text.format(len(dives), names_of(paths))
        if is_there(paths[0]):
            return dives[0].problem or ""
        return self.tr("1 video has moved: {0} is no longer in {1}.").format(paths[0].name, paths[0].parent)
