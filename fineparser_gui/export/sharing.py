"""Sharing of files with phones in the local network: started by the user, ended after ten minutes."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from fineparser_core.support.sharing import ShareServer, local_addresses
from fineparser_gui.support.background import Background

LASTS_S = 600


class Sharing(QObject):
    """Service that serves the chosen files at an address of this computer.

    Signals:
        found: (list) this computer's addresses in local networks, the likeliest first.
        changed: the sharing begins or ends, or a second has passed.
    """

    found = Signal(list)
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server: ShareServer | None = None
        self._files: dict[int, Path] = {}
        self._thread = Background(self)
        self._since = QElapsedTimer()
        self._seconds = QTimer(self, interval=1000)
        self._seconds.timeout.connect(self._on_second)

    @property
    def url(self) -> str:
        """Address of the page; "" while nothing is shared."""
        return self._server.url if self._server is not None else ""

    @property
    def left_s(self) -> int:
        """Seconds until it ends by itself."""
        return max(LASTS_S - self._since.elapsed() // 1000, 0) if self._server is not None else 0

    def find_addresses(self) -> None:
        """Look for this computer's addresses, off the GUI thread."""
        self._thread.run(local_addresses, self.found.emit)

    def choose(self, files: Mapping[int, Path]) -> None:
        """Set the files that are served, by their numbers on the page."""
        self._files = dict(files)
        if self._server is not None:
            self._server.files = self._files

    def start(self, address: str) -> None:
        """Serve at an address, under a new secret.

        Raises:
            OSError: the address no longer exists.
        """
        self.stop()
        self._server = ShareServer(address, self._files)
        self._since.start()
        self._seconds.start()
        self.changed.emit()

    def stop(self) -> None:
        """Serve nothing any more."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._seconds.stop()
            self.changed.emit()

    def close(self) -> None:
        """Stop serving, and wait for running work."""
        self.blockSignals(True)
        self.stop()
        self._thread.close()

    def _on_second(self) -> None:
        if self.left_s:
            self.changed.emit()
        else:
            self.stop()
