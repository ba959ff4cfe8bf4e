"""The page that `fineparser doctor` prints and the app shows: English, as it is meant to be sent to whoever helps."""

import ctypes
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import av
import platformdirs

from fineparser_core import __version__
from fineparser_core.constants import CARD_NAME, MOST_CARD_BYTES
from fineparser_core.errors import FineParserError
from fineparser_core.exemplars.store import FILE_NAME, ExemplarStore, own_folder
from fineparser_core.printable import printable, without_home
from fineparser_core.resources import bundled_weights, resource
from fineparser_core.support.files import file_sha256, parse_json, read_bounded
from fineparser_core.support.processes import is_frozen, own_process, run_to_end
from fineparser_core.support.sqlite_file import damage_of

_PACKAGES = ("numpy", "scipy", "opencv-python-headless", "av", "PySide6_Essentials")
#: Codecs that phones, cameras and broadcasters write, and those of the app.
_READS = ("h264", "hevc", "vp9", "av1", "prores", "mpeg4", "mjpeg", "mpeg2video")
_WRITES = ("libx264",)
#: Free space below which a warning is shown, in bytes: about an exported clip and the analyses of an evening.
LEAST_FREE_BYTES = 500_000_000
_PROBE_S = 300
_NVIDIA = "0x10de"
_DISPLAY_CLASS = "0x03"
_CARDS = Path("/sys/bus/pci/devices")
_DRIVER = {"win32": "nvcuda.dll"}.get(sys.platform, "libcuda.so.1")


def probe_torch(device: str = "auto", precision: str = "auto") -> dict[str, Any]:
    """Return what torch finds in a separate process; {"problem": sentence} where it cannot tell.

    Args:
        device, precision: as the preferences have them.
    """
    command = own_process("fineparser_core.health.probe", device, precision)
    try:
        done = run_to_end(command, timeout_s=_PROBE_S)
        facts = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"problem": f"PyTorch gave no answer within {_PROBE_S} s: restart the computer and look again."}
    except (OSError, ValueError, IndexError):
        return {"problem": "PyTorch could not be loaded: install the app again."}
    return facts if isinstance(facts, dict) else {"problem": "PyTorch could not be loaded: install the app again."}


def gpu_sentence(facts: Mapping[str, Any]) -> str:
    """Return a sentence on the GPU: its name, or why none is used and what would change that.

    Args:
        facts: of `probe_torch`.
    """
    devices = facts.get("devices", {})
    if "cuda" in devices:
        return f"The networks can run on the GPU: {devices['cuda']}."
    if "mps" in devices:
        return f"The networks can run on the GPU: {devices['mps']}."
    if sys.platform == "darwin":
        return "No GPU that the networks can run on was found: the processor is used."
    card, driver = has_nvidia_card(), has_nvidia_driver()
    if not (card or driver):
        return "No NVIDIA GPU was found: the processor is used."
    if not driver:
        return "There is an NVIDIA GPU without its driver: the processor is used until NVIDIA's driver is installed."
    if facts.get("cuda_build") is None:
        return "There is an NVIDIA GPU, but this build of the app runs on the processor alone."
    return "There is an NVIDIA GPU, but its driver is too old for this PyTorch or does not answer: update the driver."


def has_nvidia_card(cards: Path = _CARDS) -> bool:
    """Return True if Linux lists a graphics card of NVIDIA; False elsewhere."""
    try:
        return any(
            (card / "vendor").read_text(encoding="ascii").strip() == _NVIDIA
            and (card / "class").read_text(encoding="ascii").startswith(_DISPLAY_CLASS)
            for card in cards.iterdir()
        )
    except OSError:
        return False


def has_nvidia_driver() -> bool:
    """Return True if the library of NVIDIA's driver can be loaded."""
    try:
        ctypes.CDLL(_DRIVER)
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class ReportLine:
    """A line of the page.

    Attributes:
        problem: whether it needs attention.
    """

    section: str
    name: str
    value: str
    problem: bool = False


@dataclass(frozen=True, kw_only=True)
class Places:
    """Places that the report looks at.

    Attributes:
        weights: folder of the weights in use.
        data: folder of the coach's own files.
        cache: folder of what was computed.
        log: folder of the log of commands; that of the app is in `data`.
        device, precision: as chosen in the preferences.
    """

    weights: Path = field(default_factory=bundled_weights)
    data: Path = field(default_factory=lambda: own_folder().parent)
    cache: Path = field(default_factory=lambda: platformdirs.user_cache_path("fineparser", appauthor=False))
    log: Path = field(default_factory=lambda: platformdirs.user_log_path("fineparser", appauthor=False))
    device: str = "auto"
    precision: str = "auto"


def examine(places: Places | None = None) -> list[ReportLine]:
    """Return all findings, in the order of the page; takes some seconds, most of them for torch in a child process."""
    places = places or Places()
    return [*_program(), *_machine(places), *_codecs(), *_files(places), *_room(places)]


def as_text(findings: list[ReportLine]) -> str:
    """Return the page: sections with indented lines, and what needs attention once more at the end."""
    lines: list[str] = []
    section = ""
    for one in findings:
        if one.section != section:
            section = one.section
            lines += ["", section] if lines else [section]
        lines.append(f"  {one.name}: {printable(one.value)}")
    problems = [one for one in findings if one.problem]
    lines += ["", "Needs attention" if problems else "Nothing needs attention."]
    lines += [f"  {one.name}: {printable(one.value)}" for one in problems]
    return without_home("\n".join(lines))


def _program() -> Iterator[ReportLine]:
    kind = "app with everything in one folder" if is_frozen() else "Python package"
    yield ReportLine("Program", "FineParser Studio", f"{__version__}, {kind}")
    yield ReportLine("Program", "Python", platform.python_version())
    yield ReportLine("Program", "system", f"{_system()}, {platform.machine()}")
    for name in _PACKAGES:
        try:
            yield ReportLine("Program", name, version(name))
        except PackageNotFoundError:
            if not is_frozen() and name != "PySide6_Essentials":
                yield ReportLine("Program", name, "not installed: install FineParser again", problem=True)


def _system() -> str:
    if sys.platform == "linux":
        try:
            return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}"
        except (OSError, KeyError):
            pass
    return platform.platform()


def _machine(places: Places) -> Iterator[ReportLine]:
    facts = probe_torch(places.device, places.precision)
    devices = facts.get("devices", {})
    yield ReportLine("Processor and GPU", "processor", devices.get("cpu") or platform.processor() or "unknown")
    yield ReportLine("Processor and GPU", "cores", f"{os.cpu_count()}, threads of PyTorch: {facts.get('threads', '?')}")
    if "torch" in facts:
        build = f"CUDA {facts['cuda_build']}" if facts.get("cuda_build") else "no CUDA"
        yield ReportLine("Processor and GPU", "PyTorch", f"{facts['torch']}, {build}")
        yield ReportLine("Processor and GPU", "GPU", gpu_sentence(facts))
    if "device" in facts:
        chosen = f"{facts['device']} (asked for: {places.device})"
        yield ReportLine("Processor and GPU", "runs on", chosen)
        yield ReportLine("Processor and GPU", "precision", f"{facts['precision']} (asked for: {places.precision})")
    if "problem" in facts:
        yield ReportLine("Processor and GPU", "problem", facts["problem"], problem=True)


def _codecs() -> Iterator[ReportLine]:
    read = {name: _has_codec(name, "r") for name in _READS}
    write = {name: _has_codec(name, "w") for name in _WRITES}
    for what, known in (("reads", read), ("writes", write)):
        there = [name for name, has in known.items() if has]
        missing = [name for name, has in known.items() if not has]
        yield ReportLine(
            "Video", what, ", ".join(there) + (f"; not {', '.join(missing)}" if missing else ""), bool(missing)
        )
    libraries = ", ".join(f"{name} {'.'.join(map(str, number))}" for name, number in av.library_versions.items())
    yield ReportLine("Video", "FFmpeg's libraries", libraries)


def _has_codec(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        av.Codec(name, mode)
    except (ValueError, av.FFmpegError):
        return False
    return True


def _files(places: Places) -> Iterator[ReportLine]:
    problem = weights_problem(places.weights)
    yield ReportLine("Files", "weights", problem or f"{places.weights}: whole", bool(problem))
    bundled = resource("exemplars", FILE_NAME)
    state, problem = library_state(bundled)
    yield ReportLine("Files", "exemplars", problem or f"{bundled}: whole, {state}", bool(problem))
    own = places.data / "exemplars" / FILE_NAME
    if not own.is_file():
        yield ReportLine("Files", "own exemplars", f"none yet in {own.parent}")
    else:
        state, problem = library_state(own)
        yield ReportLine("Files", "own exemplars", problem or f"{own}: whole, {state}", bool(problem))


def weights_problem(folder: Path) -> str:
    """Return what is wrong with a folder of weights, in a sentence; "" where every file has its checksum."""
    again = "Install the app again, or fetch the weights again."
    try:
        shards = parse_json(read_bounded(folder / CARD_NAME, MOST_CARD_BYTES))["shards"]
        for name, expected in shards.items():
            if file_sha256(folder / name) != expected:
                return f"{folder / name} is damaged (its checksum differs from the card). {again}"
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror}). {again}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{folder / CARD_NAME} is damaged. {again}"
    return ""


def library_state(path: Path) -> tuple[str, str]:
    """Count the exemplars of a library, and return what is wrong with it in a sentence, or "".

    Args:
        path: of the SQLite file; nothing is written.
    """
    try:
        damage = damage_of(path, "?mode=ro&immutable=1")
        if not damage:
            with ExemplarStore.open(path) as store:
                return f"{len(store.exemplars())} exemplars", ""
    except sqlite3.Error as error:
        damage = str(error)
    except FineParserError as error:
        return "", str(error)
    return "", f"{path} is damaged ({damage}). Start the app, which restores its backup, or install it again."


def free_bytes(folder: Path) -> int | None:
    """Return the free space on the disk of a folder, which may not exist yet; None if unknown."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return None


def _room(places: Places) -> Iterator[ReportLine]:
    folders = {"own files": places.data, "cache": places.cache}
    try:
        folders["temporary files"] = Path(tempfile.gettempdir())
    except OSError as error:  # Python looks for a folder that takes a file
        yield ReportLine("Disk", "temporary files", f"none can be made ({error.strerror}); make room", problem=True)
    for name, folder in folders.items():
        free = free_bytes(folder)
        text = f"{folder}: {free / 1e9:.1f} GB free" if free is not None else f"{folder}: unknown"
        little = free is not None and free < LEAST_FREE_BYTES
        yield ReportLine("Disk", name, f"{text}; the disk is nearly full, make room" if little else text, little)
        if folder.exists() and not os.access(folder, os.W_OK):
            yield ReportLine("Disk", name, f"{folder} cannot be written: check the folder's permissions", problem=True)
    yield ReportLine("Disk", "logs", f"{places.data / 'logs'} (app), {places.log} (commands)")
