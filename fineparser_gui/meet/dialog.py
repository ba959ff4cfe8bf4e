"""Dialog for the dive list of a meet or a training: rows, the video of each, awards as they are called, places."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMargins, QModelIndex, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSpinBox,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.constants import LONGEST_NAME
from fineparser_core.diving.dive_list import dive_list_csv, parse_dive_list, read_dive_list
from fineparser_core.diving.judging import PANELS, read_called
from fineparser_core.diving.meet import MOST_ROWS, ListedDive, Meet, assigned, in_turn, standings, taken_off
from fineparser_core.errors import ConfigError, FineParserError
from fineparser_core.language import Phrase, translated
from fineparser_core.support.atomic import atomic_file
from fineparser_gui.meet.table import ATHLETE, AWARDS, VIDEO, MeetModel, MeetTable
from fineparser_gui.services.exporting import named_file
from fineparser_gui.services.session import Session
from fineparser_gui.support.background import Soon
from fineparser_gui.support.formatting import awards_text, decimal
from fineparser_gui.support.save_path import ask_save_path
from fineparser_gui.support.table_model import TableModel
from fineparser_gui.support.widgets import (
    choice_box,
    closing_buttons,
    inset,
    label,
    lay_out,
    literal,
    resize_within_screen,
    restyle,
    style_table,
)

_SIZE = (1180, 700)
_REFRESH_MS = 100
_LONGEST_AWARDS = 80
_SAID = 3


class MeetHead(QWidget):
    """Fields over the list of a meet."""

    def __init__(self, model: MeetModel) -> None:
        super().__init__()
        self._model = model
        self.title = QLineEdit(placeholderText=self.tr("name of the meet"), accessibleName=self.tr("Name of the meet"))
        self.title.setMaxLength(LONGEST_NAME)
        one, two = self.tr("{0} judges"), self.tr("{0} judges, synchro")
        panels = ((two if n > 7 else one).format(n) for n in PANELS)
        numbers = [(self.tr("any number of judges"), 0), *zip(panels, PANELS, strict=True)]
        self.judges = choice_box(numbers, accessibleName=self.tr("Judges"))
        self.groups = QSpinBox(minimum=0, maximum=6, specialValueText="–", accessibleName=self.tr("Groups, at least"))
        most = self.tr("Total DD, at most")
        self.limit = QDoubleSpinBox(
            minimum=0, maximum=99, decimals=1, singleStep=0.1, specialValueText="–", accessibleName=most
        )
        self.groups.setToolTip(self.tr("Of how many groups the dives of each athlete must be"))
        self.limit.setToolTip(self.tr("The most that the DDs of an athlete may be together"))
        for field in (self.title, self.groups, self.limit):
            field.editingFinished.connect(self._on_changed)
        self.judges.activated.connect(self._on_changed)
        row = lay_out(QHBoxLayout(self, contentsMargins=QMargins()), (self.title, 1), self.judges)
        for text, box in ((self.tr("groups at least"), self.groups), (self.tr("total DD at most"), self.limit)):
            lay_out(row, label(text), inset(box))

    def refresh(self) -> None:
        """Show the meet as it is now."""
        meet = self._model.meet
        if self.title.text() != meet.title:
            self.title.setText(meet.title)
        self.judges.setCurrentIndex(self.judges.findData(meet.judges))
        self.groups.setValue(meet.least_groups)
        self.limit.setValue(meet.most_difficulty)

    def _on_changed(self) -> None:
        values = {
            "title": self.title.text().strip(),
            "judges": self.judges.currentData(),
            "least_groups": self.groups.value(),
            "most_difficulty": round(self.limit.value(), 1),
        }
        self._model.take(replace(self._model.meet, **values))


class StandingModel(TableModel):
    """A row for each athlete in an event, by place."""

    right = (0, 3, 4)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.headers = ("", self.tr("athlete"), self.tr("event"), self.tr("dives"), self.tr("total"))

    def text(self, row: int, column: int) -> str:
        one = self.rows[row]
        return (f"{one.place}.", one.athlete, one.event, str(one.n_dives), decimal(one.points, 2))[column]


class MeetDialog(QDialog):
    """Non-modal dialog; every change is an edit of the session, which stores the list."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Meet: list of dives"))
        resize_within_screen(self, *_SIZE)
        self._session = session
        self.model = MeetModel(session, self)
        self.table = MeetTable(self.model)
        self.standing = StandingModel(self)
        self.note = label(role="muted", wrap=True)
        layout = QVBoxLayout(self, contentsMargins=QMargins(16, 14, 16, 14), spacing=8)
        self.head = MeetHead(self.model)
        lay_out(layout, self.head, self._build_tools())
        self.places = QTableView(accessibleName=self.tr("Places"))
        self.places.setModel(self.standing)
        style_table(self.places, 1)
        splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        splitter.addWidget(self.table)
        splitter.addWidget(self.places)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes((420, 130))
        lay_out(layout, (splitter, 1), self._build_awards(), self.note, self._build_foot())
        self.model.said.connect(self._say)
        self.table.pasted.connect(self.paste)
        self.table.deleted.connect(self.delete)
        self.table.clicked.connect(self._on_clicked)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_called())
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._allow_rows())
        Soon(self, _REFRESH_MS, self.refresh, session.dive_changed, session.dive_removed)
        session.meet_changed.connect(self.refresh)
        self.refresh()
        self.table.choose(0)

    def _build_tools(self) -> QHBoxLayout:
        self.videos = QPushButton(self.tr("Videos"), autoDefault=False)
        menu, match = QMenu(self.videos), self._session.meets.match
        self.match_open = menu.addAction(self.tr("Match the open rows in order"), lambda: match())
        anew, shown = self.tr("Match anew from this row on"), self.tr("Give this row the shown dive")
        self.match_anew = menu.addAction(anew, lambda: match(self._place, anew=True))
        menu.addSeparator()
        self.take_shown = menu.addAction(shown, lambda: self.model.take(self._with_shown()))
        off = self.tr("Take its video off (a repeat, no dive of the list)")
        self.take_off = menu.addAction(off, lambda: self.model.take(taken_off(self.model.meet, self._place)))
        menu.aboutToShow.connect(self._allow)
        self.videos.setMenu(menu)
        spreadsheet = self.tr("Rows of a spreadsheet, or lines such as Anna: 103B, 403B 1m")
        rounds = self.tr("Round by round, the athletes in the order of their first dives")
        self.in_turn = _tool(
            self.tr("One after another"), rounds, lambda: self.model.put(in_turn(self.model.meet.rows))
        )
        self.up = _tool("↑", self.tr("Up"), lambda: self.shift(-1))
        self.down = _tool("↓", self.tr("Down"), lambda: self.shift(1))
        for arrow in (self.up, self.down):
            arrow.setAccessibleName(arrow.toolTip())
        self.remove = _tool(self.tr("Delete"), self.tr("The chosen rows (Del)"), self.delete)
        return lay_out(
            QHBoxLayout(),
            _tool(self.tr("Paste"), spreadsheet, self.paste),
            _tool(self.tr("Open CSV…"), "", self.open_csv),
            _tool(self.tr("Save CSV…"), "", self.save_csv),
            None,
            self.in_turn,
            self.up,
            self.down,
            self.remove,
            self.videos,
        )

    def _build_awards(self) -> QHBoxLayout:
        self.called = label(role="title")
        self.awards = QLineEdit(
            placeholderText=self.tr("7 7.5 7 6.5 7 or 77.576.57, then Enter"),
            accessibleName=self.tr("Awards as they are called"),
            maxLength=_LONGEST_AWARDS,
        )
        self.awards.textEdited.connect(self._on_awards_edited)
        self.awards.returnPressed.connect(self._on_awards)
        return lay_out(QHBoxLayout(), self.called, (self.awards, 1))

    def _build_foot(self) -> QHBoxLayout:
        self.with_model = QCheckBox(self.tr("With the model's scores"))
        self.sheet = _tool(self.tr("Print sheet…"), self.tr("A page for the browser to print"), self.print_sheet)
        buttons = closing_buttons(self)
        row = lay_out(QHBoxLayout(), self.with_model, self.sheet, None, buttons)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        return row

    def refresh(self) -> None:
        """Show the list of the session as it is now."""
        self.model.refresh()
        meet = self.model.meet
        self.standing.show_rows(standings(self.model.counted.rows))
        self.head.refresh()
        self.sheet.setEnabled(bool(meet.rows))
        self.in_turn.setEnabled(in_turn(meet.rows) != meet.rows)
        self._allow_rows()
        self._show_called()

    def paste(self) -> None:
        """Add the rows that are on the clipboard."""
        self._add(*parse_dive_list(QGuiApplication.clipboard().text()))

    def open_csv(self) -> None:
        """Ask for a file with a list, and add its rows."""
        name, _ = QFileDialog.getOpenFileName(
            self, self.tr("Open a dive list"), "", self.tr("Tables (*.csv *.txt *.tsv);;All files (*)")
        )
        if name:
            self.read(Path(name))

    def read(self, path: Path) -> None:
        """Add the rows of a file."""
        try:
            self._add(*read_dive_list(path))
        except ConfigError as error:
            self._say(translated(error))

    def save_csv(self) -> None:
        """Ask for a file, and write the list with points and places."""
        path = ask_save_path(self, self._proposed(".csv"), (".csv",))
        if path is None:
            return
        try:
            with atomic_file(path) as temporary:
                temporary.write_bytes(dive_list_csv(self.model.counted.rows))
        except FineParserError as error:
            self._say(translated(error))

    def print_sheet(self) -> None:
        """Ask for a file, and write the sheet."""
        path = ask_save_path(self, self._proposed(".html"), (".html",))
        if path is not None:
            self._session.exports.meet_sheet(self.model.counted, path, with_model=self.with_model.isChecked())

    def delete(self) -> None:
        """Delete the chosen rows; the dives of their videos stay."""
        places = self.table.places
        self.model.put(tuple(row for place, row in enumerate(self.model.meet.rows) if place not in places))

    def shift(self, by: int) -> None:
        """Move the chosen rows up (-1) or down (1)."""
        places, rows = self.table.places, list(self.model.meet.rows)
        if not places or not 0 <= places[0] + by <= places[-1] + by < len(rows):
            return
        column = self.table.currentIndex().column()
        block = rows[places[0] : places[-1] + 1]
        del rows[places[0] : places[-1] + 1]
        rows[places[0] + by : places[0] + by] = block
        self.model.put(tuple(rows))
        self.table.choose(places[0] + by, column)

    def _add(self, rows: Sequence[ListedDive], problems: Sequence[Phrase]) -> None:
        room = MOST_ROWS - len(self.model.meet.rows)
        first = len(self.model.meet.rows)
        if rows:
            self.model.put((*self.model.meet.rows, *rows[:room]))
            self.table.choose(first)
        said = [translated(one) for one in problems]
        if not rows and not said:
            said = [self.tr("No dive was found: copy rows such as Anna 107B 3m.")]
        if len(said) > _SAID:
            said[_SAID:] = [self.tr("{0} more lines.").format(len(said) - _SAID)]
        self._say(" ".join(said))

    def _proposed(self, suffix: str) -> Path:
        name = named_file(self._session.meet.title or self.tr("Meet"))
        folder = self._session.dives[0].path.absolute().parent if self._session.dives else Path.home()
        return folder / f"{name}{suffix}"

    def _on_clicked(self, index: QModelIndex) -> None:
        """Show the dive of a row in the window."""
        key = self.model.rows[index.row()].dive
        if index.column() in (VIDEO, ATHLETE) and key is not None and self._session.find(key) is not None:
            self._session.select(key)

    def _allow_rows(self) -> None:
        """Enable the commands on the chosen rows."""
        places, n_rows = self.table.places, len(self.model.meet.rows)
        chosen = bool(places) and places[-1] < n_rows
        self.remove.setEnabled(bool(places) and places[0] < n_rows)
        self.up.setEnabled(chosen and places[0] > 0)
        self.down.setEnabled(chosen and places[-1] < n_rows - 1)

    def _allow(self) -> None:
        meet, row, meets = self.model.meet, self._row, self._session.meets
        self.match_open.setEnabled(meets.matched() != meet)
        self.match_anew.setEnabled(row is not None and meets.matched(self._place, anew=True) != meet)
        self.take_shown.setEnabled(row is not None and self._with_shown() != meet)
        self.take_off.setEnabled(row is not None and row.dive is not None)

    def _with_shown(self) -> Meet:
        """Return the list whose current row is the shown dive."""
        shown = self._session.current
        return assigned(self.model.meet, self._place, shown.key) if shown is not None else self.model.meet

    @property
    def _place(self) -> int:
        return self.table.currentIndex().row()

    @property
    def _row(self) -> ListedDive | None:
        """The current row as it counts; None: the empty row."""
        rows = self.model.counted.rows
        return rows[self._place] if 0 <= self._place < len(rows) else None

    def _show_called(self) -> None:
        row = self._row
        self.awards.setEnabled(row is not None)
        called = (str(row.round or ""), row.athlete, row.dive_number) if row is not None else ()
        self.called.setText(" · ".join(filter(None, called)))
        if not self.awards.isModified() or not self.awards.hasFocus():
            self.awards.setText(awards_text(row.awards) if row is not None else "")
            restyle(self.awards, valid=True)

    def _on_awards_edited(self, typed: str) -> None:
        self._say("")
        try:
            read_called(typed, self.model.judges(self._place))
        except ConfigError as error:
            restyle(self.awards, valid=False)
            self._say(translated(error))
        else:
            restyle(self.awards, valid=True)

    def _on_awards(self) -> None:
        """Enter: the awards are the row's, and the next row without any is next."""
        row, place = self._row, self._place
        self.awards.setModified(False)
        if row is None or not self.model.setData(self.model.index(place, AWARDS), self.awards.text()):
            self.awards.setModified(True)
            return
        rows = self.model.counted.rows
        following = (at for at in range(place + 1, len(rows)) if not rows[at].awards and not rows[at].outcome)
        self.table.choose(next(following, min(place + 1, len(rows) - 1)), AWARDS)
        self.awards.setFocus()
        self.awards.selectAll()

    def _say(self, text: str) -> None:
        self.note.setText(
            text or self.tr("Type in the empty row, paste, or open a CSV. Videos matches the clips with the open rows.")
        )
        restyle(self.note, role="error" if text else "muted")


def _tool(text: str, tip: str, act: Callable[[], object]) -> QPushButton:
    # Enter belongs to the awards.
    return QPushButton(text, toolTip=literal(tip), autoDefault=False, clicked=lambda: act())
