"""The dives of a session in their order, and the shown dive."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from fineparser_core.diving.meet import Meet, renamed
from fineparser_gui.session.correction import shown_analysis
from fineparser_gui.session.dive import Dive
from fineparser_gui.session.session_file import SavedSession

#: Attributes of a dive that change many times a second while it is analyzed.
_PROGRESS = {"progress", "fraction"}


class Event(Protocol):
    """An event with listeners, for example a signal of Qt."""

    def emit(self, *values: object) -> None:
        """Notify the listeners."""


class SessionModel:
    """Open dives by key, in the order of the list, which is also the order of their analyses.

    A subclass provides the events.

    Attributes:
        dive_added, dive_changed, dive_removed: (str) key.
        dives_moved: the order changed.
        current_changed: another dive is shown, or no dive is shown.
        shown_changed: another dive is shown, or the shown dive changed apart from its progress; in a batch much rarer
            than `dive_changed`.
        meet_changed: the dive list changed.
        meet: the dive list; its rows name dives by their keys.
    """

    dive_added: Event
    dive_changed: Event
    dive_removed: Event
    dives_moved: Event
    current_changed: Event
    shown_changed: Event
    meet_changed: Event

    def __init__(self) -> None:
        self._dives: dict[str, Dive] = {}
        self._ids = itertools.count(1)
        self._current: str | None = None
        self.meet = Meet()

    @property
    def keys(self) -> list[str]:
        return list(self._dives)

    @property
    def dives(self) -> list[Dive]:
        """All dives in the order of the list."""
        return list(self._dives.values())

    def dive(self, key: str) -> Dive:
        return self._dives[key]

    def find(self, key: str) -> Dive | None:
        """Return the dive of a key, or None if it was removed."""
        return self._dives.get(key)

    @property
    def current(self) -> Dive | None:
        """The dive that is shown."""
        return self._dives.get(self._current) if self._current else None

    def on_current(self, act: Callable[..., object], *values: object, **named: object) -> None:
        """Call `act` with the key of the shown dive and some arguments; do nothing if no dive is shown."""
        if self.current is not None:
            act(self.current.key, *values, **named)

    def new_key(self) -> str:
        """Return a key that no dive has used."""
        return f"d{next(self._ids)}"

    def add(self, **known: object) -> str:
        """Add a dive with attributes of `Dive` at the end of the list; returns its key."""
        key = self.new_key()
        self.insert(Dive(key=key, **known))  # type: ignore[arg-type]
        return key

    def insert(self, dive: Dive, place: int | None = None) -> None:
        """Add a dive at a place of the list; None: at its end."""
        self._dives[dive.key] = dive
        self.dive_added.emit(dive.key)
        if place is not None:
            self.move(dive.key, place)

    def drop(self, key: str) -> None:
        """Remove a dive from the list; if it is shown, show the next dive instead."""
        keys = self.keys
        at = keys.index(key)
        del self._dives[key]
        self.dive_removed.emit(key)
        if self._current == key:
            keys.remove(key)
            self.select(keys[min(at, len(keys) - 1)] if keys else None)

    def move(self, key: str, place: int) -> None:
        """Move a dive to another place of the list."""
        keys = [one for one in self._dives if one != key]
        keys.insert(place, key)
        self.reorder(keys)

    def reorder(self, keys: Sequence[str]) -> None:
        """Reorder dives; those that are not named keep their places."""
        named = [key for key in keys if key in self._dives]
        among, following = set(named), iter(named)
        order = [next(following) if key in among else key for key in self._dives]
        if order != self.keys:
            self._dives = {key: self._dives[key] for key in order}
            self.dives_moved.emit()

    def select(self, key: str | None) -> None:
        """Show another dive."""
        if key != self._current:
            self._current = key
            self.current_changed.emit()
            self.shown_changed.emit()

    def update(self, key: str, **changes: object) -> None:
        """Change attributes of a dive."""
        self._dives[key] = replace(self._dives[key], **changes)  # type: ignore[arg-type]
        self.dive_changed.emit(key)
        if key == self._current and changes.keys() - _PROGRESS:
            self.shown_changed.emit()

    def update_analysis(self, key: str, **changes: object) -> None:
        """Replace attributes that `Dive.analysis` is computed from, and the analysis with them."""
        dive = replace(self._dives[key], **changes)  # type: ignore[arg-type]
        own = dive.model_analysis
        shown = shown_analysis(own, dive.correction, dive.rescored, dive.info) if own else None
        self.update(key, **changes, analysis=shown)

    def set_meet(self, meet: Meet) -> None:
        """Replace the dive list."""
        self.meet = meet
        self.meet_changed.emit()

    def saved(self, *, paused: bool) -> SavedSession:
        """Return the part of the session that is stored."""
        return replace(self.saved_state(paused=paused), dives=tuple(dive.saved for dive in self._dives.values()))

    def saved_state(self, *, paused: bool) -> SavedSession:
        """Return the part of the session that is stored, without the dives."""
        return SavedSession(
            selected=self.keys.index(self._current) if self._current else None,
            paused=paused,
            meet=renamed(self.meet, {key: str(place) for place, key in enumerate(self._dives)}),
        )
