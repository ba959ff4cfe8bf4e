"""A request to the worker, from when it is submitted until it ends."""

from collections.abc import Callable
from enum import Enum, IntEnum, auto

from PySide6.QtCore import QObject, Signal

from fineparser_core.progress import Progress
from fineparser_gui.support.clock import Clock
from fineparser_gui.worker.protocol import Request


class Urgency(IntEnum):
    """Urgency of a task: more urgent tasks go first; searches and analyses stop for them and continue later."""

    BACKGROUND = 0  # encoding exemplars in advance
    BATCH = 1
    EXEMPLAR = 2  # a clip for the library, which waits for no batch
    SHOWN = 3  # the dive that is shown: its analysis, or the search of its file
    SCORE = 4  # takes milliseconds
    DRAG = 5  # score while a transition is dragged


class TaskState(Enum):
    """State of a task."""

    KEPT = auto()  # the answer is known, and not emitted yet
    WAITING = auto()
    STOPPED = auto()  # waits for a more urgent task; the worker keeps the search so far
    SENT = auto()  # the worker has not begun it
    BEGUN = auto()
    STOPPING = auto()  # the worker was asked to stop it, and has not answered yet


class Task(QObject):
    """Task of the worker, which ends in exactly one of `finished`, `failed` and `cancelled`.

    Args:
        request: request to send to the worker.
        key: key of the dive that the request is about; "": of no dive.
        urgency: urgency, which the scheduler raises for the shown dive.
        cancel: called to cancel the task.

    Signals:
        progressed: (Progress)
        finished: (Answer)
        failed: (str, str) kind of error, sentence for the user. Kind "WorkerCrash": the worker died of it, twice;
            "WorkerGone": it keeps dying and is not restarted automatically.
        cancelled: `cancel` took effect.

    Attributes:
        suspect: True if the worker died during the request, which is repeated once with no other beside it.
        dropped: True if the task is canceled and ends when the worker stops it.
        progress: last progress report of the worker.
        clock: share of the work that is done, and the time that it has taken.
    """

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(str, str)
    cancelled = Signal()

    def __init__(self, request: Request, key: str, urgency: Urgency, cancel: Callable[["Task"], None]) -> None:
        super().__init__()
        self.request, self.key, self.urgency = request, key, urgency
        self.state = TaskState.WAITING
        self.suspect = self.dropped = False
        self.progress: Progress | None = None
        self.clock = Clock()
        self._cancel = cancel

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def sent(self) -> bool:
        """True if the worker has it."""
        return self.state in (TaskState.SENT, TaskState.BEGUN, TaskState.STOPPING)

    @property
    def begun(self) -> bool:
        """True if the worker carries it out."""
        return self.state in (TaskState.BEGUN, TaskState.STOPPING)

    def cancel(self) -> None:
        """Cancel the task: at once if it has not begun, else at the worker's next safe point."""
        self._cancel(self)

    def abandon(self) -> None:
        """Cancel without emitting any further signal."""
        self.blockSignals(True)
        self._cancel(self)
