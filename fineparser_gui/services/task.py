"""One request to the worker, from when it is submitted until it ends."""

from collections.abc import Callable
from enum import Enum, IntEnum, auto

from PySide6.QtCore import QObject, Signal

from fineparser_core.progress import Progress
from fineparser_gui.model.clock import Clock
from fineparser_gui.worker.protocol import Request


class Urgency(IntEnum):
    """What is more urgent goes first; a search or an analysis stops for it, and goes on later."""

    BACKGROUND = 0  # encoding exemplars in advance
    BATCH = 1
    EXEMPLAR = 2  # a clip for the library, which waits for no batch
    SHOWN = 3  # the dive that is shown: its analysis, or the search of its file
    SCORE = 4  # takes milliseconds
    DRAG = 5  # score while a transition is dragged


class TaskState(Enum):
    """Where a task is."""

    KEPT = auto()  # the answer is known, and not told yet
    WAITING = auto()
    STOPPED = auto()  # waits again, for something more urgent; the worker has kept what it read
    SENT = auto()  # the worker has not begun it
    BEGUN = auto()
    STOPPING = auto()  # the worker was asked to stop it, and has not answered yet


class Task(QObject):
    """Ends in exactly one of `finished`, `failed` and `cancelled`.

    Args:
        request: what to send to the worker.
        key: of the dive that the request is about; "" where it is about none.
        urgency: which the scheduler raises for the dive that is shown.
        cancel: called to cancel the task.

    Signals:
        progressed: (Progress) how far it is.
        finished: (Answer)
        failed: (str, str) kind of error, sentence for the user. Kind "WorkerCrash": the worker died of it, twice;
            "WorkerGone": it keeps dying and is not restarted automatically.
        cancelled: `cancel` took effect.

    Attributes:
        suspect: the worker died while it carried the request out; it is asked once more, with nothing beside it.
        dropped: it is cancelled, and ends where the worker stops it.
        progress: what the worker said last.
        clock: how far it is, and for how long it has run.
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
        """Whether the worker has it."""
        return self.state in (TaskState.SENT, TaskState.BEGUN, TaskState.STOPPING)

    @property
    def begun(self) -> bool:
        """Whether the worker carries it out."""
        return self.state in (TaskState.BEGUN, TaskState.STOPPING)

    def cancel(self) -> None:
        """Cancel: at once if it has not begun, otherwise at the worker's next safe point."""
        self._cancel(self)

    def abandon(self) -> None:
        """Cancel without emitting any further signal."""
        self.blockSignals(True)
        self._cancel(self)
