"""Moments of the shown dive as pictures to click on, with skeleton and measured angles, and a line below each."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fineparser_core.export.crops import Window, athlete_box, windows_around
from fineparser_core.export.measured_angles import MeasuredAngle, measured_angles
from fineparser_core.export.skeleton import bones_of, joints_at
from fineparser_core.language import translated
from fineparser_core.records import DiveParse, Measure, VideoInfo
from fineparser_gui.player.frame_loader import FrameLoader, read_crop
from fineparser_gui.player.skeleton_painting import paint_angle, paint_skeleton
from fineparser_gui.support.widgets import keyboard_friendly, literal

_GAP_PX, _CAPTION_GAP_PX = 6, 2
#: Pictures side by side.
_N_PICTURES = 3
_WRAPPED = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
#: Widths of the bones, so that they do not hide a small body.
_THIN = 0.6


class ShownPicture(NamedTuple):
    """A frame with its caption.

    Attributes:
        fault: whether the caption names a fault.
        opens: whether the body opens there.
    """

    frame: int
    caption: str
    fault: bool = False
    opens: bool = False


class MomentStrip(QWidget):
    """Three pictures side by side; the tool tip of each names the angle on it.

    Signals:
        frame_requested: (int) source frame of a picture that was chosen.
    """

    frame_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        keyboard_friendly(self)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Pictures of the dive"))
        self._pictures: tuple[ShownPicture, ...] = ()
        self._measures: tuple[Measure, ...] = ()
        self._parse: DiveParse | None = None
        self._windows: dict[int, Window] = {}  # by frame
        self._focused = 0
        self._crops = FrameLoader(self, read_crop)
        self._crops.changed.connect(self.update)

    @property
    def pictures(self) -> tuple[ShownPicture, ...]:
        """The pictures that are shown, from left to right."""
        return self._pictures

    def show_pictures(
        self,
        parse: DiveParse | None,
        info: VideoInfo | None,
        pictures: Sequence[ShownPicture],
        measures: Sequence[Measure],
    ) -> None:
        """Show frames of a dive; None: none."""
        self._parse, self._measures, self._pictures, self._focused = parse, tuple(measures), tuple(pictures), 0
        self.setAccessibleDescription(", ".join(picture.caption for picture in pictures))
        if parse is None or info is None:
            self._crops.set_file(None)
            return
        boxes = {picture.frame: athlete_box(parse, picture.frame) for picture in pictures}
        self._windows = windows_around(boxes, info)
        self.setFixedHeight(self.heightForWidth(self.width()))
        self._crops.set_file(parse.clip.path)
        self.update()

    def close_file(self) -> None:
        """Release the file, and wait for its thread."""
        self._crops.close()

    def sizeHint(self) -> QSize:
        return QSize(300, self.heightForWidth(300))

    def resizeEvent(self, event: object) -> None:
        self.setFixedHeight(self.heightForWidth(self.width()))

    def heightForWidth(self, width: int) -> int:
        font = self.font()
        font.setBold(True)
        room, metrics = QRect(0, 0, int(self._side(width)), 1000), QFontMetrics(font)
        heights = [metrics.boundingRect(room, _WRAPPED, picture.caption).height() for picture in self._pictures]
        return round(self._side(width)) + _CAPTION_GAP_PX + max(heights, default=metrics.height())

    def angle_text(self, at: int) -> str:
        """Return the name of the angle on a picture, "lean at the take-off", or ""."""
        parse, picture = self._parse, self._pictures[at]
        return "" if parse is None else ", ".join(translated(one.title) for one in self._angles(parse, picture))

    def _angles(self, parse: DiveParse, picture: ShownPicture) -> list[MeasuredAngle]:
        joints = joints_at(parse, picture.frame)
        return measured_angles(self._measures, picture.frame, joints, opening=picture.opens)

    def _side(self, width: int) -> float:
        return (width - (_N_PICTURES - 1) * _GAP_PX) / _N_PICTURES

    def _place(self, at: int) -> QRectF:
        side = self._side(self.width())
        return QRectF(at * (side + _GAP_PX), 0, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        images = self._crops.want(sorted(self._windows.items()))
        for at, picture in enumerate(self._pictures):
            place = self._place(at)
            painter.fillRect(place, self.palette().mid())
            window = self._windows.get(picture.frame)
            image = images.get((picture.frame, window)) if window is not None else None
            if image is not None and window is not None and self._parse is not None:
                painter.drawImage(place, image)
                self._paint_body(painter, self._parse, picture, window, place)
            palette, font = self.palette(), self.font()
            painter.setPen(palette.text().color() if picture.fault else palette.placeholderText().color())
            font.setBold(picture.fault)
            painter.setFont(font)
            below = place.bottom() + _CAPTION_GAP_PX
            lines = QRectF(place.left(), below, place.width(), self.height() - below)
            painter.drawText(lines, _WRAPPED, picture.caption)
            if self.hasFocus() and at == self._focused:
                painter.setPen(QPen(self.palette().highlight().color(), 2))
                painter.drawRect(place.adjusted(1, 1, -1, -1))

    def _paint_body(
        self, painter: QPainter, parse: DiveParse, picture: ShownPicture, window: Window, place: QRectF
    ) -> None:
        left, top, side = window
        scale = place.width() / side

        def to_widget(x: float, y: float) -> QPointF:
            return QPointF(place.x() + (x - left) * scale, place.y() + (y - top) * scale)

        joints = joints_at(parse, picture.frame)
        if joints is None:
            return
        painter.save()
        painter.setClipRect(place)
        paint_skeleton(painter, bones_of(joints), to_widget, scale=_THIN)
        for angle in self._angles(parse, picture):
            paint_angle(painter, angle, to_widget)
        painter.restore()

    def _at(self, position: QPointF) -> int | None:
        return next((at for at in range(len(self._pictures)) if self._place(at).contains(position)), None)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            at = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), literal(self.angle_text(at)) if at is not None else "", self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        inside = self._at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if inside else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._at(event.position())
        if at is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, n = event.key(), len(self._pictures)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and n:
            self._focused = min(max(self._focused + (1 if key == Qt.Key.Key_Right else -1), 0), n - 1)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and n:
            self._choose(self._focused)
        else:
            super().keyPressEvent(event)

    def _choose(self, at: int) -> None:
        self._focused = at
        self.update()
        self.frame_requested.emit(self._pictures[at].frame)
