"""Edits as data, and their undo and redo, each executed by the service that registered for its subject."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, Signal

from fineparser_core.language import text
from fineparser_gui.services.session_state import SessionState
from fineparser_gui.session.dive import Dive

_PAUSE_S = 2.0  # longest pause within a gesture, in seconds: edits farther apart are undone separately

#: Dives with their places in the list.
Rows = tuple[tuple[Dive, int], ...]


class Subject(Enum):
    """Part of the session that an edit changes; the comments name the type of `before` and `after`."""

    DETAILS = auto()  # (dive number, board, DD)
    ATHLETE = auto()  # (name)
    EVENT = auto()  # (name)
    DAY = auto()  # (day as YYYY-MM-DD, or "")
    OUTCOME = auto()  # (DiveOutcome)
    NOTE = auto()  # (lines)
    JUDGING = auto()  # (Judging, or None)
    RULE = auto()  # (CandidateRule)
    RANGE = auto()  # (in frame, out frame)
    POINT = auto()  # (AthletePoint, or None)
    CORRECTION = auto()  # (attributes of Correction by name)
    LEFT_OUT = auto()  # (id of an exemplar, whether its vote does not count)
    VOTES = auto()  # (id of the exemplar that the dive votes as, or "")
    DRAWINGS = auto()  # (drawings)
    PROPOSALS = auto()  # (whether they are dismissed)
    PLACE = auto()  # (path, identity)
    MEET = auto()  # (Meet; the edit has no key)
    ORDER = auto()  # (keys in the order of the list; the edit has no key)
    ADDED_ROWS = auto()  # (Rows that are in the list; the edit has no key)
    REMOVED_ROWS = auto()  # (as ADDED_ROWS)
    HISTORY_ATHLETES = auto()  # (names by ids of the history's dives)
    HISTORY_ROWS = auto()  # (ids of dives that the history shows)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A change by the user.

    Attributes:
        key: key of the dive.
        before, after: the value without and with this edit; see `Subject`.
        text: name of the change in the menu, after "Undo".
        gesture: edits with the same gesture (a drag, a row of nudges, a word typed) are undone together; "": alone.
        at_s: time of the change, in seconds of the monotonic clock.
    """

    subject: Subject
    key: str = ""
    before: Any
    after: Any
    text: str
    gesture: str = ""
    at_s: float = field(default_factory=lambda: monotonic())

    @property
    def reversed(self) -> "Edit":
        """Return the edit that undoes this edit."""
        return replace(self, before=self.after, after=self.before)

    def merged(self, later: "Edit") -> "Edit | None":
        """Return both edits merged, or None if they belong to different gestures."""
        same = (self.subject, self.key, self.gesture) == (later.subject, later.key, later.gesture)
        if not self.gesture or not same or later.at_s - self.at_s > _PAUSE_S:
            return None
        return replace(self, after=later.after, at_s=later.at_s)


#: Goes from `before` to `after`; returns the edit with values known only after execution, or None.
Handler = Callable[[Edit], Edit | None]


@dataclass(eq=False)
class Step:
    """Edits that are undone together.

    Attributes:
        edits: edits in the order of execution, each with the value that it left, see `EditStack.values`.
    """

    text: str
    edits: list[tuple[Edit, object]] = field(default_factory=list)


class EditStack(QObject):
    """A history of edits.

    The latest edit that concerns what is shown is undone first. An edit is not undone, nor redone, where its value is
    no longer what it left: it was changed since, by another window for example.

    Signals:
        changed: an edit was made, undone or redone.
        said: (str) a sentence on what was undone or redone, or why it was not.

    Attributes:
        handlers: handlers by the subject of an edit, registered by services.
        values: functions that return the present value of what an edit changes, by the subject; without one, the edit
            is always undone.
        hidden: returns True if an edit concerns a dive that is not shown.
        show: shows what edits concern, and returns a name for it, or "".
        look: called before anything is undone or redone, to take over the changes of other windows.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.handlers: dict[Subject, Handler] = {}
        self.values: dict[Subject, Callable[[Edit], object]] = {}
        self.hidden: Callable[[Edit], bool] = lambda _: False
        self.show: Callable[[list[Edit]], str] = lambda _: ""
        self.look: Callable[[], object] = lambda: None
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._macro: Step | None = None

    @property
    def undo_text(self) -> str | None:
        """Name of the edit that is undone next; None: there is none."""
        step = self._next(self._done)
        return step.text if step is not None else None

    @property
    def redo_text(self) -> str | None:
        """Name of the edit that is redone next; None: there is none."""
        step = self._next(self._undone)
        return step.text if step is not None else None

    @property
    def n_done(self) -> int:
        """Number of edits that can be undone."""
        return len(self._done)

    def do(self, edit: Edit, *, done: bool = False) -> None:
        """Execute an edit and add it to the history.

        Args:
            done: it has been executed already.
        """
        if not done and (edit := self._execute(edit)).before == edit.after:
            return
        if self._macro is not None:
            self._macro.edits.append((edit, self._value(edit)))
            return
        last = self._done[-1] if self._done and not self._undone else None
        merged = last.edits[0][0].merged(edit) if last is not None and len(last.edits) == 1 else None
        if merged is None:
            self._push(Step(edit.text, [(edit, self._value(edit))]))
            return
        self._done.pop()
        self._push(Step(edit.text, [(merged, self._value(edit))] if merged.after != merged.before else []))

    @contextmanager
    def macro(self, name: str) -> Iterator[None]:
        """Join the edits of the block; within another, they belong to that."""
        if self._macro is not None:
            yield
            return
        self._macro = Step(name)
        try:
            yield
        finally:
            step, self._macro = self._macro, None
            self._push(step)

    def undo(self, *, latest: bool = False) -> None:
        """Undo an edit.

        Args:
            latest: the latest edit, whatever is shown.
        """
        self._go(self._done, self._undone, latest=latest)

    def redo(self) -> None:
        """Execute the edit again that was undone last."""
        self._go(self._undone, self._done)

    def clear(self) -> None:
        """Forget all edits."""
        self._done, self._undone = [], []
        self.changed.emit()

    def _push(self, step: Step) -> None:
        if step.edits:
            self._undone.clear()
            self._done.append(step)
        self.changed.emit()

    def _go(self, source: list[Step], target: list[Step], *, latest: bool = False) -> None:
        """Undo a step of `source`, or redo it, and move it to `target`."""
        self.look()
        step = source[-1] if latest and source else self._next(source)
        if step is None:
            return
        source.remove(step)
        undoes, turned = source is self._done, Step(step.text)
        for edit, left in reversed(step.edits):
            if self._value(edit) == left:
                edit = self._execute(edit.reversed)
                if edit.before != edit.after:
                    turned.edits.append((edit, self._value(edit)))
        if turned.edits:
            target.append(turned)
        name = ", ".join(filter(None, (step.text, self.show([edit for edit, _ in turned.edits or step.edits]))))
        sentences = [text("Undone: {0}.", name) if undoes else text("Redone: {0}.", name)] if turned.edits else []
        if len(turned.edits) < len(step.edits):
            sentences.append(text("Left as it is, as it was changed since: {0}.", name))
        self.said.emit(" ".join(sentences))
        self.changed.emit()

    def _next(self, steps: list[Step]) -> Step | None:
        concerned = (one for one in reversed(steps) if not all(self.hidden(edit) for edit, _ in one.edits))
        return next(concerned, steps[-1] if steps else None)

    def _value(self, edit: Edit) -> object:
        value = self.values.get(edit.subject)
        return value(edit) if value is not None else None

    def _execute(self, edit: Edit) -> Edit:
        return self.handlers[edit.subject](edit) or edit


class EditStacks(QObject):
    """The histories of edits of a program, of which undo and redo apply to one.

    Signals:
        changed: an edit was made, undone or redone, or another history is active.
        said: see `EditStack`.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self, parent: QObject, active: EditStack, *others: EditStack) -> None:
        super().__init__(parent)
        self.active = active
        for stack in (active, *others):
            stack.changed.connect(self.changed)
            stack.said.connect(self.said)

    def activate(self, stack: EditStack) -> None:
        """Let undo and redo apply to a history."""
        self.active = stack
        self.changed.emit()


class EditMaker(QObject):
    """Service that makes undoable edits.

    Attributes:
        edits: the edits that can be undone and redone.
    """

    def __init__(self, state: SessionState, edits: EditStack) -> None:
        super().__init__(state)
        self._state, self.edits = state, edits

    def _set(self, subject: Subject, key: str, name: str, value: object, text: str) -> None:
        """Change an attribute on which nothing depends; typing without a pause is an edit, clearing is another."""
        before = getattr(self._state.dive(key), name)
        self._do(subject, key, before, value, text, gesture=name if value or len(str(before)) == 1 else "")

    def _do(self, subject: Subject, key: str, before: object, after: object, text: str, *, gesture: str = "") -> None:
        if before != after:
            edit = Edit(subject=subject, key=key, before=before, after=after, text=text, gesture=gesture)
            self.edits.do(edit)
