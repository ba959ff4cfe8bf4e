"""Inhibitor of screen savers while pictures of a camera are shown; without effect where the system forbids it."""

import ctypes
import subprocess
import sys
from contextlib import suppress

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
