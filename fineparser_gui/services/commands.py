"""Edits that can be undone."""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtGui import QUndoCommand

from fineparser_gui.model.dive import Dive

if TYPE_CHECKING:
    from fineparser_gui.services.session import Session

Value = TypeVar("Value")

_MERGING_ID = 1
_PAUSE_S = 2.0  # after which the same gesture is another one


class EditDive(QUndoCommand, Generic[Value]):
    """Another value of something that the coach says of one dive, or of all of them.

    Args:
        apply: puts a value into the session: (key, value).
        key: of the dive; "" where it is said of all of them.
        before, after: the value without and with this edit.
        text: what is done, after "Undo" in the menu.
        gesture: edits of one gesture (a drag, a row of nudges, a word typed) are undone together; "" stands alone.
    """

    def __init__(
        self,
        apply: Callable[[str, Value], None],
        key: str,
        before: Value,
        after: Value,
        *,
        text: str,
        gesture: str = "",
    ) -> None:
        super().__init__(text)
        self._apply = apply
        self._key, self._before, self._after, self._gesture = key, before, after, gesture
        self._at_s = monotonic()

    def redo(self) -> None:
        self._apply(self._key, self._after)

    def undo(self) -> None:
        self._apply(self._key, self._before)

    def id(self) -> int:
        return _MERGING_ID if self._gesture else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, EditDive) or (self._key, self._gesture) != (other._key, other._gesture):
            return False
        if other._at_s - self._at_s > _PAUSE_S:
            return False
        self._after, self._at_s = other._after, other._at_s
        self.setObsolete(self._after == self._before)
        return True


class EditLibrary(QUndoCommand):
    """A change of the coach's own exemplars, which the worker carries out.

    Args:
        act, take_back: ask for the change, and for its opposite.
        done: it has been carried out already, so that only the next time is asked for.
    """

    def __init__(
        self, text: str, act: Callable[[], None], take_back: Callable[[], None], *, done: bool = False
    ) -> None:
        super().__init__(text)
        self._act, self._take_back, self._done = act, take_back, done

    def redo(self) -> None:
        if not self._done:
            self._act()
        self._done = False

    def undo(self) -> None:
        self._take_back()


class AddDives(QUndoCommand):
    """Puts dives into the session.

    Args:
        add: does so for the first time, and returns their keys.
    """

    def __init__(self, session: "Session", add: Callable[[], list[str]], text: str) -> None:
        super().__init__(text)
        self._session, self._add = session, add
        self._keys: list[str] = []
        self._removed: list[tuple[Dive, int]] | None = None

    def redo(self) -> None:
        if self._removed is None:
            self._keys = self._add()
        for dive, place in self._removed or ():
            self._session.put_back(dive, place)

    def undo(self) -> None:
        keys = self._session.keys
        there = [key for key in keys if key in self._keys]
        self._removed = [(self._session.dive(key), keys.index(key)) for key in there]
        for key in there:
            self._session.remove(key)


class RemoveDive(QUndoCommand):
    """Takes a dive out of the session."""

    def __init__(self, session: "Session", key: str, text: str) -> None:
        super().__init__(text)
        self._session, self._key = session, key

    def redo(self) -> None:
        self._dive, self._place = self._session.dive(self._key), self._session.keys.index(self._key)
        self._session.remove(self._key)

    def undo(self) -> None:
        self._session.put_back(self._dive, self._place)
        self._session.select(self._key)
