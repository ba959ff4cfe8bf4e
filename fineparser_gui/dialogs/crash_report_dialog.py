"""A report of what went wrong in a dialog, with a button that copies it."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from fineparser_gui.dialogs.text_dialog import TextPage, closing_buttons
from fineparser_gui.widgets import resize_within_screen

translate = QCoreApplication.translate


class CrashReportDialog(QDialog):
    """Shows what would help whoever looks into it; where it goes is up to the coach.

    Attributes:
        page: the report.
    """

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("dialogs", "Crash report"))
        resize_within_screen(self, 760, 620)
        self.page = TextPage()
        self.page.setPlainText(text)
        self.page.setAccessibleName(translate("dialogs", "Crash report"))
        buttons = closing_buttons(self)
        copy = buttons.addButton(translate("dialogs", "Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        layout = QVBoxLayout(self)
        layout.addWidget(self.page)
        layout.addWidget(buttons)
