"""ImageNet weights of the static backbones of Table 5, fetched or from a file, and weights of C3D from a file."""

from collections.abc import Mapping
from pathlib import Path

import torch
import torchvision.models as zoo
from torch import Tensor
from torchvision.models.vision_transformer import interpolate_embeddings

from fineparser_core.checkpoints.state_dicts import read_state
from fineparser_core.constants import MASK_SIZE
from fineparser_core.errors import CheckpointError
from fineparser_core.models.baselines.c3d import C3DModel
from fineparser_core.models.static_encoder import make_backbone

#: Weights of each backbone: those of torchvision that all programs of 2023 had, of the same recipe for all depths.
#: torchvision has none of the ViT, whose file is timm's vit_small_patch16_224.
FETCHED = {
    "resnet18": "ResNet18_Weights.IMAGENET1K_V1",
    "resnet34": "ResNet34_Weights.IMAGENET1K_V1",
    "resnet50": "ResNet50_Weights.IMAGENET1K_V1",
}
VIT = "vit_s_16"
BACKBONES = (*FETCHED, VIT)

_CLASSIFIER = ("fc.", "heads.", "head.")
#: Names of timm's ViT and those of torchvision's, whose tensors have the same shapes.
_OF_TIMM = {
    "cls_token": "class_token",
    "pos_embed": "encoder.pos_embedding",
    "patch_embed.proj.": "conv_proj.",
    "blocks.": "encoder.layers.encoder_layer_",
    "norm.": "encoder.ln.",
    ".norm1.": ".ln_1.",
    ".norm2.": ".ln_2.",
    ".attn.qkv.": ".self_attention.in_proj_",
    ".attn.proj.": ".self_attention.out_proj.",
    ".mlp.fc1.": ".mlp.0.",
    ".mlp.fc2.": ".mlp.3.",
}
_COUNTER = "num_batches_tracked"
_PATCH_PX = 16


def fetch_imagenet(backbone: str) -> dict[str, Tensor]:
    """Fetch the ImageNet weights of a backbone that `FETCHED` names, without the classifier.

    Raises:
        CheckpointError: they cannot be fetched.
    """
    if backbone == VIT:
        raise CheckpointError(
            "torchvision has no ImageNet weights of ViT-S/16: give timm's state dict of vit_small_patch16_224 as "
            "--imagenet, or use --sve-weights random."
        )
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
        path: a state dict of torchvision's ResNet-18, -34 or -50, or of timm's ViT-S/16, as `torch.save` or safetensors
            wrote it, perhaps as the entry "model" or "state_dict" of a checkpoint. It is read as data: a pickle that
            holds anything but tensors and plain containers is refused.

    Raises:
        CheckpointError: the file is missing, damaged, or of another network.
    """
    return _fitting(read_state(path), backbone, path)


def _fitting(state: Mapping[str, Tensor], backbone: str, source: Path) -> dict[str, Tensor]:
    """Return the tensors of a backbone, the positions of a ViT resampled to our frames; the classifier is left out.

    Raises:
        CheckpointError: a tensor is missing, unknown, or of another shape.
    """
    state = {name: value for name, value in state.items() if not name.startswith(_CLASSIFIER)}
    state = {name: value for name, value in state.items() if not name.endswith(_COUNTER)}
    if "cls_token" in state:
        state = {_of_torchvision(name): value for name, value in state.items()}
        state = dict(interpolate_embeddings(MASK_SIZE, _PATCH_PX, dict(state)))
    with torch.device("meta"):
        own = {name: value.shape for name, value in make_backbone(backbone)[0].state_dict().items()}
    own = {n: shape for n, shape in own.items() if not n.endswith(_COUNTER) and not n.startswith(_CLASSIFIER)}
    wrong = sorted(own.keys() ^ state.keys()) or [name for name in own if own[name] != state[name].shape]
    if wrong:
        raise CheckpointError(f"{source} does not fit {backbone}: '{wrong[0]}' differs ({len(wrong)} tensors).")
    return state


def _of_torchvision(name: str) -> str:
    """Return torchvision's name of a tensor of timm's ViT."""
    for theirs, ours in _OF_TIMM.items():
        if theirs in name if theirs.startswith(".") else name.startswith(theirs):
            name = name.replace(theirs, ours, 1)
    return name


def load_c3d(path: Path) -> dict[str, Tensor]:
    """Return the tensors of the layers conv1 to fc7 of a state dict of C3D; its classifier (fc8) is left out.

    Raises:
        CheckpointError: the file is missing, damaged, or of another network.
    """
    state = {name.removeprefix("backbone."): value for name, value in read_state(path).items()}
    with torch.device("meta"):
        whole = C3DModel("pool5").state_dict()
    own = {name.removeprefix("c3d."): value.shape for name, value in whole.items() if not name.startswith("head.")}
    wrong = [name for name in own if name not in state or state[name].shape != own[name]]
    if wrong:
        raise CheckpointError(
            f"{path} does not fit C3D: '{wrong[0]}' differs ({len(wrong)} tensors). Get a state dict of torch with the "
            "layers conv1, conv2, conv3a to conv5b, fc6 and fc7."
        )
    return {name if name.startswith("fc") else f"c3d.{name}": state[name] for name in own}
