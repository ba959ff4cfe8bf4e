"""Dialog that changes dive number, board, diver, event and date of all selected dives at once."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.errors import ConfigError
from fineparser_core.language import translated
from fineparser_gui.dives.fields import NameField, NumberField
from fineparser_gui.services.session import Session
from fineparser_gui.support.formatting import board_entries, day_text, typed_day
from fineparser_gui.support.widgets import choice_box, deciding_buttons, form_of, label, lay_out


class EditDivesDialog(QDialog):
    """Dialog whose untouched fields change nothing; where the dives differ, a field is empty and says so.

    Args:
        keys: keys of the dives.
    """

    def __init__(self, session: Session, keys: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._keys = session, list(keys)
        dives = [session.dive(key) for key in keys]
        self.setWindowTitle(self.tr("Edit dives"))
        self.setMinimumWidth(400)
        self.number = NumberField(session.library.numbers)
        self.diver = NameField(lambda: session.history.known_names("diver"))
        self.event_name = NameField(lambda: session.history.known_names("event"))
        self.date = QLineEdit()
        self.board = choice_box(board_entries(self.tr("any board")))
        boards = {dive.board_m for dive in dives}
        self._several = self.tr("several")
        if len(boards) > 1:
            self.board.insertItem(0, self._several, self._several)
        self.board.setCurrentIndex(0 if len(boards) != 1 else self.board.findData(next(iter(boards))))
        self._shown_board = self.board.currentData()
        self._fields: dict[str, QLineEdit] = {
            "dive_number": self.number,
            "diver": self.diver,
            "event": self.event_name,
            "dived_on": self.date,
        }
        for name, field in self._fields.items():
            known = {getattr(dive, name) or "" for dive in dives}
            same = known.pop() if len(known) == 1 else ""
            field.setText(day_text(same) if field is self.date else same)
            if known:
                field.setPlaceholderText(self._several)
            field.setModified(False)
        if not self.date.placeholderText():
            self.date.setPlaceholderText(self.tr("e.g. {0}").format(day_text("2026-05-31")))
        self.message = label(role="error", wrap=True)
        self.message.hide()
        form = form_of(
            (self.tr("&Dive number"), self.number),
            (self.tr("&Board"), self.board),
            (self.tr("D&iver"), self.diver),
            (self.tr("&Event or venue"), self.event_name),
            (self.tr("D&ate"), self.date),
        )
        several = self.tr("Change {0} dives", None, len(dives)).format(len(dives))
        buttons, self.ok = deciding_buttons(self, several if len(dives) > 1 else self.tr("Change"), self._on_ok)
        layout = QVBoxLayout(self, contentsMargins=QMargins(18, 16, 18, 14), spacing=12)
        what = label(self.tr("What you leave as it is stays as it is."), "muted", wrap=True)
        lay_out(layout, what, form, self.message, buttons)
        self.number.setFocus()

    def changes(self) -> dict[str, Any]:
        """Return the values of the fields that were changed, by their names.

        Raises:
            ConfigError, ValueError: a value cannot be.
        """
        typed = {name: field.text().strip() for name, field in self._fields.items() if field.isModified()}
        said: dict[str, Any] = dict(typed)
        if number := typed.get("dive_number"):
            said["dive_number"] = str(parse_dive_number(number))
        elif "dive_number" in typed:
            said["dive_number"] = None
        if "dived_on" in typed:
            said["dived_on"] = typed_day(typed["dived_on"])
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
        self.accept()

    def _say(self, text: str, field: QWidget) -> None:
        self.message.setText(text)
        self.message.show()
        field.setFocus()
