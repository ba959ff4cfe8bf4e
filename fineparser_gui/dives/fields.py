"""Fields of a dive: name of the athlete, dive number, marks of the judges, and numbers seen in the video."""

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QMargins, QObject, QPoint, QStringListModel, Qt
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.diving.judging import Judging, PhaseMarks, read_judging
from fineparser_core.errors import ConfigError
from fineparser_core.language import text, translated
from fineparser_gui.services.session import Session
from fineparser_gui.support.formatting import awards_text, seen_text
from fineparser_gui.support.images import icon
from fineparser_gui.support.widgets import follow_palette, keyboard_friendly, label, literal, restyle

_LONGEST = 80
#: Chips beside the field of a narrow column.
_MOST_CHIPS = 2


class NameField(QLineEdit):
    """Field that completes typed names.

    Args:
        names: returns the names to choose from, each time the field gets the focus.
    """

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self.setMaxLength(LONGEST_NAME)
        self._names, self._known = names, QStringListModel(self)
        completer = QCompleter(self._known, self, caseSensitivity=Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCompleter(completer)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._known.setStringList(list(self._names()))
        super().focusInEvent(event)

    def show_name(self, name: str) -> None:
        """Show a name from its beginning."""
        self.setText(name)
        self.setCursorPosition(0)


class NumberField(QLineEdit):
    """Field whose arrow, or Alt+Down, opens the menu; a picked number is inserted as if typed.

    Args:
        numbers: returns the number of exemplars by dive number.
    """

    def __init__(self, numbers: Callable[[], Mapping[str, int]]) -> None:
        super().__init__()
        self._numbers = numbers
        self.setAccessibleName(self.tr("Dive number"))
        self.setAccessibleDescription(self.tr("Alt+Down opens a list of the numbers with exemplars"))
        self._arrow = QAction(self.tr("Pick a dive number (Alt+Down)"), self)
        self._arrow.triggered.connect(self.open_list)
        self.addAction(self._arrow, QLineEdit.ActionPosition.TrailingPosition)
        follow_palette(self, self._color_icon)
        self._color_icon()

    def open_list(self) -> QMenu:
        """Open the menu of dive numbers."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        numbers = self._numbers()
        there = self.tr("Dive numbers with exemplars, and how many")
        menu.addAction(there if numbers else self.tr("There are no exemplars yet.")).setEnabled(False)
        for number in sorted(numbers, key=_rules_order):
            words = parse_dive_number(number).description
            action = menu.addAction(self.tr("{0}  {1}").format(number, words) + f"\t{numbers[number]}")
            action.triggered.connect(lambda _=False, number=number: self._take(number))
            if number == self.text().strip().upper():
                menu.setActiveAction(action)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _opens(event):
            self.open_list()
        else:
            super().keyPressEvent(event)

    def _color_icon(self) -> None:
        self._arrow.setIcon(icon("chevron-down", self.palette().text().color().name()))

    def _take(self, number: str) -> None:
        self.selectAll()
        self.insert(number)  # not setText, so that Ctrl+Z in the field works


def _opens(event: QKeyEvent) -> bool:
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return event.key() == Qt.Key.Key_Down and modifiers == Qt.KeyboardModifier.AltModifier


def _rules_order(number: str) -> tuple[str, int, str]:
    """Sort key in the order of the rules' tables: 107B before 1011C."""
    return number[0], int(number[:-1]), number[-1]


class JudgingFields(QObject):
    """Fields of the judges' marks, which send every valid change to the session at once.

    While it is typed, an empty or invalid text leaves the marks unchanged; once the field is left, an empty field
    clears them.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown: tuple[str | None, Judging | None] = (None, None)
        self._finished: Judging | None = None  # marks before the text that is being typed
        self._wrong: QLineEdit | None = None
        self.awards = QLineEdit(
            placeholderText=self.tr("6.5 or 6 6.5 7 …"),
            accessibleName=self.tr("Judges' marks"),
            toolTip=self.tr("The award, 6.5, or that of each judge, 6 6.5 7 6.5 6: the middle ones count"),
            maxLength=_LONGEST,
        )
        self.phases = QLineEdit(
            accessibleName=self.tr("Marks by phase"),
            toolTip=self.tr("Optional marks of take-off, flight and entry: 7 6.5 6, with - for one that has none"),
            maxLength=_LONGEST,
        )
        self.result = label(role="error", wrap=True)
        for field in (self.awards, self.phases):
            field.textEdited.connect(self._send)
            field.editingFinished.connect(self._on_finished)
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        """Follow the session, without overwriting text that is being typed."""
        dive = self._session.current
        key, judging = (dive.key, dive.judging) if dive is not None else (None, None)
        if (key, judging) != self._shown:
            self._shown, self._finished, self._wrong = (key, judging), judging, None
            self.awards.setText(awards_text(judging.awards) if judging else "")
            self.phases.setText(
                awards_text(judging.phases.by_step) if judging and judging.phases != PhaseMarks() else ""
            )
        if self._wrong is None:
            self._say("")

    def _send(self) -> None:
        dive = self._session.current
        if dive is None:
            return
        judging, self._wrong, said = self._finished, None, ""
        awards, phases = self.awards.text(), self.phases.text()
        try:
            if awards.strip():
                self._wrong = self.awards
                read_judging(awards)
                self._wrong = self.phases
                judging = read_judging(awards, phases)
                self._wrong = None
            elif not self.awards.hasFocus():
                judging = None
        except ConfigError as error:
            said = translated(error)
        self._shown = dive.key, judging
        self._session.editing.set_judging(dive.key, judging)
        self._say(said)

    def _on_finished(self) -> None:
        if not (self.awards.isModified() or self.phases.isModified()):
            return
        self._send()
        self._finished = self._shown[1]

    def _say(self, text: str) -> None:
        self.result.setText(text)
        self.result.setVisible(bool(text))
        self.phases.setEnabled(bool(self.awards.text().strip()))
        for field in (self.awards, self.phases):
            restyle(field, valid=field is not self._wrong)


def show_seen(chip: QPushButton, dive_number: str, probability: float) -> None:
    """Show a number on a chip, and its dive in the tool tip."""
    seen, said = seen_text(dive_number, probability), parse_dive_number(dive_number).description
    chip.setText(dive_number)
    chip.setToolTip(literal(text("Seen in the video: {0}, {1}. Click to take it.", seen, said)))
    chip.setAccessibleName(text("Take dive number {0}: {1}", seen, said))


class SeenNumbers(QWidget):
    """A chip per number, the likeliest first; the known number is marked, and is no choice where it is alone.

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
        offered = [*dive.seen_numbers.items()][:_MOST_CHIPS] if dive is not None else []
        self.setVisible(dive is not None and [number for number, _ in offered] not in ([], [dive.known_number]))
        for place, chip in enumerate(self.chips):
            chip.setVisible(place < len(offered))
            if dive is not None and place < len(offered):
                show_seen(chip, *offered[place])
                chip.setChecked(offered[place][0] == dive.known_number)

    def _take(self, place: int) -> None:
        dive = self._session.current
        if dive is not None:
            self._session.editing.take_seen_number(dive.key, [*dive.seen_numbers][place])
        self._refresh()  # a click on the marked chip changes nothing
