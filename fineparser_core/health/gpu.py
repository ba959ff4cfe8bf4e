"""Whether there is a GPU that the networks run on, and if not, why not."""

import ctypes
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fineparser_core.support.processes import own_process, run_to_end

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
