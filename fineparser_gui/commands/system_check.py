"""The page of `fineparser doctor` in a dialog, with a button that copies it."""

from PySide6.QtCore import QProcess
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QWidget

from fineparser_core.language import text
from fineparser_core.support.own_process import own_process
from fineparser_gui.preferences.records import Preferences
from fineparser_gui.support.ending import end
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
        program, *arguments = own_process("fineparser_core.commands.cli", "doctor", *chosen)
        self._process = QProcess(self)
        self._process.finished.connect(self._show)
        self._process.errorOccurred.connect(lambda error: self._show())
        self._process.start(program, arguments)
        self.finished.connect(self._stop)

    def _show(self, *_: object) -> None:
        told = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace").strip()
        wrong = bytes(self._process.readAllStandardError().data()).decode(errors="replace").strip()
        self.page.setPlainText(told or wrong or self._process.errorString())
        self.button.setEnabled(True)

    def _stop(self) -> None:
        self._process.blockSignals(True)
        end(self._process)
