"""Opening of videos, folders, session files and the sample dive, from dialogs, the command line and drops."""

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from fineparser_core.resources import resource
from fineparser_gui.dives.session import Session
from fineparser_gui.store.save_path import videos_filter
from fineparser_gui.store.session_dialogs import SessionDialogs
from fineparser_gui.store.session_file import SUFFIX


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
            known: attributes of all of them; those that are None are the usual ones of the session.
        """
        self._files.controller.begin_evening()
        self._session.open(paths, **self._session.usual | {name: one for name, one in known.items() if one is not None})

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
