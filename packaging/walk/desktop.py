"""A desktop of its own: an X server, a bus, a window manager, a mouse, a keyboard and a camera for the screen."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

_SIZE = "1440x900x24"
_QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
#: Moves of the mouse to a place, as a hand makes them: what is under it is told that it is there before a press.
_MOVES = 5


class Desktop:
    """Started when it is made; `close` ends it.

    Args:
        home: of the window manager and of what the session's bus starts.

    Attributes:
        environment: variables of a program that is to run on it.
    """

    def __init__(self, home: Path) -> None:
        self._processes: list[subprocess.Popen] = []
        self._at = (0, 0)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
        # Without -noreset the server begins anew when its only client has gone, under one that is just coming.
        display = self._start("Xvfb", "-noreset", "-screen", "0", _SIZE, "-nolisten", "tcp", "-displayfd", "{}")
        self.environment["DISPLAY"] = f":{display}"
        bus = self._start("dbus-daemon", "--session", "--nofork", "--print-address={}")
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus
        self._processes.append(subprocess.Popen(["openbox"], env=self.environment, **_QUIET))

    def close(self) -> None:
        """End what was started, the X server last."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait()

    @property
    def ended(self) -> str:
        """What has ended by itself, with its exit code; "" for nothing."""
        gone = (process for process in self._processes if process.poll() is not None)
        return ", ".join(f"{process.args[0]} with {process.returncode}" for process in gone)

    def move(self, x: int, y: int) -> None:
        """Move the mouse to a place."""
        left, top = self._at
        for part in range(1, _MOVES + 1):
            self._do("mousemove", left + (x - left) * part // _MOVES, top + (y - top) * part // _MOVES)
        self._at = (x, y)

    def press(self) -> None:
        """Press the left button of the mouse."""
        self._do("mousedown", 1)

    def release(self) -> None:
        """Let the left button of the mouse go."""
        self._do("mouseup", 1)

    def click(self, x: int, y: int) -> None:
        """Move the mouse to a place and click there."""
        self.move(x, y)
        self._do("click", 1)

    def key(self, *names: str) -> None:
        """Press keys, one after the other."""
        self._do("key", *names)

    def type(self, text: str) -> None:
        """Type a text over what is in the field with the focus."""
        self._do("key", "ctrl+a")
        self._do("type", "--delay", 5, text)

    def photograph(self, path: Path) -> None:
        """Save what is on the screen, the mouse's pointer too."""
        with suppress(subprocess.SubprocessError):
            subprocess.run(["scrot", "--overwrite", "--pointer", str(path)], env=self.environment, check=True)

    def _start(self, *command: str) -> str:
        """Start a program and return the line that it writes to the file descriptor of its arguments' place `{}`."""
        reading, writing = os.pipe()
        arguments = [one.format(writing) for one in command]
        self._processes.append(subprocess.Popen(arguments, env=self.environment, pass_fds=(writing,), **_QUIET))
        os.close(writing)
        with os.fdopen(reading) as told:
            line = told.readline().strip()
        if not line:
            raise OSError(f"{command[0]} does not start.")
        return line

    def _do(self, *arguments: object) -> None:
        subprocess.run(["xdotool", *map(str, arguments)], env=self.environment, check=True)
