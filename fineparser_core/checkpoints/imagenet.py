"""ImageNet weights of the static backbones of Table 5: fetched by torchvision, or from a file that is here already."""

from collections.abc import Mapping
from pathlib import Path

import torch
import torchvision.models as zoo
from safetensors.torch import save
from torch import Tensor
from torchvision.models.vision_transformer import interpolate_embeddings

from fineparser_core.checkpoints.state_dicts import read_state
from fineparser_core.errors import CheckpointError, ConfigError
from fineparser_core.models.static_encoder import make_backbone
from fineparser_core.support.atomic import write_whole

#: Backbones that ImageNet weights are known of; torchvision fetches those that have a name here.
FETCHED = {"resnet18": "ResNet18_Weights", "resnet34": "ResNet34_Weights", "resnet50": "ResNet50_Weights"}
BACKBONES = (*FETCHED, "vit_s_16")

_BACKBONE = "backbone"
_CLASSIFIER = ("fc.", "heads.")
_COUNTER = "num_batches_tracked"
_FRAME_PX, _PATCH_PX = 112, 16
_POSITIONS = "encoder.pos_embedding"


def fetch_imagenet(backbone: str) -> dict[str, Tensor]:
    """Fetch torchvision's own ImageNet weights of a backbone, without the classifier.

    Raises:
        ConfigError: torchvision has none for it.
        CheckpointError: they cannot be fetched.
    """
    if backbone not in FETCHED:
        raise ConfigError(
            f"torchvision has no ImageNet weights for {backbone}: convert a file of yours (`fineparser convert "
            "imagenet OUT --source FILE`) and give it as --imagenet, or use --sve-weights random."
        )
    weights = getattr(zoo, FETCHED[backbone]).DEFAULT
    try:
        state: dict[str, Tensor] = weights.get_state_dict(progress=False, check_hash=True)
    except OSError as error:  # URLError, raised without internet, is a subclass
        raise CheckpointError(
            f"{weights.url} cannot be fetched ({error}): fetch it elsewhere, convert it with `fineparser convert "
            "imagenet OUT --source FILE` and give it as --imagenet, or use --sve-weights random."
        ) from None
    return _fitting(state, backbone, Path(weights.url))


def convert_imagenet(source: Path) -> tuple[str, dict[str, Tensor]]:
    """Return the backbone whose weights a file holds, and these weights without the classifier.

    Args:
        source: a state dict of torchvision's ResNet-18, -34, -50 or of its `VisionTransformer` of the size ViT-S/16, as
            `torch.save` or safetensors wrote it, perhaps as the entry "model" or "state_dict" of a checkpoint. It is
            read as data: a pickle that holds anything but tensors and plain containers is refused.

    Raises:
        CheckpointError: the file is missing, damaged, or holds another network.
    """
    state = read_state(source)
    for backbone in BACKBONES:
        try:
            return backbone, _fitting(state, backbone, source)
        except CheckpointError:
            continue
    raise CheckpointError(
        f"{source} holds none of {', '.join(BACKBONES)} as torchvision names their tensors: get the state dict of one."
    )


def write_imagenet(backbone: str, weights: Mapping[str, Tensor], path: Path) -> None:
    """Write converted weights; all of the file or none.

    Raises:
        ExportError: the folder is missing or cannot be written.
    """
    tensors = {name: value.contiguous() for name, value in weights.items()}
    write_whole(path, save(tensors, metadata={_BACKBONE: backbone}))


def load_imagenet(path: Path, backbone: str) -> dict[str, Tensor]:
    """Return the weights of a backbone from a file that `write_imagenet` wrote, or that `convert_imagenet` would take.

    Raises:
        CheckpointError: the file is missing, damaged, or of another network.
    """
    return _fitting(read_state(path), backbone, path)


def _fitting(state: Mapping[str, Tensor], backbone: str, source: Path) -> dict[str, Tensor]:
    """Return the tensors of a backbone, positions of a ViT resampled to our frames; the classifier is left out.

    Raises:
        CheckpointError: a tensor is missing, unknown, or of another shape.
    """
    state = {name: value for name, value in state.items() if not name.startswith(_CLASSIFIER)}
    state = {name: value for name, value in state.items() if not name.endswith(_COUNTER)}
    if backbone.startswith("vit") and _POSITIONS in state:
        resized = interpolate_embeddings(_FRAME_PX, _PATCH_PX, dict(state))
        state = dict(resized)
    with torch.device("meta"):
        own = {name: value.shape for name, value in make_backbone(backbone)[0].state_dict().items()}
    own = {n: shape for n, shape in own.items() if not n.endswith(_COUNTER) and not n.startswith(_CLASSIFIER)}
    wrong = sorted(own.keys() ^ state.keys()) or [name for name in own if own[name] != state[name].shape]
    if wrong:
        raise CheckpointError(f"{source} does not fit {backbone}: '{wrong[0]}' differs ({len(wrong)} tensors).")
    return state
