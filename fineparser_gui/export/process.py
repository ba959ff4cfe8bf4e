"""Export in a separate process, so that neither its load nor a crash affects the window."""

import json
import logging
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from fineparser_core.support.atomic import sweep_leftovers
from fineparser_core.support.own_process import own_process
from fineparser_gui.support.ending import end, error_lines, when_ended

log = logging.getLogger(__name__)

# Time for a canceled process to end, in milliseconds: enough for a frame and for removing the unfinished file.
_PATIENCE_MS = 5000


class ExportProcess(QObject):
    """Process of the export job in a folder, which ends in exactly one of `finished`, `failed` and `cancelled`.

    Signals:
        progressed: (int, int) done and total.
        finished: (list) sentences for the user; the file is there.
        failed: (str) sentence for the user.
        cancelled: no file is left.
    """

    progressed = Signal(int, int)
    finished = Signal(list)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(self, folder: Path, path: Path, parent: QObject | None = None) -> None:
        """Start the job of a folder, which writes the file `path`."""
        super().__init__(parent)
        self._path = path
        self._end: dict[str, object] | None = None
        self._stopping = False
        program, *arguments = own_process("fineparser_core.export.job_process", str(folder))
        self._process = QProcess(self)
        self._process.setProgram(program)
        self._process.setArguments(arguments)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._log_stderr)
        when_ended(self._process, self._on_ended)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self._process.kill)

    def start(self) -> None:
        """Start the process."""
        self._process.start()

    def cancel(self) -> None:
        """Ask it to stop; kill it if it does not."""
        self._stopping = True
        self._process.closeWriteChannel()
        self._patience.start()

    def close(self) -> None:
        """Stop and wait without emitting signals; no process and no unfinished file is left."""
        self.blockSignals(True)
        self._process.closeWriteChannel()
        if not end(self._process, _PATIENCE_MS):
            sweep_leftovers(self._path.parent)

    def _read(self) -> None:
        while self._process.canReadLine():
            line = bytes(self._process.readLine().data())
            try:
                message = json.loads(line)
            except ValueError:
                log.warning("export: %r is no message", line[:200])
                continue
            if "done" in message:
                self.progressed.emit(message["done"], message["total"])
            else:
                self._end = message

    def _log_stderr(self) -> None:
        for line in error_lines(self._process):
            log.info("export: %s", line)

    def _on_ended(self) -> None:
        self._patience.stop()
        self._read()
        end = self._end or {}
        if "notes" in end:
            self.finished.emit(end["notes"])
            return
        sweep_leftovers(self._path.parent)
        if "cancelled" in end or self._stopping:
            self.cancelled.emit()
        else:
            text = self.tr("Writing {0} stopped unexpectedly. Export it again. The log has details.")
            self.failed.emit(str(end.get("failed") or text.format(self._path.name)))
