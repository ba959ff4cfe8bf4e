"""Chips of the likeliest dive numbers that the video shows; a click sets the number."""

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.language import text
from fineparser_core.records import SeenNumber
from fineparser_gui.dives.session import Session
from fineparser_gui.support.formatting import seen_text
from fineparser_gui.support.widgets import keyboard_friendly

#: Chips beside the field of a narrow column.
_MOST_CHIPS = 2


def show_seen(chip: QPushButton, one: SeenNumber) -> None:
    """Show a number on a chip, and its dive in the tool tip."""
    said = parse_dive_number(one.dive_number).description
    chip.setText(one.dive_number)
    chip.setToolTip(text("Seen in the video: {0}, {1}. Click to take it.", seen_text(one), said))
    chip.setAccessibleName(text("Take dive number {0}: {1}", seen_text(one), said))


class SeenNumbers(QWidget):
    """A chip per number, the likeliest first; that of the dive is marked.

    Attributes:
        chips: buttons.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        row = QHBoxLayout(self, contentsMargins=QMargins(), spacing=6)
        self.chips = [QPushButton(checkable=True) for _ in range(_MOST_CHIPS)]
        for place, chip in enumerate(self.chips):
            chip.setProperty("role", "chip")
            chip.clicked.connect(lambda _=False, place=place: self._take(place))
            keyboard_friendly(chip)
            row.addWidget(chip)
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        dive = self._session.current
        offered = dive.seen_numbers[:_MOST_CHIPS] if dive is not None else ()
        self.setVisible(bool(offered))
        for place, chip in enumerate(self.chips):
            chip.setVisible(place < len(offered))
            if dive is not None and place < len(offered):
                show_seen(chip, offered[place])
                chip.setChecked(offered[place].dive_number == dive.dive_number)

    def _take(self, place: int) -> None:
        dive = self._session.current
        if dive is not None:
            self._session.editing.take_seen_number(dive.key, dive.seen_numbers[place].dive_number)
        self._refresh()  # a click on the marked chip changes nothing
