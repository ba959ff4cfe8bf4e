"""One request to the worker, from when it is submitted until it ends."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from fineparser_gui.worker.protocol import Request


class Task(QObject):
    """Ends in exactly one of `finished`, `failed` and `cancelled`.

    Args:
        request: what the worker is asked.
        key: of the dive that the request is about; "" where it is about none.
        cancel: takes the task back.

    Signals:
        progressed: (Progress) how far it is.
        finished: (Answer)
        failed: (str, str) kind of error, sentence for the user. Kind "WorkerCrash": the worker died of it;
            "WorkerGone": it keeps dying and is not started again by itself.
        cancelled: it was taken back.

    Attributes:
        n_crashes: how often the worker died while it carried the request out.
        retries: how often the request is sent again after that, before it fails.
        cancelling: it was taken back while it ran, and the worker has yet to stop.
    """

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(str, str)
    cancelled = Signal()

    def __init__(self, request: Request, key: str, cancel: Callable[["Task"], None], *, retries: int = 0) -> None:
        super().__init__()
        self.request, self.key, self.retries = request, key, retries
        self.n_crashes = 0
        self.cancelling = False
        self._cancel = cancel

    @property
    def id(self) -> str:
        return self.request.id

    def cancel(self) -> None:
        """Take it back: at once where it waits, at the worker's next safe point where it runs."""
        self._cancel(self)

    def abandon(self) -> None:
        """Cancel it and tell nobody how it ends."""
        self.blockSignals(True)
        self._cancel(self)
