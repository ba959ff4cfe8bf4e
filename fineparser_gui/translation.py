"""The language of the window: Qt's own texts, and the program's where a translation of them lies in the resources.

A translation is a file `translations/fineparser_LOCALE.qm` of the resources, e.g. `fineparser_de.qm`: `pyside6-lupdate`
collects the texts of the sources into a .ts file, and `pyside6-lrelease` makes the .qm of it. None is bundled yet.
"""

from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, Qt, QTranslator
from PySide6.QtGui import QGuiApplication

from fineparser_core.resources import resource


def install_translators(
    app: QGuiApplication, locale: QLocale | None = None, folder: Path | None = None
) -> list[QTranslator]:
    """Translate what is shown from now on; what is not translated stays English.

    Args:
        locale: the language; None: the system's.
        folder: of the program's own translations; None: the one of the resources.

    Returns:
        What was installed.
    """
    locale = locale or QLocale()
    if locale.uiLanguages()[0].partition("-")[0] == "en":  # else the user's second language would be taken
        return []
    of_qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    installed, own = [], False
    for name, place in (("qtbase", of_qt), ("fineparser", str(folder or resource("translations")))):
        translator = QTranslator(app)
        if translator.load(locale, name, "_", place):
            app.installTranslator(translator)
            installed.append(translator)
            own = name == "fineparser"
    if not own:  # English texts are not to be read from right to left, whatever Qt's own are
        app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    return installed
