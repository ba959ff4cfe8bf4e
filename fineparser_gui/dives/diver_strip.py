"""Strip above the player that asks which of several people is the diver, each as a picture to click on."""

from collections.abc import Callable

from PySide6.QtCore import QMargins, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout

from fineparser_core.export.crops import windows_around
from fineparser_core.records import DiverCandidate, VideoInfo
from fineparser_gui.dives.session import Session
from fineparser_gui.player.arrow_keys import ENTER
from fineparser_gui.player.crop_loader import Crop, CropLoader
from fineparser_gui.support.formatting import time_text
from fineparser_gui.support.widgets import keyboard_friendly, label, lay_out, push_button

#: Number of people that are shown, the likeliest first.
_MOST = 4
#: Side of a picture: a body in the background shows, and a low window keeps room for the player.
_PICTURE_PX = 88


class DiverCard(QToolButton):
    """A picture of a person in the air; Enter and Space press it."""

    def __init__(self, press: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "large")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(_PICTURE_PX, _PICTURE_PX))
        self.clicked.connect(lambda: press())
        keyboard_friendly(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.click()
        else:
            super().keyPressEvent(event)


class DiverStrip(QFrame):
    """Strip that is visible while the score of the shown dive waits for an answer.

    Signals:
        point_requested: it is none of them; the coach wants to point at the diver.

    Attributes:
        cards: buttons, that of the likeliest diver first.
        point: button that asks for the diver.
    """

    point_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setProperty("card", True)
        self._divers: tuple[DiverCandidate, ...] = ()
        self._crops: list[Crop] = []
        self._pictures = CropLoader(self)
        self._pictures.changed.connect(self._show_pictures)
        asked = label(self.tr("Which diver?"), bold=1.2)
        hint = label(self.tr("Enter takes the first."), "muted", wrap=True)
        self.point = push_button(self.tr("Point at the diver"), self.point_requested, self.tr("It is none of them"))
        left = Qt.AlignmentFlag.AlignLeft
        words = lay_out(QVBoxLayout(spacing=2), None, asked, hint, 4, (self.point, 0, left), None)
        row = lay_out(QHBoxLayout(self, contentsMargins=QMargins(14, 6, 8, 6), spacing=8), (words, 1))
        self.cards = [DiverCard(lambda place=place: self.take(place)) for place in range(_MOST)]
        for card in self.cards:
            row.addWidget(card)
        session.shown_changed.connect(self._refresh)
        self._refresh()

    def take(self, place: int = 0) -> None:
        """Follow a person, and cut the dive out again."""
        if place < len(self._divers):
            self._session.on_current(self._session.editing.point_at, self._divers[place].point)

    def close_file(self) -> None:
        """Release the file before the window closes."""
        self._session.shown_changed.disconnect(self._refresh)
        self._pictures.close()

    def _refresh(self) -> None:
        dive = self._session.current
        asks = dive is not None and dive.asks_diver and dive.info is not None
        self.setVisible(asks)
        self._divers = dive.model_analysis.parse.clip.divers[:_MOST] if asks else ()
        if not asks:
            self._pictures.show(None)
            return
        self._crops = [_crop(one, dive.info) for one in self._divers]
        self._pictures.show(dive.path, self._crops)
        for place, card in enumerate(self.cards):
            card.setVisible(place < len(self._divers))
            if place < len(self._divers):
                at_s = time_text(dive.info.pts_s[min(self._divers[place].frame, dive.info.n_frames - 1)], 1)
                card.setText(f"{place + 1} · {at_s}")
                card.setAccessibleName(self.tr("Diver {0}, in the air at {1}").format(place + 1, at_s))
        self._show_pictures()

    def _show_pictures(self) -> None:
        ratio = self.devicePixelRatioF()
        for card, crop, diver in zip(self.cards, self._crops, self._divers, strict=False):
            picture = QPixmap(QSize(_PICTURE_PX, _PICTURE_PX) * ratio)
            picture.setDevicePixelRatio(ratio)
            picture.fill(self.palette().mid().color())
            if (image := self._pictures.image(crop)) is not None:
                painter = QPainter(picture)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(QRectF(0, 0, _PICTURE_PX, _PICTURE_PX), image)
                for color, width in ((QColor("black"), 3), (QColor("white"), 1)):
                    painter.setPen(QPen(color, width))
                    painter.drawRect(_frame_around(diver, crop))
                painter.end()
            card.setIcon(QIcon(picture))


def _crop(diver: DiverCandidate, info: VideoInfo) -> Crop:
    return diver.frame, windows_around({diver.frame: diver.box_xyxy}, info)[diver.frame]


def _frame_around(diver: DiverCandidate, crop: Crop) -> QRectF:
    """Return the box of a body in its picture."""
    _, (left, top, side) = crop
    x0, y0, x1, y1 = diver.box_xyxy
    scale = _PICTURE_PX / side
    return QRectF((x0 - left) * scale, (y0 - top) * scale, (x1 - x0) * scale, (y1 - y0) * scale)
