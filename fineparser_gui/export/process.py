"""Export in a separate process, so that neither its load nor a crash affects the window."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fineparser_core.export.jobs import Advanced, JobMessage, Stopped, Written
from fineparser_core.language import language
from fineparser_core.support.atomic import sweep_leftovers
from fineparser_core.support.processes import Failed
from fineparser_gui.support.process import Process

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
        self._last: JobMessage = Failed(kind="", message="")
        module = "fineparser_core.export.job_process"
        self._process = Process("export", module, str(folder), language(), parent=self, messages=JobMessage)
        self._process.received.connect(self._on_received)
        self._process.ended.connect(self._on_ended)

    def start(self) -> None:
        """Start the process."""
        self._process.start()

    def cancel(self) -> None:
        """Ask it to stop; kill it if it does not."""
        self._last = Stopped()
        self._process.stop(_PATIENCE_MS)

    def close(self) -> None:
        """Stop and wait without emitting signals; no process and no unfinished file is left."""
        self.blockSignals(True)
        if not self._process.close(_PATIENCE_MS):
            sweep_leftovers(self._path.parent)

    def _on_received(self, message: JobMessage) -> None:
        if isinstance(message, Advanced):
            self.progressed.emit(message.done, message.total)
        else:
            self._last = message

    def _on_ended(self) -> None:
        if isinstance(self._last, Written):
            self.finished.emit(self._last.notes)
            return
        sweep_leftovers(self._path.parent)
        if isinstance(self._last, Failed):
            text = self.tr("Writing {0} stopped unexpectedly. Export it again. The log has details.")
            self.failed.emit(self._last.message or text.format(self._path.name))
        else:
            self.cancelled.emit()
