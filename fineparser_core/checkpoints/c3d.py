"""Weights of C3D, where a user has them: state dicts of torch with the names that C3D's layers have there."""

from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from fineparser_core.checkpoints.state_dicts import read_state
from fineparser_core.errors import CheckpointError
from fineparser_core.models.c3d import C3D
from fineparser_core.support.atomic import write_whole


def load_c3d(path: Path) -> dict[str, Tensor]:
    """Return the tensors of `C3D` from a state dict with the layers conv1 to fc7; a classifier (fc8) is left out.

    Raises:
        CheckpointError: the file is missing, damaged, or of another network.
    """
    state = {name.removeprefix("backbone."): value for name, value in read_state(path).items()}
    with torch.device("meta"):
        own = {name: value.shape for name, value in C3D().state_dict().items()}
    wrong = [name for name in own if name not in state or state[name].shape != own[name]]
    if wrong:
        raise CheckpointError(
            f"{path} does not fit C3D: '{wrong[0]}' differs ({len(wrong)} tensors). Get a state dict of torch with the "
            "layers conv1, conv2, conv3a to conv5b, fc6 and fc7."
        )
    return {name: state[name] for name in own}


def convert_c3d(source: Path, out: Path) -> None:
    """Write the file that `load_c3d` reads, all of the file or none.

    Raises:
        CheckpointError: as `load_c3d`.
        ExportError: the folder is missing or cannot be written.
    """
    tensors = {name: value.contiguous() for name, value in load_c3d(source).items()}
    write_whole(out, save(tensors))
