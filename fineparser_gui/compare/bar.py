"""Bar above compared videos: the choice of the other dive, and of the arrangement."""

from collections.abc import Callable

from PySide6.QtCore import QMargins, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QCompleter, QFrame, QHBoxLayout, QLabel, QVBoxLayout

from fineparser_core.export.palette import COMPARED_COLOR
from fineparser_core.video.alignment import Alignment
from fineparser_gui.services.comparable_dives import ComparableDive
from fineparser_gui.services.session import Session
from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.formatting import alignment_text
from fineparser_gui.support.widgets import (
    choice_box,
    keyboard_friendly,
    lay_out,
    literal,
    push_button,
    show_whole_entries,
    tool_button,
)

_WIDE_PX = 1180


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
        fields = lay_out(
            QHBoxLayout(spacing=4),
            color,
            (self.dives, 1),
            *(tool_button(actions[name]) for name in ("mirror_other", "ghost")),
        )
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
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(12, 6, 8, 0), spacing=4), self._row)
        self._comparing.changed.connect(self._show)
        self._comparing.arrangement_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        comparing = self._comparing
        self.setVisible(comparing.beside is not None)
        if comparing.beside is None:
            return
        self.dives.show_dive(comparing.beside)
        index = self.alignment.findData(Alignment.CONTACT)
        self.alignment.model().item(index).setEnabled(comparing.contact_known)  # type: ignore[attr-defined]
        self.alignment.setCurrentIndex(self.alignment.findData(comparing.alignment))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < _WIDE_PX
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)


class DiveField(QComboBox):
    """Field for a dive: its arrow lists all; typing lists those that hold the words.

    Args:
        search: returns the dives that hold some words.

    Signals:
        chosen: (ComparableDive)

    Attributes:
        listed: the dives that are listed.
    """

    chosen = Signal(object)

    def __init__(self, search: Callable[[str], list[ComparableDive]]) -> None:
        super().__init__(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert)
        self._search, self._title = search, ""
        self.listed: list[ComparableDive] = []
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.completer().setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.lineEdit().textEdited.connect(self._look_for)
        self.lineEdit().editingFinished.connect(self._show_title)
        self.activated.connect(lambda row: self.chosen.emit(self.listed[row]))

    def show_dive(self, shown: ComparableDive) -> None:
        """Show a dive."""
        self._title = shown.name
        self.setToolTip(literal(shown.title))
        self._show_title()

    def showPopup(self) -> None:
        self._look_for("")
        super().showPopup()

    def _look_for(self, words: str) -> None:
        self.listed = self._search(words)
        at = self.lineEdit().cursorPosition()
        with QSignalBlocker(self):
            self.clear()
            self.addItems([one.title for one in self.listed])
            self.setEditText(words or self._title)
        self.lineEdit().setCursorPosition(at)
        show_whole_entries(self)
        self.completer().popup().setMinimumWidth(self.view().minimumWidth())

    def _show_title(self) -> None:
        self.setEditText(self._title)
        self.lineEdit().setCursorPosition(0)
