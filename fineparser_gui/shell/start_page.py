"""Start page of the window: a drop area, two buttons and the recent sessions."""

from collections.abc import Mapping

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fineparser_gui.support.icons import pixmap
from fineparser_gui.support.widgets import label, lay_out

#: Width of the text in average letters, and most sessions that are listed.
_TEXT_LETTERS = 70
_MOST_RECENT = 5


class EmptyState(QWidget):
    """Drop area; the main window handles the drop event itself, wherever the mouse is.

    Signals:
        open_requested, sample_requested: a button was pressed.
        session_requested: (int) a recent session was chosen, by its id.
    """

    open_requested = Signal()
    sample_requested = Signal()
    session_requested = Signal(int)

    def __init__(self, *, has_sample: bool) -> None:
        super().__init__()
        self._area = QFrame(objectName="emptyState")
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        title = label(self.tr("Drop a dive here"), bold=1.8)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = label(
            self.tr(
                "A clip of one dive, from a phone or a broadcast. You get its three phases, the diver's mask, "
                "and, with the dive number, a score and where the points come from. Everything stays on this computer."
            ),
            "muted",
            wrap=True,
        )
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.open_button = QPushButton(self.tr("Open video…"))
        self.open_button.clicked.connect(self.open_requested)
        self.open_button.setProperty("role", "primary")
        sample = self.tr("Open the sample dive")
        self.sample_button = QPushButton(sample, enabled=has_sample)
        self.sample_button.clicked.connect(self.sample_requested)

        self._devices = label(role="muted", wrap=True)
        self._devices.setAlignment(Qt.AlignmentFlag.AlignCenter)

        buttons = lay_out(QHBoxLayout(spacing=10), None, self.open_button, self.sample_button, None)
        inner = QVBoxLayout(self._area, spacing=14)
        inner.addStretch(4)
        lay_out(inner, self._picture, title, (self._text, 0, Qt.AlignmentFlag.AlignHCenter), 6, buttons, self._devices)
        self.recent = QWidget()
        self._recent: dict[int, str] = {}
        self._sessions = QVBoxLayout(self.recent, contentsMargins=QMargins(0, 8, 0, 0), spacing=4)
        self.recent.hide()
        inner.addWidget(self.recent, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addStretch(5)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(28, 28, 28, 28)), self._area)

    def set_devices(self, devices: Mapping[str, str]) -> None:
        """Show the device that analyses run on.

        Args:
            devices: name in the preferences -> name for the user, best first; empty: not known yet.
        """
        best = next(iter(devices), "")
        if not devices:
            text = ""  # its line is kept free: the buttons do not move under the mouse when the devices are known
        elif best == "cpu":
            text = self.tr(
                "No GPU that can be used was found: analyses run on the processor ({0}). "
                "System check in the Help menu says why."
            )
        else:
            text = self.tr("Analyses run on the GPU: {0}.")
        self._devices.setText(text.format(devices.get(best, "")))

    def set_recent(self, sessions: Mapping[int, str]) -> None:
        """List the newest sessions: their texts by id."""
        newest = dict(list(sessions.items())[:_MOST_RECENT])
        if newest == self._recent:
            return
        self._recent = newest
        while (item := self._sessions.takeAt(0)) is not None:
            item.widget().deleteLater()
        self._sessions.addWidget(label(self.tr("Recent sessions"), "muted"), 0, Qt.AlignmentFlag.AlignHCenter)
        for id_, name in newest.items():
            button = QPushButton(name.replace("&", "&&"))
            button.setProperty("role", "tool")
            button.clicked.connect(lambda _=False, id_=id_: self.session_requested.emit(id_))
            self._sessions.addWidget(button)
        self.recent.setVisible(bool(newest))

    def showEvent(self, event: QShowEvent) -> None:
        width = self.fontMetrics().averageCharWidth() * _TEXT_LETTERS
        self._text.setFixedSize(width, self._text.heightForWidth(width))
        self._picture.setPixmap(pixmap("dive", self.palette().highlight().color().name(), 84))
        super().showEvent(event)
