"""Row of the athletes at the board: who dives next, chosen with a tap."""

from PySide6.QtCore import QMargins, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QScrollArea, QWidget

from fineparser_core.constants import LONGEST_NAME
from fineparser_gui.poolside.practice import Practice
from fineparser_gui.support.widgets import clear, lay_out, push_button

_BUTTON_PX = 56
_FIELD_W = 190


class AthleteRow(QWidget):
    """Large buttons in the order of the board; the checked athlete dives next, and after each dive the next one."""

    def __init__(self, practice: Practice) -> None:
        super().__init__()
        self._practice = practice
        self.buttons: dict[str, QPushButton] = {}
        row = QWidget()
        self._row = QHBoxLayout(row, contentsMargins=QMargins(), spacing=6)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setStyleSheet("QScrollArea { background: transparent; border: none; }")
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFixedHeight(_BUTTON_PX + self._scroll.horizontalScrollBar().sizeHint().height())
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(row)
        self.name = QLineEdit(placeholderText=self.tr("Athlete, then Enter"), maxLength=LONGEST_NAME)
        self.name.setAccessibleName(self.tr("Add an athlete to the order of the board"))
        self.name.setFixedWidth(_FIELD_W)
        self.name.returnPressed.connect(self._enroll)
        lay_out(QHBoxLayout(self, contentsMargins=QMargins(), spacing=6), (self._scroll, 1), self.name)
        practice.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show who is at the board, and who is next."""
        athletes, listed = self._practice.athletes, self._practice.listed
        self.name.setVisible(not listed)
        if list(athletes) != list(self.buttons):
            clear(self._row)
            self.buttons = {name: self._button(name, listed) for name in athletes}
            lay_out(self._row, *self.buttons.values(), None)
        following = self._practice.next_athlete
        for name, button in self.buttons.items():
            button.setText("\n".join(filter(None, (name.replace("&", "&&"), athletes[name]))))
            button.setChecked(name == following)
        if following in self.buttons:
            self._scroll.ensureWidgetVisible(self.buttons[following])

    def _button(self, name: str, listed: bool) -> QPushButton:
        button = push_button(name, lambda: self._choose(name), self.tr("Dives next"), "large")
        button.setCheckable(True)
        button.setMinimumHeight(_BUTTON_PX)
        if not listed:
            leaves = QAction(self.tr("Take out of the order"), button)
            leaves.triggered.connect(lambda: self._practice.strike(name))
            button.addAction(leaves)
            button.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        return button

    def _choose(self, name: str) -> None:
        self._practice.choose(name)
        self.refresh()

    def _enroll(self) -> None:
        self._practice.enroll(self.name.text().strip())
        self.name.clear()
