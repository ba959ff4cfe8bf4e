"""State dicts of others, read as data; and whole checkpoints as torch writes them."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load
from torch import Tensor

from fineparser_core.errors import CheckpointError
from fineparser_core.support.atomic import atomic_file


def read_state(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a state dict, float32, from a file of `torch.save` or safetensors, or from a checkpoint.

    It is read as data: a pickle that holds anything but tensors and plain containers is refused.

    Raises:
        CheckpointError: the file is missing or damaged, is no state dict, or holds numbers that are not finite.
    """
    content: Any
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt"):  # names a damaged header
                pass
            content = load(path.read_bytes())
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror or error}): check its name.") from None
    except Exception as error:  # torch's reader fails in as many ways as a file can be damaged
        reason = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
        if isinstance(error, UnpicklingError):  # torch advises to read it all the same
            reason = "a pickle of more than tensors is not read"
        raise CheckpointError(f"{path} is damaged or not a file of weights ({reason}): get it again.") from None
    for entry in ("model", "state_dict"):
        if isinstance(content, dict) and isinstance(content.get(entry), dict):
            content = content[entry]
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise CheckpointError(f"{path} is not a state dict: save one with torch.save(model.state_dict(), …).")
    if damaged := [name for name, value in content.items() if not value.isfinite().all()]:
        raise CheckpointError(f"{path} holds numbers that are not finite, in '{damaged[0]}': get it again.")
    return {name.removeprefix("module."): value.float() for name, value in content.items()}


def save_checkpoint(content: Mapping[str, Any], path: Path) -> None:
    """Write tensors and plain values by `torch.save`, all or nothing.

    Raises:
        ExportError: it cannot be written.
    """
    # Written to a stream: given a path, torch's error for a full disk has no errno.
    with atomic_file(path) as temporary, temporary.open("wb") as stream:
        try:
            torch.save(content, stream)
        except RuntimeError as error:  # closing its archive, which misses what a full disk did not take
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise
