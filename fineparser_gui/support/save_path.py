"""Dialog for the name of a file to write, in the folder of the last file."""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from fineparser_core.language import text
from fineparser_core.resources import resource
from fineparser_core.video.files import VIDEO_SUFFIXES
from fineparser_gui.support.widgets import choice_box


class LastFolder:
    """The folder of the file that was saved last."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def proposed(self, path: Path) -> Path:
        """Return a free path of that name: in that folder, else where it is, but never among the program's own files.

        An installer replaces those as a whole, and with them whatever lies beside the sample dive.
        """
        beside = Path.home() if path.absolute().is_relative_to(resource().absolute()) else path.parent
        folder = self._folder if self._folder is not None and self._folder.is_dir() else beside
        return free_path(folder / path.name)

    def remember(self, path: Path) -> None:
        """Remember the folder of a file that is saved."""
        self._folder = path.absolute().parent


#: Last folder of this program, shared by all files that it saves, as in the file dialogs of the desktop.
LAST_FOLDER = LastFolder()


def ask_save_path(parent: QWidget, proposed: Path, suffixes: Sequence[str]) -> Path | None:
    """Ask the user for a path with a suffix of `suffixes`; return None if the user cancels.

    Args:
        proposed: path whose name is proposed in the folder of the file saved last, else in its folder.
        suffixes: allowed suffixes; the first is appended if the name has none of them.
    """
    filters = {
        ".mp4": text("MP4 video (*.mp4)"),
        ".png": text("Pictures (*.png *.jpg)"),
        ".csv": text("Table (*.csv)"),
        ".json": text("Data (*.json)"),
        ".pdf": text("PDF (*.pdf)"),
        ".html": text("Page (*.html)"),
    }
    title = text("Export")
    name, _ = QFileDialog.getSaveFileName(parent, title, str(LAST_FOLDER.proposed(proposed)), filters[suffixes[0]])
    if not name:
        return None
    path = Path(name)
    if path.suffix.lower() not in suffixes:
        # A suffix added after the dialog has asked could overwrite a file that it did not ask about.
        path = free_path(path.with_name(path.name + suffixes[0]))
    LAST_FOLDER.remember(path)
    return path


def videos_filter() -> str:
    """Return the filter of a file dialog that asks for videos."""
    return text("Videos ({0});;All files (*)", " ".join(f"*{suffix}" for suffix in VIDEO_SUFFIXES))


def free_path(path: Path) -> Path:
    """Return the path, with a number appended if the file exists already."""
    tried = (path.with_name(f"{path.stem} {number}{path.suffix}") for number in count(2))
    return path if not os.path.lexists(path) else next(one for one in tried if not os.path.lexists(one))


def report_formats() -> QComboBox:
    """Return a choice of the kind of file that a report is."""
    return choice_box([(text("PDF: to print and sign"), ".pdf"), (text("HTML: for the browser, in one file"), ".html")])
