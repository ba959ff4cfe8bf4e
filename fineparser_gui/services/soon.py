"""A timer for what follows many changes at once."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Soon(QTimer):
    """Does something once, a while after the first of some changes; later ones do not put it off."""

    def __init__(self, parent: QObject, delay_ms: int, act: Callable[[], object]) -> None:
        super().__init__(parent, singleShot=True, interval=delay_ms)
        self.timeout.connect(act)

    def begin(self, *_: object) -> None:
        """Something has changed."""
        if not self.isActive():
            self.start()
