"""Above two compared videos: choice of both dives and of their alignment in time."""

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QFrame, QHBoxLayout, QLabel, QSizePolicy

from fineparser_gui.actions.registry import ActionRegistry
from fineparser_gui.model.comparison import Alignment, ComparableDive
from fineparser_gui.services.session import Session
from fineparser_gui.widgets import keyboard_friendly, show_whole_entries, tool_button, tool_tip


class CompareBar(QFrame):
    """Visible while two dives are compared."""

    def __init__(self, session: Session, actions: ActionRegistry) -> None:
        super().__init__()
        self._comparing = session.comparing
        self.left, self.other = _Candidates(), _Candidates()
        for box in (self.left, self.other):
            box.about_to_open.connect(self._fill)
        self.left.activated.connect(lambda index: self._comparing.show_on_left(self.left.itemData(index)))
        self.other.activated.connect(lambda index: self._comparing.show(self.other.itemData(index)))
        self.alignment = QComboBox()
        for alignment, text in (
            (Alignment.STEPS, self.tr("by phase")),
            (Alignment.TAKE_OFF, self.tr("from take-off")),
            (Alignment.MANUAL, self.tr("manual offset")),
        ):
            self.alignment.addItem(text, alignment)
        self.alignment.setToolTip(
            self.tr(
                "By phase: the three phases start together, each stretched to the other's length.\n"
                "From take-off: the flights start together, both in real time.\n"
                "Manual offset: both in real time, shifted by hand."
            )
        )
        self.alignment.activated.connect(lambda index: self._comparing.align(self.alignment.itemData(index)))
        row = QHBoxLayout(self, contentsMargins=QMargins(12, 6, 8, 0), spacing=6)
        for text, name, control in (
            (self.tr("Left"), self.tr("Dive on the left"), self.left),
            (self.tr("Right"), self.tr("Dive on the right"), self.other),
            (self.tr("Align"), self.tr("Alignment"), self.alignment),
        ):
            caption = QLabel(text)
            caption.setBuddy(control)
            control.setAccessibleName(name)
            keyboard_friendly(control)
            row.addWidget(caption)
            row.addWidget(control)
        for action_id in ("other_back", "other_forward"):
            row.addWidget(tool_button(actions[action_id]))
        self._comparing.changed.connect(self._show)
        self._comparing.alignment_changed.connect(self._show)
        self._show()

    def _fill(self) -> None:
        left, right = self._comparing.sides
        self.left.fill(self._comparing.left_candidates(), left)
        self.other.fill(self._comparing.candidates(), right)

    def _show(self) -> None:
        self.setVisible(self._comparing.candidate is not None)
        if self._comparing.candidate is not None:
            self._fill()
        self.alignment.setCurrentIndex(self.alignment.findData(self._comparing.alignment))


class _Candidates(QComboBox):
    """Combo box of dives, filled just before it opens; typing lists those that hold the words."""

    about_to_open = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.completer().setFilterMode(Qt.MatchFlag.MatchContains)
        self.completer().setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.lineEdit().editingFinished.connect(self._show_chosen)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def fill(self, candidates: list[ComparableDive], shown: ComparableDive | None) -> None:
        """Replace the entries; `shown` is selected, and added where it is not among them."""
        if shown is not None and shown not in candidates:
            candidates = [shown, *candidates]
        self.clear()
        for candidate in candidates:
            self.addItem(candidate.title, candidate)
        show_whole_entries(self)
        self.setCurrentIndex(candidates.index(shown) if shown else -1)
        self.setToolTip(tool_tip(shown.title) if shown else "")
        self.lineEdit().setCursorPosition(0)  # a long title begins at its beginning

    def _show_chosen(self) -> None:
        """What was typed and is no dive goes."""
        self.lineEdit().setText(self.itemText(self.currentIndex()))
        self.lineEdit().setCursorPosition(0)

    def showPopup(self) -> None:
        self.about_to_open.emit()
        super().showPopup()
