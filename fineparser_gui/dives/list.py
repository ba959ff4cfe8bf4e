"""The list of the session's dives: order of analysis, progress, and choice of the shown dive."""

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QMargins, QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QListView,
    QMenu,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from fineparser_gui.dives.delegate import DiveDelegate
from fineparser_gui.dives.states import left_text
from fineparser_gui.dives.table import DivesModel, Order
from fineparser_gui.services.session import Session
from fineparser_gui.session.dive import DiveState
from fineparser_gui.support.actions import ActionRegistry
from fineparser_gui.support.background import Soon
from fineparser_gui.support.widgets import fill_with_card, keyboard_friendly, label, lay_out, tool_button

_BATCH_ACTIONS = ("pause_queue", "retry_all", "cancel_all")
_MENU_ACTIONS = (
    "analyse",
    "cancel",
    "find_dives",
    "locate",
    "edit_dives",
    "name_dives",
    "take_seen",
    "move_up",
    "move_down",
    "remove",
)
_WORTH_SAYING_S = 10
#: Pixels of the head that neither the title nor the order takes.
_HEAD_MARGINS_PX = 32


class BatchBar(QWidget):
    """Progress of several analyses; visible until all dives are analyzed, or while the queue is paused.

    Args:
        actions: actions of the buttons, from left to right.
    """

    def __init__(self, session: Session, actions: list[QAction]) -> None:
        super().__init__()
        self._session = session
        self._text = label(role="muted", wrap=True)
        self._bar = QProgressBar(textVisible=False)
        self._bar.setFixedHeight(4)
        self._bar.setAccessibleName(self.tr("Analysed dives"))
        row = lay_out(QHBoxLayout(contentsMargins=QMargins(), spacing=0), (self._bar, 1))
        for action in actions:
            row.addWidget(tool_button(action))
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(10, 0, 4, 4), spacing=0), self._text, row)
        self.refresh()

    @property
    def text(self) -> str:
        return self._text.text()

    def refresh(self) -> None:
        """Count the dives by state and show the numbers."""
        dives = [self._session.dive(key) for key in self._session.keys]
        ready = sum(dive.state is DiveState.READY and not dive.stopped for dive in dives)
        cancelled = sum(dive.stopped and dive.cancelled for dive in dives)
        failed = sum(dive.stopped for dive in dives) - cancelled
        waiting = any(dive.busy or dive.state is DiveState.OPENING for dive in dives)
        unfinished = len(dives) > 1 and (waiting or failed + cancelled > 0)
        self.setVisible(unfinished or (len(dives) > 0 and self._session.scheduler.paused))
        if self.isHidden():
            self._text.setMinimumHeight(0)
        text = self.tr("{0} of {1} analysed").format(ready, len(dives))
        for count, words in ((failed, self.tr("{0} failed")), (cancelled, self.tr("{0} cancelled"))):
            if count:
                text += ", " + words.format(count)
        left_s = self._session.scheduler.batch_left_s
        if left_s is not None and left_s >= _WORTH_SAYING_S:
            text += f", {left_text(left_s)}"
        if self._session.scheduler.paused:
            text = self.tr("Paused: {0}").format(text)
        self._text.setText(text)
        self._keep_lines()
        self._bar.setRange(0, max(len(dives), 1))
        self._bar.setValue(ready)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._text.setMinimumHeight(0)
            self._keep_lines()

    def _keep_lines(self) -> None:
        """Keep the height of the longest text so far, so that the list stays where it is."""
        margins = self.layout().contentsMargins()
        needed = self._text.heightForWidth(self.width() - margins.left() - margins.right())
        self._text.setMinimumHeight(max(self._text.minimumHeight(), needed))


class DivesPanel(QWidget):
    """Panel of the list, whose current row is the shown dive; commands apply to all selected rows."""

    def __init__(self, session: Session, actions: ActionRegistry) -> None:
        super().__init__()
        self._session, self._actions = session, actions
        self.model = DivesModel(session, self)
        self.view = _List()
        self.view.setModel(self.model)
        keyboard_friendly(self.view)
        self.view.setItemDelegate(DiveDelegate(self.view))
        self.view.setAccessibleName(self.tr("Dives of this session"))
        self.view.customContextMenuRequested.connect(self._show_menu)
        self.view.selectionModel().currentChanged.connect(self._on_row_chosen)
        self.order = QComboBox(accessibleName=self.tr("Order of the list"), toolTip=self.tr("Order of the list"))
        self.order.setProperty("role", "quiet")
        for text, order in (
            (self.tr("in order"), Order.QUEUE),
            (self.tr("by dive number"), Order.NUMBER),
            (self.tr("by diver"), Order.ATHLETE),
            (self.tr("by score"), Order.SCORE),
        ):
            self.order.addItem(text, order)
        self.order.activated.connect(lambda place: self.model.set_order(self.order.itemData(place)))
        keyboard_friendly(self.order)
        self.batch = BatchBar(session, [actions[name] for name in _BATCH_ACTIONS])
        self._title = label(self.tr("Dives"), "title")
        head = lay_out(QHBoxLayout(contentsMargins=QMargins(10, 0, 4, 0)), (self._title, 1), self.order)
        kept = self.order.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.order.setSizePolicy(kept)
        # Below the rows, which so stay where they are.
        fill_with_card(self, head, (self.view, 1), self.batch, margins=QMargins(4, 8, 4, 6))
        # Collects many changes into a single recount over all dives.
        signals = session.dive_added, session.dive_changed, session.dive_removed, session.scheduler.paused_changed
        Soon(self, 50, self._count, *signals)
        session.current_changed.connect(self._on_current_changed)
        self._count()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()

    def _fit_head(self) -> None:
        """Leave out the title where it and the order of the list do not fit side by side."""
        needed = self._title.sizeHint().width() + self.order.sizeHint().width() + _HEAD_MARGINS_PX
        self._title.setVisible(self.order.isHidden() or needed <= self.width())

    def for_selected(self, act: Callable[[str], object]) -> None:
        """Call `act` with the key of every selected dive, or of the shown dive."""
        keys = [key for key in self._session.keys if key in self.selected_keys()]
        for key in keys or ([self._session.current.key] if self._session.current else []):
            act(key)

    def go(self, rows: int) -> bool:
        """Show the dive some rows below the shown dive, or above it; return True if it exists."""
        current = self._session.current
        row = rows + (self.model.index_of(current.key).row() if current is not None else -1)
        found = 0 <= row < self.model.rowCount()
        if found:
            self._session.select(self.model.key(row))
        return found

    def selected_keys(self) -> list[str]:
        """Return the keys of the selected dives, from top to bottom."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        return [self.model.key(row) for row in rows]

    def _count(self) -> None:
        self.batch.refresh()
        self.order.setVisible(self.model.rowCount() > 1)
        self._fit_head()

    def _on_current_changed(self) -> None:
        current = self._session.current
        index = self.model.index_of(current.key) if current is not None else QModelIndex()
        # The view makes its first row current on focus, without selecting it.
        if index != self.view.currentIndex() or not self.view.selectionModel().isSelected(index):
            # Alone, though Ctrl of the command that chose it may still be down.
            self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _on_row_chosen(self, index: QModelIndex) -> None:
        if index.isValid():
            self._session.select(self.model.key(index.row()))

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in _MENU_ACTIONS:
            menu.addAction(self._actions[name])
        menu.popup(self.view.viewport().mapToGlobal(at))


class _List(QListView):
    """List view of the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dives")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
