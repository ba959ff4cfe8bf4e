"""View of a picture that is fitted to the widget or magnified: zoom, pan, and where a point of the picture lies."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QSizePolicy, QWidget

from fineparser_core.video.picture import omitted_columns

#: A picture that is as narrow keeps its columns, whatever their conversion costs.
_NARROW_PX = 64
MAX_ZOOM = 16.0
ZOOM_STEP = 1.25


@dataclass(frozen=True, kw_only=True)
class Viewport:
    """Zoom and center of a picture in a widget.

    Attributes:
        zoom: 1 fits the whole picture into the widget.
        center: point of the picture at the center of the widget, (x, y) from 0 to 1.
    """

    zoom: float = 1.0
    center: tuple[float, float] = (0.5, 0.5)

    def rect(self, widget: tuple[float, float], source: tuple[float, float]) -> tuple[float, float, float, float]:
        """Return (x, y, width, height) of the picture in widget coordinates; larger than the widget if magnified."""
        scale = min(widget[0] / source[0], widget[1] / source[1]) * self.zoom
        width, height = source[0] * scale, source[1] * scale
        x = _offset(widget[0], width, self.center[0])
        y = _offset(widget[1], height, self.center[1])
        return x, y, width, height

    def zoomed(
        self, factor: float, at: tuple[float, float], widget: tuple[float, float], source: tuple[float, float]
    ) -> "Viewport":
        """Return a viewport with its zoom multiplied by `factor`; the point of the picture at `at` stays there."""
        x, y, width, height = self.rect(widget, source)
        under = ((at[0] - x) / width, (at[1] - y) / height)
        zoom = min(max(self.zoom * factor, 1.0), MAX_ZOOM)
        if zoom < 1.001:
            return Viewport()
        grown = zoom / self.zoom
        center = tuple(
            place + (side / 2 - point) / (length * grown)
            for place, side, point, length in zip(under, widget, at, (width, height), strict=True)
        )
        return Viewport(zoom=zoom, center=(center[0], center[1]))._kept_within(widget, source)

    def panned(self, dx: float, dy: float, widget: tuple[float, float], source: tuple[float, float]) -> "Viewport":
        """Return a viewport moved by (dx, dy) widget pixels, limited to the picture."""
        _, _, width, height = self.rect(widget, source)
        moved = replace(self, center=(self.center[0] - dx / width, self.center[1] - dy / height))
        return moved._kept_within(widget, source)

    def _kept_within(self, widget: tuple[float, float], source: tuple[float, float]) -> "Viewport":
        _, _, width, height = self.rect(widget, source)
        x, y = (
            0.5 if length <= side else min(max(place, side / 2 / length), 1 - side / 2 / length)
            for place, side, length in zip(self.center, widget, (width, height), strict=True)
        )
        return replace(self, center=(x, y))


def _offset(side: float, length: float, center: float) -> float:
    """Return left or top of the picture, which is centered if it is smaller than the widget."""
    return (side - length) / 2 if length <= side else side / 2 - center * length


def _spare_columns(width_px: int) -> int:
    """Return the columns by which a picture is narrower than its place, as it would be converted twice."""
    return omitted_columns(width_px) if width_px > _NARROW_PX else 0


class PictureView(QWidget):
    """View that wheel and pinch zoom at the pointer, a drag pans, and a double click fits.

    Signals:
        view_changed: size or visible part of the picture on the screen changed.

    Attributes:
        source_size: size of the file's frames, in pixels.
        mirrored: whether left and right are exchanged.
    """

    view_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setMouseTracking(True)
        self.source_size = QSize(1, 1)
        self.mirrored = False
        self._view = Viewport()
        self._dragged_from: QPointF | None = None

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
        self.zoom_by(self.source_size.width() / max(width_px, 1))

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
            (1 - across if self.mirrored else across) * self.source_size.width(),
            (at.y() - picture.y()) / picture.height() * self.source_size.height(),
        )

    def to_widget(self, x_px: float, y_px: float) -> QPointF:
        """Return the point of the widget that shows a point of the file, the inverse of `to_source`."""
        picture = self.picture_rect()
        across = x_px / self.source_size.width()
        return QPointF(
            picture.x() + (1 - across if self.mirrored else across) * picture.width(),
            picture.y() + y_px / self.source_size.height() * picture.height(),
        )

    def _sizes(self) -> tuple[tuple[float, float], tuple[float, float]]:
        source = self.source_size
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
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and self._view.zoom > 1:
            self._dragged_from = event.position()
            self.show_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None:
            moved = event.position() - self._dragged_from
            self._dragged_from = event.position()
            self._set_view(self._view.panned(moved.x(), moved.y(), *self._sizes()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None
        self.show_cursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()
