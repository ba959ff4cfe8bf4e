"""Delegate that draws the rows of the list of dives."""

from math import ceil

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QIcon, QPainter, QPainterPath, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from fineparser_gui.dives.states import details_text, needs_user, offered_text, state_text
from fineparser_gui.dives.table import ACCEPTED_ROLE, DIVE_ROLE
from fineparser_gui.session.dive import Dive, DiveState
from fineparser_gui.support.images import image_of
from fineparser_gui.support.table_model import AnyIndex

_THUMBNAIL = QSize(64, 48)
_MARGIN = 8
_GAP = 8
_BAR_H = 3
_SMALL = 0.88


class DiveDelegate(QStyledItemDelegate):
    """Delegate that draws thumbnail, file name, details, and state or score of a dive."""

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        lines = option.fontMetrics.height() * (1 + 2 * _SMALL)
        return QSize(0, max(_THUMBNAIL.height(), ceil(lines)) + 2 * _MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        dive: Dive = index.data(DIVE_ROLE)
        widget = option.widget
        style = widget.style()
        background = QStyleOptionViewItem(option)
        self.initStyleOption(background, index)
        background.text, background.icon = "", QIcon()
        background.features = QStyleOptionViewItem.ViewItemFeature.None_
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, background, painter, widget)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner = _inner(option)
        picture = QRect(inner.topLeft(), _THUMBNAIL)
        _draw_thumbnail(painter, picture, dive.thumbnail, option.palette)
        texts = _texts(option)
        _draw_texts(painter, texts, index, option)
        if dive.busy and dive.state is not DiveState.QUEUED:
            _draw_progress(
                painter, QRectF(texts.left(), inner.bottom() + 3, texts.width(), _BAR_H), dive, option.palette
            )
        painter.restore()


def _inner(option: QStyleOptionViewItem) -> QRect:
    return option.rect.adjusted(_MARGIN + 2, _MARGIN, -_MARGIN, -_MARGIN)


def _texts(option: QStyleOptionViewItem) -> QRect:
    return _inner(option).adjusted(_THUMBNAIL.width() + _GAP, -1, 0, 1)


def _fonts(option: QStyleOptionViewItem) -> tuple[QFont, QFont]:
    """Return the fonts of the title and of the lines below it."""
    font, small = QFont(option.font), QFont(option.font)
    font.setWeight(QFont.Weight.Medium)
    small.setPointSizeF(small.pointSizeF() * _SMALL)
    return font, small


def _draw_thumbnail(painter: QPainter, place: QRect, thumbnail: np.ndarray | None, palette: QPalette) -> None:
    frame = QPainterPath()
    frame.addRoundedRect(QRectF(place), 5, 5)
    painter.save()
    painter.setClipPath(frame)
    painter.fillRect(place, palette.color(QPalette.ColorRole.AlternateBase))
    if thumbnail is not None:
        image = image_of(thumbnail)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        size = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        target = QRect(0, 0, size.width(), size.height())
        target.moveCenter(place.center())
        painter.drawImage(target, image)
    painter.restore()


def _draw_texts(painter: QPainter, place: QRect, index: AnyIndex, option: QStyleOptionViewItem) -> None:
    dive: Dive = index.data(DIVE_ROLE)
    n_accepted: int = index.data(ACCEPTED_ROLE)
    waits_for_user = needs_user(dive, n_accepted)
    font, small = _fonts(option)
    text = option.palette.color(QPalette.ColorRole.Text)
    # Not option.palette: a style sheet makes its placeholder color fainter.
    muted = QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText)
    score = dive.state is DiveState.READY and not waits_for_user and not dive.scoring
    details = " · ".join(filter(None, (offered_text(dive), details_text(dive))))
    lines: list[tuple[str, QFont, QColor, Qt.TextElideMode]] = [(dive.title, font, text, Qt.TextElideMode.ElideMiddle)]
    if details:
        lines.append((details, small, muted, Qt.TextElideMode.ElideRight))
    state_font = QFont(small)
    if score or waits_for_user:
        state_font.setWeight(QFont.Weight.DemiBold)
    lines.append(
        (
            state_text(dive, n_accepted),
            state_font,
            text if score or waits_for_user else muted,
            Qt.TextElideMode.ElideRight,
        )
    )
    heights = [QFontMetrics(font).height() for _, font, _, _ in lines]
    top = place.top() + max(0, (place.height() - sum(heights)) // 2)
    for (words, line_font, color, elide), height in zip(lines, heights, strict=True):
        painter.setFont(line_font)
        painter.setPen(color)
        line = QRect(place.left(), top, place.width(), height)
        shown = QFontMetrics(line_font).elidedText(words, elide, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown)
        top += height


def _draw_progress(painter: QPainter, place: QRectF, dive: Dive, palette: QPalette) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.color(QPalette.ColorRole.Mid))
    painter.drawRoundedRect(place, _BAR_H / 2, _BAR_H / 2)
    if dive.fraction > 0:
        done = QRectF(place)
        done.setWidth(place.width() * dive.fraction)
        painter.setBrush(palette.color(QPalette.ColorRole.Accent))
        painter.drawRoundedRect(done, _BAR_H / 2, _BAR_H / 2)
