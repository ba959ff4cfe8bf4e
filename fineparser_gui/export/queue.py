"""Queue of exports, carried out in turn, each in a separate process."""

import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QObject, Signal

from fineparser_core.export.jobs import Job, save_job
from fineparser_core.support.atomic import temporary_folder
from fineparser_gui.dives.session_state import SessionState
from fineparser_gui.export.exports import Export, ExportState
from fineparser_gui.export.process import ExportProcess
from fineparser_gui.support.background import Background


class ExportQueue(QObject):
    """Queue of exports.

    Signals:
        changed: an export was added, progressed, ended or was dismissed.

    Attributes:
        written: files that this run has written, the latest last.
    """

    changed = Signal()

    def __init__(self, state: SessionState) -> None:
        super().__init__(state)
        self._state = state
        self._exports: dict[int, Export] = {}
        self._jobs: dict[int, Callable[[], Job]] = {}
        self.written: list[Path] = []
        self._ids = itertools.count(1)
        self._folder: TemporaryDirectory | None = None
        self._process: ExportProcess | None = None
        self._running: int | None = None
        self._stopping = False
        self._thread = Background(self)

    @property
    def exports(self) -> list[Export]:
        """The exports in the order in which they were requested."""
        return list(self._exports.values())

    @property
    def busy(self) -> bool:
        """True if anything runs or waits."""
        return any(not export.state.over for export in self._exports.values())

    def cancel(self, number: int) -> None:
        """Stop an export, or take it out of the queue; no file is left."""
        if number == self._running:
            self._stopping = True
            if self._process is not None:
                self._process.cancel()
        elif self._exports[number].state is ExportState.WAITING:
            self._finish(number, ExportState.CANCELLED)

    def dismiss(self, number: int) -> None:
        """Remove an ended export from the list."""
        if self._exports[number].state.over:
            del self._exports[number]
            self.changed.emit()

    def close(self) -> None:
        """Stop everything; the window is closing."""
        self.blockSignals(True)
        self._thread.close()
        if self._process is not None:
            self._process.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _add(self, job: Job) -> None:
        self._add_made(job.path, lambda: job)

    def _add_made(self, path: Path, make: Callable[[], Job]) -> None:
        """Add an export whose job is made on a thread, when its turn comes."""
        number = next(self._ids)
        over = [one for one, export in self._exports.items() if export.state is ExportState.DONE]
        for one in over:  # finished exports make room
            del self._exports[one]
        self._exports[number] = Export(id=number, path=path)
        self._jobs[number] = make
        self.changed.emit()
        self._start_next()

    def _start_next(self) -> None:
        if self._running is not None:
            return
        waiting = (number for number, export in self._exports.items() if export.state is ExportState.WAITING)
        number = next(waiting, None)
        if number is None:
            return
        try:
            if self._folder is None:
                self._folder = temporary_folder("fineparser-export")
            folder = self._job_folder(number)
            folder.mkdir()
        except OSError as error:
            text = self.tr("No temporary file can be made ({0}): make room on the disk.")
            self._finish(number, ExportState.FAILED, text.format(error.strerror))
            return
        self._running, self._stopping = number, False
        self._update(number, state=ExportState.RUNNING)
        make = self._jobs[number]  # off the thread of the window: the masks of a dive take a moment to pack
        self._thread.run(
            lambda: save_job(make(), folder),
            lambda _: self._on_saved(number),
            lambda problem: self._finish(number, ExportState.FAILED, problem),
        )

    def _job_folder(self, number: int) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / str(number)

    def _on_saved(self, number: int) -> None:
        if self._stopping:
            self._finish(number, ExportState.CANCELLED)
            return
        process = ExportProcess(self._job_folder(number), self._exports[number].path, self)
        process.progressed.connect(lambda done, total: self._update(number, done=done, total=total))
        process.finished.connect(lambda notes: self._finish(number, ExportState.DONE, " ".join(notes)))
        process.failed.connect(lambda problem: self._finish(number, ExportState.FAILED, problem))
        process.cancelled.connect(lambda: self._finish(number, ExportState.CANCELLED))
        self._process = process
        process.start()

    def _update(self, number: int, **changes: object) -> None:
        self._exports[number] = replace(self._exports[number], **changes)  # type: ignore[arg-type]
        self.changed.emit()

    def _finish(self, number: int, state: ExportState, message: str = "") -> None:
        del self._jobs[number]
        if number == self._running:
            self._running = None
            if self._process is not None:
                self._process.deleteLater()
                self._process = None
            shutil.rmtree(self._job_folder(number), ignore_errors=True)
        if state is ExportState.DONE:
            self.written.append(self._exports[number].path)
        self._update(number, state=state, message=message)
        if state is ExportState.FAILED:
            self._state.problem.emit(message)
        self._start_next()
