"""The program's own processes as the window starts them: lines in and out, last words, and their end."""

import logging
import sys
from collections import deque
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from fineparser_core.errors import ExitCode
from fineparser_core.support.processes import decode, own_process

log = logging.getLogger(__name__)

_MOST_LAST_WORDS = 60
#: Longest wait for a killed process, in milliseconds. It ends once it is scheduled again: at the lowest priority it
#: waits seconds for that while other programs use all cores, and longer than this only if the system itself hangs.
_KILLED_MS = 30_000


class Process(QObject):
    """A process of the program, which ends at the end of its input.

    It works in the program's folder: not in that of a coach's clips, from which a program could be run and whose disk
    could not be removed.

    Args:
        name: of the lines of its standard error in the log.
        module, arguments: as of `own_process`.
        messages: union of the messages that it sends; None: its lines are no messages.

    Signals:
        received: (Message) a message, or (bytes) a line of its standard output without its end.
        said: (str) a line of its standard error.
        ended: it is over, or could not be started; nothing follows.

    Attributes:
        last_words: the latest lines of its standard error, and how it ended.
    """

    received = Signal(object)
    said = Signal(str)
    ended = Signal()

    def __init__(self, name: str, module: str, *arguments: str, parent: QObject, messages: Any = None) -> None:
        super().__init__(parent)
        self._name, self._messages = name, messages
        self._rest = self._rest_said = b""  # of a line whose end has not come
        self.last_words: deque[str] = deque(maxlen=_MOST_LAST_WORDS)
        self._process = process = QProcess(self)
        program, *rest = own_process(module, *arguments)
        process.setProgram(program)
        process.setArguments(rest)
        process.setWorkingDirectory(str(Path(sys.executable).parent))
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_error)
        process.finished.connect(self._on_ended)
        process.errorOccurred.connect(self._on_error)
        self._patience = QTimer(self, singleShot=True)
        self._patience.timeout.connect(process.kill)

    @property
    def running(self) -> bool:
        """True until it is over."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def pid(self) -> int:
        """Its id; 0 when it does not run."""
        return int(self._process.processId())

    @property
    def failed(self) -> bool:
        """True if it crashed, could not be started, or ended with an error."""
        return self._process.error() != QProcess.ProcessError.UnknownError or self._process.exitCode() != ExitCode.DONE

    def start(self) -> None:
        """Start it."""
        self._process.start()

    def write(self, line: bytes) -> None:
        """Send a line, with its end."""
        self._process.write(line)

    def stop(self, patience_ms: int | None = None) -> None:
        """Ask it to end, by the end of its input.

        Args:
            patience_ms: time after which it is killed; None: it is not.
        """
        self._process.closeWriteChannel()
        if patience_ms is not None:
            self._patience.start(patience_ms)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self, patience_ms: int = 0) -> bool:
        """Ask it to end and wait until it is gone, without signals; Qt warns if a running process is destroyed.

        Args:
            patience_ms: time that it has to end by itself before it is killed.

        Returns:
            True if it ended by itself.
        """
        self.blockSignals(True)
        self._process.closeWriteChannel()
        if not self.running or (patience_ms and self._process.waitForFinished(patience_ms)):
            return True
        self._process.kill()
        self._process.waitForFinished(_KILLED_MS)
        return False

    def _read(self) -> None:
        *lines, self._rest = (self._rest + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            try:
                message = line if self._messages is None else decode(line, self._messages)
            except ValueError as error:
                log.warning("%s: %s", self._name, error)
            else:
                self.received.emit(message)

    def _read_error(self) -> None:
        *lines, self._rest_said = (self._rest_said + bytes(self._process.readAllStandardError().data())).split(b"\n")
        for said in lines:
            line = said.decode(errors="replace").rstrip("\r")
            self.last_words.append(line)
            log.info("%s: %s", self._name, line)
            self.said.emit(line)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # the only error that `finished` does not follow
            self._on_ended()

    def _on_ended(self) -> None:
        self._patience.stop()
        self._read()
        self._read_error()
        self.last_words += [self._rest_said.decode(errors="replace")] * bool(self._rest_said)
        self.last_words.append(f"{self._process.errorString()}, exit code {self._process.exitCode()}")
        log.log(logging.WARNING if self.failed else logging.INFO, "%s ended: %s", self._name, self.last_words[-1])
        self.ended.emit()
