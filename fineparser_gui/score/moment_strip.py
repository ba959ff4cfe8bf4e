"""Take-off, come-out and entry of the shown dive as pictures to click on, with skeleton and measured angles."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fineparser_core.export.crops import Window, athlete_box, windows_around
from fineparser_core.export.measured_angles import MeasuredAngle, measured_angles
from fineparser_core.export.report.moments import ShownMoment
from fineparser_core.export.skeleton import bones_of, joints_at
from fineparser_core.language import translated
from fineparser_core.records import DiveParse, Measure, VideoInfo
from fineparser_gui.player.crop_loader import CropLoader
from fineparser_gui.player.skeleton_painting import paint_angle, paint_skeleton
from fineparser_gui.support.widgets import keyboard_friendly

_GAP_PX, _CAPTION_PX = 6, 18
#: Lines below a caption for the name of the angle on the picture.
_ANGLE_LINES = 2
#: Widths of the bones, so that they do not hide a small body.
_THIN = 0.6


class MomentStrip(QWidget):
    """Three pictures side by side.

    Signals:
        frame_requested: (int) source frame of a picture that was chosen.
    """

    frame_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        keyboard_friendly(self)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Take-off, come-out and entry"))
        self._moments: tuple[ShownMoment, ...] = ()
        self._captions: tuple[str, ...] = ()
        self._measures: tuple[Measure, ...] = ()
        self._parse: DiveParse | None = None
        self._windows: dict[int, Window] = {}  # by frame
        self._focused = 0
        self._crops = CropLoader(self)
        self._crops.changed.connect(self.update)

    def show_moments(
        self,
        parse: DiveParse | None,
        info: VideoInfo | None,
        moments: Sequence[tuple[ShownMoment, str]],
        measures: Sequence[Measure],
    ) -> None:
        """Show moments with their captions; None: none."""
        self._parse, self._measures = parse, tuple(measures)
        self._moments, self._captions = tuple(one for one, _ in moments), tuple(text for _, text in moments)
        self.setAccessibleDescription(", ".join(self._captions))
        if parse is None or info is None:
            self._crops.show(None)
            return
        boxes = {moment.frame: athlete_box(parse, moment.frame) for moment in self._moments}
        self._windows = windows_around(boxes, info)
        self._crops.show(parse.clip.path, list(self._windows.items()))
        self.update()

    def close_file(self) -> None:
        """Release the file, and wait for its thread."""
        self._crops.close()

    def sizeHint(self) -> QSize:
        return QSize(300, self.heightForWidth(300))

    def resizeEvent(self, event: object) -> None:
        self.setFixedHeight(self.heightForWidth(self.width()))

    def heightForWidth(self, width: int) -> int:
        return round((width - 2 * _GAP_PX) / 3) + _CAPTION_PX + _ANGLE_LINES * self.fontMetrics().height()

    def angle_text(self, at: int) -> str:
        """Return the name of the angle on a picture, "lean at the take-off", or ""."""
        parse, moment = self._parse, self._moments[at]
        return "" if parse is None else ", ".join(translated(one.title) for one in self._angles(parse, moment))

    def _angles(self, parse: DiveParse, moment: ShownMoment) -> list[MeasuredAngle]:
        joints = joints_at(parse, moment.frame)
        return measured_angles(self._measures, moment.frame, joints, opening=moment.opens)

    def _place(self, at: int) -> QRectF:
        side = (self.width() - 2 * _GAP_PX) / 3
        return QRectF(at * (side + _GAP_PX), 0, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        for at, (moment, caption) in enumerate(zip(self._moments, self._captions, strict=True)):
            place = self._place(at)
            painter.fillRect(place, self.palette().mid())
            window = self._windows.get(moment.frame)
            image = self._crops.image((moment.frame, window)) if window is not None else None
            if image is not None and window is not None and self._parse is not None:
                painter.drawImage(place, image)
                self._paint_body(painter, self._parse, moment, window, place)
            painter.setPen(self.palette().text().color())
            below = QRectF(place.left(), place.bottom() + 1, place.width(), _CAPTION_PX)
            text = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideRight, int(place.width()))
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, text)
            painter.setPen(self.palette().placeholderText().color())
            lines = QRectF(below.left(), below.bottom(), below.width(), self.height() - below.bottom())
            wrapped = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(lines, wrapped, self.angle_text(at))
            if self.hasFocus() and at == self._focused:
                painter.setPen(QPen(self.palette().highlight().color(), 2))
                painter.drawRect(place.adjusted(1, 1, -1, -1))

    def _paint_body(
        self, painter: QPainter, parse: DiveParse, moment: ShownMoment, window: Window, place: QRectF
    ) -> None:
        left, top, side = window
        scale = place.width() / side

        def to_widget(x: float, y: float) -> QPointF:
            return QPointF(place.x() + (x - left) * scale, place.y() + (y - top) * scale)

        joints = joints_at(parse, moment.frame)
        if joints is None:
            return
        painter.save()
        painter.setClipRect(place)
        paint_skeleton(painter, bones_of(joints), to_widget, scale=_THIN)
        for angle in self._angles(parse, moment):
            paint_angle(painter, angle, to_widget)
        painter.restore()

    def _at(self, position: QPointF) -> int | None:
        return next((at for at in range(len(self._moments)) if self._place(at).contains(position)), None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        inside = self._at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if inside else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._at(event.position())
        if at is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, n = event.key(), len(self._moments)
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
        self.frame_requested.emit(self._moments[at].frame)
