"""The initial weights of a run: Kinetics for each I3D, ImageNet for the static backbone, a bundle, or random."""

import logging

import torch

from fineparser_core.checkpoints.backbones import BACKBONES, fetch_imagenet, load_c3d, load_imagenet
from fineparser_core.checkpoints.build import build_model
from fineparser_core.checkpoints.bundle import load_bundle, most_parameters
from fineparser_core.checkpoints.kinetics import start_from_kinetics
from fineparser_core.config import RunSettings, TrainConfig
from fineparser_core.errors import CheckpointError, ConfigError
from fineparser_core.methods import get_method
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.models.spatial_parser import MaskDecoder, interpolation_kernel

logger = logging.getLogger(__name__)

C3D_NOTICE = "C3D starts from weights that were given to it."
IMAGENET_NOTICE = "The static backbone starts from ImageNet weights."


def initial_model(config: TrainConfig, settings: RunSettings) -> tuple[AQAModel, list[str]]:
    """Return the network a run starts from, and notices for its card; what is not given is drawn from the seed.

    Deviation: the paper starts both I3Ds from Kinetics and its release the ResNet from ImageNet; here each weight that
    no file is given for starts random, unless the configuration refuses that.

    Args:
        settings: name the files to start from. Of a bundle every tensor that the network has too is taken, whatever
            else either of them holds.

    Raises:
        CheckpointError: a file is missing or damaged, or the bundle shares no tensor with the network.
        ConfigError: see `check_start`.
    """
    check_start(config, settings)
    has, weights = startable(config), settings.weights
    torch.manual_seed(config.seed)
    model, notices = build_model(config.model), []
    released = config.initialization == "release"
    if released:
        for decoder in (module for module in model.modules() if isinstance(module, MaskDecoder)):
            start_as_released(decoder)
    if settings.kinetics is not None:
        notices.append(start_from_kinetics(model, settings.kinetics, released=released))
    if settings.imagenet is not None or (config.sve_weights == "imagenet" and has["imagenet"]):
        name, path = config.static_backbone, settings.imagenet
        state = fetch_imagenet(name) if path is None else load_imagenet(path, name)
        model.get_submodule("static_encoder.backbone").load_state_dict(state, strict=False)
        notices.append(IMAGENET_NOTICE)
    if settings.c3d is not None:
        own = model.state_dict()
        model.load_state_dict({k: v for k, v in load_c3d(settings.c3d).items() if k in own}, strict=False)
        notices.append(C3D_NOTICE)
    if weights is not None:
        state, card = load_bundle(weights, most_parameters(model))
        own = model.state_dict()
        if settings.kinetics is not None and config.looks_through_bundle:
            state = {name: value for name, value in state.items() if name.startswith(config.freeze)}
        shared = {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}
        if not shared:
            raise CheckpointError(
                f"{weights} shares no tensor with a '{config.model.architecture}': give other weights."
            )
        model.load_state_dict(shared, strict=False)
        notices += [f"Starts from {card.id} ({len(shared)} of {len(own)} tensors).", *card.notices]
        logger.info("starts from %s: %d of %d tensors", card.id, len(shared), len(own))
    return model, list(dict.fromkeys(notices))


@torch.no_grad()
def start_as_released(decoder: MaskDecoder) -> None:
    """Draw the weights of a mask decoder as the release does.

    Bilinear kernels, channel by channel and the same at every moment; else a normal distribution and no bias.
    """
    for name, parameter in decoder.named_parameters():
        if name.startswith("upsample"):
            kernel = interpolation_kernel((2, *parameter.shape[3:]))[:1] * 2  # of a single moment, whose weight is 1
            parameter.copy_(torch.eye(len(parameter))[:, :, None, None, None] * kernel)
        elif name.endswith("bias"):
            torch.nn.init.zeros_(parameter)
        else:
            torch.nn.init.normal_(parameter, std=1e-3)


def startable(config: TrainConfig) -> dict[str, bool]:
    """Return, by the names of `RunSettings`, whether the network has the part that those weights are for."""
    return {
        "kinetics": config.has_i3d,
        "c3d": get_method(config.method).backbone == "c3d",
        "imagenet": config.has_parts and config.sve and config.static_backbone in BACKBONES,
    }


def check_start(config: TrainConfig, settings: RunSettings) -> None:
    """Check that the initial weights of a configuration exist.

    Raises:
        ConfigError: there are no ImageNet weights for the static backbone, or weights are given for a part that the
            network lacks.
    """
    has = startable(config)
    for name, there in has.items():
        if getattr(settings, name) is not None and not there:
            raise ConfigError(f"A '{config.architecture}' has no part for such weights: leave --{name} away.")
    if config.start == "kinetics" and has["kinetics"] and settings.kinetics is None and settings.weights is None:
        raise ConfigError(
            "This configuration starts from Kinetics: give --kinetics FILE, which `fineparser convert kinetics FILE` "
            "writes, or --start random."
        )
