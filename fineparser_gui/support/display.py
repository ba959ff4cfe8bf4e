"""Check for a display before Qt's own, which would abort the process with a misleading message about a library."""

import ctypes
import os
import re
import sys
from collections.abc import Mapping

from fineparser_gui.support.qt_libraries import install_sentence, missing_libraries


def display_problem(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the reason why no window can be opened, as a sentence with the remedy, or None."""
    if not sys.platform.startswith("linux"):
        return None
    display = environment.get("DISPLAY")
    asked = re.split("[:;]", environment.get("QT_QPA_PLATFORM", ""))[0]
    platform = asked or ("wayland" if "WAYLAND_DISPLAY" in environment else "xcb")
    if platform == "xcb" and not display:
        return "there is no display here for a window: `fineparser score CLIP` works without one."
    if missing := missing_libraries(platform):
        if platform == "wayland" and display and not asked:  # Qt takes X11 then
            return display_problem({"DISPLAY": display})
        return install_sentence(missing)
    if platform == "xcb" and not _opens(display or ""):
        return f"the display {display} cannot be opened: set DISPLAY to one that runs and lets you in."
    return None


def _opens(display: str) -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt itself reports a library that it lacks; a Qt of the system has it elsewhere
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(display.encode(), None))
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not refused
