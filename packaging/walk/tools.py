"""What a walk through the window needs from a Linux system: an X server, a mouse, and what screen readers ask."""

import shutil
import subprocess
import sys
from pathlib import Path

from environment import SetupError, apt_install

#: The Python for which Linux distributions have packages that read the screen.
PYTHON = "/usr/bin/python3"
_READS = "import gi; gi.require_version('Atspi', '2.0')"
_BUS = Path("/usr/share/dbus-1/services/org.a11y.Bus.service")
# Program: the Debian package that holds it.
_PROGRAMS = {"Xvfb": "xvfb", "openbox": "openbox", "xdotool": "xdotool", "scrot": "scrot", "dbus-daemon": "dbus"}


def ensure() -> None:
    """Install it where it is missing.

    Raises:
        SetupError: naming what is missing and the command that installs it.
    """
    if not sys.platform.startswith("linux"):
        raise SetupError("The walk runs on Linux alone: it needs an X server and what screen readers ask there.")
    missing = [package for program, package in _PROGRAMS.items() if not shutil.which(program)]
    if not (_BUS.exists() and Path(PYTHON).exists() and _reads_the_screen()):
        missing += ["python3-gi", "gir1.2-atspi-2.0", "at-spi2-core"]
    if missing:
        apt_install(missing)


def _reads_the_screen() -> bool:
    return subprocess.run([PYTHON, "-c", _READS], capture_output=True).returncode == 0
