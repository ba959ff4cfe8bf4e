"""Builder of networks from configurations; settings become plain arguments here."""

from fineparser_core.config import ModelConfig
from fineparser_core.errors import ConfigError
from fineparser_core.methods import get_method, load_reference
from fineparser_core.models.aqa_model import AQAModel


def build_model(config: ModelConfig) -> AQAModel:
    """Build the network of a configuration, with weights drawn from torch's current seed.

    Raises:
        ConfigError: the method makes another kind of network than it says.
    """
    method = get_method(config.method)
    values = {name: getattr(config, name) for name in method.settings}
    model = load_reference(method.model)(**values, **method.arguments)
    if not isinstance(model, AQAModel) or model.contrastive != method.contrastive:
        found = f"contrastive = {model.contrastive}" if isinstance(model, AQAModel) else type(model).__name__
        raise ConfigError(
            f"The network of '{config.method}' has {found}: it must be an AQAModel with contrastive = "
            f"{method.contrastive}, as its Method says."
        )
    return model
