"""Sheet of the shown dive: who, number, board, marks and note, and more on its other side; validated while typing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from math import isfinite

from PySide6.QtCore import QMargins, QSignalBlocker, Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from fineparser_core.diving.details import LONGEST_NOTE
from fineparser_core.diving.difficulty import find_difficulty, is_by_formula
from fineparser_core.diving.dive_number import DiveNumber, parse_dive_number
from fineparser_core.diving.judging import DiveOutcome, dive_outcome_text
from fineparser_core.diving.name_parsing import parse_file_name
from fineparser_core.errors import ConfigError
from fineparser_core.language import translated
from fineparser_core.printable import ascii_forms, one_form
from fineparser_core.recognition.contradictions import contradiction_text
from fineparser_core.records import VerdictCode
from fineparser_gui.dives.fields import JudgingFields, NameField, NumberField, SeenNumbers
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.support.formatting import board_entries, board_text, day_text, decimal, shortest, typed_day
from fineparser_gui.support.widgets import (
    choice_box,
    fill_with_card,
    keyboard_friendly,
    label,
    lay_out,
    literal,
    note_field,
    push_button,
    restyle,
)
from fineparser_gui.worker.kept_results import Details

#: Height of the note's field, in lines.
_NOTE_LINES = 2
#: Padding of a field with its frame, left and right of the text together, in pixels.
_PADDING_PX = 30


class NumberNote(QWidget):
    """Note that is visible if the video, the dive list or the file's name contradicts the entered dive.

    Attributes:
        confirm: button that scores the dive as it was entered.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._text = label(wrap=True)
        tip = self.tr("Score the dive as it was entered, whatever the video shows")
        self.confirm = push_button("", lambda: session.on_current(session.editing.confirm_details), tip)
        left = Qt.AlignmentFlag.AlignLeft
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(), spacing=4), self._text, (self.confirm, 0, left))
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
        waits = dive.verdict.code is VerdictCode.OTHER_DIVE
        restyle(self._text, role="error" if waits else "muted")
        self.confirm.setVisible(waits)
        self.confirm.setText(self.tr("Score as {0}").format(dive.known_number))

    def _said(self, dive: Dive) -> list[str]:
        """Return sentences on contradictions to the number of a dive."""
        of_number = [one for one in dive.contradictions if one.part != "board"][:1]
        of_board = [one for one in dive.contradictions if one.part == "board"]
        said = [translated(contradiction_text(one)) for one in (*of_number, *of_board)]
        if dive.known_number is None:
            return said
        listed, named = self._session.meets.number_of(dive.key), parse_file_name(dive.path.stem).dive_number
        if listed not in (None, dive.known_number):
            said.append(self.tr("The dive list says {0}.").format(listed))
        if named not in (None, dive.known_number):
            said.append(self.tr("The file name says {0}.").format(named))
        return said


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
        self.athlete, self.event_name = (
            NameField(lambda: session.history.known_names("athlete")),
            NameField(lambda: session.history.known_names("event")),
        )
        for field, name, change in (
            (self.athlete, self.tr("Diver"), session.editing.set_athlete),
            (self.event_name, self.tr("Event or venue"), session.editing.set_event),
        ):
            field.setAccessibleName(name)
            # Not textEdited: the completer edits too.
            field.textChanged.connect(lambda typed, change=change: self._on_name_changed(change, typed))
        self.date = QLineEdit()
        self.date.setAccessibleName(self.tr("Date of the dive"))
        about = self.tr("The day of the dive, such as {0}: as the file says, until you change it")
        self.date.setToolTip(literal(about.format(day_text("2026-05-31"))))
        self.date.setMaxLength(14)
        self.date.textEdited.connect(self._on_date_edited)
        self.date.editingFinished.connect(self._show_date)
        self.number = NumberField(self._numbers)
        self.number.setMaxLength(8)
        self.number.setMinimumWidth(self.number.fontMetrics().horizontalAdvance("5253B") + _PADDING_PX)
        self.number.textEdited.connect(self._on_edited)
        self.number.editingFinished.connect(self._on_finished)
        self.board = choice_box(
            board_entries(self.tr("any board")), accessibleName=self.tr("Board"), toolTip=self.tr("Board")
        )
        self.board.activated.connect(self._finish)
        self.difficulty = QLineEdit(
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
        outcomes: list[DiveOutcome] = ["balk", "repeat"]
        self.outcome = choice_box(
            [("", ""), *((dive_outcome_text(outcome), outcome) for outcome in outcomes)],
            accessibleName=self.tr("Outcome"),
            toolTip=self.tr("What became of the dive: in a meet, a balk costs two points of every award"),
        )
        self.outcome.activated.connect(self._on_outcome)
        self.note = note_field(
            _NOTE_LINES, accessibleName=self.tr("Note on the dive"), toolTip=self.tr("For the report")
        )
        self.note.textChanged.connect(self._on_note_changed)
        self.seen, self.number_note = SeenNumbers(session), NumberNote(session)
        self._judging = JudgingFields(session)
        self._hint = label(wrap=True)
        fields = (self.athlete, self.event_name, self.date, self.number, self.difficulty)
        for field in (*fields, self._judging.awards, self._judging.phases):
            field.returnPressed.connect(partial(self._on_enter, field))
        self.more = push_button(
            self.tr("More"), lambda: None, self.tr("Event, date, DD, marks by phase, outcome"), "tool"
        )
        self.more.setCheckable(True)
        self._sides = QStackedWidget()
        for rows in (
            (
                (self.tr("Diver"), self.athlete),
                (self.tr("Dive"), lay_out(QHBoxLayout(spacing=6), (self.number, 1), self.seen)),
                (self.tr("Board"), self.board),
                (self.tr("Marks"), self._judging.awards),
                (self.tr("Note"), self.note),
            ),
            (
                (self.tr("Event"), self.event_name),
                (self.tr("Date"), self.date),
                (self.tr("DD"), lay_out(QHBoxLayout(spacing=8), (self.difficulty, 1), self.synchro)),
                (self.tr("Marks by phase"), self._judging.phases),
                (self.tr("Outcome"), self.outcome),
            ),
        ):
            side = QWidget()
            form = QFormLayout(side, contentsMargins=QMargins(), verticalSpacing=4, horizontalSpacing=8)
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
            for name, field in rows:
                form.addRow(name, field)
            self._sides.addWidget(side)
        self.more.toggled.connect(lambda on: self._sides.setCurrentIndex(int(on)))
        head = lay_out(QHBoxLayout(), (self._hint, 1), (self.more, 0, Qt.AlignmentFlag.AlignTop))
        # Notes come and go above: the fields stay where they are, as the sheet grows upwards.
        fill_with_card(self, self.number_note, head, self._judging.result, self._sides)
        session.current_changed.connect(self._on_current_changed)
        session.dive_changed.connect(self._on_dive_changed)
        self._on_current_changed()

    def _on_enter(self, field: QLineEdit) -> None:
        """Go on to the next row in the same field, and say which were passed; else leave the keyboard to the player."""
        key = self._session.current.key if self._session.current is not None else None
        field.clearFocus()  # takes what was typed
        keys = self._session.keys
        if key not in keys or field.property("valid") is False:
            return
        passed: list[str] = []
        for other in keys[keys.index(key) + 1 :]:
            dive = self._session.dive(other)
            if dive.state is DiveState.NEEDS_TRIM:
                passed.append(dive.path.name)
                continue
            self._session.select(other)
            field.setFocus()
            field.selectAll()
            if passed:
                self._session.edits.said.emit(self.tr("Passed, to be trimmed first: {0}").format(", ".join(passed)))
            return

    def _on_current_changed(self) -> None:
        dive = self._session.current
        self._key = dive.key if dive else None
        self._known = self._finished = dive.details if dive else (None, None, None)
        self.setEnabled(dive is not None)
        self.synchro.setChecked(dive is not None and dive.synchro)
        self.outcome.setCurrentIndex(self.outcome.findData(dive.outcome if dive else ""))
        self.athlete.show_name(dive.athlete if dive else "")
        self.event_name.show_name(dive.event if dive else "")
        self._show_date()
        self._show_note()
        self.number.setText(dive.dive_number or "" if dive else "")
        self._show_seen()
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
            if self._show_seen():
                self._validate()
            for field, name in ((self.athlete, dive.athlete), (self.event_name, dive.event)):
                if name != one_form(field.text()).strip():
                    field.show_name(name)
        self._show_note()
        if not self.date.hasFocus():
            self._show_date()

    def _show_seen(self) -> bool:
        """Show number and board that the video shows, in place of entered ones; return True if they have changed."""
        dive = self._session.find(self._key) if self._key is not None else None
        number, board = (dive.seen_number or "", board_text(dive.seen_board_m)) if dive is not None else ("", "")
        as_seen = self.tr("{0} (seen)")
        texts = as_seen.format(number) if number else "", as_seen.format(board) if board else self.tr("any board")
        changed = texts != (self.number.placeholderText(), self.board.itemText(0))
        self.number.setPlaceholderText(texts[0])
        self.board.setItemText(0, texts[1])
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
        self.date.setText(day_text(dive.day) if dive is not None else "")
        restyle(self.date, valid=True)

    def _on_date_edited(self, typed: str) -> None:
        try:
            found = typed_day(typed)
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
            typed = float(ascii_forms(dd).replace(",", ".")) if dd else None
            if typed is not None and not isfinite(typed):
                raise ValueError(dd)
        except ValueError:
            self._say(
                self.tr("'{0}' is not a DD. Enter a number such as 3.2, or leave it empty.").format(dd),
                wrong=self.difficulty,
            )
            return None
        shown = self._session.find(self._key) if self._key is not None else None
        seen = shown.seen_number if shown is not None else None
        known = dive or (parse_dive_number(seen) if seen else None)
        if known is None:
            self._say(self.tr("Needed for the score only, not for phases and masks."))
            return None, typed
        try:
            difficulty = find_difficulty(known, self._board_m(str(known), typed), typed)
        except ConfigError as error:
            self._say(
                f"{known.description}. {translated(error)}", wrong=self.number if typed is None else self.difficulty
            )
        else:
            by_formula = typed is None and is_by_formula(known, difficulty.board_m)
            text = self.tr("DD {0} by the formula") if by_formula else self.tr("DD {0}")
            text = text.format(decimal(difficulty.value))
            self._say(f"{known.description} · {text}")
        return dive, typed

    def _say(self, text: str, *, wrong: QLineEdit | None = None) -> None:
        restyle(self._hint, role="muted" if wrong is None else "error")
        for field in (self.number, self.difficulty):
            restyle(field, valid=field is not wrong)
        self._hint.setText(text)
