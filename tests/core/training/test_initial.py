"""What a run starts from where a bundle does not have all of the network."""

from dataclasses import asdict
from pathlib import Path

import torch

from fineparser_core.checkpoints.build import build_model
from fineparser_core.checkpoints.bundle import WeightsCard, save_bundle
from fineparser_core.config import ModelConfig, TrainConfig
from fineparser_core.models.fineparser import FineParser
from fineparser_core.pose.pose_backbone import PoseBackbone
from fineparser_core.training.initial import initial_model


def backbone_of(network: object) -> PoseBackbone:
    assert isinstance(network, FineParser)
    assert isinstance(network.static_encoder.backbone, PoseBackbone)
    return network.static_encoder.backbone


def card_of(config: ModelConfig) -> WeightsCard:
    model = asdict(config)
    return WeightsCard(
        name="test", architecture=config.architecture, model=model, trained_on="nothing", synthetic=True, metrics={}
    )


def test_a_refiner_that_a_bundle_lacks_starts_as_the_coarse_network(tmp_path: Path) -> None:
    config = TrainConfig(method="fineparser-pose")
    torch.manual_seed(1)
    network = build_model(config.model)
    coarse = backbone_of(network)
    torch.nn.init.normal_(coarse.track.out.weight)
    state = {name: value for name, value in network.state_dict().items() if ".upright." not in name}
    save_bundle(state, card_of(config.model), tmp_path / "coarse", half=False)
    started = backbone_of(initial_model(config, weights=tmp_path / "coarse", kinetics=None)[0])
    for name, value in coarse.state_dict().items():
        if name.startswith("upright."):
            continue
        assert torch.equal(started.state_dict()[name], value), name
        if not name.startswith(("aux", "track")):  # trackers start at zero
            assert torch.equal(started.upright.state_dict()[name], value), name
    assert (started.upright.told.weight == 0).all()
    assert (started.upright.track.out.weight == 0).all()

    torch.nn.init.normal_(started.upright.told.weight)
    torch.nn.init.normal_(started.upright.out.weight)
    backbone_of(network).load_state_dict(started.state_dict())
    save_bundle(network.state_dict(), card_of(config.model), tmp_path / "refined", half=False)
    again = backbone_of(initial_model(config, weights=tmp_path / "refined", kinetics=None)[0])
    assert torch.equal(again.upright.out.weight, started.upright.out.weight)
    assert torch.equal(again.upright.told.weight, started.upright.told.weight)
