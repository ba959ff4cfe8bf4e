"""The page of `fineparser doctor` in a dialog, with a button that copies it."""

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QWidget

from fineparser_core.language import text
from fineparser_gui.preferences.records import Preferences
from fineparser_gui.support.process import Process
from fineparser_gui.support.text_dialog import TextDialog, TextPage


class SystemCheckDialog(TextDialog):
    """Dialog that examines this computer in a separate process, which takes some seconds.

    The page is English in every language, as it is meant to be sent to whoever helps.
    """

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        page = TextPage()
        copy = text("Copy"), lambda: self.copy()
        super().__init__(text("System check"), page, parent, size=(760, 620), button=copy)
        page.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        page.setLineWrapMode(TextPage.LineWrapMode.NoWrap)
        page.setPlainText(text("Looking at this computer…"))
        self.button.setEnabled(False)
        chosen = ["--device", preferences.device, "--precision", preferences.precision]
        if preferences.weights:
            chosen += ["--weights", preferences.weights]
        self._told: list[bytes] = []
        self._process = Process("doctor", "fineparser_core.commands.cli", "doctor", *chosen, parent=self)
        self._process.received.connect(self._told.append)
        self._process.ended.connect(self._show)
        self._process.start()
        self.finished.connect(lambda _: self._process.close())

    def _show(self) -> None:
        told = b"\n".join(self._told).decode(errors="replace").strip()
        self.page.setPlainText(told or "\n".join(self._process.last_words))
        self.button.setEnabled(True)
