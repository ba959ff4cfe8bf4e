"""The language of the window: its choice, its texts, and those of Qt itself."""

import re

from PySide6.QtCore import QLibraryInfo, QLocale, Qt, QTranslator
from PySide6.QtGui import QGuiApplication

from fineparser_core.language import ENGLISH, LANGUAGES, language, translation, use_language


class TableTranslator(QTranslator):
    """Translator of Qt that reads the table of translations, in the language of this process.

    The table knows no contexts: the same English words are the same text everywhere.
    """

    #: A counted thing of an English text.
    _COUNTED = re.compile(r"(\{0\} (?:file )?\w+?)s\b")

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str | None:
        """Return the translation of a text, or None; of an English text its singular for one thing."""
        if language() == ENGLISH:
            return self._COUNTED.sub(r"\1", text) if n == 1 else None
        return translation(text, count=n if n >= 0 else 2)

    def isEmpty(self) -> bool:
        """Return False, so that Qt installs the translator."""
        return False


def language_of(locale: QLocale) -> str:
    """Return the first of the user's languages that has a translation, or English."""
    for name in locale.uiLanguages():
        main = name.partition("-")[0]
        if name.startswith("zh-Hans"):
            return "zh_CN"
        if main in LANGUAGES:
            return main
    return ENGLISH


def install_language(app: QGuiApplication, chosen: str = "", system: QLocale | None = None) -> list[QTranslator]:
    """Choose the language of texts, numbers and dates; before the first window is made.

    Args:
        chosen: code of the language; "": that of the system.
        system: its locale; None: as Qt finds it.

    Returns:
        The installed translators.
    """
    system = system or QLocale.system()
    use_language(chosen or language_of(system))
    code = language()
    if chosen and language_of(system) != chosen:  # numbers as well; with the system's language those of its region
        QLocale.setDefault(QLocale(chosen))
    app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # of all these languages, whatever the system's is
    installed: list[QTranslator] = []
    of_qt = QTranslator(app)
    if code != ENGLISH and of_qt.load(
        QLocale(code), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    ):
        installed.append(of_qt)
    installed.append(TableTranslator(app))  # Qt asks the last translator first
    for translator in installed:
        app.installTranslator(translator)
    return installed
