"""Builder of networks from configurations; settings become plain arguments here."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from fineparser_core.config import ModelConfig
from fineparser_core.constants import MASK_SIZE, STEP_NAMES, TOKEN_SIZE
from fineparser_core.errors import ConfigError
from fineparser_core.methods import get_method, load_reference
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.models.regression import DYNAMIC_TOKENS
from fineparser_core.models.static_encoder import StaticEncoder

logger = logging.getLogger(__name__)

#: Makes a static backbone: frames (N, 3, 112, 112) float32, ImageNet-normalized, to features (N, n).
BackboneFactory = Callable[[], nn.Module]
#: Makes a head: step tokens of dives and of those they are compared with, (B, 3, n, 64) each, to the points (B, 3) of
#: the steps, before they are weighed.
HeadFactory = Callable[[], nn.Module]


def build_model(
    config: ModelConfig, static_backbone: BackboneFactory | None = None, head: HeadFactory | None = None
) -> AQAModel:
    """Build the network of a configuration, with weights drawn from torch's current seed.

    Args:
        static_backbone: makes the static backbone that the configuration calls "own:NAME".
        head: makes the head of each stream, likewise.

    Raises:
        ConfigError: a function is missing, is not used by the configuration, or makes no backbone.
    """
    _check_own("static backbone", "static_backbone", config.own_backbone, static_backbone, config)
    _check_own("head", "head", config.own_head, head, config)
    method = get_method(config.method)
    values = {name: getattr(config, name) for name in method.settings if name != "head"}
    if static_backbone is not None:
        frames = torch.zeros(2, 3, MASK_SIZE, MASK_SIZE)
        backbone, size = _made("static backbone", static_backbone, (frames,))
        values["static_encoder"] = StaticEncoder(backbone, size, step_duration=config.step_duration)
    model = load_reference(method.model)(**values, **method.arguments)
    if not isinstance(model, AQAModel) or model.contrastive != method.contrastive:
        found = f"contrastive = {model.contrastive}" if isinstance(model, AQAModel) else type(model).__name__
        raise ConfigError(
            f"The network of '{config.method}' has {found}: it must be an AQAModel with contrastive = "
            f"{method.contrastive}, as its Method says."
        )
    if head is not None:
        model.dynamic_stream = _head(head, DYNAMIC_TOKENS)
        if config.sve:
            model.static_stream = _head(head, config.step_duration)
    return model


def name_of(function: Callable[..., object]) -> str:
    """Return a function or class as module:name; of the script that runs, the module is the name of its file."""
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", type(function).__name__)
    if module == "__main__":
        module = Path(getattr(sys.modules[module], "__file__", None) or module).stem
    return f"{module}:{name}" if module else name


def _check_own(
    what: str, argument: str, name: str | None, function: Callable[[], nn.Module] | None, config: ModelConfig
) -> None:
    """Check the functions of own parts. Raises: ConfigError where a function is missing, or not wanted."""
    if name is not None and function is not None and name != name_of(function):
        logger.warning("the %s is %s by the configuration, and %s is taken", what, name, name_of(function))
    if name is not None and function is None:
        option = f"`fineparser evaluate --{what.replace(' ', '-')}`"
        raise ConfigError(
            f"It has a {what} of its own, '{name}': pass the function that makes it as {argument} ({option})."
        )
    if name is None and function is not None:
        raise ConfigError(f"A '{config.architecture}' has its own {what}: leave {argument} away.")


def _head(make: HeadFactory, tokens: int) -> nn.Module:
    given = torch.zeros(2, len(STEP_NAMES), tokens, TOKEN_SIZE)
    return _made("head", make, (given, given), size=len(STEP_NAMES))[0]


@torch.no_grad()
def _made(
    what: str, make: Callable[[], nn.Module], given: tuple[Tensor, ...], size: int | None = None
) -> tuple[nn.Module, int]:
    """Return what a caller's function makes, and the size of its output for an input.

    Raises:
        ConfigError: it cannot be made, does not take the input, or gives something of another shape.
    """
    try:
        module = make()
        training = module.training
        found = module.eval()(*given)
        module.train(training)
    except Exception as error:  # an untrusted module fails in every way there is
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError("The {0} cannot be made and run ({1}): see what it has to take.", what, reason) from error
    wanted = size or (found.shape[-1] if isinstance(found, Tensor) and found.ndim else 0)
    if not isinstance(found, Tensor) or found.shape != (len(given[0]), wanted):
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        expected = f"it must give ({len(given[0])}, {size or 'n'})"
        raise ConfigError(f"The {what} gives {shape} for {tuple(given[0].shape)}: {expected}.")
    return module, wanted
