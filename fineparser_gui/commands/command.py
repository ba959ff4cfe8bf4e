"""A command of the window, and the state that decides which commands are enabled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fineparser_core.language import Phrase
from fineparser_gui.dives.dive import Dive, DiveState

#: Shortcuts in portable notation by command, of those that the user has changed.
Shortcuts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """State of the window that decides which commands are enabled.

    Attributes:
        dive: the shown dive.
        dives: all dives of the session.
        comparing: whether dives are compared.
        led: whether an exemplar is shown in the place of a dive.
        holds_something: whether there is a session to store.
        paused: whether analyses wait.
        library_writable: whether the coach can add exemplars.
        library_shown: whether the library is on the screen.
        sound: whether the video has sound.
        drawings: whether the dive has any.
        drawing_selected: whether one of them is selected.
    """

    dive: Dive | None
    dives: Sequence[Dive]
    comparing: bool
    led: bool
    holds_something: bool
    paused: bool
    library_writable: bool
    library_shown: bool
    sound: bool
    drawings: bool
    drawing_selected: bool

    @property
    def shown(self) -> bool:
        """True if a dive of the session is shown."""
        return self.dive is not None

    @property
    def there(self) -> bool:
        """True if its video is there."""
        return self.dive is not None and self.dive.state is not DiveState.MISSING

    @property
    def opened(self) -> bool:
        """True if its video has been opened."""
        return self.dive is not None and self.dive.info is not None

    @property
    def parsed(self) -> bool:
        """True if its phases are known."""
        return self.dive is not None and self.dive.analysis is not None

    @property
    def busy(self) -> bool:
        """True if it waits for an analysis."""
        return self.dive is not None and self.dive.busy

    @property
    def state(self) -> DiveState | None:
        """Its state."""
        return self.dive.state if self.dive is not None else None

    @property
    def several(self) -> bool:
        """True if there are dives to sort."""
        return len(self.dives) > 1


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command.

    Attributes:
        id: id of its action, by which the settings store shortcuts.
        text: menu text.
        keys: default shortcuts in portable notation; the first is shown.
        does: called with the window, and with its state if it is checkable.
        when: returns whether it is enabled; None: always, or decided elsewhere.
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
    when: Callable[[Situation], bool] | None
    icon: str
    checked: bool | None
    menu: str = ""
    group: int = 0
    listed: bool = True

    def shortcuts(self, changed: Shortcuts) -> tuple[str, ...]:
        """Return its shortcuts, those that the user has chosen if any; menus show the first."""
        return tuple(changed.get(self.id, self.keys))


def owner_of(key: str, commands: Sequence[Command], changed: Shortcuts) -> Command | None:
    """Return the command that a key belongs to, or None for a free key."""
    return next((command for command in commands if key in command.shortcuts(changed)), None)


def with_shortcuts(
    commands: Sequence[Command], changed: Shortcuts, command_id: str, keys: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Return the changed shortcuts with `keys` assigned to a command and removed from all others."""
    changed_now = {}
    for command in commands:
        own = command.shortcuts(changed)
        new = tuple(dict.fromkeys(keys)) if command.id == command_id else tuple(key for key in own if key not in keys)
        if new != command.keys:
            changed_now[command.id] = new
    return changed_now


@dataclass(frozen=True)
class FixedShortcut:
    """A row of the table of shortcuts.

    Attributes:
        place, text: place where the keys work and their function, translated in context "actions".
        keys: keys in portable notation.
    """

    place: str
    text: str
    keys: tuple[str, ...]


_PICTURE = Phrase("Picture")
_TIMELINE = Phrase("Timeline")
_ARROWS = ("Left", "Right", "Up", "Down")

FIXED: tuple[FixedShortcut, ...] = (
    FixedShortcut(_PICTURE, Phrase("Move crosshair or drawing (Shift: ten times as far)"), _ARROWS),
    FixedShortcut(_PICTURE, Phrase("Set a point, edit a note, select a point of a line"), ("Return",)),
    FixedShortcut(_PICTURE, Phrase("Select the next drawing of the frame"), ("Tab",)),
    FixedShortcut(_PICTURE, Phrase("Cancel / Deselect"), ("Esc",)),
    FixedShortcut(_TIMELINE, Phrase("Select the next handle"), ("Tab",)),
    FixedShortcut(_TIMELINE, Phrase("Move handle or playhead (Shift: ten frames)"), _ARROWS[:2]),
    FixedShortcut(_TIMELINE, Phrase("Deselect the handle"), ("Esc",)),
)
