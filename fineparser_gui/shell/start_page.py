"""Start page of the window: what can be begun, the last sessions with a picture each, and the athletes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from PySide6.QtCore import QMargins, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fineparser_gui.store.records import AthleteSummary
from fineparser_gui.support.formatting import day_text
from fineparser_gui.support.widgets import label, lay_out, literal

#: Width of the text in average letters, and most sessions and athletes that are listed.
_TEXT_LETTERS = 80
_MOST_LISTED = 4
#: Size of a session's picture, and width of the lines beside it, in pixels.
_PICTURE, _LINE_PX = QSize(80, 45), 280


class RecentSession(NamedTuple):
    """A session of the list.

    Attributes:
        text: its name, day, athletes and number of dives, two lines.
        picture: of one of its dives, as JPEG, or b"".
    """

    text: str
    picture: bytes


class EmptyState(QWidget):
    """Drop area; the main window handles the drop event itself, wherever the mouse is.

    Signals:
        open_requested, record_requested, meet_requested, sample_requested: a button was pressed.
        session_requested: (int) a recent session was chosen, by its id.
        athlete_requested: (str) an athlete was chosen.
    """

    open_requested = Signal()
    record_requested = Signal()
    meet_requested = Signal()
    sample_requested = Signal()
    session_requested = Signal(int)
    athlete_requested = Signal(str)

    def __init__(self, *, has_sample: bool) -> None:
        super().__init__()
        area = QFrame(objectName="emptyState")
        title = label(self.tr("Drop a dive here"), bold=1.8)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = label(
            self.tr(
                "Film from the side, the camera still, from the board to the water. One dive or a whole training: "
                "everything stays on this computer."
            ),
            "muted",
            wrap=True,
        )
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open_button = self._button(self.tr("Open video…"), self.open_requested, "primary")
        self.record_button = self._button(self.tr("Record at the pool…"), self.record_requested)
        self.meet_button = self._button(self.tr("Meet…"), self.meet_requested)
        self.sample_button = self._button(self.tr("Open the sample dive"), self.sample_requested)
        self.sample_button.setEnabled(has_sample)

        buttons = QHBoxLayout(spacing=10)
        lay_out(buttons, None, self.open_button, self.record_button, self.meet_button, self.sample_button, None)
        self.recent, self.athletes = _Column(self.tr("Last sessions")), _Column(self.tr("Athletes"))
        lists = lay_out(QHBoxLayout(spacing=24), None, self.recent, self.athletes, None)
        inner = QVBoxLayout(area, spacing=12)
        lay_out(inner, None, title, (self._text, 0, Qt.AlignmentFlag.AlignHCenter), 4, buttons, 6, lists)
        inner.addStretch()
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(20, 20, 20, 20)), area)

    def set_recent(self, sessions: Mapping[int, RecentSession]) -> None:
        """List the newest sessions by their ids."""
        buttons = []
        for id_, one in list(sessions.items())[:_MOST_LISTED]:
            button = self._row(one.text)
            button.setIconSize(_PICTURE)
            button.setIcon(_icon(one.picture))
            button.clicked.connect(lambda _=False, id_=id_: self.session_requested.emit(id_))
            buttons.append(button)
        self.recent.show_buttons(buttons)

    def set_athletes(self, athletes: Sequence[AthleteSummary]) -> None:
        """List the athletes who dived last."""
        buttons = []
        for one in athletes[:_MOST_LISTED]:
            n_dives = self.tr("{0} dives", None, one.n_dives).format(one.n_dives)
            last = " ".join(filter(None, (one.last[1], day_text(one.last[0]))))
            button = self._row("\n".join((one.name, " · ".join(filter(None, (n_dives, last))))))
            button.setMinimumHeight(_PICTURE.height() + 8)
            button.clicked.connect(lambda _=False, name=one.name: self.athlete_requested.emit(name))
            buttons.append(button)
        self.athletes.show_buttons(buttons)

    def showEvent(self, event: QShowEvent) -> None:
        width = min(self.fontMetrics().averageCharWidth() * _TEXT_LETTERS, self.width() - 80)
        self._text.setFixedSize(width, self._text.heightForWidth(width))
        super().showEvent(event)

    def _button(self, text: str, pressed: Signal, role: str | None = None) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("role", role)
        button.clicked.connect(pressed)
        button.setAutoDefault(True)
        return button

    def _row(self, text: str) -> QPushButton:
        metrics, elide = self.fontMetrics(), Qt.TextElideMode.ElideRight
        lines = [metrics.elidedText(line, elide, _LINE_PX) for line in text.split("\n")]
        button = QPushButton("\n".join(lines).replace("&", "&&"), toolTip=literal(text))
        button.setProperty("role", "row")
        button.setAutoDefault(True)  # Return presses it, as in a dialog
        return button


class _Column(QWidget):
    """A heading with buttons below it; hidden without any."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.setFixedWidth(_PICTURE.width() + _LINE_PX + 36)
        self._column = lay_out(QVBoxLayout(self, contentsMargins=QMargins(), spacing=4), label(heading, "title"), None)
        self.hide()

    def show_buttons(self, buttons: Sequence[QPushButton]) -> None:
        """Replace the buttons."""
        for old in self.findChildren(QPushButton):
            self._column.removeWidget(old)
            old.setParent(None)
            old.deleteLater()
        for place, button in enumerate(buttons):
            self._column.insertWidget(1 + place, button)
        self.setVisible(bool(buttons))


def _icon(jpeg: bytes) -> QIcon:
    """Return a picture that fills the place of a session's picture; gray without a picture."""
    image, whole = QImage.fromData(jpeg), Qt.AspectRatioMode.KeepAspectRatioByExpanding
    if image.isNull():
        image = QImage(_PICTURE, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.darkGray)
    image = image.scaled(2 * _PICTURE, whole, Qt.TransformationMode.SmoothTransformation)
    left, top = (image.width() - 2 * _PICTURE.width()) // 2, (image.height() - 2 * _PICTURE.height()) // 2
    return QIcon(QPixmap.fromImage(image.copy(left, top, 2 * _PICTURE.width(), 2 * _PICTURE.height())))
