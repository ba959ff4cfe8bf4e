"""What tests need to know of the system that they run on, and how a user stops a program there."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ON_WINDOWS = sys.platform == "win32"
ON_WINE = sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")

#: For the Windows twins of tests that other systems run in another form.
windows_only = pytest.mark.skipif(not ON_WINDOWS, reason="what Windows alone has")

#: For tests that make symbolic links.
needs_links = pytest.mark.skipif(ON_WINDOWS, reason="Wine lacks symbolic links; Windows lets few users make them")
#: For tests with a device that is always full.
needs_full_device = pytest.mark.skipif(
    ON_WINDOWS or not Path("/dev/full").exists(), reason="there is no /dev/full, Windows has no such device"
)

#: What ends a process at once, and the exit code that `multiprocessing` sees then.
KILL, KILLED = (signal.SIGTERM, 15) if sys.platform == "win32" else (signal.SIGKILL, -9)
#: What a closed window or a scheduler stops a program with.
CLOSING = signal.SIGBREAK if sys.platform == "win32" else signal.SIGTERM
#: Arguments of `Popen` for a program that is stopped by `stop`.
IN_OWN_TERMINAL: dict[str, Any] = (
    {"creationflags": subprocess.CREATE_NEW_CONSOLE} if sys.platform == "win32" else {"start_new_session": True}
)

_SEND = """
import ctypes, sys
kernel = ctypes.WinDLL("kernel32", use_last_error=True)
kernel.FreeConsole()
assert kernel.AttachConsole(int(sys.argv[1])), ctypes.get_last_error()
unmoved = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(lambda event: 1)
kernel.SetConsoleCtrlHandler(unmoved, True)
assert kernel.GenerateConsoleCtrlEvent(int(sys.argv[2]), 0), ctypes.get_last_error()
"""


def windows_has_no(what: str) -> pytest.MarkDecorator:
    """Skip on Windows, which has no such thing."""
    return pytest.mark.skipif(ON_WINDOWS, reason=f"Windows has no {what}")


def wine_lacks(what: str) -> pytest.MarkDecorator:
    """Skip under Wine, which lacks what Windows has."""
    return pytest.mark.skipif(ON_WINE, reason=f"Wine lacks {what}")


#: Parameters of tests: what a user stops a program with, by Ctrl+C and otherwise.
STOPS = (signal.SIGINT, pytest.param(CLOSING, marks=wine_lacks("handlers of Ctrl+Break, by which it ends a program")))


def stop(process: subprocess.Popen[Any], number: signal.Signals) -> None:
    """Send one of `STOPS` to a program and all that it has started, as its terminal does."""
    if sys.platform == "win32":
        event = signal.CTRL_C_EVENT if number == signal.SIGINT else signal.CTRL_BREAK_EVENT
        subprocess.run([sys.executable, "-c", _SEND, str(process.pid), str(event.value)], check=True)
    else:
        os.killpg(process.pid, number)
