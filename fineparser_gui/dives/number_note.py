"""Note at the dive number: contradictions, and buttons that resolve them."""

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from fineparser_core.diving.name_parsing import parse_file_name
from fineparser_core.language import translated
from fineparser_core.recognition.contradictions import contradiction_text
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.session import Session
from fineparser_gui.support.formatting import board_text
from fineparser_gui.support.widgets import label, lay_out, push_button, restyle


class NumberNote(QWidget):
    """Note that is visible if the video, the dive list or the file's name contradicts the entered dive.

    Attributes:
        confirm: button that scores the dive as it was entered.
        take: button that sets the number that the video shows.
        take_board: button that sets the board measured from the fall.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, editing = session, session.editing
        self._text = label(wrap=True)
        tip = self.tr("Score the dive as it was entered, whatever the video shows")
        self.confirm = push_button("", lambda: session.on_current(editing.confirm_details), tip)
        tip = self.tr("Change the dive number to what the video shows")
        self.take = push_button("", lambda: session.on_current(editing.take_seen_number), tip)
        tip = self.tr("Change the board to what the fall shows")
        self.take_board = push_button("", self._on_take_board, tip)
        grid = QGridLayout(spacing=6)  # in a row they are wider than the panel in some languages
        for place, button in enumerate((self.confirm, self.take, self.take_board)):
            grid.addWidget(button, place // 2, place % 2)
        grid.setColumnStretch(2, 1)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(), spacing=4), self._text, grid)
        session.shown_changed.connect(self._refresh)
        session.meet_changed.connect(self._refresh)
        self._refresh()

    @property
    def text(self) -> str:
        return self._text.text()

    def _refresh(self) -> None:
        dive = self._session.current
        said = self._said(dive) if dive is not None else []
        self.setVisible(bool(said))
        if dive is None or not said:
            return
        self._text.setText("\n".join(said))
        restyle(self._text, role="error" if dive.contradicted else "muted")
        parts = {one.part for one in dive.contradictions}
        self.confirm.setVisible(dive.contradicted)
        self.confirm.setText(self.tr("Score as {0}").format(dive.dive_number))
        seen = next((one.dive_number for one in dive.seen_numbers), None)
        self.take.setVisible(bool(parts - {"board"}) and seen not in (None, dive.dive_number))
        self.take.setText(self.tr("Take {0}").format(seen))
        self.take_board.setVisible("board" in parts and dive.seen_board_m is not None)
        self.take_board.setText(self.tr("Take {0}").format(board_text(dive.seen_board_m)))

    def _said(self, dive: Dive) -> list[str]:
        """Return sentences on contradictions to the number of a dive."""
        of_number = [one for one in dive.contradictions if one.part != "board"][:1]
        of_board = [one for one in dive.contradictions if one.part == "board"]
        said = [translated(contradiction_text(one)) for one in (*of_number, *of_board)]
        if dive.dive_number is None:
            return said
        listed, named = self._session.meets.number_of(dive.key), parse_file_name(dive.path.stem).dive_number
        if listed not in (None, dive.dive_number):
            said.append(self.tr("The dive list says {0}.").format(listed))
        if named not in (None, dive.dive_number):
            said.append(self.tr("The file name says {0}.").format(named))
        return said

    def _on_take_board(self) -> None:
        dive = self._session.current
        if dive is not None:
            self._session.editing.set_details(dive.key, dive.dive_number, None, dive.difficulty)
