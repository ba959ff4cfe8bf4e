"""Dialog that lists all commands with their shortcuts, finds one by its words and carries it out."""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QMargins, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from fineparser_core.language import without_mnemonic
from fineparser_core.printable import folded
from fineparser_gui.shell.window_state import FIXED
from fineparser_gui.support.actions import ActionRegistry, native_text, plain_text
from fineparser_gui.support.widgets import lay_out

_ROLE = Qt.ItemDataRole.UserRole
#: Keys that move in the list while the field has the focus.
_MOVING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_SIZE = (560, 420)


class CommandPalette(QDialog):
    """Field to type into, and the commands that hold all typed words, those that can be carried out now first.

    Enter carries out the current one.

    Attributes:
        search: the field.
        list: the commands with their menus and shortcuts.
    """

    def __init__(self, actions: ActionRegistry, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Find a command"))
        self.resize(*_SIZE)
        actions.refresh()
        self.search = QLineEdit(placeholderText=self.tr("Find a command"), accessibleName=self.tr("Find a command"))
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._carry_out)
        self.search.installEventFilter(self)
        self.list = QTreeWidget(rootIsDecorated=False, headerHidden=True, columnCount=3)
        self.list.setAccessibleName(self.tr("Commands and their shortcuts"))
        self.list.itemActivated.connect(lambda *_: self._carry_out())
        commands = [(actions[one.id], plain_text(one.menu)) for one in actions.commands]
        for action, menu in sorted(commands, key=lambda one: not one[0].isEnabled()):
            item = _item(action, menu)
            for column in range(3):
                item.setForeground(
                    column, self.palette().text() if action.isEnabled() else self.palette().placeholderText()
                )
            self.list.addTopLevelItem(item)
        for place, text, keys in FIXED:
            item = QTreeWidgetItem([plain_text(text), plain_text(place), native_text(keys)])
            item.setDisabled(True)
            self.list.addTopLevelItem(item)
        for column in range(3):
            self.list.resizeColumnToContents(column)
        lay_out(QVBoxLayout(self, contentsMargins=QMargins(14, 14, 14, 14), spacing=8), self.search, self.list)
        self._filter("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move in the list by keys of the field."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _MOVING:
            self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    def _filter(self, typed: str) -> None:
        words = folded(typed).split()
        for item in self._items():
            text = folded(" ".join(item.text(column) for column in range(3)))
            item.setHidden(not all(word in text for word in words))
        self.list.setCurrentItem(next((item for item in self._items() if not item.isHidden()), None))

    def _items(self) -> Iterator[QTreeWidgetItem]:
        return (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))

    def _carry_out(self) -> None:
        item = self.list.currentItem()
        action: QAction | None = item.data(0, _ROLE) if item is not None and not item.isHidden() else None
        if action is not None and action.isEnabled():
            self.accept()
            QTimer.singleShot(0, action, action.trigger)  # once the dialog has closed: it may open another one


def _item(action: QAction, menu: str) -> QTreeWidgetItem:
    """Return the row of a command; one that cannot be carried out now is gray."""
    keys = native_text([key.toString() for key in action.shortcuts()])
    item = QTreeWidgetItem([without_mnemonic(action.text()), menu, keys])
    item.setData(0, _ROLE, action)
    item.setDisabled(not action.isEnabled())
    return item
