"""ImageNet weights of the static backbones of Table 5, fetched or from a file."""

from collections.abc import Mapping
from pathlib import Path

import torch
import torchvision.models as zoo
from torch import Tensor

from fineparser_core.checkpoints.state_dicts import read_state
from fineparser_core.errors import CheckpointError
from fineparser_core.models.static_encoder import make_backbone

#: Weights of each backbone: those of torchvision that all programs of 2023 had, of the same recipe for all depths.
FETCHED = {
    "resnet18": "ResNet18_Weights.IMAGENET1K_V1",
    "resnet34": "ResNet34_Weights.IMAGENET1K_V1",
    "resnet50": "ResNet50_Weights.IMAGENET1K_V1",
}
BACKBONES = tuple(FETCHED)

_CLASSIFIER = "fc."
_COUNTER = "num_batches_tracked"


def fetch_imagenet(backbone: str) -> dict[str, Tensor]:
    """Fetch the ImageNet weights of a backbone that `FETCHED` names, without the classifier.

    Raises:
        CheckpointError: they cannot be fetched.
    """
    name = FETCHED[backbone]
    try:
        state = dict(zoo.get_weight(name).get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:  # URLError, raised without internet, is an OSError
        reason = next(iter(str(error).splitlines()), "")
        raise CheckpointError(
            f"{name} cannot be fetched ({reason:.200}): fetch it elsewhere and give the file as --imagenet, or use "
            "--sve-weights random."
        ) from None
    return _fitting(state, backbone, Path(name))


def load_imagenet(path: Path, backbone: str) -> dict[str, Tensor]:
    """Return the weights of a backbone, without the classifier, from a file.

    Args:
        path: a state dict of torchvision's ResNet-18, -34 or -50, as `torch.save` or safetensors wrote it, perhaps as
            the entry "model" or "state_dict" of a checkpoint. It is read as data: a pickle that holds anything but
            tensors and plain containers is refused.

    Raises:
        CheckpointError: the file is missing, damaged, or of another network.
    """
    return _fitting(read_state(path), backbone, path)


def _fitting(state: Mapping[str, Tensor], backbone: str, source: Path) -> dict[str, Tensor]:
    """Return the tensors of a backbone; the classifier is left out.

    Raises:
        CheckpointError: a tensor is missing, unknown, or of another shape.
    """
    state = {name: value for name, value in state.items() if not name.startswith(_CLASSIFIER)}
    state = {name: value for name, value in state.items() if not name.endswith(_COUNTER)}
    with torch.device("meta"):
        own = {name: value.shape for name, value in make_backbone(backbone)[0].state_dict().items()}
    own = {n: shape for n, shape in own.items() if not n.endswith(_COUNTER) and not n.startswith(_CLASSIFIER)}
    wrong = sorted(own.keys() ^ state.keys()) or [name for name in own if own[name] != state[name].shape]
    if wrong:
        raise CheckpointError(f"{source} does not fit {backbone}: '{wrong[0]}' differs ({len(wrong)} tensors).")
    return state
