"""Work off the thread of the window, and work soon on it, once for many causes."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal, SignalInstance

from fineparser_core.errors import Cancelled, FineParserError
from fineparser_core.language import translated

log = logging.getLogger(__name__)

Found = TypeVar("Found")


class Soon(QTimer):
    """Timer that acts once, a while after the first of some changes; later changes do not extend the delay.

    Args:
        signals: signals of the changes, until `end`.
    """

    def __init__(self, parent: QObject, delay_ms: int, act: Callable[[], object], *signals: SignalInstance) -> None:
        super().__init__(parent, singleShot=True, interval=delay_ms)
        self.timeout.connect(act)
        self._signals = signals
        for signal in signals:
            signal.connect(self.begin)

    def end(self) -> None:
        """Stop following the changes."""
        self.stop()
        for signal in self._signals:
            signal.disconnect(self.begin)

    def begin(self, *_: object) -> None:
        """Start the delay after a change, unless it is running."""
        if not self.isActive():
            self.start()


class Background(QThreadPool):
    """A single thread that does the work in turn."""

    _ended = Signal(object, object)  # function to call, and its argument; crosses threads

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setMaxThreadCount(1)
        self._ended.connect(self._go_on)

    def run(
        self, work: Callable[[], Found], then: Callable[[Found], object], failed: Callable[[str], object] | None = None
    ) -> None:
        """Do `work`, then call `then` with its result, or `failed` with a sentence, "" if it was canceled."""
        self.start(lambda: self._ended.emit(*_outcome(work, then, failed)))

    def close(self) -> None:
        """Wait for all work, and drop its results."""
        self.blockSignals(True)
        self.waitForDone()

    def _go_on(self, act: Callable[[Any], object] | None, found: object) -> None:
        if act is not None and not self.signalsBlocked():  # results from before `close` may arrive after it
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
