"""Strip of the dives to compare with: a picture and an award each; a click shows one beside the current dive."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from fineparser_core.diving.judging import half_text
from fineparser_core.exemplars.records import Exemplar
from fineparser_core.export.crops import athlete_box, windows_around
from fineparser_core.records import MaskTrack
from fineparser_gui.player.frame_loader import read_crop
from fineparser_gui.services.comparable_dives import ComparableDive
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import DiveState
from fineparser_gui.support.background import Background, Soon
from fineparser_gui.support.formatting import RENDERED_MARK
from fineparser_gui.support.images import image_of
from fineparser_gui.support.widgets import fill_with_card, label, literal

#: Side of a picture, margin around it, and lines of text below it.
_PICTURE_PX, _GAP_PX, _N_LINES = 66, 6, 2
#: Side of the placeholder of a dive without a picture, and the height of its text, in pixels.
_DRAWN_PX, _TEXT_PX = 200, 44
_PAPER, _INK = QColor("#27455f"), QColor("#ffffff")
_SETTLED_MS = 120


def has_clip(exemplar: Exemplar) -> bool:
    """Return True if there is a video of an exemplar."""
    return exemplar.has_clip and exemplar.clip_path.is_file()


def exemplar_picture(exemplar: Exemplar, masks: MaskTrack | None) -> QImage:
    """Return a square picture of an exemplar: its athlete in the middle of the flight, or a tile without a clip.

    Raises:
        VideoError: its clip cannot be read.
    """
    if not has_clip(exemplar):
        return tile(exemplar.dive_number)
    from fineparser_core.video.reader import VideoReader  # loads PyAV

    frame = (exemplar.first_flight_frame + exemplar.first_entry_frame) // 2
    with VideoReader(exemplar.clip_path) as reader:
        (window,) = windows_around({frame: athlete_box(masks, frame)}, reader.info).values()
        return read_crop(reader, (frame, window))


def tile(text: str) -> QImage:
    """Return a plain square with a text in its middle."""
    image = QImage(_DRAWN_PX, _DRAWN_PX, QImage.Format.Format_RGB32)
    image.fill(_PAPER)
    painter = QPainter(image)
    font = QFont()
    font.setPixelSize(_TEXT_PX)
    painter.setFont(font)
    painter.setPen(_INK)
    painter.drawText(QRectF(image.rect()), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return image


class ComparedStrip(QWidget):
    """Card with the athlete's own dives and the exemplars of the shown dive, the best marked."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._listed: list[ComparableDive] = []
        self._pictures: dict[str, QIcon] = {}  # by exemplar id
        self._thread = Background(self)
        self.view = QListWidget(
            accessibleName=self.tr("Dives to compare with"),
            viewMode=QListWidget.ViewMode.IconMode,
            wrapping=False,
            movement=QListWidget.Movement.Static,
            iconSize=QSize(_PICTURE_PX, _PICTURE_PX),
            spacing=0,
            horizontalScrollMode=QListWidget.ScrollMode.ScrollPerPixel,
            verticalScrollBarPolicy=Qt.ScrollBarPolicy.ScrollBarAlwaysOff,
            objectName="strip",
            wordWrap=True,
        )
        self.view.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        height = _PICTURE_PX + _N_LINES * self.view.fontMetrics().lineSpacing() + 2 * _GAP_PX
        self._cell = QSize(_PICTURE_PX + _GAP_PX, height)
        self.view.ensurePolished()  # its frame is that of the style sheet
        scroll_px = self.view.horizontalScrollBar().sizeHint().height()
        self.view.setFixedHeight(height + scroll_px + 2 * max(self.view.frameWidth(), 1))
        self.view.itemClicked.connect(self._on_chosen)
        self.view.itemActivated.connect(self._on_chosen)
        fill_with_card(self, label(self.tr("Dives to compare with"), "title"), self.view)
        self._soon = Soon(self, _SETTLED_MS, self._refresh, session.shown_changed, session.library.changed)
        self._refresh()

    def close(self) -> bool:
        """Stop reading pictures before the window closes."""
        self._soon.end()
        self._thread.close()
        return super().close()

    def _refresh(self) -> None:
        dive = self._session.current
        ready = dive is not None and dive.state is DiveState.READY and dive.verdict.shows_dive
        if dive is not None and dive.scoring:
            return  # the exemplars of the score come with it
        listed = self._session.comparing.dives.glance() if ready else []
        self.setVisible(bool(listed))
        if [_said(one) for one in listed] == [_said(one) for one in self._listed]:
            return
        self._listed = listed
        self.view.clear()
        best = best_of(listed)
        for one in listed:
            text = half_text(one.award) if one.award is not None else "–"
            text += RENDERED_MARK * one.rendered + ("\n" + self.tr("best") if one is best else "")
            item = QListWidgetItem(text)
            item.setToolTip(literal("\n".join((one.title, self.tr("Click to see it beside this dive")))))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{one.title}, {text}")
            item.setSizeHint(self._cell)
            self.view.addItem(item)
            self._show_picture(item, one)

    def _show_picture(self, item: QListWidgetItem, dive: ComparableDive) -> None:
        """Show the picture of a dive, the placeholder until it is read."""
        pixels = self._session.dive(dive.key).thumbnail if dive.key is not None else None
        item.setIcon(_icon(tile(dive.name.split(" ")[0]) if pixels is None else image_of(pixels).copy()))
        if dive.history_id is not None:
            id_ = dive.history_id
            image = QImage.fromData(self._session.history.read(lambda store: store.thumbnail(id_), b""))
            item.setIcon(item.icon() if image.isNull() else _icon(image))
        exemplar = self._session.library.find(dive.exemplar_id) if dive.exemplar_id is not None else None
        if exemplar is None:
            return
        if (known := self._pictures.get(exemplar.id)) is not None:
            item.setIcon(known)
            return
        masks = self._session.library.mask(exemplar.id)
        self._thread.run(lambda: exemplar_picture(exemplar, masks), partial(self._on_read, exemplar.id))

    def _on_read(self, exemplar_id: str, image: QImage) -> None:
        self._pictures[exemplar_id] = _icon(image)
        for row, one in enumerate(self._listed):
            if one.exemplar_id == exemplar_id:
                self.view.item(row).setIcon(self._pictures[exemplar_id])

    def _on_chosen(self, item: QListWidgetItem) -> None:
        self._session.comparing.show(self._listed[self.view.row(item)])


def best_of(dives: Sequence[ComparableDive]) -> ComparableDive | None:
    """Return the dive with the highest award, a real one before one that the program has drawn."""
    known = [one for one in dives if one.award is not None]
    return max(known, key=lambda one: (not one.rendered, one.award), default=None)


def _said(one: ComparableDive) -> tuple[object, ...]:
    return one, one.title, one.award


def _icon(image: QImage) -> QIcon:
    """Return the middle of a picture as a square."""
    side = min(image.width(), image.height())
    middle = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    return QIcon(QPixmap.fromImage(middle))
