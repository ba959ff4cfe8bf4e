"""Check for a display and for the system libraries of Qt, which would abort the process with a misleading message."""

import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

#: Shared library: its package on Debian.
_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libatomic.so.1": "libatomic1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}


def missing_libraries(platform: str) -> list[str]:
    """Return the libraries that the loader does not find for a platform plugin of Qt.

    The loader loads the plugin itself, so that the answer is right for each version of Qt.

    Args:
        platform: Qt's name of the plugin, e.g. "xcb"; a plugin that this Qt does not bring lacks nothing.
    """
    plugin = _plugin(platform)
    if plugin is None:
        return []
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return _not_found(plugin) or [str(error).split(":")[0]]
    return []


def install_sentence(libraries: list[str]) -> str:
    """Return a sentence that names libraries and, on Debian and its like, the command that installs them."""
    names, packages = ", ".join(libraries), packages_of(libraries)
    if not packages or shutil.which("apt") is None:
        return f"Qt needs {names}: install the packages of this system that hold them."
    return f"Qt needs {names}: run `sudo apt install {' '.join(packages)}` and try again."


def packages_of(libraries: list[str]) -> list[str]:
    """Return the Debian packages of known libraries, each once."""
    return sorted({_PACKAGES[name] for name in libraries if name in _PACKAGES})


def _plugin(platform: str) -> Path | None:
    spec = find_spec("PySide6")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "Qt" / "plugins" / "platforms" / f"libq{platform}.so"
        if path.is_file():
            return path
    return None


def _not_found(plugin: Path) -> list[str]:
    if shutil.which("ldd") is None:
        return []
    done = subprocess.run(["ldd", str(plugin)], capture_output=True, encoding="utf-8", check=False)
    return sorted({line.split()[0] for line in done.stdout.splitlines() if line.endswith("not found")})


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


if __name__ == "__main__":  # asked by the set-up of a checkout
    missing = missing_libraries(sys.argv[1])
    answer = {"packages": packages_of(missing), "sentence": install_sentence(missing) if missing else ""}
    print(json.dumps(answer))
    os._exit(0)  # without the destructors of libraries that no program has begun to use
