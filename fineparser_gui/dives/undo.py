"""Undo and redo of edits, each executed by the service that registered for its subject."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack

from fineparser_gui.dives.edits import Edit, Subject
from fineparser_gui.dives.session_state import SessionState

_MERGING_ID = 1

#: Goes from `before` to `after`; returns the edit with values known only after execution, or None.
Handler = Callable[[Edit], Edit | None]


class EditStack(QUndoStack):
    """A history of edits.

    Attributes:
        handlers: handlers by the subject of an edit, registered by services.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.handlers: dict[Subject, Handler] = {}

    def do(self, edit: Edit, *, done: bool = False) -> None:
        """Execute an edit and add it to the history.

        Args:
            done: it has been executed already.
        """
        self.push(_Command(edit, self.handlers, done=done))


class _Command(QUndoCommand):
    def __init__(self, edit: Edit, handlers: dict[Subject, Handler], *, done: bool) -> None:
        super().__init__(edit.text)
        self._edit, self._handlers, self._done = edit, handlers, done

    def redo(self) -> None:
        if not self._done:
            self._edit = self._execute(self._edit)
        self._done = False

    def undo(self) -> None:
        self._edit = self._execute(self._edit.reversed).reversed

    def _execute(self, edit: Edit) -> Edit:
        return self._handlers[edit.subject](edit) or edit

    def id(self) -> int:
        return _MERGING_ID if self._edit.gesture else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        merged = self._edit.merged(other._edit) if isinstance(other, _Command) else None
        if merged is None:
            return False
        self._edit = merged
        self.setObsolete(merged.after == merged.before)
        return True


class EditMaker(QObject):
    """Service that makes undoable edits.

    Attributes:
        edits: the edits that can be undone and redone.
    """

    def __init__(self, state: SessionState, edits: EditStack) -> None:
        super().__init__(state)
        self._state, self.edits = state, edits

    def close(self) -> None:
        """Block the signals of the history, which it emits while it is destroyed."""
        self.edits.blockSignals(True)

    def _set(self, subject: Subject, key: str, name: str, value: object, text: str) -> None:
        """Change an attribute on which nothing depends; typing without a pause is an edit, clearing is another."""
        before = getattr(self._state.dive(key), name)
        self._do(subject, key, before, value, text, gesture=name if value or len(str(before)) == 1 else "")

    def _do(self, subject: Subject, key: str, before: object, after: object, text: str, *, gesture: str = "") -> None:
        if before != after:
            edit = Edit(subject=subject, key=key, before=before, after=after, text=text, gesture=gesture)
            self.edits.do(edit)
