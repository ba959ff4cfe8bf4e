"""Bar above compared videos: the choice of the other dive, and of the arrangement."""

from collections.abc import Callable

from PySide6.QtCore import QMargins, QModelIndex, QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QCompleter,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from fineparser_core.export.palette import COMPARED_COLOR
from fineparser_core.video.alignment import Alignment
from fineparser_gui.services.comparable_dives import ComparableDive
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import DiveState
from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.background import Soon
from fineparser_gui.support.formatting import alignment_text
from fineparser_gui.support.images import icon
from fineparser_gui.support.widgets import (
    choice_box,
    follow_palette,
    keyboard_friendly,
    label,
    lay_out,
    literal,
    push_button,
    show_whole_entries,
    tool_button,
)

_LISTED = 16
_WIDE_PX = 1180
_ARROW = QSize(16, 16)
#: Delay after a change of other dives, in milliseconds.
_OTHERS_MS = 500


class CompareBar(QFrame):
    """Bar that is visible while dives are compared.

    Attributes:
        dives: field for the dive beside the current dive.
    """

    def __init__(self, session: Session, actions: ActionRegistry) -> None:
        super().__init__()
        self._comparing = session.comparing
        self.dives = DiveField(lambda words: self._comparing.dives.search(words, self._comparing.candidates()))
        self.dives.setAccessibleName(self.tr("Compared dive"))
        self.dives.chosen.connect(self._comparing.show)
        color = QLabel(styleSheet=f"border-radius: 6px; background: {COMPARED_COLOR};")
        color.setFixedSize(12, 12)
        ways = ((alignment_text(alignment), alignment) for alignment in Alignment)
        self.alignment = choice_box(ways, accessibleName=self.tr("Alignment"))
        self.alignment.setToolTip(
            self.tr(
                "From contact, take-off or come-out: these coincide, all dives run in real time.\n"
                "By phase: the three phases start together, each stretched to the other's length.\n"
                "Manual offset: all in real time, shifted by hand."
            )
        )
        self.alignment.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.alignment.setMinimumContentsLength(13)
        show_whole_entries(self.alignment)
        self.alignment.activated.connect(lambda index: self._comparing.align(self.alignment.itemData(index)))
        keyboard_friendly(self.alignment)
        fields = lay_out(QHBoxLayout(spacing=4), color, (self.dives, 1), tool_button(actions["mirror_other"]))
        buttons = QHBoxLayout(spacing=2)
        for action_id, words in (
            ("other_back", self.tr("−1 frame")),
            ("other_forward", self.tr("+1 frame")),
            ("compared_measures", self.tr("Measures")),
        ):
            actions[action_id].setIconText(words)
            button = tool_button(actions[action_id])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            buttons.addWidget(button)
        buttons.addWidget(push_button(self.tr("End"), self._comparing.end, self.tr("End comparison")))
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, spacing=4)
        lay_out(self._row, (fields, 1), lay_out(QHBoxLayout(spacing=4), self.alignment, buttons))
        self._note = label(role="muted", wrap=True)
        self._open = push_button(self.tr("Open in this session"), self._comparing.open_beside)
        below = lay_out(QHBoxLayout(spacing=8), (self._note, 1), self._open)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(12, 6, 8, 0), spacing=4), self._row, below)
        self._comparing.changed.connect(self._show)
        self._comparing.arrangement_changed.connect(self._show)
        follow_palette(self, self._color_icons)
        self._color_icons()
        self._show()

    def _show(self) -> None:
        comparing = self._comparing
        self.setVisible(comparing.beside is not None)
        if comparing.beside is None:
            return
        self.dives.show_dive(comparing.beside)
        self._note.setText(self._note_text())
        self._note.setVisible(bool(self._note.text()))
        self._open.setVisible(self._lacks_masks())
        index = self.alignment.findData(Alignment.CONTACT)
        self.alignment.model().item(index).setEnabled(comparing.contact_known)  # type: ignore[attr-defined]
        self.alignment.setCurrentIndex(self.alignment.findData(comparing.alignment))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _WIDE_PX
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def _lacks_masks(self) -> bool:
        """Return True if the other dive is one of the history whose masks are no longer kept."""
        beside, other = self._comparing.beside, self._comparing.other
        return beside is not None and beside.history_id is not None and other is not None and other.masks is None

    def _note_text(self) -> str:
        beside = self._comparing.beside
        if beside is not None and self._lacks_masks():
            text = self.tr("The masks of {0} are kept no longer. Opened in this session, it is analysed anew.")
            return text.format(beside.name)
        return ""

    def _color_icons(self) -> None:
        self.dives.color_icon(self.palette().text().color().name())


class CompareButton(QPushButton):
    """Button that compares the dive with the athlete's last dive of the number, or else with the best exemplar."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        keyboard_friendly(self)
        self.clicked.connect(session.comparing.begin)
        self._refreshing = Soon(self, 0, self._show, session.shown_changed, session.comparison_changed)
        # The other dives change with every progress of a batch, and each time the history is searched.
        others = (session.dive_changed, session.dive_removed, session.history.changed)
        self._following = Soon(self, _OTHERS_MS, self._show, *others)
        self._show()

    def _show(self) -> None:
        dive, comparing = self._session.current, self._session.comparing
        there = dive is not None and dive.info is not None and dive.state is not DiveState.MISSING
        shown = there and comparing.beside is None
        self.setVisible(shown)
        before = comparing.dives.attempts()[:1] if shown else []
        number = dive.dive_number if dive is not None else ""
        self.setText(self.tr("Compare with the last {0}").format(number) if before else self.tr("Compare"))
        self.setToolTip(literal(before[0].title if before else self.tr("With the best exemplar")))


class DiveField(QLineEdit):
    """Field for a dive: a click anywhere lists all, as wide as their names; typing lists those that hold the words.

    Args:
        search: returns the dives that hold some words.

    Signals:
        chosen: (ComparableDive)

    Attributes:
        listed: the dives that are listed.
    """

    chosen = Signal(object)

    def __init__(self, search: Callable[[str], list[ComparableDive]]) -> None:
        super().__init__()
        self._search, self._title = search, ""
        self.listed: list[ComparableDive] = []
        self._list: QCompleter | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._opens = self.addAction(QIcon(), QLineEdit.ActionPosition.TrailingPosition)
        self._opens.triggered.connect(self.open_list)
        self.textEdited.connect(self.look_for)
        self.editingFinished.connect(self._show_title)

    def show_dive(self, shown: ComparableDive) -> None:
        """Show a dive."""
        self._title = shown.name
        self.setToolTip(literal(shown.title))
        self._show_title()

    def look_for(self, words: str) -> None:
        """List the dives that hold some words."""
        self.listed = self._search(words)
        titles = [one.title for one in self.listed]
        self._list = self._list or self._make_list()
        self._list.model().setStringList(titles)  # type: ignore[attr-defined]
        popup, bar = self._list.popup(), self._list.popup().verticalScrollBar().sizeHint().width()
        wide = max((popup.fontMetrics().horizontalAdvance(title) for title in titles), default=0) + bar + 24
        popup.setMinimumWidth(min(wide, self.screen().availableGeometry().width()))

    def open_list(self) -> None:
        """List all dives."""
        self.setFocus()
        self.setText(self._title)
        self.end(False)
        self.home(True)  # all, seen from its beginning
        self.look_for("")
        self.completer().complete()

    def color_icon(self, color: str) -> None:
        """Draw the arrow in a color."""
        self._opens.setIcon(icon("chevron-down", color))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if not self._opened and not self.hasSelectedText():
            self.open_list()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down and not self._opened:
            self.open_list()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.hasFocus():
            self._show_title()

    @property
    def _opened(self) -> bool:
        return self._list is not None and self._list.popup().isVisible()

    def _make_list(self) -> QCompleter:
        """Make the list of a field at its first use: most are never used, and each list is a separate window."""
        made = QCompleter(QStringListModel(self), self)
        made.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        made.setMaxVisibleItems(_LISTED)
        made.popup().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        # A field that loses the keys is disconnected from its completer by Qt; another receiver is not.
        made.activated[QModelIndex].connect(lambda index: self._choose(index.row()))
        self.setCompleter(made)
        return made

    def _choose(self, row: int) -> None:
        self.clearFocus()
        self.chosen.emit(self.listed[row])

    def _show_title(self) -> None:
        """Show the dive's title in place of typed text, elided in its middle if it is too long."""
        room = self.width() - 5 * self.fontMetrics().averageCharWidth() - self._opens.icon().actualSize(_ARROW).width()
        self.setText(self.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideMiddle, room))
        self.setCursorPosition(0)
