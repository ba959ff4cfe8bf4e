"""Start and stop of the worker process, and exchange of messages with it."""

import json
import logging
from collections import deque
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QObject, QTimer, Signal

from fineparser_core.support.atomic import temporary_folder
from fineparser_core.support.processes import ProcessMessage, encode
from fineparser_gui.support.process import Process
from fineparser_gui.worker.protocol import AnyMessage, Ping, Pong, WorkerSettings

log = logging.getLogger(__name__)

_CHILD = "fineparser_gui.worker.child"
_CLOSE_MS = 1500
#: Interval of pings to the worker, in milliseconds, and the number of unanswered pings after which it hangs: five
#: minutes, as loading it may take as long on a slow disk or a busy computer. Pings are counted, not timed, so that the
#: sleep of the computer does not count.
_PULSE_MS = 5000
_MOST_SILENT_PULSES = 60


class WorkerClient(QObject):
    """Client of the process that owns torch, which exchanges messages with it.

    Args:
        library: folder of the coach's own exemplars; None: there are none.
        cache: folder in which the worker keeps its results; None: for the window's run only.

    Signals:
        started: messages can be sent.
        received: (ProcessMessage)
        died: the process crashed or hung, or could not be started.

    Attributes:
        settings: settings for the next start.
        last_words: those of the latest process, see `Process`.
    """

    started = Signal()
    received = Signal(object)
    died = Signal()

    def __init__(self, library: Path | None = None, cache: Path | None = None) -> None:
        super().__init__()
        self._cache = cache
        self._library = str(library) if library else ""
        self._process: Process | None = None
        self._closed = False
        self._silent_pulses = 0
        self._pulse = QTimer(self, interval=_PULSE_MS)
        self._pulse.timeout.connect(self._on_pulse)
        self.settings = WorkerSettings()
        self.last_words: deque[str] = deque()

    @property
    def running(self) -> bool:
        """True if messages can be sent."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """Process id of the worker; 0 when it does not run."""
        return self._process.pid if self._process else 0

    @property
    def folder(self) -> Path:
        """Folder into which the worker writes records; `close` removes it unless it is the cache."""
        return self._cache or Path(self._folder.name)

    @cached_property
    def _folder(self) -> TemporaryDirectory:
        """Temporary folder, made when the worker starts: making it removes the folders that killed workers left."""
        return temporary_folder("fineparser")

    def start(self) -> None:
        """Start the process if it does not run."""
        if self._process is not None or self._closed:
            return
        settings = json.dumps(asdict(self.settings))
        arguments = (str(self.folder), settings, self._library)
        process = Process("worker", _CHILD, *arguments, parent=self, messages=AnyMessage)
        process.received.connect(self._on_received)
        process.ended.connect(self._on_ended)
        process.ended.connect(process.deleteLater)
        self._process, self.last_words = process, process.last_words
        self._silent_pulses = 0
        self._pulse.start()
        process.start()
        self.started.emit()

    def stop(self) -> None:
        """Kill the process; its unfinished work is lost."""
        process, self._process = self._process, None
        self._pulse.stop()
        if process is not None:
            process.received.disconnect(self._on_received)
            process.ended.disconnect(self._on_ended)  # this is not a crash
            process.kill()  # a busy computer is slow to end it: the user does not wait for that

    def close(self) -> None:
        """End the process and remove its files; nothing is left running."""
        self._closed = True  # also prevents a scheduled restart
        self._process = None
        self._pulse.stop()
        for process in self.findChildren(Process):  # those that were stopped and are not gone yet, too
            process.close(_CLOSE_MS)
        if self._cache is None:
            self._folder.cleanup()

    def send(self, message: ProcessMessage) -> None:
        """Send a message; ignored if no process runs."""
        if self._process is not None and self.running:
            self._process.write(encode(message))

    def _on_received(self, message: ProcessMessage) -> None:
        self._silent_pulses = 0
        if not isinstance(message, Pong):
            self.received.emit(message)

    def _on_pulse(self) -> None:
        self._silent_pulses += 1
        if self._silent_pulses <= _MOST_SILENT_PULSES:
            self.send(Ping())
        elif self._process is not None:
            log.warning("the worker hangs and is ended")
            self._process.kill()

    def _on_ended(self) -> None:
        self._process = None
        self._pulse.stop()
        self.died.emit()
