"""What a screen reader is told of a program's windows (AT-SPI): roles, names, descriptions and places."""

import os
import re
from collections.abc import Iterator

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

#: How long a busy program may take to answer.
_ANSWER_MS = 60_000
#: Raised by whatever is read of a thing that is gone.
Gone = GLib.Error


class Thing:
    """A widget or an entry on the screen; every property is read when it is asked for."""

    def __init__(self, node: Atspi.Accessible) -> None:
        self._node = node

    @property
    def role(self) -> str:
        return self._node.get_role_name() or ""

    @property
    def name(self) -> str:
        return self._node.get_name() or ""

    @property
    def description(self) -> str:
        return self._node.get_description() or ""

    @property
    def enabled(self) -> bool:
        return self._has(Atspi.StateType.ENABLED)

    @property
    def focused(self) -> bool:
        return self._has(Atspi.StateType.FOCUSED)

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Left, top, width and height in pixels of the screen."""
        at = self._node.get_extents(Atspi.CoordType.SCREEN)
        return at.x, at.y, at.width, at.height

    def inside(self) -> Iterator["Thing"]:
        """Everything in it that is shown, from outside in."""
        for number in range(self._node.get_child_count()):
            child = self._node.get_child_at_index(number)
            if child is not None and (thing := Thing(child))._has(Atspi.StateType.SHOWING):
                yield thing
                yield from thing.inside()

    def _has(self, state: Atspi.StateType) -> bool:
        return self._node.get_state_set().contains(state)


def listen_on(desktop: dict[str, str]) -> None:
    """Read the screen of a desktop, before anything is asked for.

    Args:
        desktop: its variables.
    """
    Atspi.set_timeout(_ANSWER_MS, _ANSWER_MS)
    for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
        os.environ[name] = desktop[name]


def windows(pid: int) -> Thing | None:
    """Return what holds the windows of a process; None before it has any."""
    desktop = Atspi.get_desktop(0)
    desktop.clear_cache_single()
    for number in range(desktop.get_child_count()):
        program = desktop.get_child_at_index(number)
        if program is not None and program.get_process_id() == pid:
            program.set_cache_mask(Atspi.Cache.NONE)  # nobody listens for what changes
            return Thing(program)
    return None


def find(within: Thing | None, role: str, name: str) -> Thing | None:
    """Return the first thing of a role whose whole name matches a pattern; None where none is shown."""
    found = within.inside() if within is not None else ()
    return next((one for one in found if one.role == role and re.fullmatch(name, one.name, re.DOTALL)), None)
