"""Recording of a camera in a separate process, which catches its dives and which nothing in the window can block."""

import ctypes
import logging
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from fineparser_core.language import language
from fineparser_core.live.caught import DIVES_FILE, WARNING, read_caught
from fineparser_gui.support.process import Process

log = logging.getLogger(__name__)

_LOOK_MS = 300
# Time to end, in milliseconds: clips that are being cut out are written first.
_PATIENCE_MS = 15_000
# Shortest run after which a crashed process is restarted, in seconds: a shorter run would repeat itself.
_NO_LOOP_S = 10.0
_NAME, _SERVICE, _PATH = "FineParser Studio", "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"
# Flags of SetThreadExecutionState: until further notice, and keep the display on.
_CONTINUOUS, _DISPLAY = 0x80000000, 0x2


class Awake:
    """Inhibitor that keeps the screen on from `begin` to `end`."""

    def __init__(self) -> None:
        self._cookie: object = None
        self._child: subprocess.Popen[bytes] | None = None

    def begin(self, why: str) -> None:
        """Ask the system.

        Args:
            why: reason for users who ask the system what keeps the screen on.
        """
        with suppress(Exception):  # of whatever desktop: a dark screen is no reason to stop
            if sys.platform == "win32":
                ctypes.windll.kernel32.SetThreadExecutionState(_CONTINUOUS | _DISPLAY)
            elif sys.platform == "darwin":
                self._child = self._child or subprocess.Popen(["caffeinate", "-d"])
            elif self._cookie is None:
                reply = self._ask("Inhibit", _NAME, why)
                self._cookie = reply[0] if reply else None

    def end(self) -> None:
        """Allow the screen to go dark."""
        with suppress(Exception):
            if sys.platform == "win32":
                ctypes.windll.kernel32.SetThreadExecutionState(_CONTINUOUS)
            elif self._child is not None:
                self._child.kill()
                self._child.wait()
            elif self._cookie is not None:
                self._ask("UnInhibit", self._cookie)
        self._child = self._cookie = None

    @staticmethod
    def _ask(method: str, *values: object) -> list[object]:
        from PySide6.QtDBus import QDBus, QDBusConnection, QDBusMessage

        message = QDBusMessage.createMethodCall(_SERVICE, _PATH, _SERVICE, method)
        message.setArguments(list(values))
        answer = QDBusConnection.sessionBus().call(message, QDBus.CallMode.Block, 500)
        return answer.arguments() if answer.type() == QDBusMessage.MessageType.ReplyMessage else []


class Recorder(QObject):
    """Recorder of a source; its process ends with the window, even if that crashes, and restarts after a crash.

    Signals:
        caught: (CaughtClip)
        said: (str) a sentence about the source or the disk.
        missed: (str) a sentence about dives or seconds that are not in the list.
        ended: (bool) whether the end was requested.

    Attributes:
        folder: folder of clips, lines and recording.
    """

    caught = Signal(object)
    said = Signal(str)
    missed = Signal(str)
    ended = Signal(bool)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self._read_to, self._stopping = 0, False
        self._elsewhere = folder
        self._process: Process | None = None
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        """True if the process runs."""
        return self._process is not None

    def start(self, address: str, minutes: float, gigabytes: float) -> None:
        """Begin to record.

        Args:
            address: checked, for `parse_source`; only the process itself gets it.
            minutes, gigabytes: length and size of the recording that are kept.
        """
        lines = self.folder / DIVES_FILE
        self._read_to = lines.read_bytes().rfind(b"\n") + 1 if lines.exists() else 0  # a torn line is cut off
        self._elsewhere = Path(address).expanduser().absolute()  # the process has another working folder
        self._address, self._stopping = str(self._elsewhere) if self._elsewhere.exists() else address, False
        self._command = (
            *("fineparser_core.commands.cli", "watch", "-", "--out", str(self.folder), "--quiet"),
            *("--minutes", str(minutes), "--gigabytes", str(gigabytes), "--language", language()),
        )
        self._start()

    def _start(self) -> None:
        self._began_s = monotonic()
        self._process = process = Process("recorder", *self._command, parent=self)
        process.said.connect(self._on_said)
        process.ended.connect(self._on_ended)
        process.ended.connect(process.deleteLater)
        process.start()
        process.write(os.fsencode(self._address) + b"\n")
        self._timer.start()

    def take(self, from_s: float, to_s: float) -> None:
        """Keep a part of the recording as a clip, in seconds since 1970."""
        if self._process is not None:
            self._process.write(f"take {from_s} {to_s}\n".encode())

    def stop(self) -> None:
        """End the recording; caught dives are written first."""
        self._stopping = True
        if self._process is not None:
            self._process.stop()

    def close(self) -> None:
        """End it and wait, without signals."""
        self._timer.stop()
        process, self._process = self._process, None
        if process is not None:
            process.close(_PATIENCE_MS)

    def _on_said(self, line: str) -> None:
        if line.startswith(WARNING):
            self.missed.emit(line.removeprefix(WARNING))
        elif line.strip():
            self.said.emit(line.removeprefix("fineparser: "))

    def _look(self) -> None:
        """Emit signals for the new lines."""
        try:
            with (self.folder / DIVES_FILE).open("rb") as file:
                file.seek(self._read_to)
                new = file.read()
        except OSError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for line in whole.splitlines():
            try:
                self.caught.emit(read_caught(line, self._path))
            except (ValueError, KeyError, TypeError) as error:
                log.warning("recorder: a line is not used: %s", error)

    def _path(self, name: str) -> Path:
        here = self.folder / name
        return here if here.exists() else self._elsewhere / name  # of a watched folder

    def _on_ended(self) -> None:
        self._look()
        self._timer.stop()
        process, self._process = self._process, None
        if process is None:
            return
        if process.failed and not self._stopping and monotonic() - self._began_s > _NO_LOOP_S:
            log.warning("recorder: ended by itself, and is started again")
            self._start()
        else:
            self.ended.emit(self._stopping)
