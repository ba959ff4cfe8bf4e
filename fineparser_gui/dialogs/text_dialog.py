"""Dialogs with text, and the close button that dialogs share."""

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QIcon, QImage, QImageReader, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from fineparser_gui.widgets import resize_within_screen

_MARGIN_PX = 14
_SETTLE_MS = 50


def closing_buttons(dialog: QDialog) -> QDialogButtonBox:
    """A button box with a close button."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
    buttons.rejected.connect(dialog.reject)
    return buttons


class TextPage(QTextBrowser):
    """Read-only text; links open in the browser, pictures are loaded from a folder and are no wider than the page."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._folder = folder
        self._pictures: set[str] = set()
        self._fit_timer = QTimer(self, singleShot=True, interval=_SETTLE_MS, timeout=self._fit_pictures)
        self.setOpenExternalLinks(True)
        self.document().setDocumentMargin(_MARGIN_PX)

    def loadResource(self, kind: int, name: QUrl) -> object:
        if kind != QTextDocument.ResourceType.ImageResource.value or self._folder is None:
            return super().loadResource(kind, name)
        self._pictures.add(name.path())
        return self._picture(name.path())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._pictures and event.size().width() != event.oldSize().width():
            self._fit_timer.start()

    def _fit_pictures(self) -> None:
        document = self.document()
        for name in self._pictures:
            document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), self._picture(name))
        document.markContentsDirty(0, document.characterCount())

    def _picture(self, name: str) -> QImage:
        reader = QImageReader(str((self._folder or Path()) / name))
        size, room_px = reader.size(), self.viewport().width() - 2 * round(self.document().documentMargin())
        if size.width() > room_px > 0:
            size = size.scaled(room_px, size.height(), Qt.AspectRatioMode.KeepAspectRatio)
        ratio = self.devicePixelRatioF()
        reader.setScaledSize(size * ratio)
        image = reader.read()
        image.setDevicePixelRatio(ratio)
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
