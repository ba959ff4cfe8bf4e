"""Dialog that adds or edits an exemplar: dive number, board, official score; optionally diver, date and frames."""

from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path

from PySide6.QtCore import QMargins
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from fineparser_core.diving.difficulty import known_difficulty
from fineparser_core.diving.judging import read_score
from fineparser_core.errors import ConfigError
from fineparser_core.exemplars.records import ExemplarFacts, check_facts
from fineparser_core.language import translated
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.number_field import NumberField
from fineparser_gui.support.formatting import awards_text, board_entries, day_text, decimal, shortest, typed_day
from fineparser_gui.support.text_dialog import deciding_buttons
from fineparser_gui.support.widgets import ElidedLabel, add_form_row, choice_box, form_of, inset, label, lay_out

_MOST_FRAMES = 10_000_000


class ExemplarDialog(QDialog):
    """Dialog of an exemplar's facts, which stays open until the entries are valid.

    Args:
        accept: called with the valid facts.
        known: initial entries; a score that is not finite is shown empty.
        numbers: returns the number of exemplars by dive number.
        marks: initial entry in the place of a score.
        clip: file of a new exemplar; None while editing one.
    """

    def __init__(
        self,
        title: str,
        accept: Callable[[ExemplarFacts], None],
        parent: QWidget,
        *,
        numbers: Callable[[], Mapping[str, int]],
        known: ExemplarFacts | None = None,
        marks: str = "",
        clip: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(430)
        self._accept = accept
        self.number = NumberField(numbers, known.dive_number if known else "")
        self.number.setPlaceholderText(self.tr("e.g. 207C"))
        self.board = choice_box(board_entries(self.tr("choose…")))
        self.board.setCurrentIndex(max(self.board.findData(known.board_m if known else None), 0))
        scored = known is not None and isfinite(known.score)
        self.score = QLineEdit(shortest(known.score) if known and scored else marks)
        self.score.setPlaceholderText(self.tr("points, e.g. 75.60, or marks, e.g. 6.5 6 6.5"))
        self.diver = QLineEdit(known.diver if known else "")
        self.date = QLineEdit(day_text(known.dived_on or "") if known else "")
        self.date.setPlaceholderText(self.tr("e.g. {0}").format(day_text("2026-05-31")))
        self.synchro = QCheckBox(self.tr("synchronised, two divers"), checked=known is not None and known.synchro)
        self.first, self.last = _frame(self.tr("first of the file")), _frame(self.tr("last of the file"))
        self.message = label(role="error", wrap=True)
        self.message.hide()
        form = form_of(horizontalSpacing=14)
        if clip is not None:
            name = ElidedLabel()
            name.set_text(str(clip))
            form.addRow(self.tr("Clip"), name)
        for text, field in (
            (self.tr("&Dive number"), self.number),
            (self.tr("&Board"), self.board),
            (self.tr("Official &score"), self.score),
            (self.tr("D&iver"), self.diver),
            (self.tr("D&ate"), self.date),
        ):
            add_form_row(form, text, field)
        if clip is not None:
            self.first.setAccessibleName(self.tr("First frame of the dive"))
            self.last.setAccessibleName(self.tr("Last frame of the dive"))
            frames = lay_out(QHBoxLayout(), self.first, label(self.tr("to"), "muted"), self.last)
            form.addRow(self.tr("Frames"), frames)
        form.addRow("", self.synchro)
        buttons, self.ok = deciding_buttons(self, self.tr("Save") if scored else self.tr("Add"), self._on_ok)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(18, 16, 18, 14), spacing=12), form, self.message, buttons)
        (self.score if known and known.dive_number else self.number).setFocus()

    @property
    def frames(self) -> tuple[int | None, int | None]:
        """First and last frame of the dive; None: first or last frame of the file."""
        first, last = self.first.value(), self.last.value()
        return (first if first >= 0 else None), (last if last >= 0 else None)

    def _on_ok(self) -> None:
        typed, number = self.score.text().strip(), self.number.text()
        if not typed:
            text = self.tr("The official score is missing. Enter the points, 75.60, or the judges’ marks, 6.5 6 6.5.")
            self._say(text, self.score)
            return
        try:
            score = read_score(typed, known_difficulty(number, self.board.currentData()))
        except ConfigError as error:
            self._say(translated(error), self.score)
            return
        try:
            dived_on = typed_day(self.date.text())
        except ValueError:
            text = self.tr("'{0}' is not a day: write it as {1}, or leave it out.")
            self._say(text.format(self.date.text(), day_text("2026-05-31")), self.date)
            return
        try:
            facts = check_facts(
                ExemplarFacts(
                    dive_number=number,
                    board_m=self.board.currentData(),
                    score=score,
                    diver=self.diver.text(),
                    dived_on=dived_on or None,
                    synchro=self.synchro.isChecked(),
                )
            )
        except ConfigError as error:
            self._say(translated(error))
            return
        self._accept(facts)
        self.accept()

    def _say(self, text: str, field: QWidget | None = None) -> None:
        self.message.setText(text)
        self.message.show()
        if field is not None:
            field.setFocus()


def official_text(dive: Dive) -> str:
    """Return a dive's marks as `read_score` reads them, its points if the marks are a mean, or ""."""
    awards, points = (dive.judging.awards if dive.judging is not None else ()), dive.judged_score
    if len(awards) == 1 and 2 * awards[0] % 1:
        return "" if points is None else decimal(points, 2)
    return awards_text(awards)


def _frame(edge: str) -> QSpinBox:
    box = inset(QSpinBox())
    box.setRange(-1, _MOST_FRAMES)
    box.setSpecialValueText(edge)
    box.setValue(-1)
    return box
