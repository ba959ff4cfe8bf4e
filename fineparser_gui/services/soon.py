"""A timer for what follows many changes at once."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, SignalInstance


class Soon(QTimer):
    """Does something once, a while after the first of some changes; later ones do not put it off.

    Args:
        signals: of the changes, until `end`.
    """

    def __init__(self, parent: QObject, delay_ms: int, act: Callable[[], object], *signals: SignalInstance) -> None:
        super().__init__(parent, singleShot=True, interval=delay_ms)
        self.timeout.connect(act)
        self._signals = signals
        for signal in signals:
            signal.connect(self.begin)

    def end(self) -> None:
        """Follow the changes no longer."""
        self.stop()
        for signal in self._signals:
            signal.disconnect(self.begin)

    def begin(self, *_: object) -> None:
        """Something has changed."""
        if not self.isActive():
            self.start()
