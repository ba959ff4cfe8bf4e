"""Start and stop of the worker process, and exchange of messages with it."""

import json
import logging
from collections import deque
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from fineparser_core.support.atomic import temporary_folder
from fineparser_core.support.own_process import own_process
from fineparser_gui.support.ending import end, error_lines, when_ended
from fineparser_gui.worker.protocol import Message, Ping, Pong, WorkerSettings, decode, encode

log = logging.getLogger(__name__)

_CHILD = "fineparser_gui.worker.child"
_CLOSE_MS = 1500
#: Interval of pings to the worker, in milliseconds, and the number of unanswered pings after which it hangs: five
#: minutes, as loading it may take as long on a slow disk or a busy computer. Pings are counted, not timed, so that the
#: sleep of the computer does not count.
_PULSE_MS = 5000
_MOST_SILENT_PULSES = 60
_MOST_LAST_WORDS = 60


class WorkerClient(QObject):
    """Client of the process that owns torch, which exchanges messages with it.

    Args:
        library: folder of the coach's own exemplars; None: there are none.
        cache: folder in which the worker keeps its results; None: for the window's run only.

    Signals:
        started: messages can be sent.
        received: (Message)
        died: the process crashed or hung, or could not be started.

    Attributes:
        settings: settings for the next start.
        last_words: the latest lines that the process wrote to its standard error.
    """

    started = Signal()
    received = Signal(object)
    died = Signal()

    def __init__(self, library: Path | None = None, cache: Path | None = None) -> None:
        super().__init__()
        self._cache = cache
        self._library = str(library) if library else ""
        self._process: QProcess | None = None
        self._dying: list[QProcess] = []  # killed, and not gone yet
        self._buffer = b""
        self._closed = False
        self._silent_pulses = 0
        self._pulse = QTimer(self, interval=_PULSE_MS)
        self._pulse.timeout.connect(self._on_pulse)
        self.settings = WorkerSettings()
        self.last_words: deque[str] = deque(maxlen=_MOST_LAST_WORDS)

    @property
    def running(self) -> bool:
        """True if messages can be sent."""
        return self._process is not None and self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def pid(self) -> int:
        """Process id of the worker; 0 when it does not run."""
        return int(self._process.processId()) if self._process else 0

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
        program, *arguments = own_process(_CHILD, str(self.folder), settings, self._library)
        process = QProcess(self)
        process.setProgram(program)
        process.setArguments(arguments)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._log_stderr)
        when_ended(process, self._on_ended)
        self._process = process
        self._buffer = b""
        self._silent_pulses = 0
        self._pulse.start()
        process.start()
        self.started.emit()

    def stop(self) -> None:
        """Kill the process; its unfinished work is lost."""
        process, self._process = self._process, None
        self._pulse.stop()
        if process is not None:
            process.blockSignals(True)  # this is not a crash
            process.kill()
            if process.waitForFinished(_CLOSE_MS):
                process.deleteLater()
            else:
                self._dying.append(process)  # the user does not wait for it

    def close(self) -> None:
        """End the process and remove its files; nothing is left running."""
        self._closed = True  # also prevents a scheduled restart
        process, self._process = self._process, None
        self._pulse.stop()
        if process is not None:
            process.blockSignals(True)
            process.closeWriteChannel()
            end(process, _CLOSE_MS)
        for process in self._dying:
            end(process)
        if self._cache is None:
            self._folder.cleanup()

    def send(self, message: Message) -> None:
        """Send a message; ignored if no process runs."""
        if self._process is not None and self.running:
            self._process.write(encode(message))

    def _read(self) -> None:
        if self._process is None:
            return
        self._silent_pulses = 0
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            try:
                message = decode(line)
            except ValueError as error:
                log.warning("worker: %s", error)
            else:
                if not isinstance(message, Pong):
                    self.received.emit(message)

    def _log_stderr(self) -> None:
        if self._process is not None:
            for line in error_lines(self._process):
                self.last_words.append(line)
                log.info("worker: %s", line)

    def _on_pulse(self) -> None:
        self._silent_pulses += 1
        if self._silent_pulses <= _MOST_SILENT_PULSES:
            self.send(Ping())
        elif self._process is not None:
            log.warning("the worker hangs and is ended")
            self._process.kill()

    def _on_ended(self) -> None:
        self._read()  # its last message may explain its death
        self._log_stderr()
        process, self._process = self._process, None
        self._pulse.stop()
        if process is not None:
            ending = f"{process.errorString()}, exit code {process.exitCode()}"
            log.warning("the worker ended: %s", ending)
            self.last_words.append(ending)
            process.deleteLater()
            self.died.emit()
