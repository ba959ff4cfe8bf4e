"""Commands of a window as data, and their actions and menus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import QMenu, QMenuBar

from fineparser_core.language import translated, without_mnemonic
from fineparser_gui.support.images import icon
from fineparser_gui.support.widgets import literal


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command.

    Attributes:
        id: id of its action.
        text: menu text.
        keys: shortcuts in portable notation; the first is shown.
        does: called with the window, and with its state if it is checkable.
        when: returns whether it is enabled in a state of the window; None: always, or decided elsewhere.
        icon: name of a file in resources/icons without suffix, or "".
        checked: first state of a checkable command; None: it is not checkable.
        menu: title of its menu, or of what it belongs to where it is in no menu.
        group: actions of different groups are separated by a line in the menu.
        listed: whether it is in a menu; others have buttons, keys and "Find a command…".
    """

    id: str
    text: str
    keys: tuple[str, ...]
    does: Callable[..., object]
    when: Callable[[Any], bool] | None
    icon: str
    checked: bool | None
    menu: str = ""
    group: int = 0
    listed: bool = True


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
        state: returns the state that decides which of them are enabled.

    Attributes:
        commands: the commands, in the order of the menus.
    """

    def __init__(self, window: QObject, commands: Sequence[Command], state: Callable[[], object]) -> None:
        self.commands, self._state = commands, state
        self._actions: dict[str, QAction] = {}
        for command in commands:
            checkable = command.checked is not None
            action = QAction(translated(command.text), window, checkable=checkable, checked=bool(command.checked))
            action.setObjectName(command.id)
            if checkable:
                action.toggled.connect(partial(command.does, window))
            else:
                action.triggered.connect(lambda _checked=False, does=command.does: does(window))
            action.setShortcuts([QKeySequence(key) for key in command.keys])
            text = plain_text(command.text)
            action.setToolTip(literal(f"{text} ({native_text(command.keys)})" if command.keys else text))
            self._actions[command.id] = action

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def refresh(self) -> None:
        """Enable the actions that can be carried out now."""
        now = self._state()
        for command in self.commands:
            if command.when is not None:
                self._actions[command.id].setEnabled(command.when(now))

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
