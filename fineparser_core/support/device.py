"""Selects device and precision of the network from the capabilities of the machine, never by timing."""

import platform
from pathlib import Path

import torch
import torch.nn.functional as F

from fineparser_core.constants import DEVICES
from fineparser_core.errors import ConfigError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def choose_device(name: str = "auto") -> torch.device:
    """Return the device with a name; "auto" is CUDA if available, else MPS if it can run the network, else the CPU.

    CUDA's arithmetic is set: "fp32" is float32, never TF32, and the same input gives the same numbers again.

    Raises:
        ConfigError: the device is unknown or not available.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": _mps_runs_the_network(), "cpu": True}
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if name not in available:
        raise ConfigError("Unknown device '{0}': use one of {1}.", name, ", ".join(DEVICES))
    if not available[name]:
        raise ConfigError("This machine has no device '{0}' that runs the network: use 'auto' or 'cpu'.", name)
    if name == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    return torch.device(name)


def device_names() -> dict[str, str]:
    """Return the available devices, best first, with their product names."""
    names = {}
    if torch.cuda.is_available():
        names["cuda"] = torch.cuda.get_device_name()
    if _mps_runs_the_network():
        names["mps"] = "Apple GPU"
    return {**names, "cpu": _cpu_name()}


def _cpu_name() -> str:
    try:  # on Linux `platform.processor` has no model name
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return model or platform.processor() or platform.machine()


def _mps_runs_the_network() -> bool:
    if not torch.backends.mps.is_available():
        return False
    try:  # 3-D pooling is missing on MPS in some releases of torch
        video = torch.zeros(1, 1, 2, 4, 4, device="mps").contiguous(memory_format=torch.channels_last_3d)
        F.max_pool3d(video, 2).cpu()
    except (RuntimeError, NotImplementedError):
        return False
    return True


def choose_precision(device: torch.device, name: str = "auto") -> str:
    """Return the name of a precision; "auto" is "bf16" with native support, "fp16" on older CUDA devices, else "fp32".

    Raises:
        ConfigError: the precision is unknown.
    """
    if name != "auto":
        if name not in PRECISIONS:
            raise ConfigError("Unknown precision '{0}': use auto, {1}.", name, ", ".join(PRECISIONS))
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if device.type == "cpu" and _cpu_has_fast_bf16():
        return "bf16"
    return "fp32"


def _cpu_has_fast_bf16() -> bool:
    # torch has no public API for these CPU flags; without them fp32 is the safe choice.
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, check, lambda: False)()) for check in checks)
