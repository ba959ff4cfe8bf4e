"""Dive number and board of the shown dive: validated as they are typed, and never required."""

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from fineparser_core.diving.difficulty import BOARDS_M, find_difficulty
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_gui.panels.parts import board_text, card, label
from fineparser_gui.session.session import Session


class DetailsPanel(QWidget):
    """A field and a picker; a complete dive number goes to the session at once."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._key: str | None = None
        self.number = QLineEdit()
        self.number.setPlaceholderText(self.tr("dive number, e.g. 207C"))
        self.number.setAccessibleName(self.tr("Dive number"))
        self.number.setMaxLength(8)
        self.number.setClearButtonEnabled(True)
        self.number.textEdited.connect(self._on_edited)
        self.number.returnPressed.connect(self.number.clearFocus)  # the keys are the player's again
        self.board = QComboBox()
        self.board.setAccessibleName(self.tr("Board"))
        self.board.addItem(self.tr("any board"), None)
        for board_m in BOARDS_M:
            self.board.addItem(board_text(board_m), board_m)
        self.board.activated.connect(self._on_edited)
        self._note = label(wrap=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.number, 3)
        row.addWidget(self.board, 2)
        frame, layout = card()
        layout.addLayout(row)
        layout.addWidget(self._note)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        session.current_changed.connect(self._on_current_changed)
        self._on_current_changed()

    @property
    def note(self) -> str:
        return self._note.text()

    def _on_current_changed(self) -> None:
        dive = self._session.current
        self._key = dive.key if dive else None
        self.setEnabled(dive is not None)
        self.number.setText(dive.dive_number or "" if dive else "")
        self.board.setCurrentIndex(max(self.board.findData(dive.board_m if dive else None), 0))
        self._validate()

    def _on_edited(self) -> None:
        dive = self._validate()
        if self._key is not None and (dive is not None or not self.number.text().strip()):
            self._session.set_details(self._key, str(dive) if dive else None, self.board.currentData())

    def _validate(self) -> DiveNumber | None:
        """The dive number in the field, and a line that says how it was understood."""
        text = self.number.text().strip()
        if not text:
            self._say("muted", self.tr("Needed for a score; steps and masks do without."))
            return None
        try:
            dive = parse_dive_number(text)
        except ConfigError as error:
            self._say("error", str(error))
            return None
        try:
            difficulty = find_difficulty(dive, self.board.currentData())
        except ConfigError as error:
            self._say("error", f"{dive.words}. {error}")
        else:
            dd = self.tr("DD {0:.1f}").format(difficulty.value)
            self._say("muted", f"{dive.words} · {dd}")
        return dive

    def _say(self, role: str, text: str) -> None:
        self._note.setProperty("role", role)
        self.number.setProperty("valid", role != "error")
        for widget in (self._note, self.number):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self._note.setText(text)
