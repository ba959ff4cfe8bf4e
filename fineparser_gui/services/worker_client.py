"""The Qt side of the worker process: a queue of requests, the most urgent first, restart after a crash."""

import json
import logging
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from fineparser_core.progress import Progress
from fineparser_gui.worker.protocol import (
    Answer,
    CancelledReport,
    CancelRequest,
    DevicesReport,
    Failure,
    HoldRequest,
    Message,
    ProgressReport,
    Ready,
    Request,
    WorkerSettings,
    decode,
    encode,
)

log = logging.getLogger(__name__)

_CHILD = ("-m", "fineparser_gui.worker.child")
_CLOSE_MS = 1500
_MAX_CRASHES_BEFORE_READY = 3


class WorkerClient(QObject):
    """Hands requests to the worker, the more urgent first, and tells what becomes of each.

    One is in flight, and beside it only such as are to overtake it.

    Args:
        library: folder of the coach's own exemplars; None: there are none.

    Every request ends in exactly one of `finished`, `failed` and `cancelled`.

    Signals:
        devices: (DevicesReport) what the network can run on here.
        ready: (Ready) the weights are loaded.
        progressed: (str, Progress) id of the request and how far it is.
        finished: (str, Answer)
        failed: (str, str, str) id ("" where no request caused it), kind of error, sentence for the user. Kind
            "WorkerCrash": the worker died of it, or on the way; "WorkerGone": and is not started again by itself.
        cancelled: (str)
    """

    devices = Signal(object)
    ready = Signal(object)
    progressed = Signal(str, object)
    finished = Signal(str, object)
    failed = Signal(str, str, str)
    cancelled = Signal(str)

    def __init__(self, library: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = str(library) if library else ""
        self._folder = tempfile.TemporaryDirectory(prefix="fineparser-", ignore_cleanup_errors=True)
        self._process: QProcess | None = None
        self._settings = WorkerSettings()
        self._queue: list[Request] = []
        self._in_flight: list[Request] = []  # each to overtake the one before it
        self._buffer = b""
        self._crashes = 0
        self._closed = self._held = False

    def start(self) -> None:
        """Start the process if it does not run; requests may be handed in before."""
        if self._process is not None or self._closed:
            return
        process = QProcess(self)
        process.setProgram(sys.executable)
        process.setArguments([*_CHILD, self._folder.name, json.dumps(asdict(self._settings)), self._library])
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._log_stderr)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._buffer = b""
        process.start()
        if self._held:
            self._write(HoldRequest(held=True))
        self._send_next()

    def use(self, settings: WorkerSettings) -> None:
        """Work with other settings from here on; what was asked before is cancelled."""
        self._settings = settings
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)  # its end is wanted
            process.kill()
            process.waitForFinished(_CLOSE_MS)
            process.deleteLater()
        dropped = [*self._in_flight, *self._queue]
        self._in_flight, self._queue = [], []
        for request in dropped:
            self.cancelled.emit(request.id)
        if process is not None:
            self.start()

    @property
    def pid(self) -> int:
        """Process id of the worker; 0 when it does not run."""
        return int(self._process.processId()) if self._process else 0

    def submit(self, request: Request) -> None:
        """Queue a request, before those that are less urgent."""
        self._enqueue(request)
        self.start()
        self._send_next()

    def _enqueue(self, request: Request, *, before_equals: bool = False) -> None:
        def lets_pass(other: Request) -> bool:
            return other.urgency < request.urgency or (before_equals and other.urgency == request.urgency)

        place = next((i for i, other in enumerate(self._queue) if lets_pass(other)), len(self._queue))
        self._queue.insert(place, request)

    def cancel(self, request_id: str) -> None:
        """Drop a waiting request at once; ask the worker to stop a running one."""
        if any(request.id == request_id for request in self._in_flight):
            self._write(CancelRequest(id=request_id))
        elif any(request.id == request_id for request in self._queue):
            self._queue = [request for request in self._queue if request.id != request_id]
            self.cancelled.emit(request_id)

    def hold(self, held: bool) -> None:
        """Hold a running search for dives up where it is, or let it go on."""
        self._held = held
        self._write(HoldRequest(held=held))

    def close(self) -> None:
        """End the worker and remove what it wrote; nothing is left running."""
        self._closed = True  # also for a restart that is under way
        process, self._process = self._process, None
        self._queue.clear()
        self._in_flight.clear()
        if process is not None:
            process.blockSignals(True)  # from here on its end is wanted
            process.closeWriteChannel()
            if process.state() != QProcess.ProcessState.NotRunning and not process.waitForFinished(_CLOSE_MS):
                process.kill()
                process.waitForFinished(_CLOSE_MS)
        self._folder.cleanup()

    def _send_next(self) -> None:
        while self._process is not None and self._queue:
            if self._in_flight and self._queue[0].urgency <= self._in_flight[-1].urgency:
                break
            self._in_flight.append(self._queue.pop(0))
            self._write(self._in_flight[-1])

    def _write(self, message: Message) -> None:
        if self._process is not None:
            self._process.write(encode(message))

    def _read(self) -> None:
        if self._process is None:
            return
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            try:
                message = decode(line)
            except ValueError as error:
                log.warning("worker: %s", error)
            else:
                self._handle(message)

    def _handle(self, message: Message) -> None:
        if isinstance(message, DevicesReport):
            self.devices.emit(message)
        elif isinstance(message, Ready):
            self._crashes = 0
            self.ready.emit(message)
        elif isinstance(message, Failure) and message.id is None:
            self.failed.emit("", message.kind, message.message)
        elif all(request.id != message.id for request in self._in_flight):
            log.info("stale message of request %s ignored", message.id)
        elif isinstance(message, ProgressReport):
            self.progressed.emit(message.id, Progress(message.stage, message.done, message.total))
        else:
            self._in_flight = [request for request in self._in_flight if request.id != message.id]
            if isinstance(message, Answer):
                self.finished.emit(message.id, message)
            elif isinstance(message, Failure):
                self.failed.emit(message.id, message.kind, message.message)
            elif isinstance(message, CancelledReport):
                self.cancelled.emit(message.id)
            self._send_next()

    def _log_stderr(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
            for line in text.splitlines():
                log.info("worker: %s", line)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # the one error that `finished` does not follow
            self._on_finished()

    def _on_finished(self, *_: object) -> None:
        """The worker died unasked: say so, give up what it worked on, start another for the rest."""
        if self._process is None:
            return
        self._process.deleteLater()
        self._process = None
        self._crashes += 1
        lost = self._in_flight.pop() if self._in_flight else None
        while self._in_flight:  # those that it overtook are not to blame
            self._enqueue(self._in_flight.pop(), before_equals=True)
        restart = self._crashes <= _MAX_CRASHES_BEFORE_READY
        if restart:
            message = self.tr("The analysis process stopped unexpectedly and was started again.")
        else:
            message = self.tr("The analysis process keeps stopping: see the log, then analyse again to retry.")
            self._crashes = 0
        kind = "WorkerCrash" if restart else "WorkerGone"
        self.failed.emit(lost.id if lost else "", kind, message)
        if restart:
            QTimer.singleShot(0, self, self.start)
        else:
            waiting, self._queue = self._queue, []
            for request in waiting:
                self.failed.emit(request.id, kind, message)
