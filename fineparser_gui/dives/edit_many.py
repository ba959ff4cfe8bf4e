"""Sheet that changes dive number, board, diver, event and date of all selected dives at once."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.language import translated
from fineparser_gui.dives.fields import NameField, NumberField
from fineparser_gui.services.session import Session
from fineparser_gui.support.formatting import board_entries, day_text, typed_day
from fineparser_gui.support.widgets import (
    choice_box,
    fill_with_card,
    form_of,
    label,
    lay_out,
    on_escape,
    push_button,
    refill,
)


class EditManyPanel(QWidget):
    """Sheet in the place of that of one dive, whose untouched fields change nothing; hidden until dives are edited.

    Where the dives differ, a field is empty and says so. What was typed stays while other dives are shown.

    Signals:
        shown: (bool) it is shown, or hidden again.
    """

    shown = Signal(bool)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._keys = session, list[str]()
        self._shown_texts: dict[str, str] = {}
        self.number = NumberField(session.library.numbers)
        self.athlete = NameField(lambda: session.history.known_names("athlete"))
        self.event_name = NameField(lambda: session.history.known_names("event"))
        self.date, self.board = QLineEdit(), choice_box(())
        self._fields: dict[str, QLineEdit] = {
            "dive_number": self.number,
            "athlete": self.athlete,
            "event": self.event_name,
            "day": self.date,
        }
        self.message = label(role="error", wrap=True)
        form = form_of(
            (self.tr("Dive"), self.number),
            (self.tr("Board"), self.board),
            (self.tr("Diver"), self.athlete),
            (self.tr("Event"), self.event_name),
            (self.tr("Date"), self.date),
            verticalSpacing=4,
            horizontalSpacing=8,
        )
        self.ok = push_button("", self._on_ok, role="primary")
        row = lay_out(QHBoxLayout(), None, push_button(self.tr("Cancel"), self._leave), self.ok)
        what = label(self.tr("What you leave as it is stays as it is."), "muted", wrap=True)
        fill_with_card(self, what, form, self.message, row)
        for field in self._fields.values():
            field.returnPressed.connect(self._on_ok)
        on_escape(self, self._leave)
        session.current_changed.connect(self._leave_untouched)
        session.dive_removed.connect(self._leave_untouched)
        self.hide()

    def show_dives(self, keys: Sequence[str]) -> None:
        """Show what some dives have in common."""
        self._keys = list(keys)
        dives = [self._session.dive(key) for key in keys]
        several = self.tr("several")
        boards = {dive.board_m for dive in dives}
        mixed = [(several, several)] if len(boards) > 1 else []
        refill(self.board, [*mixed, *board_entries(self.tr("any board"))])
        self.board.setCurrentIndex(0 if mixed else self.board.findData(next(iter(boards), None)))
        self._shown_board = self.board.currentData()
        for name, field in self._fields.items():
            known = {getattr(dive, name) or "" for dive in dives}
            same = known.pop() if len(known) == 1 else ""
            with QSignalBlocker(field):
                field.setText(day_text(same) if field is self.date else same)
            example = self.tr("e.g. {0}").format(day_text("2026-05-31")) if field is self.date else ""
            field.setPlaceholderText(several if known else example)
            field.setModified(False)
            self._shown_texts[name] = field.text().strip()
        text = self.tr("Change {0} dives", None, len(dives)).format(len(dives))
        self.ok.setText(text if len(dives) > 1 else self.tr("Change"))
        self.message.hide()
        self.show()
        self.shown.emit(True)
        self.number.setFocus()

    def _leave(self) -> None:
        if not self.isHidden():
            self.hide()
            self.shown.emit(False)

    def _leave_untouched(self) -> None:
        """Leave, unless something was typed for dives that are there."""
        if self.isHidden():
            return
        typed = self._typed() or self.board.currentData() != self._shown_board
        if not typed or not set(self._keys) & set(self._session.keys):
            self._leave()

    def _typed(self) -> dict[str, str]:
        """Return the texts that were changed, also by a name that was picked: Qt does not call that a modification."""
        texts = {name: field.text().strip() for name, field in self._fields.items()}
        return {
            name: text
            for name, text in texts.items()
            if text != self._shown_texts[name] or self._fields[name].isModified()
        }

    def changes(self) -> dict[str, Any]:
        """Return the values of the fields that were changed, by their names.

        Raises:
            ConfigError, ValueError: a value cannot be.
        """
        typed = self._typed()
        said: dict[str, Any] = dict(typed)
        if number := typed.get("dive_number"):
            said["dive_number"] = str(parse_dive_number(number))
        elif "dive_number" in typed:
            said["dive_number"] = None
        if "day" in typed:
            said["day"] = typed_day(typed["day"])
        if self.board.currentData() != self._shown_board:
            said["board_m"] = self.board.currentData()
        return said

    def _on_ok(self) -> None:
        try:
            said = self.changes()
        except ConfigError as error:
            self._say(translated(error), self.number)
            return
        except ValueError:
            text = self.tr("'{0}' is not a day: write it as {1}, or leave it out.")
            self._say(text.format(self.date.text(), day_text("2026-05-31")), self.date)
            return
        if said:
            self._session.editing.set_many([key for key in self._keys if key in self._session.keys], said)
        self._leave()

    def _say(self, text: str, field: QWidget) -> None:
        self.message.setText(text)
        self.message.show()
        field.setFocus()
