"""Preview of an export: its first picture, written by a process of its own while choices change."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fineparser_core.export.jobs import Advanced, Job, JobMessage, Stopped, Written, save_job
from fineparser_core.language import language
from fineparser_core.support.atomic import temporary_folder
from fineparser_gui.services.exporting import JOB_MODULE, PATIENCE_MS, ExportQueue
from fineparser_gui.support.background import Background
from fineparser_gui.support.process import Process
from fineparser_gui.support.widgets import label, lay_out

_SIZE = QSize(232, 206)


class PreviewWriter(QObject):
    """Writer of one picture at a time: the one that was asked for last.

    Args:
        exports: live until the process of the last picture has ended, which may be after `end`.

    Signals:
        written: (Path) the picture that was asked for last.
    """

    written = Signal(object)

    def __init__(self, exports: ExportQueue) -> None:
        super().__init__(exports)
        exports.closing.connect(self.close)
        self._folder: TemporaryDirectory | None = None
        self._thread = Background(self)
        self._process: Process | None = None
        self._last: JobMessage = Stopped()
        self._wanted: Callable[[Path], Job] | None = None
        self._busy = self._over = False

    def ask(self, make: Callable[[Path], Job] | None) -> None:
        """Write the picture of the job that `make` makes for a path; None: no picture is wanted any more."""
        self._wanted = make
        if self._process is not None:
            self._process.stop(PATIENCE_MS)
        elif not self._busy:
            self._begin()

    def end(self) -> None:
        """Want no picture any more, and vanish with the last process."""
        self._over = True
        self.ask(None)

    def close(self) -> None:
        """Stop at once; the program ends."""
        self.blockSignals(True)
        self._thread.close()
        if self._process is not None:
            self._process.close(PATIENCE_MS)
        self._clean_up()

    def _begin(self) -> None:
        self._clean_up()
        self._busy = self._wanted is not None
        if self._wanted is None:
            if self._over:
                self.deleteLater()
            return
        make, self._wanted = self._wanted, None
        try:
            self._folder = temporary_folder("fineparser-preview")
        except OSError:  # there is no space, which the export itself tells
            self._busy = False
            return
        path = Path(self._folder.name) / "preview.png"
        self._thread.run(
            lambda: save_job(make(path), path.parent), lambda _: self._start(path), lambda _: self._begin()
        )

    def _clean_up(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _start(self, path: Path) -> None:
        if self._over or self._wanted is not None:
            self._begin()
            return
        arguments = (str(path.parent), language())
        self._process = process = Process("preview", JOB_MODULE, *arguments, parent=self, messages=JobMessage)
        self._last = Stopped()
        process.received.connect(self._on_received)
        process.ended.connect(lambda: self._on_ended(path))
        process.start()

    def _on_received(self, message: JobMessage) -> None:
        if not isinstance(message, Advanced):
            self._last = message

    def _on_ended(self, path: Path) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        if isinstance(self._last, Written) and self._wanted is None and not self._over:
            self.written.emit(path)
        self._begin()


class ExportPreview(QWidget):
    """Picture of an export, with a line on the size of the file to come."""

    def __init__(self, writer: PreviewWriter) -> None:
        super().__init__()
        self._writer = writer
        self.picture, self.size_note = label(role="muted"), label(role="muted", wrap=True)
        self.picture.setFixedSize(_SIZE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        lay_out(QVBoxLayout(self), self.picture, self.size_note, None)
        writer.written.connect(self._show)

    def ask(self, make: Callable[[Path], Job] | None, tell_size: Callable[[QSize, int], str]) -> None:
        """Show another picture.

        Args:
            make: makes its job for a path; None: there is none.
            tell_size: returns the line for the picture's size in pixels and the bytes of its file.
        """
        self._tell_size = tell_size
        if make is None or self.picture.pixmap().isNull():
            self.picture.setText(self.tr("Preview…") if make is not None else "")
            self.size_note.setText(tell_size(QSize(), 0) if make is None else "")
        self._writer.ask(make)

    def _show(self, path: Path) -> None:
        image = QPixmap(str(path))
        self.size_note.setText(self._tell_size(image.size(), path.stat().st_size))
        ratio = self.devicePixelRatioF()
        shown = image.scaled(
            _SIZE * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        shown.setDevicePixelRatio(ratio)
        self.picture.setPixmap(shown)
