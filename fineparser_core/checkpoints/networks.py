"""Networks by their name, with or without weights."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from fineparser_core.checkpoints.build import build_model
from fineparser_core.checkpoints.bundle import load_bundle, load_into, most_parameters
from fineparser_core.checkpoints.kinetics import start_from_kinetics
from fineparser_core.config import ModelConfig
from fineparser_core.errors import ConfigError
from fineparser_core.methods import Method, get_method, register_method
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.resources import weights_folder


def create_model(
    name: str | Method = "fineparser", *, pretrained: bool | str | Path = False, **settings: Any
) -> AQAModel:
    """Make the network of a method, by default with weights drawn from torch's current seed, on the CPU.

    Args:
        name: of a method, see `list_models`; or a `Method` of your own, which is registered.
        pretrained: True or "bundled" for the bundled weights, which are those of "fineparser-pose"; the folder of a
            bundle of this network; or the file that `fineparser convert kinetics` wrote, for its I3Ds alone.
        settings: other fields of `ModelConfig` that the method depends on: `sap`, `sve`, `tap`, `static_backbone`,
            `step_duration`, `step_weights`, `window_count`, `window_stride`.

    Raises:
        ConfigError: an unknown method or setting, or a value that cannot be.
        CheckpointError: the weights cannot be read, or are of another network.

    Example:
        >>> create_model("usdl", window_count=2)(torch.zeros(1, 3, 96, 112, 112)).shape
        torch.Size([1, 1])
        >>> create_model("fineparser-pose", pretrained=True).has_masks
        True
    """
    known = [field.name for field in fields(ModelConfig) if field.name != "method"]
    if unknown := [setting for setting in settings if setting not in known]:
        raise ConfigError("{0} is no setting of a network: use {1}.", unknown[0], ", ".join(known))
    method = register_method(name) if isinstance(name, Method) else get_method(name)
    network = build_model(ModelConfig(method=method.name, **settings))
    if pretrained:
        given = weights_folder(None if pretrained is True else pretrained)
        if given.is_file():
            start_from_kinetics(network, given)
        else:
            load_into(network, load_bundle(given, most_parameters(network))[0], given)
    return network.eval() if pretrained else network
