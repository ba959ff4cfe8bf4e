"""One request to the worker, from when it is submitted until it ends."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from fineparser_gui.model.clock import Clock
from fineparser_gui.worker.protocol import Request


class Task(QObject):
    """Ends in exactly one of `finished`, `failed` and `cancelled`.

    Args:
        request: what to send to the worker.
        key: of the dive that the request is about; "" where it is about none.
        cancel: called to cancel the task.

    Signals:
        progressed: (Progress) how far it is.
        finished: (Answer)
        failed: (str, str) kind of error, sentence for the user. Kind "WorkerCrash": the worker died of it, twice;
            "WorkerGone": it keeps dying and is not restarted automatically.
        cancelled: `cancel` took effect.

    Attributes:
        urgency: of the request as submitted; the scheduler raises that of the dive that is shown.
        begun: the worker carries the request out; False where it waits, in the worker too.
        suspect: the worker died while it carried the request out; it is asked once more, with nothing beside it.
        cancelling: the worker was asked to stop and has not answered yet.
        clock: how far it is, and for how long it has run.
    """

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(str, str)
    cancelled = Signal()

    def __init__(self, request: Request, key: str, cancel: Callable[["Task"], None]) -> None:
        super().__init__()
        self.request, self.key = request, key
        self.urgency = request.urgency
        self.begun = self.suspect = self.cancelling = False
        self.clock = Clock()
        self._cancel = cancel

    @property
    def id(self) -> str:
        return self.request.id

    def cancel(self) -> None:
        """Cancel: at once if it has not begun, otherwise at the worker's next safe point."""
        self._cancel(self)

    def abandon(self) -> None:
        """Cancel without emitting any further signal."""
        self.blockSignals(True)
        self._cancel(self)
