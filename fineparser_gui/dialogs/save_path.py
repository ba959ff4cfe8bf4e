"""Asks for the name of a file to write."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

translate = QCoreApplication.translate


def ask_save_path(parent: QWidget, proposed: Path, suffixes: Sequence[str]) -> Path | None:
    """The path that the user chooses, with one of the suffixes; None: they chose none.

    Args:
        suffixes: the first is appended where the name has none of them.
    """
    filters = {
        ".mp4": translate("ExportDialog", "MP4 video (*.mp4)"),
        ".png": translate("ExportDialog", "Pictures (*.png *.jpg)"),
        ".csv": translate("ExportDialog", "Table (*.csv)"),
        ".json": translate("ExportDialog", "Data (*.json)"),
        ".pdf": translate("ExportDialog", "PDF (*.pdf)"),
        ".html": translate("ExportDialog", "Page (*.html)"),
    }
    title = translate("ExportDialog", "Export")
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
    text = translate("ExportDialog", "{0} exists already. Replace it?").format(path.name)
    answer = QMessageBox.question(parent, translate("ExportDialog", "Export"), text)
    return answer == QMessageBox.StandardButton.Yes
