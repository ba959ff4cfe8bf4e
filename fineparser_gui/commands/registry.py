"""The actions of the catalog and their menus."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import QMenu, QMenuBar

from fineparser_core.language import translated
from fineparser_gui.commands.catalog import CATALOG, Situation
from fineparser_gui.commands.shortcuts import Shortcuts, shortcuts_of
from fineparser_gui.support.formatting import without_mnemonic
from fineparser_gui.support.icons import icon


def plain_text(text: str) -> str:
    """Return a translated text of the catalog without the mnemonic mark "&"."""
    return without_mnemonic(translated(text))


def native_text(keys: Sequence[str]) -> str:
    """Return shortcuts as the user's system writes them."""
    return ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


class ActionRegistry:
    """The actions by id.

    Args:
        window: owner of the actions, on which they act.
        situation: returns the state that decides which of them are enabled.
    """

    def __init__(self, window: QObject, situation: Callable[[], Situation]) -> None:
        self._situation = situation
        self._actions: dict[str, QAction] = {}
        for spec in CATALOG:
            action = QAction(translated(spec.text), window, checkable=spec.checkable, checked=spec.checked)
            action.setObjectName(spec.id)
            if spec.checkable:
                action.toggled.connect(partial(spec.does, window))
            else:
                action.triggered.connect(lambda _checked=False, does=spec.does: does(window))
            self._actions[spec.id] = action
        self.set_shortcuts({})

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def refresh(self) -> None:
        """Enable the actions that can be carried out now."""
        now = self._situation()
        for spec in CATALOG:
            if spec.when is not None:
                self._actions[spec.id].setEnabled(bool(spec.when(now)))

    def set_shortcuts(self, changed: Shortcuts) -> None:
        """Set the shortcuts of all actions and write them into their tool tips."""
        for spec in CATALOG:
            keys = shortcuts_of(spec, changed)
            action = self._actions[spec.id]
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setToolTip(f"{plain_text(spec.text)} ({native_text(keys)})" if keys else plain_text(spec.text))

    def fill_menus(self, bar: QMenuBar) -> None:
        """Add the actions that are listed to their menus, and all to the window, where their shortcuts work."""
        menus: dict[str, QMenu] = {}
        groups: dict[str, int] = {}
        for spec in CATALOG:
            bar.window().addAction(self._actions[spec.id])
            if not spec.listed:
                continue
            if spec.menu not in menus:
                menus[spec.menu] = bar.addMenu(translated(spec.menu))
            menu = menus[spec.menu]
            if groups.setdefault(spec.menu, spec.group) != spec.group:
                menu.addSeparator()
                groups[spec.menu] = spec.group
            menu.addAction(self._actions[spec.id])

    def color_icons(self, palette: QPalette) -> None:
        """Draw the icons in the text color of a palette."""
        for spec in CATALOG:
            if spec.icon:
                self._actions[spec.id].setIcon(icon(spec.icon, palette.text().color().name()))
