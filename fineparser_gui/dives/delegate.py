"""Delegate that draws the rows of the list of dives."""

from dataclasses import dataclass
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
#: Picture in a list narrower than `_NARROW_PX`.
_SMALL_THUMBNAIL = QSize(34, 25)
_NARROW_PX = 220
_MARGIN = 8
_GAP = 8
_BAR_H = 3
_SMALL = 0.88


class DiveDelegate(QStyledItemDelegate):
    """Delegate that draws thumbnail, file name, details, athlete, and state or score of a dive."""

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        lines = option.fontMetrics.height() * (1 + 3 * _SMALL)
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
        picture = QRect(inner.topLeft(), _SMALL_THUMBNAIL if _is_narrow(option) else _THUMBNAIL)
        _draw_thumbnail(painter, picture, dive.thumbnail, option.palette)
        lines = row_lines(dive, index.data(ACCEPTED_ROLE), option)
        for line in lines:
            painter.setFont(line.font)
            painter.setPen(line.color)
            shown = QFontMetrics(line.font).elidedText(line.text, line.elide, line.place.width())
            painter.drawText(line.place, Qt.AlignmentFlag.AlignVCenter, shown)
        if dive.busy and dive.state is not DiveState.QUEUED:
            place = lines[-1].place
            bar = QRectF(place.left(), inner.bottom() + 3, place.width(), _BAR_H)
            _draw_progress(painter, bar, dive, option.palette)
        painter.restore()


@dataclass(frozen=True)
class RowLine:
    """A line of a row, and where it is drawn."""

    text: str
    font: QFont
    color: QColor
    place: QRect
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight


def row_lines(dive: Dive, n_accepted: int, option: QStyleOptionViewItem) -> list[RowLine]:
    """Return the lines of a row; in a narrow list the last ones begin below a smaller picture."""
    waits_for_user = needs_user(dive, n_accepted)
    font, small = _fonts(option)
    text = option.palette.color(QPalette.ColorRole.Text)
    # Not option.palette: a style sheet makes its placeholder color fainter.
    muted = QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText)
    state_font, state_color = QFont(small), muted
    if waits_for_user or (dive.state is DiveState.READY and not dive.scoring):
        state_font.setWeight(QFont.Weight.DemiBold)
        state_color = text
    who = " · ".join(filter(None, (dive.athlete, offered_text(dive))))
    texts = [
        (dive.title, font, text, Qt.TextElideMode.ElideMiddle),
        (details_text(dive, athlete=False), small, muted, Qt.TextElideMode.ElideRight),
        (who, small, muted, Qt.TextElideMode.ElideRight),
        (state_text(dive, n_accepted), state_font, state_color, Qt.TextElideMode.ElideRight),
    ]
    inner, narrow = _inner(option), _is_narrow(option)
    n_beside = 2 if narrow else len(texts)
    shown = [(place, *line) for place, line in enumerate(texts) if line[0] or (narrow and place < n_beside)]
    heights = [QFontMetrics(line_font).height() for _, _, line_font, _, _ in shown]
    top = inner.top() if narrow else inner.top() + max(0, (inner.height() - sum(heights)) // 2)
    beside_px = (_SMALL_THUMBNAIL if narrow else _THUMBNAIL).width() + _GAP
    lines = []
    for (place, words, line_font, color, elide), height in zip(shown, heights, strict=True):
        left = inner.left() + (beside_px if place < n_beside else 0)
        where = QRect(left, top, inner.right() + 1 - left, height)
        lines.append(RowLine(text=words, font=line_font, color=color, place=where, elide=elide))
        top += height
    return lines


def _is_narrow(option: QStyleOptionViewItem) -> bool:
    return option.rect.width() < _NARROW_PX


def _inner(option: QStyleOptionViewItem) -> QRect:
    return option.rect.adjusted(_MARGIN + 2, _MARGIN, -_MARGIN, -_MARGIN)


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


def _draw_progress(painter: QPainter, place: QRectF, dive: Dive, palette: QPalette) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.color(QPalette.ColorRole.Mid))
    painter.drawRoundedRect(place, _BAR_H / 2, _BAR_H / 2)
    if dive.fraction > 0:
        done = QRectF(place)
        done.setWidth(place.width() * dive.fraction)
        painter.setBrush(palette.color(QPalette.ColorRole.Accent))
        painter.drawRoundedRect(done, _BAR_H / 2, _BAR_H / 2)
