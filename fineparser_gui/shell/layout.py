"""Parts of the main window's layout: columns, corner, full screen, its former place, and where files are dropped."""

import logging
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QMargins,
    QObject,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSettings,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QDropEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QGraphicsOpacityEffect,
    QMainWindow,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.language import without_mnemonic
from fineparser_gui.preferences.store import open_ini
from fineparser_gui.support.widgets import keyboard_friendly

_MARGIN_PX = 10
_WIDEST_PX = 560
log = logging.getLogger(__name__)

_FILE_NAME = "window.ini"
_MOST_BYTES = 64_000
_WIDTH_PX = 12
_MOST_OF_THE_ROOM = 1000
_TEXT_AT = 0.16


class Corner(QWidget):
    """Column at the lower edge of a place, as high as its visible widgets.

    Args:
        parent: widget that holds it, and over which it lies while none of the places is shown.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._places: list[QWidget] = []
        self._column = QVBoxLayout(self, contentsMargins=QMargins(), spacing=6)
        parent.installEventFilter(self)
        self.hide()

    def lie_over(self, place: QWidget) -> None:
        """Lie over a widget inside the parent while it is shown."""
        self._places.append(place)
        place.installEventFilter(self)

    def add(self, widget: QWidget) -> None:
        """Add a widget below the others; the corner shows while any of them is shown."""
        self._column.addWidget(widget)
        widget.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kinds = QEvent.Type
        around = watched in (self.parent(), *self._places)
        moved = around and event.type() in (kinds.Resize, kinds.Move, kinds.Show, kinds.Hide)
        if moved or event.type() in (kinds.ShowToParent, kinds.HideToParent, kinds.LayoutRequest):
            self._place()
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def _place(self) -> None:
        parent = self.parentWidget()
        widgets = [item.widget() for at in range(self._column.count()) if (item := self._column.itemAt(at))]
        shown = [widget for widget in widgets if widget is not None and not widget.isHidden()]
        self.setVisible(bool(shown))
        if not shown:
            return
        over = next((one for one in self._places if one.isVisible()), None)
        place = QRect(over.mapTo(parent, QPoint()), over.size()) if over is not None else parent.rect()
        place.adjust(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX)
        width = min(_WIDEST_PX, place.width())
        wanted = sum(
            max(one.heightForWidth(width) if one.hasHeightForWidth() else one.sizeHint().height(), 1) for one in shown
        )
        self.resize(width, min(wanted + self._column.spacing() * (len(shown) - 1), place.height()))
        self.move(place.center().x() - width // 2, place.bottom() + 1 - self.height())
        self.raise_()


class FullScreen(QObject):
    """Full-screen mode, which hides everything but the player; Esc leaves it.

    Args:
        others: widgets to hide in addition to the menu bar.

    Signals:
        changed: (bool) whether full-screen mode is on.
    """

    changed = Signal(bool)

    def __init__(self, window: QMainWindow, others: tuple[QWidget, ...]) -> None:
        super().__init__(window)
        self._window = window
        self._others = others
        self._on = False
        self._was_maximized = False
        self._were_shown: list[QWidget] = []
        window.installEventFilter(self)

    @property
    def on(self) -> bool:
        return self._on

    def use(self, on: bool) -> None:
        """Enter or leave full-screen mode."""
        if on == self._on:
            return
        self._on = on
        if on:
            self._was_maximized = self._window.isMaximized()
            self._were_shown = [one for one in (*self._others, self._window.menuBar()) if not one.isHidden()]
            for one in self._were_shown:
                one.hide()
            self._window.showFullScreen()
        else:
            for one in self._were_shown:
                one.show()
            self._window.showMaximized() if self._was_maximized else self._window.showNormal()
        self.changed.emit(on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._on and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:  # before a command that was given this key
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.use(False)
                return True
        return False


class WindowPlace:
    """Stored place of the window, in a separate file, as text.

    Args:
        folder: folder of the program's files; None: nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file: QSettings | None = open_ini(folder / _FILE_NAME) if folder is not None else None

    def restore(self, window: QMainWindow, splitters: Mapping[str, QSplitter], switches: Mapping[str, QAction]) -> bool:
        """Restore the stored places, within the screen; a place that cannot be read is left as it is.

        Args:
            switches: checked or not, by the names under which that is kept.

        Returns:
            Whether a window was there before.
        """
        if (geometry := self._read("geometry")) is not None:
            window.restoreGeometry(geometry)
        for name, splitter in splitters.items():
            if (sizes := self._read(name)) is not None:
                splitter.restoreState(sizes)
        fit_to_screen(window)
        kept = {name: self._file.value(name) if self._file is not None else None for name in switches}
        for name, switch in switches.items():
            if kept[name] in ("yes", "no"):
                switch.setChecked(kept[name] == "yes")
        return any(kept.values())

    def save(self, window: QMainWindow, splitters: Mapping[str, QSplitter], switches: Mapping[str, QAction]) -> None:
        """Keep where everything is."""
        if self._file is None:
            return
        sizes = {name: splitter.saveState() for name, splitter in splitters.items()}
        for name, state in ({"geometry": window.saveGeometry()} | sizes).items():
            data = bytes(state.data())
            self._file.setValue(name, f"{zlib.crc32(data):08x}{data.hex()}")
        for name, switch in switches.items():
            self._file.setValue(name, "yes" if switch.isChecked() else "no")
        self._file.sync()

    def _read(self, name: str) -> QByteArray | None:
        """Return a state that `save` has kept whole: Qt trusts the numbers in it, and may read for minutes."""
        stored = self._file.value(name) if self._file is not None else None
        if not isinstance(stored, str) or len(stored) > _MOST_BYTES:
            return None
        with suppress(ValueError):
            data = bytes.fromhex(stored)
            if zlib.crc32(data[4:]) == int.from_bytes(data[:4]):
                return QByteArray(data[4:])
        log.warning("window.ini: %s is not used", name)
        return None


def fit_to_screen(window: QMainWindow) -> None:
    """Move and shrink a window so that it lies within the free area of its screen, with its frame."""
    if window.isMaximized() or window.isFullScreen():
        return
    place = within(window.geometry(), window.screen().availableGeometry(), window.minimumWidth())
    if place != window.geometry():
        window.setGeometry(place)


def within(place: QRect, screen: QRect, least_px: int = 0) -> QRect:
    """Return a rectangle moved, and shrunk where necessary, so that it lies within a screen.

    Args:
        least_px: width that is kept even where the screen is narrower.
    """
    title_px = 28  # height of the frame's title, which is not known before the window is shown
    width = max(min(place.width(), screen.width()), least_px)
    height = min(place.height(), screen.height() - title_px)
    left = min(max(place.left(), screen.left()), max(screen.right() + 1 - width, screen.left()))
    top = min(max(place.top(), screen.top() + title_px), screen.bottom() + 1 - height)
    return QRect(left, top, width, height)


class FoldStrip(QToolButton):
    """Button as high as the window that folds a column away; its arrow points where the column goes.

    Args:
        action: action that is checked while the column is shown.
        edge: edge of the window, Qt.ArrowType.LeftArrow or RightArrow.
    """

    def __init__(self, action: QAction, edge: Qt.ArrowType) -> None:
        super().__init__()
        self._edge = edge
        self.setDefaultAction(action)
        self.setAccessibleName(without_mnemonic(action.text()))
        self.setProperty("role", "fold")
        self.setFixedWidth(_WIDTH_PX)
        policy = QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        policy.setRetainSizeWhenHidden(True)  # the margin of the window
        self.setSizePolicy(policy)
        keyboard_friendly(self)
        action.changed.connect(self._show_way)
        self._show_way()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH_PX, _WIDTH_PX)

    minimumSizeHint = sizeHint

    def _show_way(self) -> None:
        inwards = {Qt.ArrowType.LeftArrow: Qt.ArrowType.RightArrow, Qt.ArrowType.RightArrow: Qt.ArrowType.LeftArrow}
        self.setArrowType(self._edge if self.defaultAction().isChecked() else inwards[self._edge])


class SideColumn(QScrollArea):
    """Column whose last panel takes the remaining space while it is shown.

    Args:
        least_px: least width, where the panels need less.
    """

    def __init__(self, panels: Sequence[QWidget], least_px: int) -> None:
        super().__init__()
        self._least_px = least_px
        side = QWidget()
        column = QVBoxLayout(side, contentsMargins=QMargins(), spacing=8)
        for panel in panels:
            column.addWidget(panel, _MOST_OF_THE_ROOM if panel is panels[-1] else 0)
        column.addStretch(1)
        self.setWidget(side)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its content has the focus
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The bar keeps its place: pictures as high as the column is wide would else let it come and go without end.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        bar = self.verticalScrollBar()
        veil = QGraphicsOpacityEffect(bar, opacity=0.0)
        bar.setGraphicsEffect(veil)
        bar.rangeChanged.connect(lambda _, highest: veil.setOpacity(float(highest > 0)))
        self.viewport().setAutoFillBackground(False)
        side.setAutoFillBackground(False)
        self.setStyleSheet("QScrollArea { background: transparent; }")

    def show_panel(self, panel: QWidget) -> None:
        """Scroll a panel to the top, once what has just appeared in it is laid out."""
        QTimer.singleShot(0, self, lambda: self.verticalScrollBar().setValue(panel.y()))

    def minimumSizeHint(self) -> QSize:
        """Return the width of the widest panel, by its font and language, with the scroll bar beside it."""
        needed = self.widget().minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(max(self._least_px, needed), super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class DropHighlight(QWidget):
    """A border and a sentence over its parent; hidden until files are dragged over the window.

    Signals:
        dropped: (list[Path]) files were dropped.
    """

    dropped = Signal(list)

    def __init__(self, parent: QWidget, window: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        parent.installEventFilter(self)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDropEvent):  # or one that enters, or moves
            paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
            if event.type() == QEvent.Type.DragEnter and paths:
                event.acceptProposedAction()
                self.setGeometry(self.parentWidget().rect())
                self.raise_()
                self.show()
            elif event.type() == QEvent.Type.Drop:
                event.acceptProposedAction()
                self.hide()
                self.dropped.emit(paths)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.hide()
        elif event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self.parentWidget().rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        wash = palette.highlight().color()
        wash.setAlpha(40)
        painter.setBrush(wash)
        painter.setPen(QPen(palette.highlight().color(), 3, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(6, 6, -6, -6), 10, 10)
        text = self.tr("Drop videos, folders or a session to open them")
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        font.setBold(True)
        painter.setFont(font)
        box = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-18, -10, 18, 10)
        # Above the middle, where the start page has its words.
        box.moveCenter(QPointF(self.rect().center().x(), self.height() * _TEXT_AT))
        painter.setPen(QPen(palette.highlight().color(), 2))
        painter.setBrush(palette.base())
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(palette.text().color())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
