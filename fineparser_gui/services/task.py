"""One request to the worker, from when it is submitted until it ends."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

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
        failed: (str, str) kind of error, sentence for the user. Kind "WorkerCrash": the worker crashed;
            "WorkerGone": it keeps crashing and is not restarted automatically.
        cancelled: `cancel` took effect.

    Attributes:
        urgency: of the request as submitted; the scheduler raises that of the dive that is shown.
        n_crashes: number of crashes of the worker while it worked on the request.
        retries: number of times that the request is sent again after a crash.
        cancelling: the worker was asked to stop and has not answered yet.
    """

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(str, str)
    cancelled = Signal()

    def __init__(self, request: Request, key: str, cancel: Callable[["Task"], None], *, retries: int = 0) -> None:
        super().__init__()
        self.request, self.key, self.retries = request, key, retries
        self.urgency = request.urgency
        self.n_crashes = 0
        self.cancelling = False
        self._cancel = cancel

    @property
    def id(self) -> str:
        return self.request.id

    def cancel(self) -> None:
        """Cancel: at once if it waits, at the worker's next safe point if it runs."""
        self._cancel(self)

    def abandon(self) -> None:
        """Cancel without emitting any further signal."""
        self.blockSignals(True)
        self._cancel(self)
