"""Fields of an exemplar that is added or edited: number, board, official score; optionally diver, date and frames."""

from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path

from PySide6.QtCore import QMargins, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from fineparser_core.diving.difficulty import known_difficulty
from fineparser_core.diving.judging import read_score
from fineparser_core.errors import ConfigError
from fineparser_core.exemplars.records import ExemplarFacts, check_facts
from fineparser_core.language import translated, without_mnemonic
from fineparser_gui.dives.dive import Dive
from fineparser_gui.dives.number_field import NumberField
from fineparser_gui.support.formatting import awards_text, board_entries, day_text, decimal, shortest, typed_day
from fineparser_gui.support.widgets import ElidedLabel, choice_box, inset, label, lay_out, on_escape, push_button

_MOST_FRAMES = 10_000_000
#: Shares of the row's width that the fields take.
_SHARES = (2, 2, 4, 3, 2)


class ExemplarForm(QWidget):
    """Row of an exemplar's facts, which stays until they are valid or not wanted any more.

    Args:
        numbers: returns the number of exemplars by dive number.

    Signals:
        over: it is of no use any more.
    """

    over = Signal()

    def __init__(self, numbers: Callable[[], Mapping[str, int]]) -> None:
        super().__init__()
        self._title = ElidedLabel("title")
        self.number, self.board = NumberField(numbers), choice_box(board_entries(self.tr("choose…")))
        self.number.setPlaceholderText(self.tr("e.g. 207C"))
        self.score, self.diver, self.date = QLineEdit(), QLineEdit(), QLineEdit()
        self.score.setPlaceholderText(self.tr("points, e.g. 75.60, or marks, e.g. 6.5 6 6.5"))
        self.date.setPlaceholderText(self.tr("e.g. {0}").format(day_text("2026-05-31")))
        self.synchro = QCheckBox(self.tr("synchronised, two divers"))
        self.message = label(role="error", wrap=True)
        self.first, self.last = _frame(self.tr("first of the file")), _frame(self.tr("last of the file"))
        self.first.setAccessibleName(self.tr("First frame of the dive"))
        self.last.setAccessibleName(self.tr("Last frame of the dive"))
        self._frames = QWidget()
        row = QHBoxLayout(self._frames, contentsMargins=QMargins())
        lay_out(row, label(self.tr("Frames")), self.first, label(self.tr("to"), "muted"), self.last)
        self.ok = push_button("", self._on_ok, role="primary")
        self.cancel = push_button(self.tr("Cancel"), self.over)
        grid = QGridLayout(horizontalSpacing=10, verticalSpacing=2)
        for column, (text, field) in enumerate(
            (
                (self.tr("&Dive number"), self.number),
                (self.tr("&Board"), self.board),
                (self.tr("Official &score"), self.score),
                (self.tr("D&iver"), self.diver),
                (self.tr("D&ate"), self.date),
            )
        ):
            field.setAccessibleName(without_mnemonic(text))
            grid.addWidget(label(without_mnemonic(text), "muted"), 0, column)
            grid.addWidget(field, 1, column)
            grid.setColumnStretch(column, _SHARES[column])
            if isinstance(field, QLineEdit):
                field.returnPressed.connect(self._on_ok)
        foot = lay_out(QHBoxLayout(spacing=10), self.synchro, self._frames, (self.message, 1), self.ok, self.cancel)
        column = QVBoxLayout(self, contentsMargins=QMargins(14, 8, 10, 8), spacing=6)
        lay_out(column, self._title, grid, foot, None)
        on_escape(self, self.over.emit)

    def ask(
        self,
        title: str,
        accept: Callable[[ExemplarFacts], None],
        known: ExemplarFacts,
        *,
        marks: str = "",
        clip: Path | None = None,
    ) -> None:
        """Ask for the facts of an exemplar.

        Args:
            accept: called with the valid facts.
            known: initial entries; a score that is not finite is shown empty.
            marks: initial entry in the place of a score.
            clip: file of a new exemplar; None for an exemplar or an analyzed dive.
        """
        self._accept = accept
        self._title.set_text(title if clip is None else f"{title}: {clip}")
        self.number.setText(known.dive_number)
        self.board.setCurrentIndex(max(self.board.findData(known.board_m), 0))
        scored = isfinite(known.score)
        self.score.setText(shortest(known.score) if scored else marks)
        self.diver.setText(known.diver)
        self.date.setText(day_text(known.dived_on or ""))
        self.synchro.setChecked(known.synchro)
        for box in (self.first, self.last):
            box.setValue(box.minimum())
        self._frames.setVisible(clip is not None)
        self.message.setText("")
        self.ok.setText(self.tr("Save") if scored else self.tr("Add"))
        (self.score if known.dive_number else self.number).setFocus()

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
        self.over.emit()

    def _say(self, text: str, field: QWidget | None = None) -> None:
        self.message.setText(text)
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
