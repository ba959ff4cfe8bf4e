"""Text field for a dive number, with a menu of the numbers that have exemplars."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_gui.support.icons import icon
from fineparser_gui.support.widgets import follow_palette


class NumberField(QLineEdit):
    """Field whose arrow, or Alt+Down, opens the menu; a picked number is inserted as if typed.

    Args:
        numbers: returns the number of exemplars by dive number.
    """

    def __init__(self, numbers: Callable[[], Mapping[str, int]], text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._numbers = numbers
        self.setAccessibleName(self.tr("Dive number"))
        self.setAccessibleDescription(self.tr("Alt+Down opens a list of the numbers with exemplars"))
        self._arrow = QAction(self.tr("Pick a dive number (Alt+Down)"), self)
        self._arrow.triggered.connect(self.open_list)
        self.addAction(self._arrow, QLineEdit.ActionPosition.TrailingPosition)
        follow_palette(self, self._color_icon)
        self._color_icon()

    def open_list(self) -> QMenu:
        """Open the menu of dive numbers."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        numbers = self._numbers()
        there = self.tr("Dive numbers with exemplars, and how many")
        menu.addAction(there if numbers else self.tr("There are no exemplars yet.")).setEnabled(False)
        for number in sorted(numbers, key=_rules_order):
            words = parse_dive_number(number).description
            action = menu.addAction(self.tr("{0}  {1}").format(number, words) + f"\t{numbers[number]}")
            action.triggered.connect(lambda _=False, number=number: self._take(number))
            if number == self.text().strip().upper():
                menu.setActiveAction(action)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _opens(event):
            self.open_list()
        else:
            super().keyPressEvent(event)

    def _color_icon(self) -> None:
        self._arrow.setIcon(icon("chevron-down", self.palette().text().color().name()))

    def _take(self, number: str) -> None:
        self.selectAll()
        self.insert(number)  # not setText, so that Ctrl+Z in the field works


def _opens(event: QKeyEvent) -> bool:
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return event.key() == Qt.Key.Key_Down and modifiers == Qt.KeyboardModifier.AltModifier


def _rules_order(number: str) -> tuple[str, int, str]:
    """Sort key in the order of the rules' tables: 107B before 1011C."""
    return number[0], int(number[:-1]), number[-1]
