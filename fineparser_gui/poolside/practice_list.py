"""The chosen dive, large, with the coach's entries, above the list of the caught dives, the newest first."""

from collections.abc import Callable

from PySide6.QtCore import QMargins, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.dive_number import parse_dive_number
from fineparser_core.diving.judging import dive_outcome_text
from fineparser_core.errors import ConfigError
from fineparser_core.language import translated
from fineparser_core.live.caught import CaughtClip
from fineparser_core.measures.words import FIRST_MEASURES, measured_text, short_name
from fineparser_core.recognition.contradictions import contradiction_text
from fineparser_gui.dives.fields import show_seen
from fineparser_gui.dives.states import offered_text, state_text
from fineparser_gui.poolside.practice import Practice, clock_text
from fineparser_gui.score.explanation import Explanations
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.support.formatting import board_entries, board_text, day_text, number_text
from fineparser_gui.support.images import image_of
from fineparser_gui.support.widgets import choice_box, label, lay_out, push_button, restyle

_THUMBNAIL = QSize(72, 54)
# For wet hands, in pixels.
_BUTTON_PX = 56
# Sizes of the words above the list, as factors of the font's.
_HEAD, _VERDICT = 1.15, 1.5
_KEY, _CAUGHT = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class PracticeList(QWidget):
    """The list, which grows by itself, below the sheet of the dive that is chosen in it: at first the newest.

    Signals:
        loop_requested: (CaughtClip) the coach wants to see the dive in the mirror.
        taken_back: (CaughtClip, str) a catch was taken back; its line in the list.
    """

    loop_requested = Signal(object)
    taken_back = Signal(object, str)

    def __init__(self, session: Session, practice: Practice) -> None:
        super().__init__()
        self._session, self._practice = session, practice
        self._explanations = Explanations()
        self.view = QListWidget(accessibleName=self.tr("Caught dives"), iconSize=_THUMBNAIL)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.currentItemChanged.connect(lambda *_: self._show_fields())
        self.view.itemActivated.connect(lambda item: self.loop_requested.emit(item.data(_CAUGHT)))
        self.head, self.verdict = label(wrap=True, bold=_HEAD), label(wrap=True, bold=_VERDICT)
        self.facts, self.note = label(role="muted", wrap=True), label(wrap=True)
        self.athlete = QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert)
        self.athlete.lineEdit().setMaxLength(LONGEST_NAME)
        self.athlete.lineEdit().setPlaceholderText(self.tr("Athlete"))
        self.athlete.setAccessibleName(self.tr("Athlete"))
        self.athlete.lineEdit().editingFinished.connect(self._name)
        self.athlete.activated.connect(self._name)
        self.number = QLineEdit(placeholderText=self.tr("Number"), accessibleName=self.tr("Dive number"), maxLength=6)
        self.number.setFixedWidth(84)
        self.number.editingFinished.connect(self._number)
        self.board = choice_box(board_entries(self.tr("any board")), accessibleName=self.tr("Board"))
        self.board.activated.connect(self._board)
        self.seen = push_button("", lambda: self.on_chosen(session.editing.take_seen_number), role="chip")
        self.row = push_button(
            "", lambda: self.on_chosen(session.meets.accept), self.tr("Give this row the shown dive"), "chip"
        )
        self.word = QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert)
        self.word.setAccessibleName(self.tr("A word on the dive"))
        self.word.addItems([
            self.tr("Good"),
            self.tr("Take-off leans"),
            self.tr("Arms late"),
            self.tr("Legs apart"),
            self.tr("Opens late"),
            self.tr("Short"),
            self.tr("Over"),
        ])  # fmt: skip
        self.word.setCurrentIndex(-1)
        self.word.lineEdit().setPlaceholderText(self.tr("A word on the dive, then Enter"))
        self.word.lineEdit().returnPressed.connect(self._say)
        self.word.activated.connect(self._say)
        self.balk = push_button(
            self.tr("Balk"), lambda: self.on_chosen(practice.balk), self.tr("Begun twice (X)"), "large"
        )
        self.repeat = push_button(
            self.tr("Repeat"), lambda: self.on_chosen(practice.repeat), self.tr("Of the dive before (R)"), "large"
        )
        self.wrong = push_button(self.tr("Not a dive"), self.take_back, self.tr("No dive: take it back (Del)"), "large")
        for button in (self.balk, self.repeat, self.wrong):
            button.setCheckable(button is not self.wrong)
            button.setMinimumHeight(_BUTTON_PX)
        for box in (self.athlete, self.word):
            box.setMinimumContentsLength(8)
        self._sheet = QWidget()
        lay_out(
            QVBoxLayout(self._sheet, contentsMargins=QMargins(), spacing=6),
            *(self.head, self.verdict, self.facts, self.note),
            lay_out(QHBoxLayout(), (self.balk, 1), (self.repeat, 1)),
            self.row,
            lay_out(QHBoxLayout(), (self.athlete, 1), self.number),
            lay_out(QHBoxLayout(), self.board, self.seen, None),
            self.word,
            self.wrong,
        )
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(), spacing=6), self._sheet, (self.view, 1))
        practice.changed.connect(self.refresh)
        self.refresh()

    def on_chosen(self, act: Callable[[str], object]) -> None:
        """Call `act` with the key of the chosen dive, else of the last dive."""
        item = self.view.currentItem() or self.view.item(0)
        if item is not None:
            act(item.data(_KEY))
            self.refresh()

    def take_back(self) -> None:
        """Take back the chosen catch, whose sheet is shown, as no dive."""
        item = self.view.currentItem()
        if item is not None:
            caught, line = item.data(_CAUGHT), item.text().splitlines()[0]
            self._practice.take_back([item.data(_KEY)], unwanted=True)
            self.refresh()
            self.taken_back.emit(caught, line)

    def last(self) -> CaughtClip | None:
        """Return the dive that was caught last, or None."""
        return self.view.item(0).data(_CAUGHT) if self.view.count() else None

    def refresh(self) -> None:
        """Show the dives as they are now."""
        dives = self._practice.dives[::-1]
        keys = [dive.key for _, dive in dives]
        chosen = self.view.currentItem().data(_KEY) if self.view.currentItem() else None
        at_top = chosen is None or self.view.currentRow() == 0
        if keys != [self.view.item(row).data(_KEY) for row in range(self.view.count())]:
            with QSignalBlocker(self.view):
                self.view.clear()
                for caught, dive in dives:
                    item = QListWidgetItem()
                    item.setData(_KEY, dive.key)
                    item.setData(_CAUGHT, caught)
                    self.view.addItem(item)
                if keys:
                    self.view.setCurrentRow(keys.index(chosen) if chosen in keys and not at_top else 0)
        for row, (caught, dive) in enumerate(dives):
            self._fill(self.view.item(row), caught, dive)
        self._show_fields()

    def _fill(self, item: QListWidgetItem, caught: CaughtClip, dive: Dive) -> None:
        parts = [clock_text(caught.at_s + (caught.leaves_s or 0.0)), dive.athlete, _what(dive)]
        lines = [" · ".join(filter(None, parts)), *_contradicted(dive), self.verdict_of(dive), self._told(dive)]
        text = "\n".join(filter(None, lines))
        if item.text() != text:
            item.setText(text)
        if item.icon().isNull() and dive.thumbnail is not None:
            item.setIcon(QIcon(QPixmap.fromImage(image_of(dive.thumbnail).copy())))

    @staticmethod
    def _told(dive: Dive) -> str:
        return " · ".join(filter(None, (dive_outcome_text(dive.outcome), *dive.note.splitlines())))

    def verdict_of(self, dive: Dive) -> str:
        """Return what a coach would say of a dive, or what its analysis waits for."""
        if dive.state is DiveState.READY:
            explanation = self._explanations.of(dive)
            return explanation.verdict or self.tr("nothing measured")
        states = {
            DiveState.FAILED: self.tr("could not be analysed"),
            DiveState.NEEDS_TRIM: self.tr("needs trimming"),
            DiveState.CANCELLED: self.tr("cancelled"),
            DiveState.ANALYSING: state_text(dive),
        }
        return states.get(dive.state, self.tr("waits for the analysis"))

    def _show_fields(self) -> None:
        dive = self._chosen
        self._sheet.setVisible(dive is not None)
        if dive is not None:
            self._show_words(dive)
        outcome = dive.outcome if dive is not None else ""
        self.balk.setChecked(outcome == "balk")
        self.repeat.setChecked(outcome == "repeat")
        names = sorted({one.athlete for one in self._session.dives if one.athlete})
        if names != [self.athlete.itemText(at) for at in range(self.athlete.count())]:
            typed = self.athlete.currentText()
            self.athlete.clear()
            self.athlete.addItems(names)
            self.athlete.setEditText(typed)
        if not self.athlete.lineEdit().hasFocus():
            self.athlete.setEditText(dive.athlete if dive is not None else "")
        offered = [*dive.seen_numbers.items()][:1] if dive is not None else []
        self.seen.setVisible(bool(offered) and offered[0][0] != dive.known_number)
        if offered:
            show_seen(self.seen, *offered[0])
        row = self._session.meets.proposed(dive.key) if dive is not None else None
        self.row.setVisible(row is not None)
        if row is not None:
            parts = (row.athlete, number_text(row.dive_number, row.board_m))
            self.row.setText(self.tr("Is it {0}?").format(" · ".join(filter(None, parts))))
        if not self.number.hasFocus():
            self.number.setText((dive.dive_number or "") if dive is not None else "")
            self.number.setPlaceholderText((dive and dive.seen_number) or self.tr("Number"))
            restyle(self.number, valid=True)
        if dive is not None and not self.board.view().isVisible():
            self.board.setItemText(0, board_text(dive.seen_board_m) or self.tr("any board"))
            self.board.setCurrentIndex(self.board.findData(dive.board_m))

    def _show_words(self, dive: Dive) -> None:
        found = {one.name: one for one in self._explanations.of(dive).measures}
        measured = [f"{short_name(name)} {measured_text(found[name])}" for name in FIRST_MEASURES if name in found]
        for words, said in (
            (self.head, " · ".join(filter(None, (dive.athlete or self.tr("nobody named"), _what(dive))))),
            (self.verdict, self.verdict_of(dive)),
            (self.facts, "\n".join((*_contradicted(dive), " · ".join((day_text(dive.day), *measured))))),
            (self.note, dive.note),
        ):
            words.setText(said)
            words.setVisible(bool(said))

    @property
    def _chosen(self) -> Dive | None:
        item = self.view.currentItem()
        return self._session.find(item.data(_KEY)) if item is not None else None

    def _name(self) -> None:
        if (dive := self._chosen) is not None and self.athlete.currentText().strip() != dive.athlete:
            self._session.editing.set_athlete(dive.key, self.athlete.currentText().strip())

    def _number(self) -> None:
        dive, typed = self._chosen, self.number.text().strip()
        if dive is None:
            return
        try:
            number = str(parse_dive_number(typed)) if typed else None
        except ConfigError:
            restyle(self.number, valid=False)
            return
        restyle(self.number, valid=True)
        if number != dive.dive_number:
            self._session.editing.set_details(dive.key, number, dive.board_m)

    def _board(self) -> None:
        if (dive := self._chosen) is not None:
            self._session.editing.set_details(dive.key, dive.dive_number, self.board.currentData())

    def _say(self) -> None:
        dive, word = self._chosen, self.word.currentText().strip()
        if dive is not None and word:
            self._practice.say(dive.key, word)
        self.word.setCurrentIndex(-1)
        self.word.clearEditText()


def _what(dive: Dive) -> str:
    """Return a dive's number and board, or else what was seen."""
    return number_text(dive.known_number, dive.known_board_m) if dive.known_number else offered_text(dive)


def _contradicted(dive: Dive) -> list[str]:
    """Return what the video contradicts, the surest alone."""
    return [translated(contradiction_text(one)) for one in dive.contradictions[:1]]
