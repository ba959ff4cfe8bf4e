"""Which keys each command has, with those that the user gave it instead of the catalogue's."""

from collections.abc import Mapping

from fineparser_gui.actions.catalog import CATALOG, ActionSpec

Keys = Mapping[str, tuple[str, ...]]


def keys_of(spec: ActionSpec, changed: Keys) -> tuple[str, ...]:
    """Shortcuts of a command in portable notation, the one that is shown first."""
    return tuple(changed.get(spec.id, spec.keys))


def owner_of(key: str, changed: Keys) -> ActionSpec | None:
    """The command that has a key; None where it is free."""
    return next((spec for spec in CATALOG if key in keys_of(spec, changed)), None)


def with_keys(changed: Keys, action_id: str, keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The keys with those of one command replaced; other commands lose what it takes from them."""
    taken = {}
    for spec in CATALOG:
        own = keys_of(spec, changed)
        new = tuple(dict.fromkeys(keys)) if spec.id == action_id else tuple(key for key in own if key not in keys)
        if new != spec.keys:
            taken[spec.id] = new
    return taken
