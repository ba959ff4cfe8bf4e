"""Start page of the window: a drop area and two buttons."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fineparser_gui.icons import pixmap
from fineparser_gui.panels.widgets import label

_TEXT_W = 470


class EmptyState(QWidget):
    """Drop area; the main window handles the drop event itself, wherever the mouse is.

    Signals:
        open_requested, sample_requested: a button was pressed.
    """

    open_requested = Signal()
    sample_requested = Signal()

    def __init__(self, *, has_sample: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._area = QFrame()
        self._area.setObjectName("emptyState")
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        title = label(self.tr("Drop a dive here"))
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.8)
        font.setBold(True)
        title.setFont(font)
        self._text = label(
            self.tr(
                "A clip of one dive, from a phone or a broadcast. You get its three phases, the diver's mask, "
                "and, with the dive number, a score and where the points come from. Everything stays on this computer."
            ),
            "muted",
            wrap=True,
        )
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setFixedWidth(_TEXT_W)
        self.open_button = QPushButton(self.tr("Open video…"))
        self.open_button.setProperty("role", "primary")
        self.open_button.clicked.connect(self.open_requested)
        self.sample_button = QPushButton(self.tr("Open the sample dive"))
        self.sample_button.clicked.connect(self.sample_requested)
        self.sample_button.setEnabled(has_sample)

        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch()
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        buttons.addStretch()
        inner = QVBoxLayout(self._area)
        inner.setSpacing(14)
        inner.addStretch(4)
        inner.addWidget(self._picture)
        inner.addWidget(title)
        inner.addWidget(self._text, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addSpacing(6)
        inner.addLayout(buttons)
        inner.addStretch(5)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(28, 28, 28, 28)
        outer.addWidget(self._area)

    def set_dropping(self, dropping: bool) -> None:
        """Highlight the area while a drag is over the window."""
        self._area.setProperty("dropping", dropping)
        self._area.style().unpolish(self._area)
        self._area.style().polish(self._area)

    def showEvent(self, event: QShowEvent) -> None:
        self._text.setFixedHeight(self._text.heightForWidth(_TEXT_W))
        self._picture.setPixmap(pixmap("dive", self.palette().highlight().color().name(), 84))
        super().showEvent(event)
