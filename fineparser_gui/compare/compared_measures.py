"""Measures of compared dives side by side, with the range of good dives as a tool tip."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from fineparser_core.constants import STEP_NAMES
from fineparser_core.measures.explanation import good_bands
from fineparser_core.measures.words import (
    difference_text,
    differs,
    good_text,
    measure_about,
    measure_name,
    measured_text,
    rounded_text,
    short_name,
)
from fineparser_core.records import Measure
from fineparser_gui.services.session import Session
from fineparser_gui.support.steps import step_text
from fineparser_gui.support.widgets import label, lay_out, literal, style_table

#: Width of the column, and of its values' columns.
_WIDTH_PX, _VALUE_PX, _VALUES = 360, 106, (1, 2)


class ComparedMeasures(QWidget):
    """Column beside the compared pictures, which follows the comparison; a clear difference is bold."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._comparing = session, session.comparing
        self.setFixedWidth(_WIDTH_PX)
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName(self.tr("Measures side by side"))
        self.table.setHorizontalHeaderLabels([self.tr("measure"), self.tr("this dive"), self.tr("the other")])
        style_table(self.table, 0)
        for column in _VALUES:
            self.table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.table.setColumnWidth(column, _VALUE_PX)
        self.table.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._note = label(role="muted", wrap=True)
        lay_out(QVBoxLayout(self), self._note, (self.table, 1))
        for signal in (self._comparing.changed, session.current_changed, session.dive_changed):
            signal.connect(self._fill)

    def setVisible(self, visible: bool) -> None:
        super().setVisible(visible)
        self._fill()

    def _fill(self) -> None:
        if self.isHidden():
            return
        sides, current = self._comparing.sides, self._session.current
        dives = [{one.name: one for one in self._comparing.dives.measures(side)} for side in sides]
        unknown = [side.title for side, measures in zip(sides, dives, strict=True) if not measures]
        text = self.tr("Bold: a clear difference.")
        self._note.setText(self.tr("Nothing was measured of {0}.").format(", ".join(unknown)) if unknown else text)
        known = {name: one for dive in reversed(dives) for name, one in dive.items()}
        rows = sorted(known.values(), key=lambda one: STEP_NAMES.index(one.step)) if len(dives) > 1 else []
        number, board_m = (current.known_number, current.known_board_m) if current is not None else (None, None)
        bands = good_bands(number, board_m)
        self.table.setRowCount(len(rows))
        for row, measure in enumerate(rows):
            ours, theirs = (dive.get(measure.name) for dive in dives)
            clear = ours is not None and theirs is not None and differs(ours, theirs)
            band = bands.get(measure.name)
            good = good_text(measure.name, band) if band is not None else ""
            about = step_text(measure.step), measure_about(measure.name)
            tip = (measure_name(measure.name), self._text(ours, theirs), good, *about)
            texts = (short_name(measure.name), *(_value(one) for one in (ours, theirs)))
            for column, words in enumerate(texts):
                item = QTableWidgetItem(words)
                item.setToolTip(literal("\n".join(filter(None, tip))))
                font = item.font()
                font.setBold(clear)
                item.setFont(font)
                self.table.setItem(row, column, item)
        self.table.resizeRowsToContents()  # names that take two lines

    def _text(self, ours: Measure | None, theirs: Measure | None) -> str:
        """Return both values, and whether they differ by more than their uncertainty."""
        both = [measured_text(one) if one is not None else self.tr("not measured") for one in (ours, theirs)]
        if ours is None or theirs is None:
            return "\n".join(both)
        said = self.tr("{0} ({1}: clear)") if differs(ours, theirs) else self.tr("{0} ({1}: within uncertainty)")
        return f"{both[0]}\n{said.format(both[1], difference_text(ours, theirs))}"


def _value(one: Measure | None) -> str:
    return rounded_text(one.value, one.name, one.unit) if one is not None else "–"
