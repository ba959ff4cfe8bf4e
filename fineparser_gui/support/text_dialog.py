"""A page of text, and the buttons that dialogs share."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QIcon, QImage, QImageReader, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QTextBrowser

_MARGIN_PX = 14
_SETTLE_MS = 50


def closing_buttons(dialog: QDialog) -> QDialogButtonBox:
    """Return a button box with a close button."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
    buttons.rejected.connect(dialog.reject)
    return buttons


def deciding_buttons(dialog: QDialog, text: str, accept: Callable[[], None]) -> tuple[QDialogButtonBox, QPushButton]:
    """Return a button box to accept or to cancel, and its button that accepts."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    buttons.button(QDialogButtonBox.StandardButton.Cancel).setIcon(QIcon())
    chosen = buttons.addButton(text, QDialogButtonBox.ButtonRole.AcceptRole)
    chosen.setProperty("role", "primary")
    chosen.setDefault(True)
    buttons.accepted.connect(accept)
    buttons.rejected.connect(dialog.reject)
    return buttons, chosen


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
