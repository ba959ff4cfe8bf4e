"""Virtual environments of the checkout and the system libraries of Qt: made where missing, else left alone."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "packaging" / "lock.txt"
_TAIL_LINES = 15

_PACKAGES_LOAD = "import torch, torchvision, onnxruntime, PySide6.QtCore, cv2, av, scipy"
# What the tests check the mask metrics against. Its declared requirements hold back numpy and OpenCV, which its code
# does not need, so it cannot stand among the packages of pyproject.toml.
SECOND_OPINION = "pysodmetrics==1.4.2"
_NO_NETWORK = (
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Temporary failure resolving",
    "Could not resolve",
    "Could not connect",
    "Network is unreachable",
    "getaddrinfo failed",
    "ConnectTimeoutError",
    "ProxyError",
)
_NO_WHEEL = "(from versions: none)"


class SetupError(Exception):
    """The set-up cannot go on; its text is one sentence for the user."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with this checkout and what it needs.

    Attributes:
        folder: where it lies.
        extra: of pyproject.toml, which is installed.
    """

    folder: Path
    extra: str = "dev"

    @property
    def python(self) -> Path:
        """The Python of the environment."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def ensure(self) -> None:
        """Make the environment, or finish or refresh the one that is there.

        The stamp is written last, so a set-up that was interrupted is simply done again.

        Raises:
            SetupError: with the way out.
        """
        if not (ROOT / "pyproject.toml").is_file() or not (ROOT / "fineparser_core").is_dir():
            raise SetupError(f"{ROOT} is not a whole checkout of FineParser: run packaging/dev.py where git put it.")
        if self._read_stamp() == stamp() and self.runs("import fineparser_core"):
            return
        say(f"Setting up {self.folder} (once, some minutes; README.md tells the size of the downloads)")
        if not self.runs("import pip, sys; sys.exit(sys.version_info < (3, 11))"):
            self._make()
            self._install()
        else:
            self._stamp.unlink(missing_ok=True)
            self._install()
            if not self.runs(_PACKAGES_LOAD):
                # pip takes what an interrupted run left half unpacked for whole.
                say(f"Making {self.folder} anew, as its packages do not load")
                self._make()
                self._install()
        if not self.runs(_PACKAGES_LOAD):
            raise SetupError(
                f"The packages in {self.folder} do not load: delete that folder and run the same command again."
            )
        self._stamp.write_text(stamp(), encoding="utf-8")
        say("Set-up done")

    def runs(self, code: str) -> bool:
        """Return True if its Python runs `code` (-P: with what is installed, not with what lies about)."""
        try:
            return subprocess.run([str(self.python), "-P", "-c", code], capture_output=True).returncode == 0
        except OSError:
            return False

    @property
    def _stamp(self) -> Path:
        return self.folder / "fineparser-stamp"

    def _read_stamp(self) -> str:
        try:
            return self._stamp.read_text(encoding="utf-8")
        except OSError:
            return ""

    def _install(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            locked = Path(folder) / "requirements.txt"
            locked.write_text(locked_packages("core", self.extra), encoding="utf-8")
            self._pip("--require-hashes", "--no-deps", "-r", str(locked))
        self._pip(*read_lock()["torch"].split())
        self._pip("--no-deps", "--no-build-isolation", "-e", ".")

    def _pip(self, *arguments: str) -> None:
        run_step(
            [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", *arguments],
            "pip could not install the packages: see its last lines above, then run the same command again.",
        )

    def _make(self) -> None:
        """Make the environment anew.

        Raises:
            SetupError: where this Python cannot, or what is in its place must not be touched.
        """
        if self.folder.is_symlink() or self.folder.is_file():
            raise SetupError(f"{self.folder} is not a folder: move it away and run the same command again.")
        if self.folder.is_dir() and Path(sys.prefix).resolve() == self.folder:
            raise SetupError(
                f"{self.folder} is incomplete and cannot replace itself: run the same command with another Python."
            )
        if importlib.util.find_spec("ensurepip") is None:
            # Debian keeps it apart from Python.
            apt_install([f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"])
        # Cleared: what is there is left from an interrupted set-up, or its Python has gone.
        command = [sys.executable, "-m", "venv", "--clear", str(self.folder)]
        run_step(command, f"The environment {self.folder} could not be made.")


#: Of users and developers; the variable names another folder, e.g. one for each of several Pythons.
VENV = Environment(Path(os.environ.get("FINEPARSER_VENV") or ROOT / ".venv"))


def read_lock() -> dict[str, str]:
    """Return the text of each section of the lock."""
    parts = re.split(r"^# \[(.+)\]\n", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def locked_packages(*names: str) -> str:
    """Return the requirements of the core or of extras, each package once."""
    return "".join(text for name, text in read_lock().items() if set(names) & set(name.split()))


def stamp() -> str:
    """Return what changes with what is to be installed and with the place of the checkout, where the package lies."""
    contents = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", LOCK.relative_to(ROOT)))
    return f"{hashlib.sha256(contents).hexdigest()} {ROOT}"


def ensure_qt_libraries(environment: Environment, *, window: bool) -> None:
    """Install the libraries that Qt needs from a Linux system, for a window or offscreen only.

    Raises:
        SetupError: naming what is missing and the command that installs it.
    """
    if not sys.platform.startswith("linux"):
        return
    command = [str(environment.python), "-P", "-m", "fineparser_gui.support.display", "xcb" if window else "offscreen"]
    told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout)
    if told["packages"] and _may_install():
        apt_install(told["packages"])
    elif told["sentence"]:
        raise SetupError(told["sentence"])


def _may_install() -> bool:
    return shutil.which("apt-get") is not None and os.geteuid() == 0


def apt_install(packages: list[str]) -> None:
    """Install Debian packages where it may, else say which.

    Raises:
        SetupError: it may not, or apt-get failed.
    """
    if not _may_install():
        raise SetupError(f"System packages are missing: run `sudo apt-get install {' '.join(packages)}` and try again.")
    run_step(["apt-get", "update"], "apt-get could not update its lists: see its last lines above.")
    say(f"Installing system packages: {' '.join(packages)}")
    run_step(
        ["apt-get", "install", "-y", "--no-install-recommends", *packages],
        f"apt-get could not install {' '.join(packages)}: see its last lines above.",
    )


def run_step(command: list[str], sentence: str, environment: dict[str, str] | None = None) -> None:
    """Run a long step in the checkout; a terminal sees its newest line, and whom it fails its last ones.

    Args:
        environment: variables beside those of this process.

    Raises:
        SetupError: with `sentence`, or with the cause where the output tells it.
    """
    terminal = sys.stderr.isatty()
    width = shutil.get_terminal_size().columns - 1
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "PYTHONUTF8": "1"} | (environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if terminal:
                print(f"\r\x1b[K{line.strip()[:width]}", end="", file=sys.stderr, flush=True)
    if terminal:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    if process.returncode == 0:
        return
    print("\n".join(lines[-_TAIL_LINES:]), file=sys.stderr)
    output = "\n".join(lines)
    if "No space left on device" in output:
        raise SetupError("The disk is full: make room and run the same command again.")
    if any(words in output for words in _NO_NETWORK):
        raise SetupError("No package server could be reached: check the network and run the same command again.")
    if _NO_WHEEL in output:
        raise SetupError(
            "A package that pip names above has no release for this system and this Python: "
            "run the same command with another Python, 3.11 to 3.13, after deleting the folder that was being set up."
        )
    raise SetupError(sentence)


def say(sentence: str) -> None:
    """Print a line beside the results."""
    print(sentence, file=sys.stderr, flush=True)
