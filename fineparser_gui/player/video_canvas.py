"""Canvas that draws a video frame with athlete mask, skeleton and network crop, with zoom and pan."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen

from fineparser_core.constants import MASK_SIZE
from fineparser_core.export.ghost import GHOST_STYLE
from fineparser_core.export.mask_overlay import mask_at, mask_opacity
from fineparser_core.export.options import MaskStyle
from fineparser_core.export.skeleton import bones_of, joints_at
from fineparser_core.measures.center_path import CenterPath
from fineparser_core.records import AthletePoint, MaskTrack
from fineparser_gui.player.drawing_marks import paint_grip
from fineparser_gui.player.picture_view import PictureView
from fineparser_gui.player.skeleton_painting import paint_label, paint_path, paint_skeleton

_BACKGROUND = QColor("#0b0f13")
_SHADE = QColor(0, 0, 0, 140)
_OUTLINE = QColor("#ffffff")


def mask_image(probability: np.ndarray, color: QColor, *, outline: bool = False) -> tuple[QImage, QRectF]:
    """Return a premultiplied ARGB image of a mask in a color, cropped to its covered cells, with alpha by probability.

    Args:
        probability: (112, 112).

    Returns:
        The image, null for an empty mask, and its rectangle in the unit square of the mask.
    """
    alpha = mask_opacity(probability, outline=outline)
    covered = [np.flatnonzero(alpha.any(axis)) for axis in (1, 0)]
    if not len(covered[0]):
        return QImage(), QRectF()
    # One empty cell on each side, so that smooth scaling fades out.
    (top, left), (bottom, right) = zip(*((max(c[0] - 1, 0), min(c[-1] + 2, MASK_SIZE)) for c in covered), strict=True)
    values = np.array([color.blue(), color.green(), color.red(), 255], np.float32)
    pixels = np.rint(alpha[top:bottom, left:right, None] * values).astype(np.uint8)
    height, width = pixels.shape[:2]
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy(), QRectF(*(float(side) / MASK_SIZE for side in (left, top, width, height)))


class CanvasLayer(Protocol):
    """Overlay that handles mouse and keys before the canvas."""

    def paint(self, painter: QPainter, frame: int) -> None: ...
    def press(self, event: QMouseEvent) -> bool: ...
    def move(self, event: QMouseEvent) -> bool: ...
    def release(self, event: QMouseEvent) -> bool: ...
    def double_click(self, event: QMouseEvent) -> bool: ...
    def key(self, event: QKeyEvent) -> bool: ...
    def wants_key(self, event: QKeyEvent) -> bool: ...
    def tab(self, direction: int) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class PictureOverlays:
    """Overlays of a picture.

    Attributes:
        skeleton: the skeleton and the path of the body's center.
        crop: the crop that the network was given.
        style: style of the mask.
    """

    mask: bool = True
    skeleton: bool = False
    crop: bool = False
    style: MaskStyle = field(default_factory=MaskStyle)


class VideoCanvas(PictureView):
    """Canvas of a frame; masks are scaled smoothly from 112 x 112 to their rectangle.

    Tab visits the drawings of the layer before it leaves the canvas.

    Signals:
        painted: (int) index of the shown frame, after each paint.

    Attributes:
        layer: takes mouse and keys first; None: there is none.
        overlays: overlays of the picture.
        track: masks and joints of the dive.
    """

    painted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(200, 150)
        self.setAccessibleName(self.tr("Video"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.layer: CanvasLayer | None = None
        self._image: QImage | None = None
        self.track: MaskTrack | None = None
        self.path: CenterPath | None = None
        self._shown_frame = 0
        self._focused_by_keyboard = False  # focused by keyboard
        self._mask: tuple[object, tuple[QImage, QRectF]] | None = None  # what it shows, and the picture
        self.overlays = PictureOverlays()
        self._ghost: Callable[[int], tuple[np.ndarray, np.ndarray] | None] | None = None
        self._point: AthletePoint | None = None

    def set_ghost(self, ghost: Callable[[int], tuple[np.ndarray, np.ndarray] | None] | None) -> None:
        """Show outlines over the athlete: a function of the frame returns the mask and the pixels that it covers."""
        self._ghost = ghost
        self.update()

    def set_mirrored(self, mirrored: bool) -> None:
        """Exchange left and right of the picture and of its overlays; the next `set_frame` shows it."""
        self.mirrored, self._mask = mirrored, None

    @property
    def image(self) -> QImage | None:
        """The shown picture; None while nothing is shown."""
        return self._image

    def set_source(self, source_size: QSize, track: MaskTrack | None, path: CenterPath | None = None) -> None:
        """Set frame size of the file in pixels, masks and joints of the dive, and the path of the body's center."""
        self.source_size, self.track, self.path, self._mask = source_size, track, path, None
        self.update()
        self.view_changed.emit()

    def set_frame(self, frame: int, image: QImage | None) -> None:
        """Show the image of a frame with its mask."""
        self._shown_frame, self._image = (
            frame,
            image.flipped(Qt.Orientation.Horizontal) if image and self.mirrored else image,
        )
        self.update()

    @property
    def shown_frame(self) -> int | None:
        """Index of the shown frame; None while nothing is shown."""
        return None if self._image is None else self._shown_frame

    def overlay(self, **changes: object) -> None:
        """Change the overlays; arguments are attributes of `PictureOverlays`."""
        self.overlays = replace(self.overlays, **changes)
        self.update()

    def set_point(self, point: AthletePoint | None) -> None:
        """Set where the coach has pointed at the diver; marked in that frame."""
        if point != self._point:
            self._point = point
            self.update()

    def event(self, event: QEvent) -> bool:
        override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if override and self.layer is not None and self.layer.wants_key(event):
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.layer is None or not self.layer.press(event):
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is None and self.layer is not None:
            self.layer.move(event)
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is None and self.layer is not None:
            self.layer.release(event)
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.layer is None or not self.layer.double_click(event):
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.layer is None or not self.layer.key(event):
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        if self.layer is not None and self.layer.tab(1 if forward else -1):
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._focused_by_keyboard = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._focused_by_keyboard = False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), _BACKGROUND)
        if self._image is not None:
            self._paint_picture(painter, self._image)
        if self._focused_by_keyboard:
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()
        if self._image is not None:
            self.painted.emit(self._shown_frame)

    def _paint_picture(self, painter: QPainter, image: QImage) -> None:
        picture = self.picture_rect()
        scaled = (image.width(), image.height()) != self.magnified_px()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scaled)
        painter.drawImage(picture, image)
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        track = self.track
        if track is not None and track.sampled_frames[0] <= self._shown_frame <= track.sampled_frames[-1]:
            probability, crop_xyxy = mask_at(track, self._shown_frame)
            crop = self.crop_rect(crop_xyxy)
            if self.overlays.mask:
                image, place = self._mask_picture(probability)
                painter.setOpacity(self.overlays.style.opacity)
                painter.drawImage(_within(crop, place), image)
                painter.setOpacity(1.0)
            if self.overlays.crop:
                self._draw_crop(painter, crop, picture)
        if self._ghost is not None and (placed := self._ghost(self._shown_frame)) is not None:
            image, place = mask_image(placed[0], QColor(GHOST_STYLE.color), outline=True)
            painter.drawImage(_within(self.crop_rect(placed[1]), place), image)
        if self.overlays.skeleton and track is not None:
            self._paint_skeleton(painter, track)
        if self._point is not None and self._point.frame == self._shown_frame:
            paint_grip(painter, self.to_widget(self._point.x, self._point.y))
        if self.layer is not None:
            self.layer.paint(painter, self._shown_frame)

    def _paint_skeleton(self, painter: QPainter, track: MaskTrack) -> None:
        joints = joints_at(track, self._shown_frame)
        bones = bones_of(joints) if joints is not None else []
        if self.path is not None:
            paint_path(painter, self.path, self._shown_frame, self.to_widget, self.picture_rect(), bones)
        paint_skeleton(painter, bones, self.to_widget)

    def _mask_picture(self, probability: np.ndarray) -> tuple[QImage, QRectF]:
        style = self.overlays.style
        key = (self._shown_frame, style)
        if self._mask is None or self._mask[0] != key:
            image, place = mask_image(probability, QColor(style.color), outline=style.outline)
            if self.mirrored:
                image = image.flipped(Qt.Orientation.Horizontal)
                place.moveRight(1 - place.left())
            self._mask = (key, (image, place))
        return self._mask[1]

    def crop_rect(self, crop_xyxy: np.ndarray) -> QRectF:
        """Return the rectangle of a crop of the file's frames in widget coordinates."""
        x0, y0, x1, y1 = (float(value) for value in crop_xyxy)
        return QRectF(self.to_widget(x0, y0), self.to_widget(x1, y1)).normalized()

    def _draw_crop(self, painter: QPainter, crop: QRectF, picture: QRectF) -> None:
        outside = QPainterPath()
        outside.addRect(picture)
        outside.addRect(crop)  # odd-even fill excludes the crop
        painter.fillPath(outside, _SHADE)
        painter.setPen(QPen(_OUTLINE, 1.5, Qt.PenStyle.DashLine))
        painter.drawRect(crop.intersected(picture).adjusted(1, 1, -1, -1))
        label = self.tr("what the model saw")
        box = painter.fontMetrics().boundingRect(label).adjusted(-6, -3, 6, 3)
        box.moveTopLeft((crop.intersected(picture).topLeft() + QPointF(8, 8)).toPoint())
        paint_label(painter, QRectF(box), label, _OUTLINE, _SHADE, 4)


def _within(rect: QRectF, place: QRectF) -> QRectF:
    """Map a rectangle of the unit square into `rect`."""
    width, height = rect.width(), rect.height()
    x, y = rect.x() + place.x() * width, rect.y() + place.y() * height
    return QRectF(x, y, place.width() * width, place.height() * height)
