"""The program as a user starts it: a process of its own, in a home that is kept from start to start."""

import os
import re
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
#: What Qt says of a screen reader: it lacks a call of libatspi's, and was asked for what had just gone.
_OF_READERS = "qt: AtSpiAdaptor::|qt: Could not find accessible on path"
#: What must not be in the program's output.
_AMISS = re.compile(rf"^(?:Traceback|.* (?:WARNING|ERROR|CRITICAL) (?!{_OF_READERS}))", re.MULTILINE)


class Program:
    """Started when it is made.

    Args:
        python: the Python that runs it.
        home: its home, of which nothing else is known to it.
        desktop: variables of the desktop on which it runs.
        output: file to which it prints.
    """

    def __init__(self, python: Path, home: Path, desktop: dict[str, str], output: Path) -> None:
        self._output = output
        environment = desktop | {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(_ROOT),
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }
        with output.open("wb") as file:
            command = [str(python), "-P", "-m", "fineparser_gui"]
            self._process = subprocess.Popen(command, cwd=home, env=environment, stdout=file, stderr=file)

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def amiss(self) -> str:
        """The first line of its output that tells of an error or a warning, with what follows; "" for none."""
        text = self._output.read_text(encoding="utf-8", errors="replace")
        found = _AMISS.search(text)
        return text[found.start() :].strip() if found else ""

    def kill(self) -> None:
        """End it, where it runs."""
        self._process.kill()
        self._process.wait()


def living_in(home: Path) -> list[int]:
    """Return processes that have this home."""
    mark, found = b"HOME=" + os.fsencode(home), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:  # it has ended, or is another user's
            continue
    return found
