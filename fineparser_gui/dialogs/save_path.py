"""Asks for the name of a file to write."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from fineparser_core.language import text


def ask_save_path(parent: QWidget, proposed: Path, suffixes: Sequence[str]) -> Path | None:
    """The path that the user chooses, with one of the suffixes; None: they chose none.

    Args:
        suffixes: the first is appended where the name has none of them.
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
    name, _ = QFileDialog.getSaveFileName(parent, title, str(proposed), filters[suffixes[0]])
    if not name:
        return None
    path = Path(name)
    if path.suffix.lower() in suffixes:
        return path
    path = path.with_name(path.name + suffixes[0])
    # The file dialog has not asked about a file whose suffix is added here.
    return path if not path.exists() or _may_replace(parent, path) else None


def _may_replace(parent: QWidget, path: Path) -> bool:
    asked = text("{0} exists already. Replace it?", path.name)
    answer = QMessageBox.question(parent, text("Export"), asked)
    return answer == QMessageBox.StandardButton.Yes
