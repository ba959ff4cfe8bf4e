"""Form for diver, event, date, dive number, board and DD of the shown dive: optional, and validated while typing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isfinite

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QWidget

from fineparser_core.diving.difficulty import find_difficulty
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.diving.outcomes import DiveOutcome, dive_outcome_text
from fineparser_core.errors import ConfigError
from fineparser_core.language import translated
from fineparser_gui.compare.exemplar_snapshot import Details
from fineparser_gui.dives.dive import LONGEST_NOTE, day
from fineparser_gui.dives.judging_fields import JudgingFields
from fineparser_gui.dives.name_field import NameField
from fineparser_gui.dives.number_field import NumberField
from fineparser_gui.dives.number_note import NumberNote
from fineparser_gui.dives.seen_numbers import SeenNumbers
from fineparser_gui.dives.session import Session
from fineparser_gui.support.formatting import board_entries, board_text, decimal, shortest
from fineparser_gui.support.widgets import (
    choice_box,
    fill_with_card,
    keyboard_friendly,
    label,
    lay_out,
    note_field,
    restyle,
)

#: Height of the note's field, in lines.
_NOTE_LINES = 2
#: Padding of a field with its frame, left and right of the text together, in pixels.
_PADDING_PX = 30


class DetailsPanel(QWidget):
    """Fields of a dive's details, which send every valid change to the session at once.

    While it is typed, an empty or invalid dive number or DD leaves the dive unchanged; once the field is left, an empty
    field clears it.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._key: str | None = None
        self._known: Details = (None, None, None)
        self._finished: Details = (None, None, None)  # details before the text that is being typed
        self.diver, self.event_name = (
            NameField(lambda: session.history.known_names("diver")),
            NameField(lambda: session.history.known_names("event")),
        )
        for field, hint, name, change in (
            (self.diver, self.tr("diver"), self.tr("Diver"), session.editing.set_diver),
            (self.event_name, self.tr("event or venue"), self.tr("Event or venue"), session.editing.set_event),
        ):
            field.setPlaceholderText(hint)
            field.setAccessibleName(name)
            # Not textEdited: the completer edits too.
            field.textChanged.connect(lambda typed, change=change: self._on_name_changed(change, typed))
        self.date = QLineEdit()
        self.date.setPlaceholderText(self.tr("date"))
        self.date.setAccessibleName(self.tr("Date of the dive"))
        self.date.setToolTip(self.tr("The day of the dive, such as 2026-05-31: as the file says, until you change it"))
        self.date.setMaxLength(10)
        self.date.setMinimumWidth(self.date.fontMetrics().horizontalAdvance("2026-05-31") + _PADDING_PX)
        self.date.textEdited.connect(self._on_date_edited)
        self.date.editingFinished.connect(self._show_date)
        self.number = NumberField(self._numbers)
        self.number.setPlaceholderText(self.tr("dive, e.g. 207C"))
        self.number.setMaxLength(8)
        self.number.setClearButtonEnabled(True)
        self.number.textEdited.connect(self._on_edited)
        self.number.editingFinished.connect(self._on_finished)
        self.board = choice_box(
            board_entries(self.tr("any board")), accessibleName=self.tr("Board"), toolTip=self.tr("Board")
        )
        self.board.activated.connect(self._finish)
        self.difficulty = QLineEdit(
            placeholderText=self.tr("DD (auto)"),
            accessibleName=self.tr("Degree of difficulty"),
            toolTip=self.tr("Enter it for a dive that is not in the tables; empty: the DD of the tables"),
            maxLength=4,
            textEdited=self._on_edited,
            editingFinished=self._on_finished,
        )
        self.synchro = QCheckBox(self.tr("synchro"))
        self.synchro.setToolTip(self.tr("Two divers at once: compared with synchronised dives only"))
        self.synchro.toggled.connect(self._on_synchro)
        keyboard_friendly(self.synchro)
        outcomes: list[DiveOutcome] = ["balk", "repeat", "failed"]
        self.outcome = choice_box(
            [(self.tr("outcome"), ""), *((dive_outcome_text(outcome), outcome) for outcome in outcomes)],
            accessibleName=self.tr("Outcome"),
            toolTip=self.tr("What became of the dive: in a meet, a balk costs two points of every award"),
        )
        self.outcome.activated.connect(self._on_outcome)
        self.note = note_field(
            _NOTE_LINES,
            placeholderText=self.tr("note on the dive, for the report"),
            accessibleName=self.tr("Note on the dive"),
        )
        self.note.textChanged.connect(self._on_note_changed)
        for field in (self.diver, self.event_name, self.date, self.number, self.difficulty):
            field.returnPressed.connect(field.clearFocus)  # gives the keyboard back to the player
        self.seen, self.number_note = SeenNumbers(session), NumberNote(session)
        self._hint = label(wrap=True)
        row = lay_out(QHBoxLayout(spacing=8), (self.number, 3), (self.board, 2), (self.difficulty, 2))
        first = lay_out(QHBoxLayout(spacing=8), (self.diver, 3), (self.event_name, 3), (self.date, 2))
        top = Qt.AlignmentFlag.AlignTop
        below = lay_out(QHBoxLayout(), (self._hint, 1), (self.outcome, 0, top), (self.synchro, 0, top))
        fill_with_card(self, first, row, self.seen, below, self.number_note, JudgingFields(session), self.note)
        session.current_changed.connect(self._on_current_changed)
        session.dive_changed.connect(self._on_dive_changed)
        self._on_current_changed()

    def _on_current_changed(self) -> None:
        dive = self._session.current
        self._key = dive.key if dive else None
        self._known = self._finished = dive.details if dive else (None, None, None)
        self.setEnabled(dive is not None)
        self.synchro.setChecked(dive is not None and dive.synchro)
        self.outcome.setCurrentIndex(self.outcome.findData(dive.outcome if dive else ""))
        self.diver.show_name(dive.diver if dive else "")
        self.event_name.show_name(dive.event if dive else "")
        self._show_date()
        self._show_note()
        self.number.setText(dive.dive_number or "" if dive else "")
        self._show_seen_board()
        self.board.setCurrentIndex(max(self.board.findData(dive.board_m if dive else None), 0))
        typed = dive.difficulty if dive else None
        self.difficulty.setText("" if typed is None else shortest(typed))
        self._validate()

    def _on_dive_changed(self, key: str) -> None:
        """Follow changes of the session, for example undo, without overwriting text that is being typed."""
        if key != self._key:
            return
        dive = self._session.dive(key)
        self.synchro.setChecked(dive.synchro)
        self.outcome.setCurrentIndex(self.outcome.findData(dive.outcome))
        if dive.details != self._known:
            self._on_current_changed()
        else:
            if self._show_seen_board():
                self._validate()
            for field, name in ((self.diver, dive.diver), (self.event_name, dive.event)):
                if name != field.text().strip():
                    field.show_name(name)
        self._show_note()
        if not self.date.hasFocus():
            self._show_date()

    def _show_seen_board(self) -> bool:
        """Let the first entry be the board measured from the fall; return True if it has changed."""
        dive = self._session.find(self._key) if self._key is not None else None
        seen = board_text(dive.seen_board_m) if dive is not None else ""
        text = self.tr("{0} (seen)").format(seen) if seen else self.tr("any board")
        changed = text != self.board.itemText(0)
        self.board.setItemText(0, text)
        return changed

    def _board_m(self, number: str, typed: float | None) -> float | None:
        """Return the chosen board, or else the board measured from the fall if the dive is done from it."""
        chosen: float | None = self.board.currentData()
        dive = self._session.find(self._key) if self._key is not None else None
        if chosen is not None or dive is None:
            return chosen
        return replace(dive, dive_number=number, difficulty=typed).seen_board_m

    def _numbers(self) -> Mapping[str, int]:
        return self._session.library.numbers(synchro=self.synchro.isChecked())

    def _on_name_changed(self, change: Callable[[str, str], None], typed: str) -> None:
        if self._key is not None:
            change(self._key, typed.strip())

    def _on_note_changed(self) -> None:
        if self._key is None:
            return
        written = self.note.toPlainText()
        self._session.editing.set_note(self._key, written)
        if len(written) > LONGEST_NOTE:
            self._show_note()

    def _show_note(self) -> None:
        """Show the stored note; the cursor stays if the field holds it already."""
        dive = self._session.find(self._key) if self._key is not None else None
        kept = dive.note if dive is not None else ""
        if kept != self.note.toPlainText():
            with QSignalBlocker(self.note):
                self.note.setPlainText(kept)
            self.note.moveCursor(QTextCursor.MoveOperation.End)

    def _show_date(self) -> None:
        """Show the stored day in place of typed text that is no day."""
        dive = self._session.find(self._key) if self._key is not None else None
        self.date.setText((dive.dived_on or "") if dive is not None else "")
        restyle(self.date, valid=True)

    def _on_date_edited(self, typed: str) -> None:
        try:
            found = day(typed.strip()) or ""
        except ValueError:
            restyle(self.date, valid=False)
            return
        restyle(self.date, valid=True)
        if self._key is not None:
            self._session.editing.set_day(self._key, found)

    def _on_synchro(self, on: bool) -> None:
        if self._key is not None:
            self._session.editing.set_rule(self._key, replace(self._session.dive(self._key).rule, synchro=on))

    def _on_outcome(self) -> None:
        if self._key is not None:
            self._session.editing.set_outcome(self._key, self.outcome.currentData())

    def _on_edited(self) -> None:
        number, _, typed = self._finished
        self._send(number if self.number.hasFocus() else None, typed if self.difficulty.hasFocus() else None)

    def _on_finished(self) -> None:
        if self.number.isModified() or self.difficulty.isModified():
            self._finish()

    def _finish(self) -> None:
        if self._send(None, None):
            self._finished = self._known

    def _send(self, number: str | None, typed: float | None) -> bool:
        """Send valid details, or restore the former details; return True if they are valid.

        Args:
            number, typed: dive number and DD to send where their fields are empty.
        """
        found = self._validate()
        if self._key is not None:
            self._known = self._finished
            if found is not None:
                dive, dd = found
                self._known = (str(dive) if dive else number, self.board.currentData(), typed if dd is None else dd)
            self._session.editing.set_details(self._key, *self._known)
        return found is not None

    def _validate(self) -> tuple[DiveNumber | None, float | None] | None:
        """Parse the fields and describe the result or the error below them.

        Returns:
            Dive number and DD, each None where its field is empty; None if either is invalid.
        """
        number, dd = self.number.text().strip(), self.difficulty.text().strip()
        try:
            dive = parse_dive_number(number) if number else None
        except ConfigError as error:
            self._say(translated(error), wrong=self.number)
            return None
        try:
            typed = float(dd.replace(",", ".")) if dd else None
            if typed is not None and not isfinite(typed):
                raise ValueError(dd)
        except ValueError:
            self._say(
                self.tr("'{0}' is not a DD. Enter a number such as 3.2, or leave it empty.").format(dd),
                wrong=self.difficulty,
            )
            return None
        if dive is None:
            self._say(self.tr("Needed for the score only, not for phases and masks."))
            return None, typed
        try:
            difficulty = find_difficulty(dive, self._board_m(str(dive), typed), typed)
        except ConfigError as error:
            self._say(
                f"{dive.description}. {translated(error)}", wrong=self.number if typed is None else self.difficulty
            )
        else:
            text = self.tr("DD {0}").format(decimal(difficulty.value))
            self._say(f"{dive.description} · {text}")
        return dive, typed

    def _say(self, text: str, *, wrong: QLineEdit | None = None) -> None:
        restyle(self._hint, role="muted" if wrong is None else "error")
        for field in (self.number, self.difficulty):
            restyle(field, valid=field is not wrong)
        self._hint.setText(text)
