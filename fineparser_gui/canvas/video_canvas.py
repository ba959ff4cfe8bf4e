"""Draws a video frame with the athlete mask over it and, on demand, what the model saw."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fineparser_gui.canvas.mask_track import MaskStyle, MaskTrack, mask_image

_BACKGROUND = QColor("#0b0f13")
_SHADE = QColor(0, 0, 0, 140)
_OUTLINE = QColor("#ffffff")


class VideoCanvas(QWidget):
    """The picture, fitted and centred; masks are scaled smoothly from 112 x 112 to their rectangle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 150)
        self.setAccessibleName(self.tr("Video"))
        self._image: QImage | None = None
        self._source_size = QSize(1, 1)
        self._track: MaskTrack | None = None
        self._frame = 0
        self._mask_shown = True
        self._mask_style = MaskStyle()
        self._crop_shown = False

    def set_source(self, source_size: QSize, track: MaskTrack | None) -> None:
        """Take the size in pixels of the file's frames and the dive's masks."""
        self._source_size = source_size
        self._track = track
        self.update()

    def set_frame(self, frame: int, image: QImage | None) -> None:
        """Show a frame; image may be a neighbour while the exact one is being decoded."""
        self._frame, self._image = frame, image
        self.update()

    def set_mask_shown(self, shown: bool) -> None:
        """Mask on or off."""
        self._mask_shown = shown
        self.update()

    def set_mask_style(self, style: MaskStyle) -> None:
        """Colour, opacity, fill or outline."""
        self._mask_style = style
        self.update()

    def set_crop_shown(self, shown: bool) -> None:
        """Outline the part of the frame that the network was given."""
        self._crop_shown = shown
        self.update()

    def picture_rect(self) -> QRectF:
        """Where the frame lies on the widget."""
        size = self._source_size.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF(
            (self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height()
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), _BACKGROUND)
        if self._image is None:
            return
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        picture = self.picture_rect()
        painter.drawImage(picture, self._image)
        found = self._track.at(self._frame) if self._track else None
        if found is None:
            return
        probability, crop_xyxy = found
        crop = self._crop_rect(crop_xyxy, picture)
        if self._mask_shown:
            style = self._mask_style
            painter.setOpacity(style.opacity)
            painter.drawImage(crop, mask_image(probability, QColor(style.color), outline=style.outline))
            painter.setOpacity(1.0)
        if self._crop_shown:
            self._draw_crop(painter, crop, picture)

    def _crop_rect(self, crop_xyxy: np.ndarray, picture: QRectF) -> QRectF:
        scale_x = picture.width() / max(self._source_size.width(), 1)
        scale_y = picture.height() / max(self._source_size.height(), 1)
        x0, y0, x1, y1 = (float(value) for value in crop_xyxy)
        top_left = picture.topLeft() + QPointF(x0 * scale_x, y0 * scale_y)
        return QRectF(top_left, picture.topLeft() + QPointF(x1 * scale_x, y1 * scale_y))

    def _draw_crop(self, painter: QPainter, crop: QRectF, picture: QRectF) -> None:
        outside = QPainterPath()
        outside.addRect(picture)
        outside.addRect(crop)  # odd-even fill leaves the inside out
        painter.fillPath(outside, _SHADE)
        painter.setPen(QPen(_OUTLINE, 1.5, Qt.PenStyle.DashLine))
        painter.drawRect(crop.intersected(picture).adjusted(1, 1, -1, -1))
        label = self.tr("what the model saw")
        box = painter.fontMetrics().boundingRect(label).adjusted(-6, -3, 6, 3)
        box.moveTopLeft((crop.intersected(picture).topLeft() + QPointF(8, 8)).toPoint())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_SHADE)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(_OUTLINE)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label)
