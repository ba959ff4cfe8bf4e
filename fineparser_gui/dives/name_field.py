"""Field for a name that may have been given before: of a diver, or of an event."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QCompleter, QLineEdit

from fineparser_core.constants import LONGEST_NAME


class NameField(QLineEdit):
    """Field that completes typed names.

    Args:
        names: returns the names to choose from, each time the field gets the focus.
    """

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self.setMaxLength(LONGEST_NAME)
        self._names, self._known = names, QStringListModel(self)
        completer = QCompleter(self._known, self, caseSensitivity=Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCompleter(completer)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._known.setStringList(list(self._names()))
        super().focusInEvent(event)

    def show_name(self, name: str) -> None:
        """Show a name from its beginning."""
        self.setText(name)
        self.setCursorPosition(0)
