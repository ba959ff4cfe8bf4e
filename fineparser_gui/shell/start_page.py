"""Start page of the window: what can be begun, and the last sessions with a picture each."""

from collections.abc import Mapping

from PySide6.QtCore import QMargins, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fineparser_gui.support.widgets import clear, label, lay_out, literal

#: Width of the text in average letters, and most sessions that are listed.
_TEXT_LETTERS = 80
_MOST_LISTED = 4
#: Size of a session's picture, and width of the lines beside it, in pixels.
_PICTURE, _LINE_PX = QSize(80, 45), 280


class EmptyState(QWidget):
    """Drop area; the main window handles the drop event itself, wherever the mouse is.

    Signals:
        open_requested, record_requested, meet_requested, sample_requested: a button was pressed.
        session_requested: (int) a recent session was chosen, by its id.
    """

    open_requested = Signal()
    record_requested = Signal()
    meet_requested = Signal()
    sample_requested = Signal()
    session_requested = Signal(int)

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
        self.recent = QWidget()
        self.recent.setFixedWidth(_PICTURE.width() + _LINE_PX + 36)
        heading = label(self.tr("Last sessions"), "title")
        self._recent, column = QVBoxLayout(spacing=4), QVBoxLayout(self.recent, contentsMargins=QMargins(), spacing=4)
        lay_out(column, heading, self._recent, None)
        self.recent.hide()
        lists = lay_out(QHBoxLayout(spacing=24), None, self.recent, None)
        inner = QVBoxLayout(area, spacing=12)
        lay_out(inner, None, title, (self._text, 0, Qt.AlignmentFlag.AlignHCenter), 4, buttons, 6, lists)
        inner.addStretch()
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(20, 20, 20, 20)), area)

    def set_recent(self, sessions: Mapping[int, tuple[str, bytes]]) -> None:
        """List the newest sessions by their ids: two lines of text, and a picture of a dive as JPEG, or b""."""
        clear(self._recent)
        for id_, (text, picture) in list(sessions.items())[:_MOST_LISTED]:
            button = self._row(text)
            button.setIconSize(_PICTURE)
            button.setIcon(_icon(picture))
            button.clicked.connect(lambda _=False, id_=id_: self.session_requested.emit(id_))
            self._recent.addWidget(button)
        self.recent.setVisible(bool(sessions))

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


def _icon(jpeg: bytes) -> QIcon:
    """Return a picture that fills the place of a session's picture; gray without a picture."""
    image, whole = QImage.fromData(jpeg), Qt.AspectRatioMode.KeepAspectRatioByExpanding
    if image.isNull():
        image = QImage(_PICTURE, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.darkGray)
    image = image.scaled(2 * _PICTURE, whole, Qt.TransformationMode.SmoothTransformation)
    left, top = (image.width() - 2 * _PICTURE.width()) // 2, (image.height() - 2 * _PICTURE.height()) // 2
    return QIcon(QPixmap.fromImage(image.copy(left, top, 2 * _PICTURE.width(), 2 * _PICTURE.height())))
