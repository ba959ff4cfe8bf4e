"""The page of licences in a dialog, from which their texts can be read as well."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from fineparser_core.support.licences import licence_page, licence_texts
from fineparser_gui.dialogs.text_dialog import TextPage, closing_buttons
from fineparser_gui.widgets import resize_within_screen

translate = QCoreApplication.translate


class LicencesDialog(QDialog):
    """What others wrote that the program needs, and what their licences ask for.

    Attributes:
        page: the page, or the texts.
        texts_button: shows the licence texts instead.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("dialogs", "Licences"))
        resize_within_screen(self, 760, 640)
        self.page = TextPage()
        self.page.setMarkdown(licence_page())
        self.page.setAccessibleName(translate("dialogs", "Licences"))
        buttons = closing_buttons(self)
        self.texts_button = buttons.addButton(
            translate("dialogs", "Licence texts"), QDialogButtonBox.ButtonRole.ActionRole
        )
        self.texts_button.clicked.connect(self._show_texts)
        layout = QVBoxLayout(self)
        layout.addWidget(self.page)
        layout.addWidget(buttons)

    def _show_texts(self) -> None:
        self.page.setPlainText(licence_texts())
        self.texts_button.setEnabled(False)
