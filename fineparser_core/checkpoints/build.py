"""From a configuration to a network: the one place where settings become plain arguments."""

from collections.abc import Callable

from fineparser_core.config import ModelConfig
from fineparser_core.models.aqa_model import AQAModel
from fineparser_core.models.baselines.core import CoRe
from fineparser_core.models.baselines.i3d_mlp import I3DMLP
from fineparser_core.models.baselines.tsa import TSA
from fineparser_core.models.baselines.usdl import MUSDL, USDL
from fineparser_core.models.fineparser import FineParser
from fineparser_core.pose.fineparser_pose import FineParserPose

_BASELINES: dict[str, Callable[[], AQAModel]] = {
    "i3d-mlp": I3DMLP,
    "usdl": USDL,
    "musdl": MUSDL,
    "core": CoRe,
    "tsa": TSA,
}


def build_model(config: ModelConfig) -> AQAModel:
    """The network of a configuration, weights drawn from torch's current seed."""
    if config.method in _BASELINES:
        return _BASELINES[config.method]()
    if config.method == "fineparser-pose":
        return FineParserPose(step_weights=config.step_weights)
    return FineParser(
        sap=config.sap,
        sve=config.sve,
        tap=config.tap,
        static_backbone=config.static_backbone,
        step_duration=config.step_duration,
        step_weights=config.step_weights,
    )
