"""A timer for an action that follows many changes at once."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, SignalInstance


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
