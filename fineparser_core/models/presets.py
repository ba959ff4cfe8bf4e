"""From a configuration to a network: the one place where settings become plain arguments."""

from fineparser_core.config import ModelConfig
from fineparser_core.models.fineparser import FineParser
from fineparser_core.models.method import Method


def build(config: ModelConfig) -> Method:
    """The network of a configuration, weights drawn from torch's current seed."""
    if config.method == "fineparser":
        return FineParser(
            sap=config.sap,
            sve=config.sve,
            tap=config.tap,
            static_backbone=config.static_backbone,
            step_duration=config.step_duration,
        )
    raise NotImplementedError(config.method)
