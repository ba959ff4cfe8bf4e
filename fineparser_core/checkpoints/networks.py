"""Networks by their name, with or without weights."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from fineparser_core.checkpoints.build import BackboneFactory, HeadFactory, build_model, name_of
from fineparser_core.checkpoints.bundle import load_bundle, load_into, most_parameters
from fineparser_core.checkpoints.kinetics import start_from_kinetics
from fineparser_core.config import OWN, ModelConfig
from fineparser_core.errors import ConfigError
from fineparser_core.methods import Method, get_method, register_method
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.resources import weights_folder


def create_model(
    name: str | Method = "fineparser",
    *,
    static_backbone: str | BackboneFactory | None = None,
    head: HeadFactory | None = None,
    pretrained: bool | str | Path = False,
    **settings: Any,
) -> AQAModel:
    """Make the network of a method, by default with weights drawn from torch's current seed, on the CPU.

    Args:
        name: of a method, see `list_models`; or a `Method` of your own, which is registered.
        static_backbone: "resnet18", "resnet34" or "resnet50", or a function that makes your own, which
            maps frames (N, 3, 112, 112) float32, ImageNet-normalized, to features (N, n); None: the method's.
        head: a function that makes your own head of each stream, of step tokens (B, 3, n, 64) of two dives to points
            (B, 3); None: the method's.
        pretrained: True or "bundled" for the bundled weights, which are those of "fineparser-pose"; the folder of a
            bundle of this network; or the file that `fineparser convert kinetics` wrote, for its I3Ds alone.
        settings: other fields of `ModelConfig` that the method depends on: `sap`, `sve`, `tap`, `step_duration`,
            `step_weights`, `window_count`, `window_stride`.

    Raises:
        ConfigError: an unknown method or setting, a value that cannot be, or a function that makes no such part.
        CheckpointError: the weights cannot be read, or are of another network.

    Example:
        >>> create_model("usdl", window_count=2)(torch.zeros(1, 3, 96, 112, 112)).shape
        torch.Size([1, 1])
        >>> create_model("fineparser-pose", pretrained=True).has_masks
        True
    """
    own = {"static_backbone": static_backbone if callable(static_backbone) else None, "head": head}
    if static_backbone is not None:
        settings["static_backbone"] = (
            f"{OWN}{name_of(static_backbone)}" if callable(static_backbone) else static_backbone
        )
    if head is not None:
        settings["head"] = f"{OWN}{name_of(head)}"
    known = [field.name for field in fields(ModelConfig) if field.name != "method"]
    if unknown := [setting for setting in settings if setting not in known]:
        raise ConfigError("{0} is no setting of a network: use {1}.", unknown[0], ", ".join(known))
    method = register_method(name) if isinstance(name, Method) else get_method(name)
    network = build_model(ModelConfig(method=method.name, **settings), **own)
    if pretrained:
        given = weights_folder(None if pretrained is True else pretrained)
        if given.is_file():
            start_from_kinetics(network, given)
        else:
            load_into(network, load_bundle(given, most_parameters(network))[0], given)
    return network.eval() if pretrained else network
