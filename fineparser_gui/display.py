"""Checks for a display before Qt does, which would abort the process without a message."""

import ctypes
import os
import sys
from collections.abc import Mapping

_CURSORS = "libxcb-cursor.so.0"


def display_problem(environment: Mapping[str, str] = os.environ) -> str | None:
    """Why no window can be opened, as one sentence with the remedy; None where one can."""
    if not sys.platform.startswith("linux") or environment.get("QT_QPA_PLATFORM") or "WAYLAND_DISPLAY" in environment:
        return None
    display = environment.get("DISPLAY")
    if not display:
        return "there is no display here for a window: `fineparser score CLIP` works without one."
    try:
        ctypes.CDLL(_CURSORS)
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return f"Qt needs {_CURSORS}: install it, on Debian and Ubuntu with `apt install libxcb-cursor0`."
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(display.encode(), None))
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if refused:
        return f"the display {display} cannot be opened: set DISPLAY to one that runs and lets you in."
    return None
