"""The actions of the catalog and their menus."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import QMenu, QMenuBar

from fineparser_core.language import translated, without_mnemonic
from fineparser_gui.commands.command import Command, Shortcuts, Situation
from fineparser_gui.support.icons import icon


def plain_text(text: str) -> str:
    """Return a translated text of the catalog without the mnemonic mark "&"."""
    return without_mnemonic(translated(text))


def native_text(keys: Sequence[str]) -> str:
    """Return shortcuts as the user's system writes them."""
    return ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


class ActionRegistry:
    """The actions of commands by their ids.

    Args:
        window: owner of the actions, on which they act.
        situation: returns the state that decides which of them are enabled.

    Attributes:
        commands: the commands, in the order of the menus.
    """

    def __init__(self, window: QObject, commands: Sequence[Command], situation: Callable[[], Situation]) -> None:
        self.commands, self._situation = commands, situation
        self._actions: dict[str, QAction] = {}
        for command in commands:
            checkable = command.checked is not None
            action = QAction(translated(command.text), window, checkable=checkable, checked=bool(command.checked))
            action.setObjectName(command.id)
            if checkable:
                action.toggled.connect(partial(command.does, window))
            else:
                action.triggered.connect(lambda _checked=False, does=command.does: does(window))
            self._actions[command.id] = action
        self.set_shortcuts({})

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def refresh(self) -> None:
        """Enable the actions that can be carried out now."""
        now = self._situation()
        for command in self.commands:
            if command.when is not None:
                self._actions[command.id].setEnabled(command.when(now))

    def set_shortcuts(self, changed: Shortcuts) -> None:
        """Set the shortcuts of all actions and write them into their tool tips."""
        for command in self.commands:
            keys, text = command.shortcuts(changed), plain_text(command.text)
            action = self._actions[command.id]
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setToolTip(f"{text} ({native_text(keys)})" if keys else text)

    def fill_menus(self, bar: QMenuBar) -> None:
        """Add the actions that are listed to their menus, and all to the window, where their shortcuts work."""
        menus: dict[str, QMenu] = {}
        groups: dict[str, int] = {}
        for command in self.commands:
            bar.window().addAction(self._actions[command.id])
            if not command.listed:
                continue
            if command.menu not in menus:
                menus[command.menu] = bar.addMenu(translated(command.menu))
            menu = menus[command.menu]
            if groups.setdefault(command.menu, command.group) != command.group:
                menu.addSeparator()
                groups[command.menu] = command.group
            menu.addAction(self._actions[command.id])

    def color_icons(self, palette: QPalette) -> None:
        """Draw the icons in the text color of a palette."""
        for command in self.commands:
            if command.icon:
                self._actions[command.id].setIcon(icon(command.icon, palette.text().color().name()))
