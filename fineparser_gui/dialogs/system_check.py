"""The page of `fineparser doctor` in a dialog, with a button that copies it."""

from PySide6.QtCore import QCoreApplication, QProcess, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from fineparser_core.support.own_process import own_process
from fineparser_gui.dialogs.text_dialog import TextPage, closing_buttons
from fineparser_gui.services.ending import end
from fineparser_gui.settings.preferences import Preferences
from fineparser_gui.widgets import resize_within_screen

translate = QCoreApplication.translate


class SystemCheckDialog(QDialog):
    """Looks at this computer in a process of its own, which takes some seconds.

    The page is English in every language, as it is meant to be sent to whoever helps.

    Attributes:
        page: what was found; says so while it is not there yet.
        copy_button: puts the page on the clipboard.
    """

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("dialogs", "System check"))
        resize_within_screen(self, 760, 620)
        self.page = TextPage()
        self.page.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.page.setLineWrapMode(TextPage.LineWrapMode.NoWrap)
        self.page.setAccessibleName(translate("dialogs", "System check"))
        self.page.setPlainText(translate("dialogs", "Looking at this computer…"))
        buttons = closing_buttons(self)
        self.copy_button = buttons.addButton(translate("dialogs", "Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.setEnabled(False)
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.page.toPlainText()))
        layout = QVBoxLayout(self)
        layout.addWidget(self.page)
        layout.addWidget(buttons)
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
        self.copy_button.setEnabled(True)

    def _stop(self) -> None:
        self._process.blockSignals(True)
        end(self._process)
