"""Makes the actions of the catalogue, their menus and the table of shortcuts."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import QMenu, QMenuBar

from fineparser_gui.actions.catalog import CATALOG
from fineparser_gui.icons import icon


def translated(text: str) -> str:
    """A text of the catalogue in the user's language."""
    return QCoreApplication.translate("actions", text)


class ActionRegistry:
    """The actions by id.

    Args:
        parent: owner of the actions.
        slots: what each id does; a checkable action passes its state.
    """

    def __init__(self, parent: QObject, slots: Mapping[str, Callable]) -> None:
        self._actions: dict[str, QAction] = {}
        for spec in CATALOG:
            action = QAction(translated(spec.text), parent)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setCheckable(spec.checkable)
            action.setChecked(spec.checked)
            slot = slots[spec.id]
            if spec.checkable:
                action.toggled.connect(slot)
            else:
                action.triggered.connect(lambda _checked=False, slot=slot: slot())
            self._actions[spec.id] = action

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def fill_menus(self, bar: QMenuBar) -> None:
        """Put every action where its spec says."""
        menus: dict[str, QMenu] = {}
        groups: dict[str, int] = {}
        for spec in CATALOG:
            if spec.menu not in menus:
                menus[spec.menu] = bar.addMenu(translated(spec.menu))
            menu = menus[spec.menu]
            if groups.setdefault(spec.menu, spec.group) != spec.group:
                menu.addSeparator()
                groups[spec.menu] = spec.group
            menu.addAction(self._actions[spec.id])

    def color_icons(self, palette: QPalette) -> None:
        """Draw the icons in the text colour of a palette."""
        for spec in CATALOG:
            if spec.icon:
                self._actions[spec.id].setIcon(icon(spec.icon, palette.text().color().name()))

    def shortcut_rows(self) -> list[tuple[str, str]]:
        """(command, keys) of every action that has a shortcut, as the user reads them."""
        rows = []
        for spec in CATALOG:
            keys = ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in spec.keys)
            if keys:
                rows.append((translated(spec.text).replace("&", ""), keys))
        return rows
