"""Widgets that timeline, panels and dialogs share: cards, labels, tables and buttons."""

from collections.abc import Callable, Collection, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TypeVar

from PySide6 import QtGui
from PySide6.QtCore import QEvent, QMargins, QObject, QSignalBlocker, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QIcon, QImage, QImageReader, QResizeEvent, QShortcut, QTextDocument
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QBoxLayout,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHeaderView,
    QLabel,
    QLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTableView,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from fineparser_core.language import without_mnemonic

#: Height of the title that most desktops put above a window, in pixels.
TITLE_PX = 28
#: Space for the frames that desktops put around a window, in pixels.
_FRAME_PX = 8
_CARD_MARGINS = QMargins(14, 10, 14, 12)
_MARGIN_PX = 14
_SETTLE_MS = 50


def closing_buttons(dialog: QDialog) -> QDialogButtonBox:
    """Return a button box with a close button."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())
    buttons.rejected.connect(dialog.reject)
    return buttons


def deciding_buttons(dialog: QDialog, text: str, accept: Callable[[], None]) -> tuple[QDialogButtonBox, QPushButton]:
    """Return a button box to accept or to cancel, and its button that accepts."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    buttons.button(QDialogButtonBox.StandardButton.Cancel).setIcon(QIcon())
    chosen = buttons.addButton(text, QDialogButtonBox.ButtonRole.AcceptRole)
    chosen.setProperty("role", "primary")
    chosen.setDefault(True)
    buttons.accepted.connect(accept)
    buttons.rejected.connect(dialog.reject)
    return buttons, chosen


class TextPage(QTextBrowser):
    """Read-only text; links open in the browser, pictures are loaded from a folder and are no wider than the page.

    Attributes:
        folder: of the pictures; None: there are none.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self.folder = folder
        self._pictures: set[str] = set()
        self._fit_timer = QTimer(self, singleShot=True, interval=_SETTLE_MS, timeout=self._fit_pictures)
        self.setOpenExternalLinks(True)
        self.document().setDocumentMargin(_MARGIN_PX)

    def loadResource(self, kind: int, name: QUrl) -> object:
        if kind != QTextDocument.ResourceType.ImageResource.value or self.folder is None:
            return super().loadResource(kind, name)
        self._pictures.add(name.path())
        return self._picture(name.path())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._pictures and event.size().width() != event.oldSize().width():
            self._fit_timer.start()

    def _fit_pictures(self) -> None:
        document = self.document()
        for name in self._pictures:
            document.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), self._picture(name))
        document.markContentsDirty(0, document.characterCount())

    def _picture(self, name: str) -> QImage:
        reader = QImageReader(str((self.folder or Path()) / name))
        size, room_px = reader.size(), self.viewport().width() - 2 * round(self.document().documentMargin())
        if size.width() > room_px > 0:
            size = size.scaled(room_px, size.height(), Qt.AspectRatioMode.KeepAspectRatio)
        ratio = self.devicePixelRatioF()
        reader.setScaledSize(size * ratio)
        image = reader.read()
        image.setDevicePixelRatio(ratio)
        return image


def label(text: str = "", role: str | None = None, *, wrap: bool = False, bold: float = 0.0) -> QLabel:
    """Return a label; role is "title", "muted" or "error" of the style sheet; bold is also a factor of its size."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    if bold:
        font = made.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * bold)
        made.setFont(font)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    return made


def literal(text: str) -> str:
    """Return text for a tool tip or a box that shows names as they are.

    Qt takes text with tags for a page there, and loads its pictures.
    """
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>' if QtGui.Qt.mightBeRichText(text) else text


class ElidedLabel(QLabel):
    """A line of text, elided in the middle where it does not fit; the tool tip has the full text."""

    def __init__(self, role: str | None = None) -> None:
        super().__init__()
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._full = ""

    def set_text(self, text: str) -> None:
        """Set the full text."""
        self._full = text
        self.setAccessibleName(text)
        self.setToolTip(literal(text))
        self.updateGeometry()
        self._elide()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._full) + 4, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideMiddle, self.width()))


#: Content of a layout: a part, a part with its share of the space and perhaps an alignment, pixels, or a stretch.
Part = QWidget | QLayout | tuple[QWidget | QLayout, int] | tuple[QWidget, int, Qt.AlignmentFlag] | int | None
Box = TypeVar("Box", bound=QBoxLayout)


def lay_out(box: Box, *parts: Part) -> Box:
    """Fill a row or a column, and return it."""
    for part in parts:
        if part is None:
            box.addStretch()
        elif isinstance(part, int):
            box.addSpacing(part)
        else:
            item, *how = part if isinstance(part, tuple) else (part,)
            (box.addWidget if isinstance(item, QWidget) else box.addLayout)(item, *how)
    return box


def clear(box: QBoxLayout) -> None:
    """Remove the widgets of a layout; they are deleted once the event loop runs."""
    while (item := box.takeAt(0)) is not None:
        if (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()


def resize_within_screen(window: QWidget, width_px: int, height_px: int) -> None:
    """Resize a window, to no more than its screen shows of it."""
    room = window.screen().availableGeometry()
    window.resize(min(width_px, room.width() - _FRAME_PX), min(height_px, room.height() - TITLE_PX - _FRAME_PX))


def scrolled(page: QWidget) -> QScrollArea:
    """Return an area that scrolls a page where it is higher than the window."""
    area = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its content has the focus
    area.viewport().setAutoFillBackground(False)
    area.setWidget(page)
    page.setAutoFillBackground(False)
    return area


def tool_button(action: QAction) -> QToolButton:
    """Return a button of an action that takes the focus by Tab only."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setAccessibleName(without_mnemonic(action.text()))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    keyboard_friendly(button)
    return button


def icon_button(name: str, act: Callable[[], object], **properties: object) -> QToolButton:
    """Return a button with an icon alone, which takes the focus by Tab only; the name is for screen readers."""
    button = QToolButton(accessibleName=name, **properties)
    button.clicked.connect(act)
    keyboard_friendly(button)
    return button


def push_button(text: str, act: Callable[[], object], tip: str = "", role: str | None = None) -> QPushButton:
    """Return a button beside the player, which takes the focus by Tab only; role is a role of the style sheet."""
    button = QPushButton(text, toolTip=literal(tip))
    button.setProperty("role", role)
    button.clicked.connect(act)
    keyboard_friendly(button)
    return button


def search_field(hint: str, name: str) -> QLineEdit:
    """Return a search field; Esc empties it."""
    field = QLineEdit(placeholderText=hint, accessibleName=name, clearButtonEnabled=True)
    on_escape(field, field.clear)
    return field


def on_escape(widget: QWidget, act: Callable[[], object]) -> None:
    """Call `act` when Esc is pressed in a widget or in a widget of it."""
    # Arguments of the constructor are ignored: all of the window's Esc would be of it.
    shortcut = QShortcut(Qt.Key.Key_Escape, widget)
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    shortcut.activated.connect(act)


def note_field(n_lines: int, **properties: object) -> QPlainTextEdit:
    """Return a field of some lines, which Tab leaves."""
    field = QPlainTextEdit(tabChangesFocus=True, **properties)
    field.setFixedHeight(n_lines * field.fontMetrics().lineSpacing() + 14)
    return field


def choice_box(entries: Iterable[tuple[str, object]], **properties: object) -> QComboBox:
    """Return a combo box of texts and their data."""
    box = QComboBox(**properties)
    for text, data in entries:
        box.addItem(text, data)
    return box


Spin = TypeVar("Spin", bound=QAbstractSpinBox)


def inset(box: Spin) -> Spin:
    """Add the space at the side of a spin box's text that a style sheet omits."""
    box.lineEdit().setTextMargins(6, 0, 0, 0)
    return box


def refill(box: QComboBox, entries: Sequence[tuple[str, object]]) -> None:
    """Replace the entries of a combo box and keep the choice, without signals."""
    before = box.currentData()
    with QSignalBlocker(box):
        box.clear()
        for text, data in entries:
            box.addItem(text, data)
        box.setCurrentIndex(next((place for place, (_, data) in enumerate(entries) if data == before), 0))
        box.setEnabled(bool(entries))


def show_whole_entries(box: QComboBox) -> None:
    """Make the list of a combo box as wide as its entries, which Qt would cut in their middle."""
    box.view().setMinimumWidth(box.view().sizeHintForColumn(0) + box.view().verticalScrollBar().sizeHint().width())


def fill_with_card(widget: QWidget, *parts: Part, title: str | None = None, margins: QMargins = _CARD_MARGINS) -> None:
    """Fill a widget with a framed block: a column of parts, under a title perhaps."""
    frame = QFrame()
    frame.setProperty("card", True)
    lay_out(QVBoxLayout(widget, contentsMargins=QMargins()), frame)
    heading = (label(title, "title"),) if title else ()
    lay_out(QVBoxLayout(frame, contentsMargins=margins, spacing=6), *heading, *parts)


def form_of(*rows: tuple[str, QWidget], wide: bool = False, **properties: object) -> QFormLayout:
    """Return a column of fields with captions; see `add_form_row`. Properties are those of the layout."""
    grows = QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow
    form = QFormLayout(**{"fieldGrowthPolicy": grows, "verticalSpacing": 9} | properties)
    for text, field in rows:
        add_form_row(form, text, field, wide=wide)
    return form


def add_form_row(form: QFormLayout, text: str, field: QWidget, *, wide: bool = False) -> None:
    """Add a field with a caption centered beside it, which is its accessible name; `wide`: it takes all space."""
    if wide:
        field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    field.setAccessibleName(without_mnemonic(text))
    caption = label(text)
    caption.setBuddy(field)
    field.ensurePolished()
    caption.setMinimumHeight(field.sizeHint().height())
    form.addRow(caption, field)


def style_table(table: QTableView, *stretched: int) -> None:
    """Style a table: rows as high as the font, a single selection, no grid or row headers, and Tab leaves it.

    Columns are as wide as their content; the stretched columns share the space.
    """
    table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
    table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(round(table.fontMetrics().height() * 1.25) + 7)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    for column in stretched:
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)


class _Coloring(QObject):
    def __init__(self, widget: QWidget, draw: Callable[[], object], kinds: Collection[QEvent.Type]) -> None:
        super().__init__(widget)
        self._draw, self._kinds = draw, kinds
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in self._kinds:
            self._draw()
        return False


def follow_palette(widget: QWidget, draw: Callable[[], object], *others: QEvent.Type) -> None:
    """Call `draw` whenever a widget's palette or something else of `others` changes."""
    _Coloring(widget, draw, {QEvent.Type.PaletteChange, *others})


def restyle(widget: QWidget, **properties: object) -> None:
    """Set properties of a widget and apply the style sheet to it again."""
    if any(widget.property(name) != value for name, value in properties.items()):
        for name, value in properties.items():
            widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def keyboard_friendly(control: QWidget) -> None:
    """Let a control take the focus by Tab only, so that a click leaves the keyboard to the player."""
    control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
