"""Canvas that draws a video frame with athlete mask, skeleton and network crop, with zoom and pan."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QSizePolicy, QWidget

from fineparser_core.export.mask_overlay import mask_at
from fineparser_core.export.options import MaskStyle
from fineparser_core.export.skeleton import bones_of, joints_at
from fineparser_core.measures.center_path import CenterPath
from fineparser_core.records import AthletePoint, MaskTrack
from fineparser_core.video.omitted_columns import omitted_columns
from fineparser_gui.player.drawing_marks import paint_grip
from fineparser_gui.player.ghost_image import GhostImage
from fineparser_gui.player.mask_image import mask_image
from fineparser_gui.player.skeleton_painting import paint_label, paint_path, paint_skeleton
from fineparser_gui.player.viewport import ZOOM_STEP, Viewport

_BACKGROUND = QColor("#0b0f13")
_SHADE = QColor(0, 0, 0, 140)
_OUTLINE = QColor("#ffffff")


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


#: A picture that is as narrow keeps its columns, whatever their conversion costs.
_NARROW_PX = 64


def _spare_columns(width_px: int) -> int:
    """Return the columns by which a picture is narrower than its place, as it would be converted twice."""
    return omitted_columns(width_px) if width_px > _NARROW_PX else 0


@dataclass(frozen=True, kw_only=True)
class Overlays:
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


class VideoCanvas(QWidget):
    """Canvas of a frame fitted to the widget or magnified; masks are scaled smoothly from 112 x 112 to their rectangle.

    Wheel and pinch zoom at the pointer, dragging pans, a double click fits the frame to the widget. Tab visits the
    drawings of the layer before it leaves the canvas.

    Signals:
        view_changed: size or visible part of the picture on the screen changed.
        painted: (int) index of the shown frame, after each paint.

    Attributes:
        layer: takes mouse and keys first; None: there is none.
        overlays: overlays of the picture.
    """

    view_changed = Signal()
    painted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)
        self.setAccessibleName(self.tr("Video"))
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.layer: CanvasLayer | None = None
        self._image: QImage | None = None
        self._source_size = QSize(1, 1)
        self._track: MaskTrack | None = None
        self._path: CenterPath | None = None
        self._shown_frame = 0
        self._view = Viewport()
        self._dragged_from: QPointF | None = None
        self._focused_by_keyboard = False  # focused by keyboard
        self._mask: tuple[tuple[int, MaskStyle], tuple[QImage, QRectF]] | None = None
        self.overlays = Overlays()
        self._point: AthletePoint | None = None
        self._mirrored = False
        self._ghosts: Sequence[GhostImage] = ()

    def set_mirrored(self, mirrored: bool) -> None:
        """Exchange left and right of the picture and of its overlays; the next `set_frame` shows it."""
        self._mirrored, self._mask = mirrored, None

    @property
    def mirrored(self) -> bool:
        return self._mirrored

    def set_ghosts(self, ghosts: Sequence[GhostImage]) -> None:
        """Lay other bodies over the picture."""
        if ghosts or self._ghosts:
            self._ghosts = ghosts
            self.update()

    @property
    def image(self) -> QImage | None:
        """The shown picture; None while nothing is shown."""
        return self._image

    def set_source(self, source_size: QSize, track: MaskTrack | None, path: CenterPath | None = None) -> None:
        """Set frame size of the file in pixels, masks and joints of the dive, and the path of the body's center."""
        self._source_size, self._track, self._path, self._mask = source_size, track, path, None
        self.update()
        self.view_changed.emit()

    def set_frame(self, frame: int, image: QImage | None) -> None:
        """Show the image of a frame with its mask."""
        self._shown_frame, self._image = (
            frame,
            image.flipped(Qt.Orientation.Horizontal) if image and self._mirrored else image,
        )
        self.update()

    @property
    def shown_frame(self) -> int | None:
        """Index of the shown frame; None while nothing is shown."""
        return None if self._image is None else self._shown_frame

    def overlay(self, **changes: object) -> None:
        """Change the overlays; arguments are attributes of `Overlays`."""
        self.overlays = replace(self.overlays, **changes)
        self.update()

    def set_point(self, point: AthletePoint | None) -> None:
        """Set where the coach has pointed at the diver; marked in that frame."""
        if point != self._point:
            self._point = point
            self.update()

    @property
    def view(self) -> Viewport:
        return self._view

    def fit(self) -> None:
        """Fit the picture to the widget."""
        self._set_view(Viewport())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a point of the widget; None: around its center."""
        at = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        self._set_view(self._view.zoomed(factor, (at.x(), at.y()), *self._sizes()))

    def zoom_to_pixels(self) -> None:
        """Show the actual size: a pixel of the file per pixel of the screen; never smaller than fitted."""
        width_px = self.picture_rect().width() * self.devicePixelRatioF()
        self.zoom_by(self._source_size.width() / max(width_px, 1))

    def picture_rect(self) -> QRectF:
        """Return the rectangle of the whole frame in widget coordinates."""
        x, y, width, height = self._view.rect(*self._sizes())
        if self._view.zoom != 1:
            return QRectF(x, y, width, height)
        ratio = self.devicePixelRatioF()  # whole device pixels: copied without scaling
        left, top, across, down = (round(value * ratio) for value in (x, y, width, height))
        spare = _spare_columns(across)
        return QRectF((left + spare // 2) / ratio, top / ratio, (across - spare) / ratio, down / ratio)

    def fitted_px(self) -> tuple[int, int]:
        """Return (width, height) of the fitted picture in device pixels."""
        _, _, width, height = Viewport().rect(*self._sizes())
        ratio = self.devicePixelRatioF()
        across = round(width * ratio)
        return max(across - _spare_columns(across), 1), max(round(height * ratio), 1)

    def magnified_px(self) -> tuple[int, int]:
        """Return (width, height) of the magnified picture in device pixels."""
        picture, ratio = self.picture_rect(), self.devicePixelRatioF()
        return max(round(picture.width() * ratio), 1), max(round(picture.height() * ratio), 1)

    def to_source(self, at: QPointF) -> tuple[float, float]:
        """Map widget coordinates to pixels of the file's frames."""
        picture = self.picture_rect()
        across = (at.x() - picture.x()) / picture.width()
        return (
            (1 - across if self._mirrored else across) * self._source_size.width(),
            (at.y() - picture.y()) / picture.height() * self._source_size.height(),
        )

    def to_widget(self, x_px: float, y_px: float) -> QPointF:
        """Return the point of the widget that shows a point of the file, the inverse of `to_source`."""
        picture = self.picture_rect()
        across = x_px / self._source_size.width()
        return QPointF(
            picture.x() + (1 - across if self._mirrored else across) * picture.width(),
            picture.y() + y_px / self._source_size.height() * picture.height(),
        )

    def _sizes(self) -> tuple[tuple[float, float], tuple[float, float]]:
        source = self._source_size
        return (max(self.width(), 1), max(self.height(), 1)), (max(source.width(), 1), max(source.height(), 1))

    def _set_view(self, view: Viewport) -> None:
        if view != self._view:
            self._view = view
            self.show_cursor()
            self.update()
            self.view_changed.emit()

    def show_cursor(self) -> None:
        """Set the cursor for the effect of a drag."""
        if self._dragged_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._view.zoom > 1:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._view = self._view.panned(0, 0, *self._sizes())
        self.view_changed.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() / 120
        if turned:
            self.zoom_by(ZOOM_STEP**turned, event.position())
            event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            return True
        if isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self.zoom_by(pinch.scaleFactor(), self.mapFromGlobal(pinch.centerPoint()))
                return True
        override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if override and self.layer is not None and self.layer.wants_key(event):
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.layer is not None and self.layer.press(event):
            return
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and self._view.zoom > 1:
            self._dragged_from = event.position()
            self.show_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None:
            moved = event.position() - self._dragged_from
            self._dragged_from = event.position()
            self._set_view(self._view.panned(moved.x(), moved.y(), *self._sizes()))
        elif self.layer is not None:
            self.layer.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None:
            self._dragged_from = None
            self.show_cursor()
        elif self.layer is not None:
            self.layer.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.layer is None or not self.layer.double_click(event):
            self.fit()

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
        track = self._track
        if track is not None and track.sampled_frames[0] <= self._shown_frame <= track.sampled_frames[-1]:
            probability, crop_xyxy = mask_at(track, self._shown_frame)
            crop = self._crop_rect(crop_xyxy)
            if self.overlays.mask and not self._ghosts:  # which are compared with the body itself
                image, place = self._mask_picture(probability)
                painter.setOpacity(self.overlays.style.opacity)
                painter.drawImage(_within(crop, place), image)
                painter.setOpacity(1.0)
            if self.overlays.crop:
                self._draw_crop(painter, crop, picture)
        self._paint_ghosts(painter, picture)
        if self.overlays.skeleton and track is not None:
            self._paint_skeleton(painter, track)
        if self._point is not None and self._point.frame == self._shown_frame:
            paint_grip(painter, self.to_widget(self._point.x, self._point.y))
        if self.layer is not None:
            self.layer.paint(painter, self._shown_frame)

    def _paint_ghosts(self, painter: QPainter, picture: QRectF) -> None:
        painter.save()
        painter.setClipRect(picture, Qt.ClipOperation.IntersectClip)
        to_widget = QTransform.fromTranslate(picture.x(), picture.y())
        to_widget.scale(picture.width() / self._source_size.width(), picture.height() / self._source_size.height())
        for ghost in self._ghosts:
            painter.setTransform(ghost.to_source * to_widget)
            painter.drawImage(ghost.place, ghost.image)
        painter.restore()

    def _paint_skeleton(self, painter: QPainter, track: MaskTrack) -> None:
        joints = joints_at(track, self._shown_frame)
        bones = bones_of(joints) if joints is not None else []
        if self._path is not None:
            mark_text, picture = self.tr("{0} m"), self.picture_rect()
            paint_path(painter, self._path, self._shown_frame, self.to_widget, mark_text, picture, bones)
        paint_skeleton(painter, bones, self.to_widget)

    def _mask_picture(self, probability: np.ndarray) -> tuple[QImage, QRectF]:
        style = self.overlays.style
        key = (self._shown_frame, style)
        if self._mask is None or self._mask[0] != key:
            image, place = mask_image(probability, QColor(style.color), outline=style.outline)
            if self._mirrored:
                image = image.flipped(Qt.Orientation.Horizontal)
                place.moveRight(1 - place.left())
            self._mask = (key, (image, place))
        return self._mask[1]

    def _crop_rect(self, crop_xyxy: np.ndarray) -> QRectF:
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
