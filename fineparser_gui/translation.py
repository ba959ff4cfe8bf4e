"""Translations of Qt's texts, and of the program's where the resources have one.

A translation is a file `translations/fineparser_LOCALE.qm` of the resources, e.g. `fineparser_de.qm`: `pyside6-lupdate`
collects the texts of the sources into a .ts file, and `pyside6-lrelease` compiles it to .qm. None is bundled yet.
"""

from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, Qt, QTranslator
from PySide6.QtGui import QGuiApplication

from fineparser_core.resources import resource


def install_translators(
    app: QGuiApplication, locale: QLocale | None = None, folder: Path | None = None
) -> list[QTranslator]:
    """Install the translators of a language; texts without a translation stay English.

    Args:
        locale: of the language; None: of the system.
        folder: of the program's translations; None: that of the resources.

    Returns:
        The installed translators.
    """
    locale = locale or QLocale()
    if locale.uiLanguages()[0].partition("-")[0] == "en":  # otherwise Qt takes the second language of the user
        return []
    of_qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    installed, own = [], False
    for name, place in (("qtbase", of_qt), ("fineparser", str(folder or resource("translations")))):
        translator = QTranslator(app)
        if translator.load(locale, name, "_", place):
            app.installTranslator(translator)
            installed.append(translator)
            own = name == "fineparser"
    if not own:  # the program's English texts need left-to-right layout
        app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    return installed
