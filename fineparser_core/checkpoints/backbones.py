"""ImageNet weights of the static backbones of Table 5, fetched or from a file."""

from collections.abc import Mapping
from pathlib import Path

import torch
import torchvision.models as zoo
from torch import Tensor
from torchvision.models.vision_transformer import interpolate_embeddings

from fineparser_core.checkpoints.state_dicts import read_state
from fineparser_core.errors import CheckpointError, ConfigError
from fineparser_core.models.static_encoder import make_backbone

#: Weights of each backbone: those of torchvision that all programs of 2023 had, of the same recipe for all depths, and
#: timm's, as torchvision has none of this ViT.
FETCHED = {
    "resnet18": "ResNet18_Weights.IMAGENET1K_V1",
    "resnet34": "ResNet34_Weights.IMAGENET1K_V1",
    "resnet50": "ResNet50_Weights.IMAGENET1K_V1",
    "vit_s_16": "vit_small_patch16_224.augreg_in21k_ft_in1k",
}
BACKBONES = tuple(FETCHED)

_CLASSIFIER = ("fc.", "heads.", "head.")
#: Names of timm's ViT and those of torchvision's, whose tensors have the same shapes.
_OF_TIMM = (
    (".cls_token", ".class_token"),
    (".pos_embed", ".encoder.pos_embedding"),
    (".patch_embed.proj.", ".conv_proj."),
    (".norm.", ".encoder.ln."),
    (".blocks.", ".encoder.layers.encoder_layer_"),
    (".norm1.", ".ln_1."),
    (".norm2.", ".ln_2."),
    (".attn.qkv.", ".self_attention.in_proj_"),
    (".attn.proj.", ".self_attention.out_proj."),
    (".mlp.fc1.", ".mlp.0."),
    (".mlp.fc2.", ".mlp.3."),
)
_COUNTER = "num_batches_tracked"
_FRAME_PX, _PATCH_PX = 112, 16
_POSITIONS = "encoder.pos_embedding"


def fetch_imagenet(backbone: str) -> dict[str, Tensor]:
    """Fetch the ImageNet weights of a backbone that `FETCHED` names, without the classifier.

    Raises:
        ConfigError: they are timm's, which is not installed.
        CheckpointError: they cannot be fetched.
    """
    name, state = FETCHED[backbone], dict[str, Tensor]()
    try:
        if backbone.startswith("vit"):
            import timm  # an extra

            state = timm.create_model(name, pretrained=True).state_dict()
        else:
            state = dict(zoo.get_weight(name).get_state_dict(progress=False, check_hash=True))
    except ImportError:
        raise ConfigError(
            f"The ImageNet weights of {backbone} are timm's: install it (`pip install timm`), give a file of yours as "
            "--imagenet, or use --sve-weights random."
        ) from None
    except (OSError, RuntimeError) as error:  # URLError, raised without internet, is an OSError; timm's is either
        reason = next(iter(str(error).splitlines()), "")
        raise CheckpointError(
            f"{name} cannot be fetched ({reason:.200}): fetch it elsewhere and give the file as --imagenet, or use "
            "--sve-weights random."
        ) from None
    return _fitting(state, backbone, Path(name))


def load_imagenet(path: Path, backbone: str) -> dict[str, Tensor]:
    """Return the weights of a backbone, without the classifier, from a file.

    Args:
        path: a state dict of torchvision's ResNet-18, -34, -50 or of a ViT-S/16 of torchvision or timm, as
            `torch.save` or safetensors wrote it, perhaps as the entry "model" or "state_dict" of a checkpoint. It is
            read as data: a pickle that holds anything but tensors and plain containers is refused.

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
    if backbone.startswith("vit") and "patch_embed.proj.weight" in state:
        state = {f".{name}": value for name, value in state.items()}
        for theirs, ours in _OF_TIMM:
            state = {name.replace(theirs, ours): value for name, value in state.items()}
        state = {name.removeprefix("."): value for name, value in state.items()}
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
