"""The only way long work talks to its caller: progress events out, a cancel token in."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from fineparser_core.errors import Cancelled


@dataclass(frozen=True)
class Progress:
    """One step forward of a long job.

    Attributes:
        stage: what is being done, one lower-case word ("read", "look", "parse", "compare", "write").
        done: units finished in this stage.
        total: units in this stage; 0 when unknown.
    """

    stage: str
    done: int
    total: int


ProgressCallback = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """The callback of a caller that does not care."""


def paced(tell: ProgressCallback, every_s: float) -> ProgressCallback:
    """A callback that tells the end of every stage, and of the other steps no more than one in so many seconds."""
    told_s = 0.0

    def report(progress: Progress) -> None:
        nonlocal told_s
        if progress.done == progress.total or time.monotonic() - told_s > every_s:
            told_s = time.monotonic()
            tell(progress)

    return report


class CancelToken:
    """Set from any thread; the work looks at it between units."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Raises: Cancelled, once `cancel` has been called."""
        if self._event.is_set():
            raise Cancelled()
