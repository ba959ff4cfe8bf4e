"""Selects device and precision of the network from the capabilities of the machine, never by timing."""

import logging
import platform
from pathlib import Path

import torch
import torch.nn.functional as F

from fineparser_core.constants import DEVICES
from fineparser_core.errors import ConfigError

logger = logging.getLogger(__name__)

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
#: Precision of a network whose I3Ds compute in 8 bits and everything else in float32: on every CPU the same joints.
INT8 = "int8"


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
    """Return the name of a precision to learn in.

    "auto" is "bf16" with native support, "fp16" on older CUDA devices, else "fp32".

    Raises:
        ConfigError: the precision is unknown, or only for analyses.
    """
    if name == "int8":
        raise ConfigError("int8 is for analyses alone: use auto, {0}.", ", ".join(PRECISIONS))
    if name != "auto":
        if name not in PRECISIONS:
            raise ConfigError("Unknown precision '{0}': use auto, {1}.", name, ", ".join(PRECISIONS))
        if device.type == "cpu" and name != "fp32" and not (name == "bf16" and _cpu_has_fast_bf16()):
            logger.warning("this processor emulates %s, which takes longer than fp32: leave --precision away", name)
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if device.type == "cpu" and _cpu_has_fast_bf16():
        return "bf16"
    return "fp32"


def inference_precision(device: torch.device, name: str = "auto", *, has_activations: bool) -> str:
    """Return the name of a precision for analyses; "auto" is "int8" on CPUs that gain by it, else as of learning.

    Args:
        has_activations: whether the weights have the largest activations of their I3Ds, see `models.int8`.

    Raises:
        ConfigError: the precision is unknown, or is "int8" and this device or these weights cannot.
    """
    can = device.type == "cpu" and _cpu_has("avx2") and hasattr(torch.ops.onednn, "qconv_pointwise")
    if name == "int8" and not can:
        raise ConfigError("This device does not compute faster in int8: use auto.")
    if name == "int8" and not has_activations:
        raise ConfigError("These weights do not know their activations: run fineparser calibrate, or use auto.")
    if name == "int8" or (name == "auto" and can and has_activations):
        return INT8
    return choose_precision(device, name)


def has_vnni() -> bool:
    """Return True if the CPU adds products of 8 bits in 32."""
    return _cpu_has("vnni")


def _cpu_has_fast_bf16() -> bool:
    return _cpu_has("avx512_bf16") or _cpu_has("amx_tile")


def _cpu_has(flag: str) -> bool:
    # torch has no public API for these CPU flags; without them fp32 is the safe choice.
    return bool(getattr(torch.cpu, f"_is_{flag}_supported", lambda: False)())
