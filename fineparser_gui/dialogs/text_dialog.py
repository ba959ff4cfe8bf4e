"""Dialogs with text, and the close button that dialogs share."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QIcon, QImage, QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from fineparser_gui.panels.widgets import resize_within_screen

_WIDEST_PICTURE_PX = 600


def closing_buttons(dialog: QDialog) -> QDialogButtonBox:
    """A button box with a close button."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
    buttons.rejected.connect(dialog.reject)
    return buttons


class TextPage(QTextBrowser):
    """Read-only text; links open in the browser, pictures are loaded from a folder and scaled to the page."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._folder = folder
        self.setOpenExternalLinks(True)
        self.document().setDocumentMargin(14)

    def loadResource(self, kind: int, name: QUrl) -> object:
        if kind != QTextDocument.ResourceType.ImageResource.value or self._folder is None:
            return super().loadResource(kind, name)
        image = QImage(str(self._folder / name.path()))
        if image.width() > _WIDEST_PICTURE_PX:
            image = image.scaledToWidth(_WIDEST_PICTURE_PX, Qt.TransformationMode.SmoothTransformation)
        return image


def text_dialog(title: str, text: QTextBrowser, parent: QWidget) -> QDialog:
    """A dialog with a page of text."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    resize_within_screen(dialog, 700, 640)
    text.setAccessibleName(title)
    layout = QVBoxLayout(dialog)
    layout.addWidget(text)
    layout.addWidget(closing_buttons(dialog))
    return dialog
