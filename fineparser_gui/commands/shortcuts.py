"""The shortcuts of each command: those of the catalog, or those that the user has chosen instead."""

from collections.abc import Mapping

from fineparser_gui.commands.catalog import CATALOG, ActionSpec

Shortcuts = Mapping[str, tuple[str, ...]]


def shortcuts_of(spec: ActionSpec, changed: Shortcuts) -> tuple[str, ...]:
    """Return the shortcuts of a command in portable notation; menus show the first."""
    return tuple(changed.get(spec.id, spec.keys))


def owner_of(key: str, changed: Shortcuts) -> ActionSpec | None:
    """Return the command that a key belongs to, or None for a free key."""
    return next((spec for spec in CATALOG if key in shortcuts_of(spec, changed)), None)


def with_shortcuts(changed: Shortcuts, action_id: str, keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the changed shortcuts with `keys` assigned to a command and removed from all other commands."""
    changed_now = {}
    for spec in CATALOG:
        own = shortcuts_of(spec, changed)
        new = tuple(dict.fromkeys(keys)) if spec.id == action_id else tuple(key for key in own if key not in keys)
        if new != spec.keys:
            changed_now[spec.id] = new
    return changed_now
