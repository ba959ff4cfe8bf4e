"""Progress events and cancellation of long jobs: a callback reports progress, a token requests cancellation."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from fineparser_core.errors import Cancelled


@dataclass(frozen=True)
class Progress:
    """Progress event of a long job.

    Attributes:
        stage: the current activity, a lower-case word ("read", "parse", "compare", "write").
        done: number of units finished in this stage.
        total: number of units in this stage; 0 if unknown.
    """

    stage: str
    done: int
    total: int


ProgressCallback = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """Discard every event, as default callback."""


def throttle(callback: ProgressCallback, interval_s: float) -> ProgressCallback:
    """Limit how often a callback is called.

    Args:
        callback: receives the last event of every stage, and of the other events at most one per interval.
        interval_s: least time between two events, seconds.

    Returns:
        The callback to hand to the job.
    """
    last_s = 0.0

    def report(progress: Progress) -> None:
        nonlocal last_s
        if progress.done == progress.total or time.monotonic() - last_s > interval_s:
            last_s = time.monotonic()
            callback(progress)

    return report


class CancelToken:
    """A request to stop a job: set from any thread, checked by the job between units of work."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Return True if cancellation is requested within a time; return at once then."""
        return self._event.wait(timeout_s)

    def raise_if_cancelled(self) -> None:
        """Stop the job if cancellation was requested.

        Raises:
            Cancelled: `cancel` has been called.
        """
        if self._event.is_set():
            raise Cancelled()
