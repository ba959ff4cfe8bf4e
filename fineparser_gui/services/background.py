"""Work off the thread of the window; what came of it is told on that thread."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QThreadPool, Signal

from fineparser_core.errors import Cancelled, FineParserError
from fineparser_core.language import translated

log = logging.getLogger(__name__)

Found = TypeVar("Found")


class Background(QThreadPool):
    """One thread, which works one thing after the other."""

    _ended = Signal(object, object)  # what to do, with what was found; crosses threads

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setMaxThreadCount(1)
        self._ended.connect(self._go_on)

    def run(
        self, work: Callable[[], Found], then: Callable[[Found], object], failed: Callable[[str], object] | None = None
    ) -> None:
        """Work, and go on with what was found; or with a sentence on what went wrong, "" where it was cancelled."""
        self.start(lambda: self._ended.emit(*_outcome(work, then, failed)))

    def close(self) -> None:
        """Wait for what runs and waits, and go on with nothing of it."""
        self.blockSignals(True)
        self.waitForDone()

    def _go_on(self, act: Callable[[Any], object] | None, found: object) -> None:
        if act is not None and not self.signalsBlocked():  # what was told before `close` comes after it
            act(found)


def _outcome(work: Callable[[], object], then: object, failed: object) -> tuple[object, object]:
    try:
        return then, work()
    except Cancelled:
        return failed, ""
    except FineParserError as error:
        return failed, translated(error)
    except Exception as error:  # must not end the thread pool
        log.exception("work of the window")
        return failed, f"{type(error).__name__}: {error}"
