"""Suggested dive numbers, shown while the dive has none; a click accepts one."""

import re

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from fineparser_gui.model.dive import Dive
from fineparser_gui.services.session import Session
from fineparser_gui.widgets import keyboard_friendly, label

_MOST = 3
#: Of a dive number, perhaps without its letter.
_DIGITS = re.compile(r"(?<!\d)\d{3,4}[A-Da-d]?(?![\dA-Za-z])")


class Suggestions(QWidget):
    """One button per suggested number."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        row = QHBoxLayout(self, contentsMargins=QMargins(), spacing=6)
        lead = label(self.tr("Similar exemplars:"), "muted")
        row.addWidget(lead)
        self.buttons = [QPushButton() for _ in range(_MOST)]
        for button in self.buttons:
            button.setProperty("role", "chip")
            button.setToolTip(
                self.tr("Dive numbers of the exemplars most similar to this clip. Often wrong: check before use.")
            )
            button.clicked.connect(lambda _checked=False, button=button: self._take(button.text()))
            keyboard_friendly(button)
            row.addWidget(button)
        row.addStretch()
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        dive = self._session.current
        offered = self._fitting(dive)[:_MOST] if dive is not None and dive.dive_number is None else []
        self.setVisible(bool(offered))
        for place, button in enumerate(self.buttons):
            button.setVisible(place < len(offered))
            button.setText(offered[place] if place < len(offered) else "")
            button.setAccessibleName(self.tr("Use dive number {0}").format(button.text()))

    def _fitting(self, dive: Dive) -> list[str]:
        """Numbers that exemplars from the dive's board have; of them those whose digits the file's name has, if any."""
        fitting = list(dive.suggestions)
        if fitting and dive.board_m is not None:
            known = self._session.library.exemplars  # before the worker's first report they are read from disk
            from_board = {one.dive_number for one in known if one.board_m in (dive.board_m, None)}
            fitting = [one for one in fitting if one in from_board]
        named = tuple(one.upper() for one in _DIGITS.findall(dive.title))
        return [one for one in fitting if named and one.startswith(named)] or fitting

    def _take(self, number: str) -> None:
        dive = self._session.current
        if dive is not None and number:
            self._session.editing.set_details(dive.key, number, dive.board_m, dive.difficulty)
