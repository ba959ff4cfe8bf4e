"""The virtual environment in the checkout and the system libraries of Qt: made where missing, else left alone."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
_STAMP = VENV / "fineparser-stamp"
_TAIL_LINES = 15

_PACKAGES_LOAD = "import torch, torchvision, PySide6.QtCore, cv2, av, scipy, pytest"
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


# What the tests check the mask metrics against. Its declared requirements hold back numpy and OpenCV, which its code
# does not need, so it cannot stand among the packages of pyproject.toml.
_SECOND_OPINION = "pysodmetrics==1.4.2"


def ensure_environment() -> None:
    """Makes `.venv`, or finishes or refreshes the one that is there.

    The stamp is written last, so a set-up that was interrupted is simply done again.

    Raises:
        SetupError: with the way out.
    """
    if not (ROOT / "pyproject.toml").is_file() or not (ROOT / "fineparser_core").is_dir():
        raise SetupError(f"{ROOT} is not a whole checkout of FineParser: run packaging/dev.py where git put it.")
    if _read_stamp() == _stamp() and _runs("import fineparser_core, PySide6"):
        return
    say(f"Setting up {VENV} (once, some minutes; README.md tells the size of the downloads)")
    if not _runs("import pip, sys; sys.exit(sys.version_info < (3, 11))"):
        _make_venv()
        _install()
    else:
        _STAMP.unlink(missing_ok=True)
        _install()
        if not _runs(_PACKAGES_LOAD):
            # pip takes what an interrupted run left half unpacked for whole.
            say(f"Making {VENV} anew, as its packages do not load")
            _make_venv()
            _install()
    if not _runs(_PACKAGES_LOAD):
        raise SetupError(f"The packages in {VENV} do not load: delete that folder and run the same command again.")
    _STAMP.write_text(_stamp(), encoding="utf-8")
    say("Set-up done")


def ensure_qt_libraries(*, window: bool) -> None:
    """Install the libraries that Qt needs from a Linux system, for a window or offscreen only.

    Raises:
        SetupError: naming what is missing and the command that installs it.
    """
    if not sys.platform.startswith("linux"):
        return
    command = [str(PYTHON), "-P", "-m", "fineparser_gui.qt_libraries", "xcb" if window else "offscreen"]
    told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    if told["packages"] and _may_install():
        apt_install(told["packages"])
    elif told["sentence"]:
        raise SetupError(told["sentence"])


def _install() -> None:
    for packages in (["-e", ".[dev]"], ["--no-deps", _SECOND_OPINION]):
        run_step(
            [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *packages],
            "pip could not install the packages: see its last lines above, then run the same command again.",
        )


def _make_venv() -> None:
    """Makes the environment anew.

    Raises:
        SetupError: where this Python cannot, or what is in its place must not be touched.
    """
    if VENV.is_symlink() or VENV.is_file():
        raise SetupError(f"{VENV} is not a folder: move it away and run the same command again.")
    if VENV.is_dir() and Path(sys.prefix).resolve() == VENV:
        raise SetupError(f"{VENV} is incomplete and cannot replace itself: run the same command with another Python.")
    if importlib.util.find_spec("ensurepip") is None:
        # Debian keeps it apart from Python.
        apt_install([f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"])
    # Cleared: what is there is left from an interrupted set-up, or its Python has gone.
    run_step([sys.executable, "-m", "venv", "--clear", str(VENV)], f"The environment {VENV} could not be made.")


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


def _stamp() -> str:
    """Changes with what is to be installed and with the place of the checkout, where the package is looked for."""
    return f"{hashlib.sha256((ROOT / 'pyproject.toml').read_bytes()).hexdigest()} {ROOT}"


def _read_stamp() -> str:
    try:
        return _STAMP.read_text(encoding="utf-8")
    except OSError:
        return ""


def _runs(code: str, environment: dict[str, str] | None = None) -> bool:
    """Whether the Python of the environment runs `code` (-P: with what is installed, not with what lies about)."""
    try:
        done = subprocess.run(
            [str(PYTHON), "-P", "-c", code], capture_output=True, env=os.environ | (environment or {})
        )
    except OSError:
        return False
    return done.returncode == 0


def run_step(command: list[str], sentence: str, environment: dict[str, str] | None = None) -> None:
    """Runs a long step in the checkout; a terminal sees its newest line, and whom it fails its last ones.

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
            f"A package that pip names above has no release for this system and the Python of {VENV}: "
            "delete that folder and run the same command with another Python, 3.11 or newer."
        )
    raise SetupError(sentence)


def say(sentence: str) -> None:
    """Prints a line beside the results."""
    print(sentence, file=sys.stderr, flush=True)
